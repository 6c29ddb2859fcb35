"""The log's pages: its state for anyone, and one leaf with its proof, told as far as the reader may see it."""

import base64
from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency as Given
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.pages.asking import speech_of
from app.pages.auditing.facts import Fact, fact
from app.pages.rendering import AnyRequest, show
from app.pages.rulebook.controlling import found_named
from app.process import Process
from app.words import Speech
from foundation.access import PUBLIC, SIGNED_IN, Actor
from foundation.database import Clock
from foundation.settings import Settings, public_base
from traceability.log import Published, log_size, newest
from traceability.tree.checkpoint import Verifier
from traceability.tree.cosignature import cosigned_by
from traceability.tree.merkle import leaf_hash
from traceability.tree.tiles import WIDTH, tile_path

LATE: Final = 60
"""Seconds after which facts without a checkpoint are worth a word."""


@get("/log", opt={"access": PUBLIC}, include_in_schema=False)
async def log_page(
    request: AnyRequest, record: Given[AsyncSession], process: Given[Process], clock: Given[Clock],
) -> Response[str]:  # fmt: skip
    """How many facts there are, how far the newest signed checkpoint reaches, and where to fetch all of it."""
    t, size, checkpoint = speech_of(request), await log_size(record), await newest(record)
    covered = checkpoint.size if checkpoint else 0
    age = int((clock() - checkpoint.signed_at).total_seconds()) if checkpoint else 0
    keys = [
        {"name": each.name, "id": each.key_id.hex(), "key": base64.b64encode(each.key.raw).decode()}
        for each in process.verifiers
    ]
    return show(
        request, "regulator/log.html", size=size, covered=covered, waiting=size - covered,
        late=size > covered and age > LATE, signed=t.moment(checkpoint.signed_at, "UTC") if checkpoint else "",
        checkpoint=checkpoint, root=checkpoint.root.hex() if checkpoint else "", keys=keys,
        origin=process.origin, tiles=_tiles(covered), base=public_base(process.settings),
        cosigned=_cosigned(t, process, checkpoint), witness_key=process.watch.witness.vkey,
    )  # fmt: skip


def _cosigned(t: Speech, process: Process, checkpoint: Published | None) -> list[tuple[str, str]]:
    """Which of our witnesses vouched for the newest checkpoint, and when."""
    if checkpoint is None:
        return []
    found = cosigned_by(checkpoint.note, [each.witness for each in process.witnesses])
    return [(each.witness.name, t.moment(each.at, "UTC")) for each in found]


def _tiles(size: int) -> list[tuple[str, str]]:
    """The newest full or partial tile and entry bundle below a checkpoint, as (what, path)."""
    if size == 0:
        return []
    number, rest = divmod(size - 1, WIDTH)
    width = rest + 1
    return [("hashes", tile_path(0, number, width)), ("entries", tile_path("entries", number, width))]


@get("/log/leaf/{index:int}", opt={"access": PUBLIC}, include_in_schema=False)
async def leaf_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor | None],
    verifiers: Given[Sequence[Verifier]], settings: Given[Settings], index: FromPath[int],
) -> Response[str]:  # fmt: skip
    """One leaf for anyone: that it is in the log, without what it says."""
    return _shown(request, await fact(record, index, actor, verifiers), settings, "/log/leaf/")


@get("/events/{index:int}", opt={"access": SIGNED_IN}, include_in_schema=False)
async def event_page(
    request: AnyRequest, record: Given[AsyncSession], actor: Given[Actor], verifiers: Given[Sequence[Verifier]],
    settings: Given[Settings], index: FromPath[int],
) -> Response[str]:  # fmt: skip
    """One fact: its content as received, what it did to the ledger, and the proof that it is in the log."""
    return _shown(request, await fact(record, index, actor, verifiers), settings, "/events/")


def _shown(request: AnyRequest, told: Fact, settings: Settings, here: str) -> Response[str]:
    t = speech_of(request)
    return show(
        request, "regulator/event.html", fact=told, row=told.row, entries=_entries(t, told), proof=_proof(told),
        title=_title(t, told), when=t.moment(told.row.event_time, told.zone), base=public_base(settings),
        recorded=t.moment(told.row.record_time, "UTC"), total=t.mass(sum(each.grams for each in told.entries)),
        reasons=[t.name("reason", code) for code in (*told.row.reasons, *told.row.flags)], beside=here,
        found=[found_named(t, each) for each in told.findings],
    )  # fmt: skip


def _title(t: Speech, told: Fact) -> str:
    """The business step of an event, or what kind of fact it is."""
    if told.open and told.row.biz_step:
        return t.name("biz_step", told.row.biz_step)
    return t.name("fact", told.row.kind)


def _entries(t: Speech, told: Fact) -> list[dict[str, str]]:
    return [
        {"lot": each.lot or "", "account": t.name("account", each.account), "holder": each.holder,
         "mass": ("+" if each.grams > 0 else "") + t.mass(each.grams)}
        for each in told.entries
    ]  # fmt: skip


def _proof(told: Fact) -> dict[str, Any]:
    """The proof in hexadecimal, as `junkan verify` and any other tool can check it; empty while there is none."""
    proof = told.proof
    if proof is None:
        return {}
    return {
        "leaf": proof.leaf.decode(), "hash": leaf_hash(proof.leaf).hex(), "path": [each.hex() for each in proof.path],
        "size": proof.size, "root": proof.root.hex(), "note": proof.note, "signed": proof.signature_valid,
        "included": proof.included,
    }  # fmt: skip


ROUTES: Final = [log_page, leaf_page, event_page]
