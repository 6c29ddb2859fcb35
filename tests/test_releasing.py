"""A hold is cleared once, by another person, under the ledger's rules of then; what was rejected never counts."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import polars as pl
import pytest
from sqlalchemy import select

from foundation.database import Scope
from foundation.errors import Forbidden, Invalid, NotFound
from reports.snapshot import snapshot
from tests.conftest import BASE, PET, Firm, World
from tests.test_capture import accepted, balance, size
from traceability import composing
from traceability.composing import Composed
from traceability.export import export, verify_database
from traceability.genealogy.walking import trace
from traceability.history.holds import holds
from traceability.history.reading import events_at
from traceability.history.releasing import Clearing, Decision, clear
from traceability.history.standing import standing
from traceability.holdings import holdings
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import REPROCESSING
from traceability.refusals import AlreadyCleared, BalanceExceeded, CorrectionHeld, SecondPersonNeeded, StillHeld
from traceability.sequencing.commands import Accepted
from traceability.tables import PayloadRow

LONG_AGO = timedelta(days=40)
Pair = tuple[Firm, Firm]


@pytest.fixture
async def pair(world: World) -> Pair:
    """Who records, and the colleague who may clear."""
    firm = await world.firm("recycler")
    return firm, await world.colleague(firm, "read", "clear")


def late(world: World, firm: Firm) -> composing.At:
    return composing.At(world.clock() - LONG_AGO, firm.facility, firm.zone)


def opened_late(world: World, firm: Firm, grams: int = 5_000_000, **more: Any) -> tuple[str, Composed]:
    making = composing.Making(lot_uri(BASE, new_token()), grams, PET, "bale", "post", "JP")
    return making.lot, composing.opening(late(world, firm), making) | more


async def held(world: World, firm: Firm, *events: Composed) -> Accepted:
    """Captured, and on hold."""
    done = accepted(await world.capture(firm, *events))
    assert done.outcome == "held", done
    return done


async def cleared(
    world: World, who: Firm, index: int, decision: Decision = "release", reason: str = "Weighed again on 3 May."
) -> Accepted:
    world.clock.forward(milliseconds=5)
    async with world.process.database.begin(who.actor.organisation_id) as session:
        return await clear(session, world.door, who.actor, Clearing(index, decision, reason))


async def waiting(world: World, firm: Firm) -> list[int]:
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        return [each.row.index for each in await holds(session, firm.actor)]


async def decided_by_authority(world: World, authority: Firm, index: int) -> Accepted:
    async with world.process.database.begin(None, Scope.RECORD) as record:
        return await clear(record, world.door, authority.actor, Clearing(index, "release", "We were there."))


async def sound(world: World) -> None:
    """Nothing in the whole log contradicts anything else."""
    process = world.process
    found = await verify_database(process.database.writer, process.keys, process.origin)
    assert not [each for each in found if not each.note]


async def test_what_is_released_counts_from_then_on_its_own_day(
    world: World, owner: asyncpg.Connection, pair: Pair
) -> None:
    firm, colleague = pair
    lot, event = opened_late(world, firm)
    hold = await held(world, firm, event)
    assert await waiting(world, firm) == [hold.index]
    assert await balance(owner, lot, firm.actor.organisation_id) is None
    done = await cleared(world, colleague, hold.index)
    assert (done.outcome, done.flags) == ("counted", ("LATE_REPORT",))
    assert await balance(owner, lot, firm.actor.organisation_id) == (5_000_000, 0)
    assert await waiting(world, firm) == []
    row = await owner.fetchrow(
        "SELECT e.kind, e.actor, e.event_day = h.event_day AS day, e.biz_step = h.biz_step AS step,"
        " e.facility_id = h.facility_id AS place, l.created_index"
        " FROM event e JOIN event_key k USING (index) JOIN event h ON h.index = k.releases"
        " JOIN lot l ON l.uri = $2 WHERE e.index = $1",
        done.index, lot,
    )  # fmt: skip
    assert tuple(row) == ("release", colleague.actor.name, True, True, True, done.index)
    await sound(world)


async def test_what_is_rejected_never_counts(world: World, owner: asyncpg.Connection, pair: Pair) -> None:
    firm, colleague = pair
    lot, event = opened_late(world, firm)
    hold = await held(world, firm, event)
    done = await cleared(world, colleague, hold.index, "reject")
    assert (done.outcome, done.reasons) == ("recorded", ("rejected",))
    assert await balance(owner, lot, firm.actor.organisation_id) is None
    assert await waiting(world, firm) == []
    with pytest.raises(AlreadyCleared):
        await cleared(world, colleague, hold.index, "release")
    await sound(world)


async def test_four_eyes(world: World, owner: asyncpg.Connection, pair: Pair) -> None:
    firm, colleague = pair
    hold = await held(world, firm, opened_late(world, firm)[1])
    alone = replace(firm, actor=replace(firm.actor, roles=frozenset({"capture", "clear"})))
    own_key = replace(alone, actor=replace(alone.actor, person_id=None, key_id=1, issuer_id=firm.actor.person_id))
    nobodys_key = replace(alone, actor=replace(alone.actor, person_id=None, key_id=1))
    before = await size(owner)
    for who in (alone, own_key, nobodys_key):
        with pytest.raises(SecondPersonNeeded):
            await cleared(world, who, hold.index)
    with pytest.raises(Forbidden):
        await cleared(world, replace(colleague, actor=replace(colleague.actor, roles=frozenset({"read"}))), hold.index)
    stranger = await world.firm("recycler")
    with pytest.raises(NotFound):
        await cleared(world, replace(colleague, actor=replace(stranger.actor, roles=frozenset({"clear"}))), hold.index)
    assert await size(owner) == before


async def test_nobody_clears_what_came_by_a_key_of_their_own(
    client: httpx.AsyncClient, world: World, pair: Pair
) -> None:
    firm, colleague = pair
    body = composing.document([opened_late(world, firm)[1]], world.clock())
    job = (await client.post("/epcis/capture", content=body, headers=firm.bearer)).json()
    (event,) = job["events"]
    with pytest.raises(SecondPersonNeeded):
        await cleared(
            world, replace(firm, actor=replace(firm.actor, roles=frozenset({"clear"}))), event["leafIndex"]
        )  # fmt: skip
    assert (await cleared(world, colleague, event["leafIndex"])).outcome == "counted"


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1_001])
async def test_a_decision_needs_its_reason(world: World, pair: Pair, reason: str) -> None:
    firm, colleague = pair
    hold = await held(world, firm, opened_late(world, firm)[1])
    with pytest.raises(Invalid):
        await cleared(world, colleague, hold.index, reason=reason)
    assert await waiting(world, firm) == [hold.index]


async def test_of_two_releases_at_once_one_is_entered(world: World, owner: asyncpg.Connection, pair: Pair) -> None:
    firm, colleague = pair
    lot, event = opened_late(world, firm)
    hold = await held(world, firm, event)
    third = await world.colleague(firm, "clear")
    tries = [
        cleared(world, who, hold.index, decision, f"Reason {at}.")
        for at, (who, decision) in enumerate([(colleague, "release"), (third, "release"), (third, "reject")] * 3)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert len([each for each in results if isinstance(each, Accepted)]) == 1
    assert {type(each) for each in results if not isinstance(each, Accepted)} == {AlreadyCleared}
    assert await owner.fetchval("SELECT count(*) FROM event_key WHERE releases = $1", hold.index) == 1
    assert await balance(owner, lot, firm.actor.organisation_id) in {(5_000_000, 0), None}


async def test_the_same_decision_again_is_answered_and_not_written(
    world: World, owner: asyncpg.Connection, pair: Pair
) -> None:
    firm, colleague = pair
    lot, event = opened_late(world, firm)
    hold = await held(world, firm, event)
    results = await asyncio.gather(*(cleared(world, colleague, hold.index) for _ in range(5)))
    assert len({each.index for each in results}) == 1
    assert [each.duplicate for each in results].count(False) == 1
    assert await balance(owner, lot, firm.actor.organisation_id) == (5_000_000, 0)


async def test_the_database_itself_takes_one_release_of_a_hold(
    world: World, owner: asyncpg.Connection, pair: Pair
) -> None:
    firm, colleague = pair
    hold = await held(world, firm, opened_late(world, firm)[1])
    await cleared(world, colleague, hold.index)
    insert = (
        "INSERT INTO event_key (index, organisation_id, event_id, event_hash, declares_error, releases)"
        " VALUES ($1, 1, 'x', sha256($2), false, $3)"
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute(insert, 10**9, b"other", hold.index)
    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(insert, 10**9, b"other", 10**9)


async def test_the_ledger_is_asked_again_when_a_hold_is_released(
    world: World, owner: asyncpg.Connection, pair: Pair
) -> None:
    firm, colleague = pair
    lot, flake = await world.stock(firm, 5_000_000), lot_uri(BASE, new_token())
    made = composing.Making(flake, 3_500_000, PET, "flake")
    hold = await held(world, firm, composing.transformed(late(world, firm), REPROCESSING, {lot: 5_000_000}, [made], {}))
    other = composing.Making(lot_uri(BASE, new_token()), 3_000_000, PET, "flake")
    used = composing.transformed(world.at(firm), REPROCESSING, {lot: 4_000_000}, [other], {})
    accepted(await world.capture(firm, used))
    before = await size(owner)
    with pytest.raises(BalanceExceeded):
        await cleared(world, colleague, hold.index)
    assert await size(owner) == before
    assert await waiting(world, firm) == [hold.index]
    await cleared(world, colleague, hold.index, "reject")
    assert await balance(owner, lot, firm.actor.organisation_id) == (1_000_000, 0)


async def test_a_released_receipt_is_not_held_by_the_same_control_again(
    world: World, owner: asyncpg.Connection, pair: Pair
) -> None:
    buyer, colleague = pair
    seller = await world.firm("recycler")
    lot, parties = await world.stock(seller, 5_000_000), (seller.actor.organisation_uri, buyer.actor.organisation_uri)
    accepted(await world.capture(seller, composing.shipped(world.at(seller), *parties, {lot: 5_000_000})))
    received = composing.received(world.at(buyer), *parties, {lot: (5_000_000, 4_000_000)})
    hold = await held(world, buyer, received)
    assert hold.reasons == ("RECEIPT_MISMATCH",)
    done = await cleared(world, colleague, hold.index)
    assert (done.outcome, done.flags) == ("counted", ("RECEIPT_MISMATCH",))
    assert await balance(owner, lot, buyer.actor.organisation_id) == (4_000_000, 0)
    await sound(world)


async def test_a_correction_of_a_released_event_reverses_what_the_release_entered(
    world: World, owner: asyncpg.Connection, pair: Pair
) -> None:
    firm, colleague = pair
    lot, event = opened_late(world, firm, eventID=f"urn:junkan:event:{new_token()}")
    hold = await held(world, firm, event)
    await cleared(world, colleague, hold.index)
    # The declaration happened as long ago as the event, and is cleared like it.
    right = f"urn:junkan:event:{new_token()}"
    declared = composing.wrong(event, hold.event_id, world.clock(), [right])
    corrective = event | {"eventID": right, "quantityList": [composing.quantity(lot, 4_500_000)]}
    both = await world.capture(firm, declared, corrective)
    assert [each.outcome for each in both.events] == ["held", "held"]  # type: ignore[union-attr]
    back, anew = (each.index for each in both.events)  # type: ignore[union-attr]
    with pytest.raises(CorrectionHeld):
        await cleared(world, colleague, anew)
    assert (await cleared(world, colleague, back)).outcome == "counted"
    assert await balance(owner, lot, firm.actor.organisation_id) == (0, 0)
    assert (await cleared(world, colleague, anew)).outcome == "counted"
    assert await balance(owner, lot, firm.actor.organisation_id) == (4_500_000, 0)
    await sound(world)
    async with world.process.database.begin(firm.actor.organisation_id, Scope.RECORD) as session:
        number = await owner.fetchval("SELECT id FROM lot WHERE uri = $1", lot)
        stands = (await standing(session, [number]))[number]
        assert stands.grams == 4_500_000
        (happened,) = await events_at(session, firm.actor.organisation_id, [hold.index])
        assert (happened.taken_back, happened.cleared) == (True, "released")


async def test_descent_follows_a_released_transformation_until_it_is_taken_back(
    world: World, owner: asyncpg.Connection, pair: Pair
) -> None:
    firm, colleague = pair
    lot, flake = await world.stock(firm, 5_000_000), lot_uri(BASE, new_token())
    made = composing.Making(flake, 3_500_000, PET, "flake")
    event = composing.transformed(late(world, firm), REPROCESSING, {lot: 5_000_000}, [made], {})
    event |= {"eventID": f"urn:junkan:event:{new_token()}"}
    hold = await held(world, firm, event)
    await cleared(world, colleague, hold.index)

    async def forward() -> list[str]:
        async with world.process.database.begin(firm.actor.organisation_id, Scope.RECORD) as session:
            number = await owner.fetchval("SELECT id FROM lot WHERE uri = $1", lot)
            return [each.lot for each in (await trace(session, number, "forward")).lots]

    assert await forward() == [lot, flake]
    declared = await held(world, firm, composing.wrong(event, hold.event_id, world.clock()))
    assert await forward() == [lot, flake]  # a declaration on hold takes nothing back
    await cleared(world, colleague, declared.index)
    assert await forward() == [lot]


async def test_a_held_declaration_is_released_only_once_what_it_takes_back_is_there(
    world: World, owner: asyncpg.Connection, pair: Pair
) -> None:
    firm, colleague = pair
    making = composing.Making(lot_uri(BASE, new_token()), 1_000_000, PET, "bale")
    opening = composing.opening(world.at(firm), making) | {"eventID": f"urn:junkan:event:{new_token()}"}
    out = composing.Making(lot_uri(BASE, new_token()), 750_000, PET, "flake")
    used = composing.transformed(world.at(firm), REPROCESSING, {making.lot: 1_000_000}, [out], {})
    first = await world.capture(firm, opening, used)
    right = opening | {
        "eventID": f"urn:junkan:event:{new_token()}", "quantityList": [composing.quantity(making.lot, 900_000)]
    }  # fmt: skip
    wrong = composing.wrong(opening, str(opening["eventID"]), world.clock(), [str(right["eventID"])])
    hold = await held(world, firm, wrong)
    with pytest.raises(StillHeld) as refused:
        await cleared(world, colleague, hold.index)
    assert refused.value.facts["reasons"] == ["ALREADY_CONSUMED"]
    step = first.events[1]
    assert isinstance(step, Accepted)
    accepted(await world.capture(firm, composing.wrong(used, step.event_id, world.clock())))
    assert (await cleared(world, colleague, hold.index)).outcome == "counted"
    accepted(await world.capture(firm, right))
    assert await balance(owner, making.lot, firm.actor.organisation_id) == (900_000, 0)
    await sound(world)


async def test_what_was_declared_erroneous_meanwhile_is_not_released(
    world: World, owner: asyncpg.Connection, pair: Pair
) -> None:
    firm, colleague = pair
    lot, event = opened_late(world, firm, eventID=f"urn:junkan:event:{new_token()}")
    hold = await held(world, firm, event)
    now = composing.opening(world.at(firm), composing.Making(lot, 5_000_000, PET, "bale"))
    declared = composing.wrong(now | {"eventID": hold.event_id}, hold.event_id, world.clock())
    assert accepted(await world.capture(firm, declared)).reasons == ("nothing_entered",)
    assert await waiting(world, firm) == []
    with pytest.raises(StillHeld):
        await cleared(world, colleague, hold.index)
    assert await balance(owner, lot, firm.actor.organisation_id) is None


async def test_a_rejected_declaration_takes_nothing_back(world: World, owner: asyncpg.Connection, pair: Pair) -> None:
    firm, colleague = pair
    lot, event = opened_late(world, firm, eventID=f"urn:junkan:event:{new_token()}")
    hold = await held(world, firm, event)
    await cleared(world, colleague, hold.index)
    right = f"urn:junkan:event:{new_token()}"
    declared = await held(world, firm, composing.wrong(event, hold.event_id, world.clock(), [right]))
    await cleared(world, colleague, declared.index, "reject")
    assert await balance(owner, lot, firm.actor.organisation_id) == (5_000_000, 0)
    at = composing.At(world.clock() - timedelta(seconds=1), firm.facility, firm.zone)
    making = composing.Making(lot, 4_000_000, PET, "bale", "post", "JP")
    refused = (await world.capture(firm, composing.opening(at, making) | {"eventID": right})).events[0]
    assert isinstance(refused, CorrectionHeld)


async def test_a_report_leaves_out_what_is_held_and_counts_what_is_released_once(
    world: World, pair: Pair, tmp_path: Path
) -> None:
    firm, colleague = pair
    day = world.clock().date()
    made = [composing.Making(lot_uri(BASE, new_token()), grams, PET, "bale", "post", "JP") for grams in (5_000, 3_000)]
    first, second = [(await held(world, firm, composing.arrived(late(world, firm), each))).index for each in made]

    async def told(size: int) -> list[tuple[str, int, bool, str | None]]:
        async with world.process.database.begin(firm.actor.organisation_id, Scope.RECORD) as session:
            taken = await snapshot(session, tmp_path / str(size), size, day - timedelta(days=90), day)
        mine = pl.read_parquet(taken.movements).filter(pl.col("organisation") == firm.actor.organisation_uri)
        return sorted(mine.select("stage", "grams", "counted", "reason").rows(), key=str)

    left_out = [("collected", 3_000, False, "LATE_REPORT"), ("collected", 5_000, False, "LATE_REPORT")]
    assert await told(second + 1) == left_out
    released = (await cleared(world, colleague, first)).index
    rejected = (await cleared(world, colleague, second, "reject")).index
    assert await told(released) == left_out  # a figure is a function of its checkpoint
    counted = ("collected", 5_000, True, None)
    assert await told(rejected + 1) == [left_out[0], counted]


async def test_over_the_interface(client: httpx.AsyncClient, world: World, pair: Pair) -> None:
    firm, colleague = pair
    indexes = [(await held(world, firm, opened_late(world, firm)[1])).index for _ in range(3)]
    first = await client.get("/api/v1/holds?limit=2", headers=colleague.bearer)
    assert [each["leafIndex"] for each in first.json()] == indexes[:2]
    assert first.json()[0]["reasons"] == ["LATE_REPORT"]
    assert [each["grams"] for each in first.json()[0]["stated"]] == [5_000_000]
    rest = await client.get(first.links["next"]["url"], headers=colleague.bearer)
    assert [each["leafIndex"] for each in rest.json()] == indexes[2:]
    assert "next" not in rest.links
    assert (await client.get("/api/v1/holds?cursor=x", headers=colleague.bearer)).json()["code"] == "INVALID"
    path, body = f"/api/v1/holds/{indexes[0]}/release", {"decision": "release", "reason": "Books of April."}
    headers = {**colleague.bearer, "Idempotency-Key": new_token()}
    own = await client.post(path, json=body, headers={**firm.bearer, "Idempotency-Key": new_token()})
    assert (own.status_code, own.json()["code"]) == (403, "FORBIDDEN")
    done = await client.post(path, json=body, headers=headers)
    assert (done.status_code, done.json()["outcome"]) == (201, "counted")
    again = await client.post(path, json=body, headers=headers)
    assert again.json() == done.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await client.post(
        path, json={**body, "decision": "reject"}, headers={**headers, "Idempotency-Key": new_token()}
    )
    assert (other.status_code, other.json()["code"]) == (409, "ALREADY_CLEARED")
    for wrong in ({"decision": "maybe", "reason": "x"}, {"decision": "release"}, {"decision": "release", "reason": ""}):
        answer = await client.post(path, json=wrong, headers={**headers, "Idempotency-Key": new_token()})
        assert answer.status_code == 422, wrong


async def test_an_export_with_releases_is_checked_offline(world: World, pair: Pair, tmp_path: Path) -> None:
    firm, colleague = pair
    hold = await held(world, firm, opened_late(world, firm)[1])
    await cleared(world, colleague, hold.index)
    process = world.process
    await export(process.database.writer, process.keys, process.origin, tmp_path / "copy")
    await sound(world)


async def test_an_authority_of_the_country_clears_for_a_firm_of_one_person(world: World) -> None:
    firm = await world.colleague(await world.firm("recycler"), "read", "capture", "clear")
    lot, event = opened_late(world, firm)
    hold = await held(world, firm, event)
    with pytest.raises(SecondPersonNeeded, match="Another person"):
        await cleared(world, firm, hold.index)
    elsewhere = await world.colleague(await world.firm("regulator", "SG"), "read", "clear")
    with pytest.raises(NotFound):
        await decided_by_authority(world, elsewhere, hold.index)
    with pytest.raises(NotFound):  # a recycler of the country is none
        await decided_by_authority(world, await world.colleague(await world.firm("recycler"), "clear"), hold.index)
    authority = await world.colleague(await world.firm("regulator", firm.actor.country), "read", "clear")
    async with world.process.database.begin(None, Scope.RECORD) as record:
        assert hold.index in [each.row.index for each in await holds(record, authority.actor)]
    done = await decided_by_authority(world, authority, hold.index)
    assert done.outcome == "counted"
    assert await waiting(world, firm) == []
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        held_now = await holdings(session, firm.actor.organisation_id)
        assert [each.free for each in held_now if each.lot == lot] == [5_000_000]
        leaf = await session.scalar(select(PayloadRow.body).where(PayloadRow.index == done.index))
    told = json.loads(leaf or "")
    assert (told["clearedFor"], told["clearedBy"]) == (firm.actor.organisation_uri, authority.actor.organisation_uri)
    await sound(world)
