"""The log over HTTP: a checkpoint, tiles and entry bundles that never change, and proofs (C2SP tlog-tiles)."""

import base64
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import PUBLIC
from foundation.database import Clock
from foundation.errors import NotFound
from traceability.capture import Door
from traceability.log import entries, newest, tile
from traceability.proofs import consistency, inclusion, proof_file
from traceability.tree.checkpoint import Verifier, format_vkey
from traceability.tree.proving import SUFFIX, proof_text
from traceability.tree.tiles import WIDTH, parse_tile_path
from traceability.witness.collecting import Asked
from traceability.witness.health import health

FOR_EVER: Final = "public, max-age=31536000, immutable"
BRIEFLY: Final = "public, max-age=5"


@get("/log/checkpoint", media_type="text/plain", opt={"access": PUBLIC})
async def checkpoint(record: Given[AsyncSession]) -> Response[str]:
    """The newest signed checkpoint."""
    published = await newest(record)
    if published is None:
        raise NotFound("The log has no checkpoint yet.")
    return Response(published.note, headers={"Cache-Control": BRIEFLY})


@get("/log/tile/{path:path}", opt={"access": PUBLIC})
async def log_tile(record: Given[AsyncSession], path: FromPath[str]) -> Response[bytes]:
    """A tile of hashes, or an entry bundle, full or partial; what is full never changes."""
    try:
        level, number, width = parse_tile_path(f"tile{path}")
    except ValueError as wrong:
        raise NotFound("There is no such tile.", field="tile", value=path) from wrong
    data = await (entries(record, number, width) if level == "entries" else tile(record, level, number, width))
    kind = "application/octet-stream"
    return Response(data, media_type=kind, headers={"Cache-Control": FOR_EVER if width == WIDTH else BRIEFLY})


@get("/log/proof/file", media_type="text/plain", opt={"access": PUBLIC})
async def proof_text_file(record: Given[AsyncSession], index: FromQuery[int]) -> Response[str]:
    """One file that proves leaf `index` offline (C2SP tlog-proof): the leaf, its path, the signed checkpoint."""
    text = proof_text(await proof_file(record, index))
    named = {"Content-Disposition": f'attachment; filename="leaf-{index}{SUFFIX}"', "Cache-Control": BRIEFLY}
    return Response(text, media_type="text/plain", headers=named)


def _shown(path: tuple[bytes, ...]) -> list[str]:
    return [base64.b64encode(each).decode() for each in path]


@get("/log/proof/inclusion", opt={"access": PUBLIC})
async def inclusion_proof(record: Given[AsyncSession], index: FromQuery[int], size: FromQuery[int]) -> dict[str, Any]:
    """That leaf `index` is in the tree of `size` leaves: the hashes from the leaf up (RFC 6962, 2.1.1)."""
    return {"index": index, "size": size, "hashes": _shown(await inclusion(record, index, size))}


@get("/log/proof/consistency", opt={"access": PUBLIC})
async def consistency_proof(
    request: Request[Any, Any, Any], record: Given[AsyncSession], to: FromQuery[int]
) -> dict[str, Any]:
    """That the tree of `to` leaves extends the one of `from` leaves (RFC 6962, 2.1.2)."""
    first = int(request.query_params.get("from", "0"))
    return {"from": first, "to": to, "hashes": _shown(await consistency(record, first, to))}


@get("/log/health", opt={"access": PUBLIC})
async def log_health(
    record: Given[AsyncSession], door: Given[Door], clock: Given[Clock], verifiers: Given[Sequence[Verifier]],
    witnesses: Given[Sequence[Asked]],
) -> Response[dict[str, Any]]:  # fmt: skip
    """How far the log is signed and vouched for, how old that is, and whether that is a problem (`state`).

    `fresh`; `quiet`: older than the limit, and nothing was recorded since; `behind` or `unsigned`: facts wait longer
    than the limit for a checkpoint.
    """
    found = await health(record, door.sequencer.controls.limits, [each.witness for each in witnesses], clock())
    told = {
        "state": found.state, "size": found.size, "covered": found.covered, "waiting": found.waiting,
        "signedAt": found.checkpoint.signed_at.isoformat() if found.checkpoint else None,
        "ageSeconds": _seconds(found.age), "oldestWaitsSeconds": _seconds(found.waits),
        "limitSeconds": _seconds(found.limit),
        "keys": [
            {"vkey": format_vkey(each.name, each.key), "signsNow": at == 0} for at, each in enumerate(verifiers)
        ],
        "witnesses": [
            {"vkey": each.witness.vkey, "size": each.size, "cosignedAt": each.at.isoformat() if each.at else None}
            for each in found.witnesses
        ],
    }  # fmt: skip
    return Response(told, headers={"Cache-Control": BRIEFLY})


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())


ROUTES: Final = [log_health, checkpoint, log_tile, proof_text_file, inclusion_proof, consistency_proof]
