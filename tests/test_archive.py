"""A month of payloads leaves the database and comes back: every answer stays what it was, or says what is missing."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import polars as pl
import pytest

from app.pages.auditing.facts import fact
from foundation.database import Scope
from foundation.errors import Conflict, Invalid, NotFound, Unavailable
from foundation.settings import archive_home
from reports.snapshot import snapshot
from tests.conftest import BASE, PET, Firm, Hands, World
from tests.test_capture import accepted
from tests.test_epcis_capture import all_events, events_of
from tests.test_releasing import cleared
from traceability import composing
from traceability.archive.acting import Archivist, attach, detach
from traceability.archive.checking import Against, check
from traceability.archive.copying import copy
from traceability.archive.files import BadCopy, read_manifest, write_manifest
from traceability.archive.months import Month, MonthInUse, NotAtHand, State, month_of, state
from traceability.archive.reading import payloads
from traceability.bundle import check_bundle
from traceability.eventhash import event_hash
from traceability.export import export, verify_database
from traceability.history.daybook import Wanted
from traceability.history.reading import stated
from traceability.history.uncounted import left_out
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import RECYCLING, REPROCESSING
from traceability.log import publish
from traceability.querying.indexing import bring_up

MARCH, APRIL = Month(date(2026, 3, 1)), Month(date(2026, 4, 1))


@pytest.fixture(scope="module")
def clock() -> Hands:
    return Hands(datetime(2026, 3, 10, tzinfo=UTC))


@pytest.fixture(scope="module")
async def firm(world: World) -> Firm:
    """Two lots and what was made of them in March, one event of then that was rejected, one that was only recorded."""
    firm = await world.firm("recycler")
    colleague = await world.colleague(firm, "read", "clear")
    lots = [await world.stock(firm, 1_000_000), await world.stock(firm, 500_000)]
    made = composing.Making(lot_uri(BASE, new_token()), 1_300_000, PET, "flake")
    inputs = {lots[0]: 1_000_000, lots[1]: 500_000}
    sinks = {"residue:process": 200_000}
    accepted(await world.capture(firm, composing.transformed(world.at(firm), RECYCLING, inputs, [made], sinks)))
    late = composing.At(world.clock() - timedelta(days=40), firm.facility, firm.zone)
    arrived = composing.arrived(late, composing.Making(lot_uri(BASE, new_token()), 7_000, PET, "bale", "post", "JP"))
    held = accepted(await world.capture(firm, arrived))
    assert held.outcome == "held"
    await cleared(world, colleague, held.index, "reject")
    seen = composing.shipped(world.at(firm), firm.actor.organisation_uri, BASE + "/id/nobody", {made.lot: 5_000})
    assert accepted(await world.capture(firm, {**seen, "bizStep": "inspecting"})).outcome == "recorded"
    world.clock.forward(days=30)
    await world.stock(firm, 9_000)
    await _published(world)
    return firm


async def _published(world: World) -> None:
    process = world.process
    await publish(process.database.writer, process.keys.active, process.origin, process.clock)
    await bring_up(process.database.writer)


@pytest.fixture
def folder(world: World, firm: Firm) -> Iterator[Path]:
    place = archive_home(world.process.settings)
    shutil.rmtree(place, ignore_errors=True)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def against(world: World) -> Against:
    return Against(world.process.verifiers, event_hash)


def archivist(world: World, firm: Firm, folder: Path) -> Archivist:
    world.clock.forward(milliseconds=5)
    process = world.process
    return Archivist(
        process.urls.owner, process.database.writer, process.sequencer, folder, against(world), firm.actor,
        world.clock(),
    )  # fmt: skip


async def now(world: World, folder: Path, month: Month = MARCH) -> State:
    return await state(world.process.database.writer, folder, world.clock(), month)


async def taken(world: World, folder: Path, month: Month = MARCH) -> State:
    """The month copied, and the copy checked."""
    writer = world.process.database.writer
    await copy(writer, folder, await now(world, folder, month))
    await check(writer, folder, month, against(world), here=True)
    return await now(world, folder, month)


@pytest.fixture
async def away(world: World, firm: Firm, folder: Path) -> Any:
    """March is in the archive alone, and comes back behind the test."""
    await taken(world, folder)
    yield await detach(archivist(world, firm, folder), MARCH, drop=True)
    await attach(archivist(world, firm, folder), MARCH)


async def answers(world: World, client: httpx.AsyncClient, firm: Firm, place: Path) -> dict[str, Any]:
    """What everybody who reads payloads is told of the facts of March."""
    asked = f"/epcis/events?perPage=100&LT_recordTime={quote(APRIL.begins.isoformat())}"
    events = events_of((await client.get(asked, headers=firm.bearer)).content)
    assert len(events) == 5
    days = date(2025, 12, 1), date(2026, 12, 31)
    async with world.process.database.begin(firm.actor.organisation_id, Scope.RECORD) as session:
        movements = (await snapshot(session, place, 6, *days)).movements
        facts = [await fact(session, index, firm.actor, ()) for index in range(6)]
        texts = [await stated(session, firm.actor.organisation_id, index) for index in (0, 2, 3)]
        uncounted = await left_out(session, Wanted(firm.actor.organisation_id, *days))
    return {
        "events": events, "movements": pl.read_parquet(movements).rows(), "texts": texts, "uncounted": uncounted,
        "facts": [(each.body, each.entries, each.findings) for each in facts],
    }  # fmt: skip


async def bundle_of(world: World, place: Path, archive: Path | None) -> dict[str, bytes]:
    """The files of an export, without those that grow with the acts: their first facts."""
    process = world.process
    await export(process.database.writer, process.keys, process.origin, place, archive=archive)
    assert not [each for each in check_bundle(place, event_hash) if not each.note]
    names = ("leaves.jsonl", "payloads.jsonl", "entries.csv")
    return {name: b"".join((place / name).read_bytes().splitlines(keepends=True)[:6]) for name in names}


async def faults(world: World, archive: Path | None) -> tuple[list[str], list[str]]:
    """What a check of the whole log finds: faults, and notes on what could not be checked."""
    process = world.process
    found = await verify_database(process.database.writer, process.keys, process.origin, archive=archive)
    sentences = [(each.note, f"{each.code} {each.sentence}") for each in found]
    return [each for note, each in sentences if not note], [each for note, each in sentences if note]


async def test_every_answer_is_the_same_before_and_after_and_when_it_is_back(
    world: World, client: httpx.AsyncClient, firm: Firm, folder: Path, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    before = await answers(world, client, firm, tmp_path / "before")
    assert ("collected", 7_000, False, "LATE_REPORT") in {(row[6], *row[7:10]) for row in before["movements"]}
    assert ("rejected", 7_000) in [(each.state, each.came) for each in before["uncounted"]]
    whole = await bundle_of(world, tmp_path / "whole", folder)
    assert (await taken(world, folder)).place == "here"
    for drop, place in ((False, "kept"), (True, "away")):
        done = await detach(archivist(world, firm, folder), MARCH, drop=drop)
        assert (done.place, done.act) == (place, "detached")
        assert await owner.fetchval("SELECT count(*) FROM event_payload WHERE index < 6") == 0
        assert await answers(world, client, firm, tmp_path / place) == before
        assert await bundle_of(world, tmp_path / f"bundle-{place}", folder) == whole
        assert await faults(world, folder) == ([], [])
        back = await attach(archivist(world, firm, folder), MARCH)
        assert (back.place, back.act) == ("here", "attached")
        assert await answers(world, client, firm, tmp_path / f"back-{place}") == before
        assert await faults(world, None) == ([], [])
    page = await client.get(f"/events/{back.act_index}", headers=firm.bearer)
    assert page.status_code == 200 and "moved to or from the archive" in page.text
    acts = await owner.fetch(
        "SELECT e.kind, a.act, e.actor FROM archive_act a JOIN event e ON e.index = a.fact_index ORDER BY a.fact_index"
    )
    named = ("archive", firm.actor.name)
    assert [tuple(row) for row in acts] == [(named[0], act, named[1]) for act in ("detached", "attached") * 2]


async def test_without_the_archive_nothing_is_silently_less(
    world: World, client: httpx.AsyncClient, firm: Firm, away: State, folder: Path, tmp_path: Path
) -> None:
    shutil.move(folder, tmp_path / "elsewhere")
    try:
        days = date(2026, 1, 1), date(2026, 12, 31)
        async with world.process.database.begin(firm.actor.organisation_id, Scope.RECORD) as session:
            for asked in (
                stated(session, firm.actor.organisation_id, 0), fact(session, 0, firm.actor, ()),
                snapshot(session, tmp_path / "none", 6, *days),
                left_out(session, Wanted(firm.actor.organisation_id, *days)),
            ):  # fmt: skip
                with pytest.raises(NotAtHand, match="2026-03"):
                    await asked
            assert not (
                await fact(session, 0, None, world.process.verifiers)
            ).open  # the leaf is public, with its proof
        page = await client.get("/events/0", headers=firm.bearer)
        assert page.status_code == 410 and "2026-03" in page.text
        answer = await client.get("/epcis/events", headers=firm.bearer)
        assert answer.status_code == 410, answer.text
        later = await client.get(f"/epcis/events?GE_recordTime={quote(APRIL.begins.isoformat())}", headers=firm.bearer)
        assert len(events_of(later.content)) == 1
        wrong, notes = await faults(world, folder)
        assert not wrong
        assert notes == [
            "ARCHIVED 6 x: The payload is in the archive of 2026-03, which is not at hand, so only its hashes could be"
            " checked."
        ]
        process = world.process
        with pytest.raises(NotAtHand, match="2026-03"):
            await export(process.database.writer, process.keys, process.origin, tmp_path / "part", archive=folder)
        assert not (tmp_path / "part").exists()
    finally:
        shutil.move(tmp_path / "elsewhere", folder)


async def test_events_are_not_ordered_by_texts_that_are_away(
    client: httpx.AsyncClient, firm: Firm, away: State
) -> None:
    order = "orderBy=" + quote("https://ns.example.com/epcis/weight")
    answer = await client.get(f"/epcis/events?{order}", headers=firm.bearer)
    assert answer.status_code == 410 and "ordered by" in answer.text
    behind = f"GE_recordTime={quote(APRIL.begins.isoformat())}"
    assert (await client.get(f"/epcis/events?{order}&{behind}", headers=firm.bearer)).status_code == 200


async def test_a_stranger_sees_nothing_of_it_there_either(
    world: World, client: httpx.AsyncClient, away: State, folder: Path
) -> None:
    other = await world.firm("recycler")
    async with world.process.database.begin(other.actor.organisation_id) as session:
        assert await payloads(session, [(index, MARCH.begins) for index in range(6)]) == {}
        with pytest.raises(NotFound):
            await stated(session, other.actor.organisation_id, 0)
    assert await all_events(client, other) == []


async def test_the_same_event_again_is_known_and_what_was_made_of_it_goes_on(
    world: World, firm: Firm, away: State, owner: asyncpg.Connection
) -> None:
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        body = (await stated(session, firm.actor.organisation_id, 0)).body
    again = accepted(await world.capture(firm, json.loads(body)))
    assert (again.duplicate, again.index) == (True, 0)
    flake = await owner.fetchval("SELECT uri FROM lot WHERE form = 'flake'")
    grams = await owner.fetchval("SELECT free FROM balance b JOIN lot l ON l.id = b.lot_id WHERE l.uri = $1", flake)
    made = composing.Making(lot_uri(BASE, new_token()), 900, PET, "pellet")
    used = composing.transformed(world.at(firm), REPROCESSING, {flake: 1_000}, [made], {"residue:process": 100})
    done = accepted(await world.capture(firm, used))
    assert done.outcome == "counted", done
    left = await owner.fetchval("SELECT free FROM balance b JOIN lot l ON l.id = b.lot_id WHERE l.uri = $1", flake)
    assert left == grams - 1_000


async def test_the_open_month_and_one_with_holds_stay(world: World, firm: Firm, folder: Path) -> None:
    with pytest.raises(MonthInUse, match="not over"):
        await taken(world, folder, APRIL)
    late = composing.At(world.clock() - timedelta(days=40), firm.facility, firm.zone)
    arrived = composing.arrived(late, composing.Making(lot_uri(BASE, new_token()), 3_000, PET, "bale", "post", "JP"))
    held = accepted(await world.capture(firm, arrived))
    assert held.outcome == "held"
    world.clock.forward(days=30)
    await world.stock(firm, 1_000)  # the log is in May now
    await _published(world)
    with pytest.raises(MonthInUse, match="1 of the events of 2026-04 are on hold"):
        await taken(world, folder, APRIL)
    colleague = await world.colleague(firm, "read", "clear")
    await cleared(world, colleague, held.index, "reject")
    await _published(world)
    assert (await taken(world, folder, APRIL)).copied


async def test_nothing_leaves_without_a_copy_that_was_checked_in_the_same_run(
    world: World, firm: Firm, folder: Path, owner: asyncpg.Connection
) -> None:
    by = archivist(world, firm, folder)
    with pytest.raises(NotFound, match="no copy of 2026-03"):
        await detach(by, MARCH, drop=True)
    await taken(world, folder)
    with pytest.raises(Conflict, match="a copy of 2026-03 already"):
        await copy(world.process.database.writer, folder, await now(world, folder))
    acts = await owner.fetchval("SELECT count(*) FROM archive_act")
    whole = (folder / "2026-03" / "event_payload-00000.parquet").read_bytes()
    for at in range(8, len(whole) - 8, len(whole) // 40):
        _write(folder, whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(BadCopy, match=r"2026-03/event_payload-00000\.parquet|Fact [0-5]: "):
            await detach(by, MARCH, drop=True)
    _write(folder, whole)
    assert (await now(world, folder)).place == "here"
    assert await owner.fetchval("SELECT count(*) FROM archive_act") == acts


def _write(folder: Path, content: bytes) -> None:
    (folder / "2026-03" / "event_payload-00000.parquet").write_bytes(content)


@pytest.mark.parametrize(
    ("table", "column", "wrong", "told"),
    [
        ("event_payload", "body", '{"a":1}', "Fact 2: text, salt or fields are not those committed to"),
        ("event_payload", "salt", bytes(32), "Fact 2: text, salt or fields are not those committed to"),
        ("event_payload", "fields", "{", "Fact 2: the payload cannot be read"),
        ("event_payload", "document", '{"a": 1}', "Fact 2: document are not as in the database"),
        ("event", "event_hash", bytes(32), "Fact 2: kind, hash, root or time are not those of its leaf"),
        ("event", "actor", "person:999", "Fact 2: actor are not as in the database"),
    ],
)
async def test_a_row_that_was_altered_is_named(
    world: World, firm: Firm, folder: Path, table: str, column: str, wrong: object, told: str
) -> None:
    """By somebody who also wrote the manifest anew."""
    await taken(world, folder)
    place = folder / "2026-03"
    path = place / f"{table}-00000.parquet"
    rows = pl.read_parquet(path)
    altered = rows.with_columns(
        pl.when(pl.col("index") == 2).then(pl.lit(wrong, rows.schema[column])).otherwise(pl.col(column)).alias(column)
    )
    altered.write_parquet(path, compression="zstd")
    content, (manifest, _) = path.read_bytes(), read_manifest(place)
    digest = hashlib.sha256(content).hexdigest()
    parts = [
        replace(each, sha256=digest, bytes=len(content)) if each.table == table else each for each in manifest.parts
    ]
    write_manifest(place, replace(manifest, parts=tuple(parts)))
    with pytest.raises(BadCopy, match=told):
        await detach(archivist(world, firm, folder), MARCH, drop=True)
    assert (await now(world, folder)).place == "here"


@pytest.mark.parametrize("table", ["event", "event_payload"])
async def test_a_row_that_is_missing_is_missed(world: World, firm: Firm, folder: Path, table: str) -> None:
    await taken(world, folder)
    place = folder / "2026-03"
    path = place / f"{table}-00000.parquet"
    pl.read_parquet(path).filter(pl.col("index") != 3).write_parquet(path, compression="zstd")
    content, (manifest, _) = path.read_bytes(), read_manifest(place)
    digest = hashlib.sha256(content).hexdigest()
    parts = [replace(each, sha256=digest, rows=5) if each.table == table else each for each in manifest.parts]
    erased = 1 if table == "event_payload" else 0
    write_manifest(place, replace(manifest, parts=tuple(parts), erased=erased))
    with pytest.raises(BadCopy, match=r"Fact 3: |facts 0 to 5"):
        await detach(archivist(world, firm, folder), MARCH, drop=True)


async def test_what_was_altered_in_the_archive_afterwards_is_never_told(
    world: World, client: httpx.AsyncClient, firm: Firm, away: State, folder: Path
) -> None:
    path = folder / "2026-03" / "event_payload-00000.parquet"
    kept = path.read_bytes()
    rows = pl.read_parquet(path)
    other = pl.when(pl.col("index") == 0).then(pl.lit('{"type":"ObjectEvent"}')).otherwise(pl.col("body"))
    rows.with_columns(body=other).write_parquet(path, compression="zstd")
    try:
        async with world.process.database.begin(firm.actor.organisation_id) as session:
            with pytest.raises(Unavailable, match="Fact 0: "):
                await stated(session, firm.actor.organisation_id, 0)
            assert (await stated(session, firm.actor.organisation_id, 2)).body
        assert [each for each in (await faults(world, folder))[0] if "Fact 0" in each]
        with pytest.raises(BadCopy, match="Fact 0: "):
            await attach(archivist(world, firm, folder), MARCH)
    finally:
        path.write_bytes(kept)


async def test_what_was_detached_and_kept_still_refuses_to_be_changed(
    world: World, firm: Firm, folder: Path, owner: asyncpg.Connection
) -> None:
    await taken(world, folder)
    await detach(archivist(world, firm, folder), MARCH, drop=False)
    try:
        for statement in (
            "UPDATE event_payload_2026_03 SET body = '{}'", "DELETE FROM event_payload_2026_03",
            "TRUNCATE event_payload_2026_03",
        ):  # fmt: skip
            with pytest.raises(asyncpg.PostgresError) as refused:
                await owner.execute(statement)
            assert refused.value.sqlstate == "JK001"
        for role in (world.process.urls.app, world.process.urls.writer):
            connection = await asyncpg.connect(role)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch("SELECT * FROM event_payload_2026_03")
            await connection.close()
        with pytest.raises(Conflict):  # nothing is away in May
            await attach(archivist(world, firm, folder), Month(date(2026, 5, 1)))
    finally:
        await attach(archivist(world, firm, folder), MARCH)
    with pytest.raises(asyncpg.PostgresError) as refused:
        await owner.execute("UPDATE event_payload SET body = '{}' WHERE index = 0")
    assert refused.value.sqlstate == "JK001"


async def test_nothing_leaves_in_the_middle_of_a_reading(world: World, firm: Firm, folder: Path) -> None:
    await taken(world, folder)
    async with world.process.database.begin(firm.actor.organisation_id, Scope.RECORD) as session:
        wanted = Wanted(firm.actor.organisation_id, date(2025, 12, 1), date(2026, 12, 31))
        before = await left_out(session, wanted)
        with pytest.raises(Unavailable, match="reading"):
            await detach(archivist(world, firm, folder), MARCH, drop=True)
        # The act stands, the payloads are still here: they are told once, from here.
        assert (await now(world, folder)).act == "detached" and (await now(world, folder)).place == "here"
        assert await left_out(session, wanted) == before
    assert await faults(world, None) == ([], [])
    done = await attach(archivist(world, firm, folder), MARCH)
    assert (done.place, done.act) == ("here", "attached")


async def test_a_month_that_is_away_is_not_made_again(owner: asyncpg.Connection, away: State) -> None:
    assert await owner.fetchval("SELECT junkan_make_months('2026-03-01', '2026-03-31')") == 0
    assert await owner.fetchval("SELECT to_regclass('event_payload_2026_03')") is None


async def test_an_index_made_again_does_not_pass_over_what_is_away(
    world: World, away: State, owner: asyncpg.Connection
) -> None:
    version = await owner.fetchval("SELECT version FROM query_head")
    terms = await owner.fetchval("SELECT count(*) FROM event_term")
    await owner.execute("UPDATE query_head SET version = version - 1")
    try:
        with pytest.raises(Unavailable, match="2026-03"):
            await bring_up(world.process.database.writer)
        assert await owner.fetchval("SELECT count(*) FROM event_term") == terms
    finally:
        await owner.execute("UPDATE query_head SET version = $1", version)


@pytest.mark.parametrize("text", ["2026-3", "2026-13", "202603", "2026-03-01", "0000-01", "March"])
def test_a_month_has_one_spelling(text: str) -> None:
    with pytest.raises(Invalid, match="no month") as refused:
        month_of(text)
    assert "2024-03" in (refused.value.fix or "")
