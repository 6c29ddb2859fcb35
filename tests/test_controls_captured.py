"""Controls at capture: what the record knows decides, in the same batch and later; a refusal leaves nothing."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from foundation.access import Actor
from foundation.database import Scope
from foundation.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from foundation.registry import register_facility
from tests.conftest import BASE, PET, Firm, World
from traceability import composing
from traceability.capture import Captured
from traceability.claims import claim
from traceability.history.holds import held
from traceability.history.releasing import Clearing, clear
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import REPROCESSING
from traceability.refusals import (
    CapacityExceeded,
    MoveImpossible,
    NoBackingInput,
    OriginUnbacked,
    PermitMissing,
    TariffMismatch,
    TransportId,
)
from traceability.sequencing.commands import Accepted, Claiming
from traceability.sites.registering import Hours, Meter, Permit, Registering

TONNE = 1_000_000
Composed = dict[str, Any]


def new() -> str:
    return lot_uri(BASE, new_token())


async def recycler(world: World, latitude: str = "35.68", longitude: str = "139.65") -> Firm:
    """A recycler whose facility has a position."""
    firm = await world.firm("recycler")
    number = firm.actor.organisation_id
    async with world.process.database.begin(number) as session:
        place = await register_facility(
            session, organisation_id=number, uri=new(), name="Plant", country="JP", time_zone="Asia/Tokyo",
            moment=world.clock(), latitude=Decimal(latitude), longitude=Decimal(longitude),
        )  # fmt: skip
    return replace(firm, facility=place.uri, facility_id=place.id)


def permit(firm: Firm, **changes: Any) -> Permit:
    given = Permit(
        firm.facility, new_token(), "Prefecture", "reprocessing", "plastics", 10 * TONNE, None, date(2020, 1, 1), None
    )  # fmt: skip
    return replace(given, **changes)


async def registered(world: World, actor: Actor, *facts: Permit | Hours | Meter) -> list[Accepted]:
    async with world.process.database.begin(None, Scope.RECORD) as record:
        registering = Registering(record, world.process.sequencer, actor, world.clock())
        done = []
        for each in facts:
            match each:
                case Permit():
                    done.append(await registering.permit(each))
                case Hours():
                    done.append(await registering.hours(each))
                case Meter():
                    done.append(await registering.meter(each))
        return done


def washed(world: World, firm: Firm, lot: str, grams: int, **changes: Any) -> Composed:
    made = composing.Making(new(), grams * 7 // 10, PET, "flake")
    at = replace(world.at(firm), **changes)
    return composing.transformed(at, REPROCESSING, {lot: grams}, [made], {})


def sent(world: World, giver: Firm, taker: Firm, lot: str, grams: int, **own: Any) -> Composed:
    event = composing.shipped(world.at(giver), giver.actor.organisation_uri, taker.actor.organisation_uri, {lot: grams})
    return event | {f"junkan:{name}": value for name, value in own.items()}


def got(world: World, giver: Firm, taker: Firm, lot: str, grams: int, **own: Any) -> Composed:
    event = composing.received(
        world.at(taker), giver.actor.organisation_uri, taker.actor.organisation_uri, {lot: (grams, grams)}
    )
    return event | {f"junkan:{name}": value for name, value in own.items()}


def said(captured: Captured) -> list[Any]:
    return [
        type(each) if isinstance(each, Refusal) else (each.outcome, *each.reasons, *each.flags)
        for each in captured.events
    ]  # fmt: skip


async def test_a_day_at_a_plant_is_as_long_as_its_permits(world: World) -> None:
    firm = await recycler(world)
    lot = await world.stock(firm, 1_000 * TONNE)
    await registered(world, firm.actor, permit(firm))
    first = await world.capture(firm, washed(world, firm, lot, 6 * TONNE), washed(world, firm, lot, 4 * TONNE))
    assert said(first) == [("counted",), ("counted",)]
    more = await world.capture(firm, washed(world, firm, lot, TONNE))
    assert said(more) == [("held", "CAPACITY_EXCEEDED")]
    far = await world.capture(firm, washed(world, firm, lot, 3 * TONNE))
    assert said(far) == [CapacityExceeded]
    # The held one made no entries, so it takes none of the day: half a tonne is still within the tolerance.
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE // 2))) == [("counted",)]
    # In one document the first counts for the second.
    other = await recycler(world)
    lot = await world.stock(other, 1_000 * TONNE)
    await registered(world, other.actor, permit(other))
    both = await world.capture(other, washed(world, other, lot, 8 * TONNE), washed(world, other, lot, 3 * TONNE))
    assert said(both) == [("counted",), ("held", "CAPACITY_EXCEEDED")]


async def test_what_is_taken_back_gives_its_day_back(world: World, owner: asyncpg.Connection) -> None:
    firm = await recycler(world)
    lot = await world.stock(firm, 1_000 * TONNE)
    await registered(world, firm.actor, permit(firm))
    event = washed(world, firm, lot, 9 * TONNE)
    done = await world.capture(firm, event)
    assert isinstance(done.events[0], Accepted)
    wrong = composing.wrong(event, done.events[0].event_id, world.clock())
    assert said(await world.capture(firm, wrong)) == [("counted",)]
    assert said(await world.capture(firm, washed(world, firm, lot, 10 * TONNE))) == [("counted",)]
    rows = await owner.fetch("SELECT material, drawn, made FROM processed WHERE facility_id = $1", firm.facility_id)
    assert [tuple(row) for row in rows] == [(PET, 10 * TONNE, 7 * TONNE)]


async def test_a_refused_document_takes_nothing_of_the_day(world: World, owner: asyncpg.Connection) -> None:
    firm = await recycler(world)
    lot = await world.stock(firm, 1_000 * TONNE)
    await registered(world, firm.actor, permit(firm))
    await world.capture(firm, washed(world, firm, lot, 9 * TONNE), washed(world, firm, new(), TONNE))
    assert await owner.fetchval("SELECT count(*) FROM processed WHERE facility_id = $1", firm.facility_id) == 0
    assert said(await world.capture(firm, washed(world, firm, lot, 10 * TONNE))) == [("counted",)]


async def test_a_released_event_takes_its_day_and_is_not_held_again(world: World) -> None:
    firm = await recycler(world)
    lot = await world.stock(firm, 1_000 * TONNE)
    await registered(world, firm.actor, permit(firm))
    await world.capture(firm, washed(world, firm, lot, 10 * TONNE))
    over = await world.capture(firm, washed(world, firm, lot, TONNE))
    assert isinstance(over.events[0], Accepted)
    second = await world.colleague(firm, "capture", "clear")
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        hold = await held(session, firm.actor, over.events[0].index)
        done = await clear(session, world.door, second.actor, Clearing(over.events[0].index, "release", "Two shifts"))
    assert [each.code for each in hold.findings] == ["CAPACITY_EXCEEDED"]
    assert (hold.findings[0].measured, hold.findings[0].limit) == (11 * TONNE, 10 * TONNE)
    assert (done.outcome, done.flags) == ("counted", ("CAPACITY_EXCEEDED",))
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE // 2))) == [("held", "CAPACITY_EXCEEDED")]


async def test_a_permit_covers_its_process_its_material_and_its_days(world: World) -> None:
    firm = await recycler(world)
    lot = await world.stock(firm, 1_000 * TONNE)
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE))) == [("counted",)]  # nothing is registered
    (metals,) = await registered(world, firm.actor, permit(firm, material="metals"))
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE))) == [("held", "PERMIT_SCOPE")]
    (fits,) = await registered(world, firm.actor, permit(firm, material=PET))
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE))) == [("counted",)]
    async with world.process.database.begin(None, Scope.RECORD) as record:
        registering = Registering(record, world.process.sequencer, firm.actor, world.clock())
        yesterday = world.clock().date() - timedelta(days=2)
        await registering.permit_end(firm.facility, fits.index, yesterday, "Withdrawn")
        with pytest.raises(Conflict):
            await registering.permit_end(firm.facility, fits.index, yesterday, "Again")
        with pytest.raises(NotFound):
            await replace(registering, actor=(await recycler(world)).actor).permit_end(
                firm.facility, metals.index, yesterday, "Somebody else's"
            )
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE))) == [("held", "PERMIT_SCOPE")]


async def test_a_plant_whose_meter_stands_still_makes_nothing(world: World) -> None:
    firm = await recycler(world)
    lot = await world.stock(firm, 1_000 * TONNE)
    await registered(world, firm.actor, permit(firm))
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE))) == [("counted",)]
    world.clock.forward(days=2)
    today = world.clock().date() - timedelta(days=1)
    first = today - timedelta(days=5)
    # 0.15 kWh for each of the 700 kg that were made, less a single watt-hour
    await registered(world, firm.actor, Meter(firm.facility, first, today, 104_999))
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE))) == [("held", "ENERGY_IMPLAUSIBLE")]
    world.clock.forward(days=2)
    later = today + timedelta(days=1)
    await registered(world, firm.actor, Meter(firm.facility, later, later, 0))  # a day on which nothing was made
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE))) == [("counted",)]
    world.clock.forward(days=61)
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE))) == [("held", "ENERGY_IMPLAUSIBLE")]
    with pytest.raises(Conflict):
        await registered(world, firm.actor, Meter(firm.facility, first, today, 1))
    with pytest.raises(Invalid):
        await registered(world, firm.actor, Meter(firm.facility, today, first, 1))


async def test_a_lot_is_not_in_bangkok_an_hour_after_it_left_tokyo(world: World) -> None:
    tokyo, bangkok = await recycler(world), await recycler(world, "13.75", "100.50")
    lot = await world.stock(tokyo, 10 * TONNE)
    assert said(await world.capture(tokyo, sent(world, tokyo, bangkok, lot, TONNE))) == [("counted",)]
    world.clock.forward(hours=1)
    assert said(await world.capture(bangkok, got(world, tokyo, bangkok, lot, TONNE))) == [MoveImpossible]
    world.clock.forward(hours=29)
    assert said(await world.capture(bangkok, got(world, tokyo, bangkok, lot, TONNE))) == [("held", "MOVE_IMPOSSIBLE")]
    flown = got(world, tokyo, bangkok, lot, TONNE, mode="air")
    assert said(await world.capture(bangkok, flown)) == [("counted",)]


async def test_a_day_alone_is_long_enough(world: World) -> None:
    """Who states only the day is given the whole of it, from the morning that it left to the night that it came."""
    here, there = await recycler(world), await recycler(world, "34.70", "135.50")  # 400 km
    lot = await world.stock(here, 10 * TONNE)
    day = world.clock().astimezone(here.zone) - timedelta(days=1)
    noon = composing.At(day.replace(hour=12, minute=0, second=0, microsecond=0), here.facility, here.zone)
    parties = here.actor.organisation_uri, there.actor.organisation_uri
    events = [composing.shipped(noon, *parties, {lot: TONNE})]
    assert said(await world.capture(here, *events)) == [("counted",)]
    arrived = composing.received(replace(noon, facility=there.facility), *parties, {lot: (TONNE, TONNE)})
    assert said(await world.capture(there, arrived)) == [("counted",)]


async def test_a_lot_does_not_go_round(world: World) -> None:
    one, other, third = await recycler(world), await recycler(world), await recycler(world)
    lot = await world.stock(one, 10 * TONNE)
    for giver, taker in ((one, other), (other, third)):
        assert said(await world.capture(giver, sent(world, giver, taker, lot, TONNE))) == [("counted",)]
        assert said(await world.capture(taker, got(world, giver, taker, lot, TONNE))) == [("counted",)]
    for back in (one, other):
        assert said(await world.capture(third, sent(world, third, back, lot, TONNE))) == [("held", "WASH_CYCLE")]
    for giver, taker in ((one, other), (other, third)):  # another part of the same lot goes the same way
        assert said(await world.capture(giver, sent(world, giver, taker, lot, TONNE))) == [("counted",)]
        assert said(await world.capture(taker, got(world, giver, taker, lot, TONNE))) == [("counted",)]


async def test_papers_are_used_once(world: World) -> None:
    one, other, third = await recycler(world), await recycler(world), await recycler(world)
    lots = [await world.stock(each, 100 * TONNE) for each in (one, other)]
    ticket = "ab" * 32
    first = sent(world, one, third, lots[0], TONNE, documents=[ticket], container="CSQU 305438-3", hs="3915.90")
    first["bizTransactionList"] = [{"type": "inv", "bizTransaction": "urn:x:inv-1"}]
    assert said(await world.capture(one, first)) == [("counted",)]
    again = got(world, one, third, lots[0], TONNE, documents=[ticket])
    assert said(await world.capture(third, again)) == [("counted",)]  # the other side's ticket of the same goods
    copied = sent(world, other, third, lots[1], TONNE, documents=[ticket.upper()])
    assert said(await world.capture(other, copied)) == [("held", "DOC_REUSED")]
    billed = sent(world, other, third, lots[1], TONNE)
    billed["bizTransactionList"] = [{"type": "inv", "bizTransaction": "urn:x:inv-1"}]
    assert said(await world.capture(other, billed)) == [("held", "INVOICE_REUSED")]
    boxed = sent(world, other, third, lots[1], TONNE, container="CSQU3054383")
    assert said(await world.capture(other, boxed)) == [("held", "TRANSPORT_ID")]
    wrong = sent(world, other, third, lots[1], TONNE, container="CSQU3054384")
    assert said(await world.capture(other, wrong)) == [TransportId]
    heavy = sent(world, other, third, lots[1], 31 * TONNE, container="MSCU6639870")
    assert said(await world.capture(other, heavy)) == [("held", "LOAD_SIZE")]
    film = sent(world, other, third, lots[1], TONNE, hs="3920.62")
    assert said(await world.capture(other, film)) == [TariffMismatch]


async def test_relatives_do_not_confirm_each_other(world: World) -> None:
    one, other = await recycler(world), await recycler(world)
    async with world.process.database.begin(None, Scope.RECORD) as record:
        registering = Registering(record, world.process.sequencer, one.actor, world.clock())
        await registering.mark("tax_id", "010-555 1234", b"key")
        with pytest.raises(Conflict):
            await registering.mark("tax_id", "0105551234", b"key")
        with pytest.raises(Invalid):
            await registering.mark("shoe_size", "44 EU", b"key")
        await replace(registering, actor=other.actor).mark("tax_id", "0105551234", b"key")
    lot = await world.stock(one, 10 * TONNE)
    assert said(await world.capture(one, sent(world, one, other, lot, TONNE))) == [("counted",)]
    assert said(await world.capture(other, got(world, one, other, lot, TONNE))) == [("held", "RELATED_PARTY")]


async def test_evidence_is_backed_where_the_law_asks_it(world: World) -> None:
    firm = await recycler(world)
    bale = await world.stock(firm, 100 * TONNE)  # of Japan
    made = washed(world, firm, bale, TONNE)
    await world.capture(firm, made)
    flake = made["outputQuantityList"][0]["epcClass"]

    async def claimed(lot: str, country: str) -> Accepted:
        async with world.process.database.begin(firm.actor.organisation_id) as session:
            claiming = Claiming(lot, "epr", 1_000, country, "Evidence")
            return await claim(session, world.process.sequencer, firm.actor, claiming, world.clock())

    assert (await claimed(bale, "JP")).outcome == "recorded"
    with pytest.raises(NoBackingInput):
        await claimed(bale, "IN")
    with pytest.raises(PermitMissing):
        await claimed(flake, "IN")
    with pytest.raises(OriginUnbacked):
        await claimed(flake, "GB")
    await registered(world, firm.actor, permit(firm))
    assert (await claimed(flake, "IN")).outcome == "recorded"


async def test_an_authority_registers_and_visits_in_its_own_country(world: World) -> None:
    firm, authority = await recycler(world), await world.firm("regulator")
    await registered(world, authority.actor, permit(firm))
    foreign = await world.firm("regulator", "TH", "Asia/Bangkok")
    with pytest.raises(NotFound):
        await registered(world, foreign.actor, permit(firm))
    async with world.process.database.begin(None, Scope.RECORD) as record:
        registering = Registering(record, world.process.sequencer, authority.actor, world.clock())
        today = world.clock().date()
        assert (await registering.visit(firm.facility, today, "The extruder runs.")).outcome == "recorded"
        with pytest.raises(Invalid):
            await registering.visit(firm.facility, today + timedelta(days=1), "Tomorrow")
        with pytest.raises(Forbidden):
            await replace(registering, actor=firm.actor).visit(firm.facility, today, "We are fine.")


async def test_a_closed_plant_is_flagged(world: World) -> None:
    firm = await recycler(world)
    lot = await world.stock(firm, 100 * TONNE)
    local = world.at(firm).moment.astimezone(firm.zone)
    other = (local.weekday() + 1) % 7
    await registered(world, firm.actor, Hours(firm.facility, date(2020, 1, 1), 0, 1_440, (other,)))
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE))) == [("counted", "OUTSIDE_HOURS")]
    await registered(world, firm.actor, Hours(firm.facility, local.date(), 0, 1_440, (local.weekday(),)))
    assert said(await world.capture(firm, washed(world, firm, lot, TONNE))) == [("counted",)]


async def test_nobody_reads_another_firms_permits(world: World, as_app: Any) -> None:
    firm, other = await recycler(world), await recycler(world)
    await registered(world, firm.actor, permit(firm))
    theirs, mine = await as_app(other.actor.organisation_id), await as_app(firm.actor.organisation_id)
    assert await theirs.fetchval("SELECT count(*) FROM permit") == 0
    assert await mine.fetchval("SELECT count(*) FROM permit") == 1
