"""Application identifiers: what each GS1 AI holds, which of them are keys, and which qualifiers a key may take."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from traceability.identifiers.contents import CHARACTERS, RULES

# Format (GS1 General Specifications, section 3.2: kind and length, rules) : AIs. A star marks AIs whose length is
# known in advance, a question mark those that may stand in the query of a Digital Link.
_TABLE: Final = """
N18,csum : 00*? 8017? 8018?
N14,csum : 01*? 02*? 03*
N17,csum : 402?
N13,csum : 410-417*?
N13,csum [X..17] : 253?
N13,csum [N..12] : 255?
N1,zero N13,csum [X..16] : 8003?
N14,csum N4,pieceoftotal : 8006? 8026?
X..25,csumalpha : 8013?
X..25,csumalpha,hasnondigit : 8014
X..20 : 10? 21 22 243? 254 420? 4318? 7020-7022? 710-717? 7240? 8002? 8012?
X..28 : 235
X..30 : 240? 241? 250? 251? 400? 401? 403? 4308? 4319? 7002? 7023? 8004? 90?
X..90 : 91-99?
Y..30 : 8010?
N..12,nozeroprefix : 8011
N..10 : 8019
X..25 : 7242? 8020
Z..90 : 8030?
N6,yymmd0 : 11-13*? 15-17*?
N6,yymmdd : 4326? 7006?
N6,yymmdd [N6],yymmdd : 7007?
N6,yymmdd N4,hhmi : 7003?
N6,yymmdd [N4],hhmi : 7011?
N6,yymmd0 N4,hhmi : 4324-4325?
N6,yymmdd N2,hh [N2],mi [N2],ss : 8008?
N8,yyyymmdd : 7250?
N8,yyyymmdd N4,hhmi : 7251?
N2 : 20*?
N4 : 3940-3943? 8111?
N..4 : 7004?
N..6 : 242?
N..8 : 30? 37?
N..15 : 3900-3909? 3920-3929?
N3,iso4217 N..15 : 3910-3919? 3930-3939?
N6 : 310n-316n*? 320n-329n*? 330n-337n*? 340n-349n*? 350n-357n*? 360n-369n*? 395n? 8005?
N3,iso3166 : 422? 424? 426?
N3,iso3166 X..9 : 421?
N3,iso3166 [N3],iso3166 [N3],iso3166 [N3],iso3166 [N3],iso3166 : 423? 425?
N3,iso3166999 X..27 : 7030-7039?
X2,iso3166alpha2 : 4307? 4317?
X..3 : 427? 7008?
X..35,pcenc : 4300-4301? 4310-4311? 4320?
X..70,pcenc : 4302-4306? 4312-4316? 7257?
X..40,pcenc : 7253-7254? 7259?
X..90,pcenc : 7256?
N10,latitude N10,longitude : 4309?
N1,yesno : 4321-4323?
N6 [X1],hyphen : 4330-4333?
N13 : 7001?
X..12 : 7005?
X..10 : 7009? 7255?
X..2 : 7010?
N1 X1 X1 X1,importeridx : 7040
X..4 : 7041
X2 X..28 : 7230-7239?
N2,mediatype : 7241?
N1,iso5218 : 7252?
X3,posinseqslash : 7258?
N4,nonzero N5,nonzero N3,nonzero N1,winding N1 : 8001?
X..34,iban : 8007?
X..50 : 8009?
N15 : 8040 8041
N32 : 8042
N18 [N..2] : 8043
X..70 : 8110? 8112? 8200
"""

QUALIFIERS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = MappingProxyType(
    {
        "00": ((),), "01": (("22", "10", "21"), ("235",)), "253": ((),), "255": ((),), "401": ((),), "402": ((),),
        "414": (("254",), ("7040",)), "415": (("8020",),), "417": (("7040",),), "8003": ((),), "8004": (("7040",),),
        "8006": (("22", "10", "21"),), "8010": (("8011",),), "8013": ((),), "8017": (("8019",),),
        "8018": (("8019",),),
    }
)  # fmt: skip
"""Primary key of a Digital Link -> its qualifiers in their order, one row for each way to qualify it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a value: characters of one kind, between `least` and `most` of them, under rules by name."""

    kind: str
    least: int
    most: int
    optional: bool
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApplicationIdentifier:
    """One AI: `fixed` needs no separator after it, `attribute` may stand in the query of a Digital Link."""

    ai: str
    parts: tuple[Part, ...]
    fixed: bool
    attribute: bool

    @property
    def length(self) -> int:
        """The most characters that its value may have."""
        return sum(part.most for part in self.parts)


def _part(text: str) -> Part:
    head, *rules = text.split(",")
    optional, head = head.startswith("["), head.strip("[]")
    most = int(head[1:].removeprefix(".."))
    return Part(head[0], 1 if ".." in head else most, most, optional, tuple(rules))


def _spread(token: str) -> Iterator[str]:
    """`410-417` and `310n-316n` (n is 0 to 5) as single AIs."""
    first, _, last = token.partition("-")
    measured = first.endswith("n")
    stems = range(int(first.rstrip("n")), int((last or first).rstrip("n")) + 1)
    for stem in stems:
        text = f"{stem:0{len(first.rstrip('n'))}d}"
        yield from (f"{text}{digit}" for digit in range(6)) if measured else (text,)


def _table() -> Iterator[ApplicationIdentifier]:
    for line in _TABLE.strip().splitlines():
        form, _, tokens = line.partition(" : ")
        parts = tuple(_part(text) for text in form.split())
        for token in tokens.split():
            for ai in _spread(token.rstrip("*?")):
                yield ApplicationIdentifier(ai, parts, "*" in token, "?" in token)


APPLICATION_IDENTIFIERS: Final[Mapping[str, ApplicationIdentifier]] = MappingProxyType(
    {each.ai: each for each in _table()}
)


def ai_at(text: str) -> ApplicationIdentifier | None:
    """The AI that this text begins with (no AI is the beginning of another)."""
    return next((found for length in (2, 3, 4) if (found := APPLICATION_IDENTIFIERS.get(text[:length]))), None)


def wrong_with(identifier: ApplicationIdentifier, value: str) -> str | None:
    """Why this cannot be the value of this AI; None where it can."""
    at = 0
    for part in identifier.parts:
        piece = value[at : at + part.most]
        if not piece and part.optional:
            continue
        if len(piece) < part.least:
            return f"the value of AI {identifier.ai} is too short: {value!r}"
        if not CHARACTERS[part.kind].fullmatch(piece):
            return f"the value of AI {identifier.ai} has a character that it may not have: {value!r}"
        for rule in part.rules:
            if not RULES[rule](piece):
                return f"the value of AI {identifier.ai} breaks its rule {rule}: {value!r}"
        at += len(piece)
    return f"the value of AI {identifier.ai} is too long: {value!r}" if at < len(value) else None


def is_path(ais: Sequence[str]) -> bool:
    """Whether a Digital Link may have these AIs in its path, in this order."""
    key, *rest = ais
    return any(_in_order(rest, row) for row in QUALIFIERS.get(key, ()))


def _in_order(wanted: Sequence[str], row: Sequence[str]) -> bool:
    remaining = iter(row)
    return all(each in remaining for each in wanted)
