"""Our own checkpoints on their way to witnesses: each is sent the newest one with its proof, and its word is kept."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from foundation.outgoing import Answer
from traceability.log import tiles_at
from traceability.tree.checkpoint import BadNote
from traceability.tree.cosignature import Witness, cosigned_by, parse_witness
from traceability.tree.merkle import consistency_proof
from traceability.tree.submission import submission_text
from traceability.tree.tiles import consistency_tiles, nodes

AHEAD: Final = timedelta(minutes=5)
"""How far a witness's clock may be before ours."""

SIZE_TYPE: Final = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Asked:
    """A witness and the address before `/add-checkpoint`."""

    witness: Witness
    prefix: str


Post = Callable[[str, str], Awaitable[Answer]]
"""Sends a text to an address. Raises NotSent or AddressRefused."""


class NoCosignature(Exception):
    """A witness did not vouch for the checkpoint; the sentence says why."""


def parse_asked(setting: str) -> tuple[Asked, ...]:
    """`<verifier key> <address>`, several behind commas. Raises BadNote."""
    found = []
    for each in filter(None, (part.strip() for part in setting.split(","))):
        vkey, _, prefix = each.partition(" ")
        if not prefix.strip().startswith(("https://", "http://")):
            raise BadNote(f"{each!r} is not a verifier key, a space and a web address")
        found.append(Asked(parse_witness(vkey), prefix.strip().rstrip("/")))
    return tuple(found)


NEWEST: Final = "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1"
LAST: Final = "SELECT max(size) FROM cosignature WHERE witness = $1"
KEEP: Final = """
INSERT INTO cosignature (size, witness, line, cosigned_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""


async def collect(pool: asyncpg.Pool, asked: Asked, post: Post, clock: Callable[[], datetime]) -> int | None:
    """Have the newest checkpoint cosigned; answers its size, or None where the witness has vouched for it already.

    Raises NoCosignature, and NotSent or AddressRefused where the witness cannot be reached.
    """
    newest = await pool.fetchrow(NEWEST)
    last = await pool.fetchval(LAST, asked.witness.vkey) or 0
    if newest is None or last >= newest["size"]:
        return None
    size, note = newest["size"], newest["note"]
    told = await _submit(pool, asked, post, last, size, note)
    if told.status == 409 and told.kind.startswith(SIZE_TYPE):
        stands = told.text.strip()
        if not stands.isdigit() or int(stands) > size:
            raise NoCosignature(f"{asked.witness.name} says that the log has {stands[:20]!r} leaves, we have {size}")
        told = await _submit(pool, asked, post, int(stands), size, note)
    if told.status != 200:
        raise NoCosignature(f"{asked.witness.name} answered {told.status}")
    line, at = _line(asked.witness, note, told.text)
    if at > clock() + AHEAD:
        raise NoCosignature(f"{asked.witness.name} signed for a time to come: {at.isoformat()}")
    await pool.execute(KEEP, size, asked.witness.vkey, line, at)
    return int(size)


async def _submit(pool: asyncpg.Pool, asked: Asked, post: Post, old: int, size: int, note: str) -> Answer:
    proof: Sequence[bytes] = ()
    if 0 < old < size:
        tiles = await tiles_at(pool, consistency_tiles(old, size))
        proof = consistency_proof(old, size, nodes(lambda level, number: tiles[level, number]))
    return await post(f"{asked.prefix}/add-checkpoint", submission_text(old, proof, note))


def _line(witness: Witness, note: str, answer: str) -> tuple[str, datetime]:
    """The one line of this witness among those that it answered with, verified, and when it was signed."""
    for line in answer.splitlines(keepends=True):
        try:
            found = cosigned_by(note + line, [witness])
        except BadNote as bad:
            raise NoCosignature(f"{witness.name}: {bad}") from bad
        if found:
            return line, found[0].at
    raise NoCosignature(f"{witness.name} answered without a signature of the key that we know")
