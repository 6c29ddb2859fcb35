"""Pictures: server-made SVG, each a pure function of plain values, with title and description for those who listen."""

from app.pictures.bands import yield_band
from app.pictures.bars import Bar, bars
from app.pictures.canvas import NodeKind
from app.pictures.chain import ChainStep, chain
from app.pictures.crossing import GateMark, crossing
from app.pictures.lines import Line, Mark, lines
from app.pictures.sankey import Link, Node, sankey

__all__ = [
    "Bar",
    "ChainStep",
    "GateMark",
    "Line",
    "Link",
    "Mark",
    "Node",
    "NodeKind",
    "bars",
    "chain",
    "crossing",
    "lines",
    "sankey",
    "yield_band",
]
