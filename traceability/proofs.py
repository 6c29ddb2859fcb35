"""Proofs: that a fact is in the log under a signed checkpoint, and that one checkpoint extends another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Invalid, NotFound
from traceability.log import newest, newest_cosigned, root_leaf
from traceability.tables import EventRow, TileRow
from traceability.tree.checkpoint import BadNote, Verifier, open_note
from traceability.tree.merkle import consistency_proof, inclusion_proof, leaf_hash, verify_inclusion
from traceability.tree.proving import ProofFile
from traceability.tree.tiles import Read, Tile, consistency_tiles, inclusion_tiles, nodes


@dataclass(frozen=True, slots=True)
class Proved:
    """A leaf under a checkpoint, checked by us and checkable by anyone: the note is signed, the path leads to it."""

    index: int
    leaf: bytes
    path: tuple[bytes, ...]
    size: int
    root: bytes
    note: str
    signature_valid: bool
    included: bool


async def reader(session: AsyncSession, wanted: Iterable[Tile]) -> Read:
    """These tiles, fetched in one statement. The reader raises NotFound for one that is not there."""
    keys = list(wanted)
    rows = await session.scalars(select(TileRow).where(tuple_(TileRow.level, TileRow.number).in_(keys)))
    found = {(row.level, row.number): row.hashes for row in rows}

    def read(level: int, number: int) -> bytes:
        if (level, number) not in found:
            raise NotFound("There is no such tile.", field="tile", value=f"{level}/{number}")
        return found[level, number]

    return read


async def inclusion(session: AsyncSession, index: int, size: int) -> tuple[bytes, ...]:
    """The path of a leaf in the tree of `size` leaves. Raises Invalid outside `0 <= index < size`."""
    if not 0 <= index < size:
        raise Invalid(
            f"Leaf {index} is not in a tree of {size}.", field="index", value=index,
            fix="Ask with 0 <= index < size, size at most that of the newest checkpoint.",
        )  # fmt: skip
    return inclusion_proof(index, size, nodes(await reader(session, inclusion_tiles(index, size))))


async def consistency(session: AsyncSession, first: int, second: int) -> tuple[bytes, ...]:
    """That the tree of `second` leaves extends the one of `first`. Raises Invalid outside `0 < first <= second`."""
    if not 0 < first <= second:
        raise Invalid(
            "A consistency proof goes from a smaller tree to a larger one.", field="from", value=first,
            fix="Ask with 0 < from <= to.",
        )  # fmt: skip
    return consistency_proof(first, second, nodes(await reader(session, consistency_tiles(first, second))))


async def proof_file(session: AsyncSession, index: int) -> ProofFile:
    """A fact's leaf, path and checkpoint as one file; under a cosigned checkpoint where one covers the fact.

    Raises NotFound while no checkpoint does.
    """
    row = await session.scalar(select(EventRow).where(EventRow.index == index))
    cosigned = await newest_cosigned(session)
    checkpoint = cosigned if cosigned is not None and cosigned.size > index else await newest(session)
    if row is None or checkpoint is None or checkpoint.size <= index:
        raise NotFound("No checkpoint covers this leaf yet.", field="index", value=index, fix="Try again in a moment.")
    return ProofFile(index, await inclusion(session, index, checkpoint.size), checkpoint.note, root_leaf(row))


async def prove(session: AsyncSession, index: int, verifiers: Sequence[Verifier]) -> Proved | None:
    """Prove a fact under the newest checkpoint that covers it; None while none does."""
    checkpoint = await newest(session)
    row = await session.scalar(select(EventRow).where(EventRow.index == index))
    if checkpoint is None or row is None or checkpoint.size <= index:
        return None
    leaf = root_leaf(row)
    path = await inclusion(session, index, checkpoint.size)
    return Proved(
        index=index, leaf=leaf, path=path, size=checkpoint.size, root=checkpoint.root, note=checkpoint.note,
        signature_valid=_signed(checkpoint.note, verifiers),
        included=verify_inclusion(index, checkpoint.size, leaf_hash(leaf), path, checkpoint.root),
    )  # fmt: skip


def _signed(note: str, verifiers: Sequence[Verifier]) -> bool:
    try:
        open_note(note, verifiers)
    except BadNote:
        return False
    return True
