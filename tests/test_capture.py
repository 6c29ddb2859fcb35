"""Capture through the whole pipeline on a real database: what is written, what is refused, what is never twice."""

from datetime import timedelta

import asyncpg
import pytest

from foundation.errors import Refusal
from tests.conftest import BASE, PET, World
from traceability import composing
from traceability.export import verify_database
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import RECYCLING, REPROCESSING
from traceability.log import publish
from traceability.refusals import DuplicateEvent
from traceability.sequencing.commands import Accepted, Command, GiveBack, Reserve


def accepted(captured: object) -> Accepted:
    first = captured.events[0]  # type: ignore[attr-defined]
    assert isinstance(first, Accepted), first
    return first


def refusal(captured: object) -> Refusal:
    first = captured.events[0]  # type: ignore[attr-defined]
    assert isinstance(first, Refusal), first
    return first


async def size(owner: asyncpg.Connection) -> int:
    return int(await owner.fetchval("SELECT size FROM log_head"))


async def balance(owner: asyncpg.Connection, lot: str, holder: int) -> tuple[int, int] | None:
    row = await owner.fetchrow(
        "SELECT free, reserved FROM balance b JOIN lot l ON l.id = b.lot_id"
        " WHERE l.uri = $1 AND holder = $2 AND account = 'stock'",
        lot, holder,
    )  # fmt: skip
    return tuple(row) if row else None


async def test_the_loop_from_bale_to_pellet_at_another_firm(world: World, owner: asyncpg.Connection) -> None:
    recycler, buyer = await world.firm("recycler"), await world.firm("manufacturer", "TH", "Asia/Bangkok")
    bale = await world.stock(recycler, 10_000_000)
    flake, pellet = lot_uri(BASE, new_token()), lot_uri(BASE, new_token())
    made = composing.Making(flake, 7_000_000, PET, "flake")
    await world.capture(
        recycler,
        composing.transformed(
            world.at(recycler), REPROCESSING, {bale: 10_000_000}, [made], {"residue:process": 2_000_000}
        ),
    )
    sent = composing.shipped(
        world.at(recycler), recycler.actor.organisation_uri, buyer.actor.organisation_uri, {flake: 6_000_000}
    )
    accepted(await world.capture(recycler, sent))
    weighed = {flake: (6_000_000, 5_990_000)}
    parties = recycler.actor.organisation_uri, buyer.actor.organisation_uri
    accepted(await world.capture(buyer, composing.received(world.at(buyer), *parties, weighed)))
    out = composing.Making(pellet, 5_800_000, PET, "pellet")
    done = await world.capture(buyer, composing.transformed(world.at(buyer), RECYCLING, {flake: 5_990_000}, [out], {}))
    assert accepted(done).outcome == "counted"
    assert await balance(owner, pellet, buyer.actor.organisation_id) == (5_800_000, 0)
    assert await balance(owner, flake, recycler.actor.organisation_id) == (1_000_000, 0)
    origins = await owner.fetchval("SELECT origins FROM lot WHERE uri = $1", pellet)
    assert '"JP"' in origins
    assert '"post"' in origins


async def test_the_same_event_again_is_answered_and_not_written(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("recycler")
    event = composing.opening(world.at(firm), composing.Making(lot_uri(BASE, new_token()), 5_000, PET, "bale"))
    first = accepted(await world.capture(firm, event))
    before = await size(owner)
    again = accepted(await world.capture(firm, event))
    assert again.duplicate
    assert again.index == first.index
    assert await size(owner) == before


async def test_the_same_id_with_other_content_is_refused(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("recycler")
    making = composing.Making(lot_uri(BASE, new_token()), 5_000, PET, "bale")
    event = composing.opening(world.at(firm), making) | {"eventID": f"urn:uuid:{new_token()}"}
    accepted(await world.capture(firm, event))
    before = await size(owner)
    changed = event | {"quantityList": [composing.quantity(making.lot, 6_000)]}
    refused = refusal(await world.capture(firm, changed))
    assert (type(refused), refused.field, refused.value) == (DuplicateEvent, "eventID", event["eventID"])
    assert await size(owner) == before


async def test_a_wrong_weight_is_corrected_and_both_events_stay(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("recycler")
    making = composing.Making(lot_uri(BASE, new_token()), 5_000_000, PET, "bale")
    wrong = composing.opening(world.at(firm), making)
    first = accepted(await world.capture(firm, wrong))
    right = wrong | {"quantityList": [composing.quantity(making.lot, 4_000_000)]}
    declared = composing.wrong(wrong, first.event_id, world.clock())
    captured = await world.capture(firm, declared, right)
    assert captured.success
    assert await balance(owner, making.lot, firm.actor.organisation_id) == (4_000_000, 0)
    rows = await owner.fetch("SELECT index FROM event WHERE event_id = $1", first.event_id)
    assert len(rows) == 2
    twice = accepted(await world.capture(firm, composing.wrong(wrong, first.event_id, world.clock())))
    assert twice.outcome == "recorded"
    assert await balance(owner, making.lot, firm.actor.organisation_id) == (4_000_000, 0)


async def test_rollback_writes_nothing_of_a_document_with_one_bad_event(
    world: World, owner: asyncpg.Connection
) -> None:
    firm = await world.firm("recycler")
    lots = [lot_uri(BASE, new_token()) for _ in range(2)]
    good = composing.opening(world.at(firm), composing.Making(lots[0], 5_000, PET, "bale"))
    bad = composing.opening(world.at(firm), composing.Making(lots[1], 5_000, "unobtainium", "bale"))
    before = await size(owner)
    captured = await world.capture(firm, good, bad)
    assert [type(each).__name__ for each in captured.events] == ["NotCaptured", "UnknownWord"]
    assert await size(owner) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"eventTime": "2999-01-01T00:00:00.000+09:00"}, "DATE_INVALID"),
        ({"eventTime": "2569-01-01T00:00:00.000+09:00"}, "DATE_INVALID"),
        ({"eventTime": "1999-12-31T00:00:00.000+09:00"}, "DATE_INVALID"),
        ({"quantityList": [{"epcClass": "https://x.example/id/a", "quantity": 3, "uom": "LTR"}]}, "UNIT_INVALID"),
        ({"quantityList": [{"epcClass": "https://x.example/id/a", "quantity": 0.0001, "uom": "KGM"}]}, "UNIT_INVALID"),
        ({"quantityList": [{"epcClass": "https://x.example/id/a", "quantity": 1, "uom": "kg"}]}, "EVENT_INVALID"),
        ({"quantityList": [{"epcClass": "https://x.example/id/a"}]}, "INCOMPLETE"),
        ({"junkan:entries": []}, "EVENT_INVALID"),
        ({"bizStep": "no such step"}, "EVENT_INVALID"),
    ],
)  # fmt: skip
async def test_bad_input_is_refused_by_field_value_and_fix(
    world: World, owner: asyncpg.Connection, change: dict[str, object], code: str
) -> None:
    firm = await world.firm("recycler")
    event = composing.opening(world.at(firm), composing.Making("https://x.example/id/a", 5_000, PET, "bale"))
    before = await size(owner)
    refused = refusal(await world.capture(firm, event | change))
    assert refused.code == code
    assert refused.field
    assert refused.fix
    assert await size(owner) == before


async def test_another_firms_facility_is_refused(world: World) -> None:
    mine, theirs = await world.firm("recycler"), await world.firm("recycler")
    event = composing.opening(world.at(theirs), composing.Making(lot_uri(BASE, new_token()), 5_000, PET, "bale"))
    assert refusal(await world.capture(mine, event)).code == "WRONG_TENANT"


async def test_another_firms_lot_cannot_be_drawn_from(world: World) -> None:
    mine, theirs = await world.firm("recycler"), await world.firm("recycler")
    lot = await world.stock(theirs, 5_000_000)
    out = composing.Making(lot_uri(BASE, new_token()), 3_500_000, PET, "flake")
    event = composing.transformed(world.at(mine), REPROCESSING, {lot: 5_000_000}, [out], {})
    assert refusal(await world.capture(mine, event)).code == "INSUFFICIENT_BALANCE"


async def test_valid_events_about_other_things_are_recorded_with_a_reason(world: World) -> None:
    firm = await world.firm("recycler")
    event = {
        "type": "ObjectEvent", "eventTime": world.clock().isoformat(), "eventTimeZoneOffset": "+09:00",
        "action": "OBSERVE", "bizStep": "shipping", "epcList": ["urn:epc:id:sgtin:9521321.012345.4711"],
    }  # fmt: skip
    done = accepted(await world.capture(firm, event))
    assert (done.outcome, done.reasons) == ("recorded", ("no_quantity",))


async def test_late_history_is_held_unless_it_is_marked_backfill(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("recycler")
    moment = composing.At(world.clock() - timedelta(days=40), firm.facility, firm.zone)
    event = composing.opening(moment, composing.Making(lot_uri(BASE, new_token()), 5_000, PET, "bale"))
    held = accepted(await world.capture(firm, event))
    assert (held.outcome, held.reasons) == ("held", ("LATE_REPORT",))
    own = composing.opening(moment, composing.Making(lot_uri(BASE, new_token()), 5_000, PET, "bale"))
    counted = accepted(await world.capture(firm, own | {"junkan:backfill": True}))
    assert (counted.outcome, counted.flags) == ("counted", ("BACKFILL",))
    assert await owner.fetchval("SELECT backfill FROM event WHERE index = $1", counted.index)


async def test_a_reservation_holds_and_gives_back(world: World, owner: asyncpg.Connection) -> None:
    firm, buyer = await world.firm("recycler"), await world.firm("manufacturer")
    lot = await world.stock(firm, 1_000)
    holder, reference = firm.actor.organisation_id, f"{BASE}/trade/{new_token()}"
    sequencer = world.process.sequencer
    await sequencer.submit(Command((Reserve(reference, lot, holder, buyer.actor.organisation_id, 700),)))
    assert await balance(owner, lot, holder) == (300, 700)
    with pytest.raises(Refusal):
        await sequencer.submit(Command((Reserve(f"{reference}x", lot, holder, buyer.actor.organisation_id, 301),)))
    await sequencer.submit(Command((GiveBack(reference),)))
    assert await balance(owner, lot, holder) == (1_000, 0)


async def test_what_is_recorded_verifies_and_an_altered_row_is_named(world: World, owner: asyncpg.Connection) -> None:
    process = world.process
    await publish(process.database.writer, process.keys.active, process.origin, world.clock)
    verify = verify_database(process.database.writer, process.keys, process.origin)
    assert not [each for each in await verify if not each.note]
    index = await owner.fetchval("SELECT max(event_index) FROM entry")
    await owner.execute("ALTER TABLE entry DISABLE TRIGGER USER")
    await owner.execute("UPDATE entry SET grams = grams * 2 WHERE event_index = $1", index)
    found = await verify_database(process.database.writer, process.keys, process.origin)
    faults = [each for each in found if not each.note]
    assert faults[0].index == index
    await owner.execute("UPDATE entry SET grams = grams / 2 WHERE event_index = $1", index)
    await owner.execute("ALTER TABLE entry ENABLE TRIGGER USER")
