"""The log's pages: its state for anyone, and one leaf with its proof, told as far as the reader may see it."""

import base64
from collections.abc import Sequence
from datetime import timedelta
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
from traceability.tree.checkpoint import Verifier, format_vkey
from traceability.tree.merkle import leaf_hash
from traceability.tree.proving import SUFFIX
from traceability.tree.tiles import WIDTH, tile_path
from traceability.witness.health import Health, health, signed_since

LATE: Final = timedelta(seconds=60)
"""How long facts may be without a checkpoint before that is worth a word."""


@get("/log", opt={"access": PUBLIC}, include_in_schema=False)
async def log_page(
    request: AnyRequest, record: Given[AsyncSession], process: Given[Process], clock: Given[Clock],
) -> Response[str]:  # fmt: skip
    """How far the newest signed checkpoint reaches and how old it is, who vouched, and where to fetch all of it."""
    t, limits = speech_of(request), process.sequencer.controls.limits
    found = await health(record, limits, [each.witness for each in process.witnesses], clock())
    checkpoint, covered = found.checkpoint, found.covered
    return show(
        request, "regulator/log.html", size=found.size, covered=covered, waiting=found.waiting, health=found,
        said=_said(t, found), late=found.state == "fresh" and found.waits is not None and found.waits > LATE,
        age=t.span(found.age) if found.age is not None else "",
        signed=t.moment(checkpoint.signed_at, "UTC") if checkpoint else "", checkpoint=checkpoint,
        root=checkpoint.root.hex() if checkpoint else "", keys=await _keys(t, record, process, covered),
        origin=process.origin, tiles=_tiles(covered), base=public_base(process.settings),
        witnesses=_witnesses(t, found), witness_key=process.watch.witness.vkey, verify=_commands(process, covered),
    )  # fmt: skip


def _said(t: Speech, found: Health) -> tuple[str, str] | None:
    """What is wrong with the newest checkpoint's age, as (tone, sentence); None where nothing is."""
    facts = {"limit": t.span(found.limit), "count": t.number(found.waiting)}
    match found.state:
        case "behind" | "unsigned":
            return "bad", t(f"health.{found.state}", **facts)
        case "quiet":
            return "info", t("health.quiet", **facts)  # nothing is wrong: nobody recorded anything
        case "fresh":
            return None


async def _keys(t: Speech, record: AsyncSession, process: Process, covered: int) -> list[dict[str, str]]:
    """The key that signs, since when where others did before it, and those that are retired."""
    active, *retired = process.verifiers
    since = await signed_since(record, active, covered) if retired else None
    said = t("health.signs_since", day=t.moment(since, "UTC")) if since else t("health.signs")
    return [
        {"name": each.name, "id": each.key_id.hex(), "key": base64.b64encode(each.key.raw).decode(),
         "state": said if each is active else t("health.retired")}
        for each in (active, *retired)
    ]  # fmt: skip


def _witnesses(t: Speech, found: Health) -> list[tuple[str, str, str]]:
    """Each witness of ours: its name, when it last vouched, and how many facts have come since."""
    return [
        (each.witness.name, t.moment(each.at, "UTC") if each.at else t("health.never"),
         t.number(found.size - (each.size or 0)))
        for each in found.witnesses
    ]  # fmt: skip


def _commands(process: Process, covered: int) -> list[str]:
    """What to type to check a copy of the log, and one fact, with the keys that this page shows."""
    keys = " ".join(f"--key '{format_vkey(each.name, each.key)}'" for each in process.verifiers)
    seen = "".join(f" --witness '{each.witness.vkey}'" for each in process.witnesses)
    leaf = max(covered - 1, 0)
    base = public_base(process.settings)
    return [
        "junkan export log-copy", f"junkan verify log-copy {keys}",
        f"curl -o leaf-{leaf}{SUFFIX} '{base}/log/proof/file?index={leaf}'",
        f"junkan verify leaf-{leaf}{SUFFIX} {keys}{seen}",
    ]  # fmt: skip


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
