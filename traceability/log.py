"""The log as its readers see it: signed checkpoints, tiles, entry bundles, proofs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg
from sqlalchemy import Select, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import NotFound
from foundation.keys import SigningKey
from traceability.tables import CheckpointRow, EventRow, TileRow
from traceability.tree.checkpoint import checkpoint_text, sign_note
from traceability.tree.leaf import leaf_data
from traceability.tree.merkle import tree_root
from traceability.tree.tiles import WIDTH, Tile, nodes, root_tiles
from traceability.witness.tables import CosignatureRow


@dataclass(frozen=True, slots=True)
class Published:
    """A signed checkpoint: `note` is the C2SP signed note that covers `size` leaves, cosignatures included."""

    size: int
    root: bytes
    note: str
    signed_at: datetime


def root_leaf(row: EventRow) -> bytes:
    """The leaf data of a fact, from its row: what `/log/tile/entries` serves."""
    return leaf_data(row.kind, row.event_hash, row.root, micros(row.record_time))


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exact."""
    whole = moment.astimezone(UTC)
    return int(whole.timestamp()) * 1_000_000 + whole.microsecond


async def newest(session: AsyncSession) -> Published | None:
    """The newest checkpoint, or None before the first."""
    return await _published(session, select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1))


async def newest_cosigned(session: AsyncSession) -> Published | None:
    """The newest checkpoint that a witness has vouched for, or None before the first."""
    cosigned = select(CosignatureRow.size).order_by(CosignatureRow.size.desc()).limit(1)
    return await _published(session, select(CheckpointRow).where(CheckpointRow.size.in_(cosigned)))


async def _published(session: AsyncSession, wanted: Select[CheckpointRow]) -> Published | None:
    row = await session.scalar(wanted)
    if row is None:
        return None
    lines = select(CosignatureRow.line).where(CosignatureRow.size == row.size).order_by(CosignatureRow.witness)
    return Published(row.size, row.root, row.note + "".join(await session.scalars(lines)), row.signed_at)


async def tile(session: AsyncSession, level: int, number: int, width: int = WIDTH) -> bytes:
    """The first `width` hashes of a tile. Raises NotFound where they are not there (yet)."""
    row = await session.get(TileRow, (level, number))
    if row is None or len(row.hashes) < width * 32:
        raise NotFound("There is no such tile.", field="tile", value=f"{level}/{number}.p/{width}")
    return row.hashes[: width * 32]


async def entries(session: AsyncSession, number: int, width: int = WIDTH) -> bytes:
    """An entry bundle (C2SP tlog-tiles): each leaf's data behind its length as two bytes, big-endian."""
    first = number * WIDTH
    rows = await session.scalars(
        select(EventRow).where(EventRow.index >= first, EventRow.index < first + width).order_by(EventRow.index)
    )
    leaves = [root_leaf(row) for row in rows]
    if len(leaves) < width:
        raise NotFound("There is no such entry bundle.", field="tile", value=f"entries/{number}.p/{width}")
    return b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves)


async def log_size(session: AsyncSession) -> int:
    """How many leaves are committed."""
    return int((await session.execute(text("SELECT size FROM log_head"))).scalar_one())


TILES: Final = """
SELECT level, number, hashes FROM tile WHERE (level, number) IN (SELECT * FROM unnest($1::int[], $2::bigint[]))
"""
INSERT: Final = """
INSERT INTO checkpoint (size, root, note, signed_at) VALUES ($1, $2, $3, $4) ON CONFLICT (size) DO NOTHING
"""


async def publish(pool: asyncpg.Pool, key: SigningKey, origin: str, clock: Callable[[], datetime]) -> Published | None:
    """Sign a checkpoint over everything committed; None where the newest covers it already (or nothing is there).

    Reads size and tiles in one snapshot, so that they belong together; a newer checkpoint of another process wins.
    """
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        size = await connection.fetchval("SELECT size FROM log_head")
        newest_size = await connection.fetchval("SELECT max(size) FROM checkpoint") or 0
        if size <= newest_size:
            return None
        root = await _root(connection, size)
        note = sign_note(checkpoint_text(origin, size, root), key, origin)
        moment = clock()
        try:
            async with connection.transaction():
                await connection.execute(INSERT, size, root, note, moment)
        except asyncpg.RaiseError:
            return None  # another process published a larger one meanwhile
    return Published(size, root, note, moment)


async def tiles_at(source: asyncpg.Connection | asyncpg.Pool, wanted: Iterable[Tile]) -> dict[Tile, bytes]:
    """These tiles, as far as they are there, in one statement."""
    places = list(wanted)
    if not places:
        return {}
    rows = await source.fetch(TILES, [level for level, _ in places], [number for _, number in places])
    return {(row["level"], row["number"]): row["hashes"] for row in rows}


async def _root(connection: asyncpg.Connection, size: int) -> bytes:
    """The root over `size` leaves, from the tiles that this transaction sees."""
    tiles = await tiles_at(connection, root_tiles(size))
    return tree_root(size, nodes(lambda level, number: tiles[level, number]))


async def sign_head(connection: asyncpg.Connection, key: SigningKey, origin: str) -> str:
    """A note over everything that this transaction sees (a bundle carries it); it is not published."""
    size = await connection.fetchval("SELECT size FROM log_head")
    return sign_note(checkpoint_text(origin, size, await _root(connection, size)), key, origin)
