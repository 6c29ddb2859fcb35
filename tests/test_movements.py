"""Movements: both sides state their own weights; either proposes others, the other consents, silence leaves the old."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import httpx
import polars as pl
import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.database import Scope
from foundation.errors import Conflict, Forbidden, Invalid, NotFound, Refusal, Unavailable
from reports.snapshot import snapshot
from tests.conftest import BASE, Firm, World
from tests.test_accounts_captured import EU, account, make, new
from tests.test_accounts_captured import stock as opening
from tests.test_capture import refusal
from tests.test_certificates import scoped, stated
from tests.test_transaction_certificates import admitted, issued
from traceability import composing
from traceability.bundle import check_bundle
from traceability.claims import claim
from traceability.eventhash import event_hash
from traceability.export import export, verify_database
from traceability.history.releasing import Clearing, clear
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import RECYCLING, REPROCESSING
from traceability.ledger.refusals import (
    AgreedByBoth,
    GapTooLarge,
    GoodsUsed,
    MovementChanged,
    MovementFinal,
    NotTheSender,
)
from traceability.movements.answering import Answer, answer
from traceability.movements.proposing import Figure, propose
from traceability.movements.reading import movement, movements, waiting
from traceability.movements.reopening import Decision, ask, decide
from traceability.movements.telling import Movement
from traceability.refusals import LoadSize
from traceability.sequencing.commands import Accepted, Claiming, Command, Reserve

AsApp = Callable[..., Awaitable[asyncpg.Connection]]
T = 1_000_000
KG = 1_000


@pytest.fixture
async def sender(world: World) -> Firm:
    return await world.firm("recycler", "TH", "Asia/Bangkok")


@pytest.fixture
async def receiver(world: World) -> Firm:
    return await world.firm("manufacturer", "JP")


def reading(world: World) -> AbstractAsyncContextManager[AsyncSession]:
    return world.process.database.begin(None, Scope.RECORD)


async def sent(world: World, giver: Firm, taker: Firm, lots: dict[str, int], papers: Sequence[str] = ()) -> int:
    parties = giver.actor.organisation_uri, taker.actor.organisation_uri
    captured = await world.capture(giver, composing.shipped(world.at(giver), *parties, lots, papers))
    (event,) = captured.events
    assert isinstance(event, Accepted), event
    assert event.outcome == "counted", event
    return event.index


async def got(world: World, giver: Firm, taker: Firm, lots: dict[str, tuple[int, int]]) -> Accepted:
    parties = giver.actor.organisation_uri, taker.actor.organisation_uri
    captured = await world.capture(taker, composing.received(world.at(taker), *parties, lots))
    (event,) = captured.events
    assert isinstance(event, Accepted), event
    return event


async def both(world: World, giver: Firm, taker: Firm, grams: int = 4 * T, came: int | None = None) -> tuple[int, str]:
    """A lot of 10 t, of which so much was sent and came: the movement and the lot."""
    lot = await world.stock(giver, 10 * T)
    index = await sent(world, giver, taker, {lot: grams})
    assert (await got(world, giver, taker, {lot: (grams, came or grams)})).outcome == "counted"
    return index, lot


async def told(world: World, firm: Firm, index: int) -> Movement:
    async with reading(world) as record:
        return await movement(record, firm.actor, index, world.process.sequencer.controls.limits, world.clock())


async def proposed(world: World, firm: Firm, index: int, *figures: Figure) -> int:
    world.clock.forward(milliseconds=5)
    async with reading(world) as record:
        done = await propose(
            record, world.process.sequencer, firm.actor, index, figures, "The scale was off", world.clock()
        )
    return done.index


async def answered(world: World, firm: Firm, index: int, number: int, said: Answer = "accept") -> int:
    world.clock.forward(milliseconds=5)
    async with reading(world) as record:
        done = await answer(record, world.process.sequencer, firm.actor, index, number, said, "", world.clock())
    return done.index


async def stock(owner: asyncpg.Connection, lot: str, firm: Firm, account: str = "stock") -> int:
    return int(
        await owner.fetchval(
            "SELECT coalesce(sum(b.free + b.reserved), 0) FROM balance b JOIN lot l ON l.id = b.lot_id"
            " WHERE l.uri = $1 AND b.holder = $2 AND b.account = $3", lot, firm.actor.organisation_id, account,
        )
    )  # fmt: skip


async def sums(owner: asyncpg.Connection, lot: str) -> tuple[int, int]:
    """All grams of a lot, and what went between both sides' weights: together what it was made with."""
    held = await owner.fetchval(
        "SELECT sum(free + reserved) FROM balance b JOIN lot l ON l.id = b.lot_id WHERE uri = $1", lot
    )
    gap = await owner.fetchval(
        "SELECT coalesce(sum(grams), 0) FROM entry WHERE account = 'transit:difference' AND event_index IN"
        " (SELECT event_index FROM entry e JOIN lot l ON l.id = e.lot_id WHERE uri = $1)", lot,
    )  # fmt: skip
    return int(held), int(gap)


async def test_both_figures_stand_side_by_side(world: World, sender: Firm, receiver: Firm) -> None:
    index, _ = await both(world, sender, receiver, 4 * T, 4 * T - 30 * KG)
    for side in (sender, receiver):
        one = await told(world, side, index)
        (goods,) = one.goods
        assert (goods.sent, goods.received, goods.difference, goods.ppm) == (4 * T, 3_970_000, -30_000, -7_500)
        assert (one.status, one.sender.id) == ("received", sender.actor.organisation_id)
        assert one.final_from is not None
        assert not one.final(world.clock())
        async with reading(world) as record:
            listed = await movements(record, side.actor, world.process.sequencer.controls.limits, world.clock())
        assert [each.index for each in listed] == [index]


async def test_what_the_other_side_accepts_amends_both_sides_facts_to_the_gram(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    world.clock.forward(hours=(20 - world.clock().hour) % 24)  # at both facilities it is the next day already
    index, lot = await both(world, sender, receiver, 4 * T, 4 * T - 50 * KG)
    number = await proposed(world, receiver, index, Figure(lot, 3_960_000, 3_950_001))
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6 * T, 3_950_000)
    async with world.process.database.begin(sender.actor.organisation_id) as own:
        assert await waiting(own, sender.actor, world.clock()) == [index]
    await answered(world, sender, index, number)
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6_040_000, 3_950_001)
    assert await stock(owner, lot, receiver, "transit") == 0
    assert await sums(owner, lot) == (10 * T - 9_999, 9_999)
    one = await told(world, sender, index)
    (goods,) = one.goods
    assert (goods.stated, goods.sent, goods.came, goods.received) == (4 * T, 3_960_000, 3_960_000, 3_950_001)
    assert [each.standing(world.clock()) for each in one.proposals] == ["accepted"]
    kinds = await owner.fetch(
        "SELECT organisation_id, facility_id, event_day, biz_step FROM event WHERE kind = 'amended' ORDER BY index"
    )
    days = {firm.actor.organisation_id: world.at(firm).moment.astimezone(firm.zone).date()
            for firm in (sender, receiver)}  # fmt: skip
    assert {(row["organisation_id"], row["facility_id"], row["event_day"]) for row in kinds} >= {
        (firm.actor.organisation_id, firm.facility_id, days[firm.actor.organisation_id]) for firm in (sender, receiver)
    }
    assert world.clock().date() not in days.values()
    async with world.process.database.begin(sender.actor.organisation_id) as own:
        assert await waiting(own, sender.actor, world.clock()) == []


async def test_more_was_sent_than_stated(world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm) -> None:
    index, lot = await both(world, sender, receiver)
    number = await proposed(world, sender, index, Figure(lot, 4 * T + 7, 4 * T + 5))
    await answered(world, receiver, index, number)
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6 * T - 7, 4 * T + 5)
    again = await proposed(world, sender, index, Figure(lot, 4 * T))  # it may be amended again while it is not final
    await answered(world, receiver, index, again)
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6 * T, 4 * T + 5)
    assert await sums(owner, lot) == (10 * T + 5, -5)


async def test_what_is_on_its_way_is_amended_before_it_comes(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    lot = await world.stock(sender, 10 * T)
    index = await sent(world, sender, receiver, {lot: 4 * T})
    with pytest.raises(Invalid):
        await proposed(world, sender, index, Figure(lot, 4 * T, 4 * T))
    await answered(world, receiver, index, await proposed(world, sender, index, Figure(lot, 3 * T)))
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver, "transit")) == (7 * T, 3 * T)
    assert (await got(world, sender, receiver, {lot: (3 * T, 3 * T)})).outcome == "counted"
    (goods,) = (await told(world, receiver, index)).goods
    assert (goods.stated, goods.sent, goods.came, goods.underway) == (4 * T, 3 * T, 3 * T, 0)


async def test_goods_that_are_used_cannot_vanish(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    index, lot = await both(world, sender, receiver)
    making = composing.Making(lot_uri(BASE, new_token()), 3_100 * KG, "plastics.pet", "flake")
    used = composing.transformed(world.at(receiver), REPROCESSING, {lot: 3_900 * KG}, [making], {})
    assert (await world.capture(receiver, used)).success
    number = await proposed(world, sender, index, Figure(lot, 3_899_999, 3_899_999))
    with pytest.raises(GoodsUsed) as refused:
        await answered(world, receiver, index, number)
    assert (refused.value.field, refused.value.facts["short_grams"]) == ("received_grams", 1)
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6 * T, 100 * KG)
    assert (await told(world, sender, index)).open_proposal(world.clock())  # nothing of the answer was kept
    await answered(world, sender, index, number, "withdraw")
    number = await proposed(world, sender, index, Figure(lot, 3_900 * KG, 3_900 * KG))
    await answered(world, receiver, index, number)
    assert await stock(owner, lot, receiver) == 0


async def test_how_much_is_left_is_told_to_its_owner_alone(world: World, sender: Firm, receiver: Firm) -> None:
    index, lot = await both(world, sender, receiver)
    onward = await world.firm("compounder")
    await sent(world, receiver, onward, {lot: 4 * T})  # sold on: the onward movement stands on these grams
    number = await proposed(world, receiver, index, Figure(lot, 4 * T - 1, 4 * T - 1))
    with pytest.raises(GoodsUsed) as refused:
        await answered(world, sender, index, number)
    assert "short_grams" not in refused.value.facts
    assert "1 g" not in str(refused.value)


async def test_reserved_and_claimed_grams_stay(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    index, lot = await both(world, sender, receiver)
    buyer = await world.firm("manufacturer")
    numbers = receiver.actor.organisation_id, buyer.actor.organisation_id
    await world.process.sequencer.submit(Command((Reserve(f"urn:trade:{lot[-9:]}", lot, *numbers, 3 * T),)))
    number = await proposed(world, sender, index, Figure(lot, 3 * T - 1, 3 * T - 1))
    with pytest.raises(GoodsUsed):
        await answered(world, receiver, index, number)
    await answered(world, receiver, index, number, "decline")

    index, lot = await both(world, sender, receiver)
    async with world.process.database.begin(numbers[0]) as own:
        wanted = Claiming(lot, "content", 3 * T, "JP", "bottle grade")
        await claim(own, world.process.sequencer, receiver.actor, wanted, world.clock())
    number = await proposed(world, sender, index, Figure(lot, 3 * T - 1, 3 * T - 1))
    with pytest.raises(GoodsUsed):
        await answered(world, receiver, index, number)
    await answered(world, receiver, index, number, "decline")
    number = await proposed(world, sender, index, Figure(lot, 3 * T, 3 * T))
    await answered(world, receiver, index, number)
    claimed = await owner.fetchval(
        "SELECT claimed_content FROM balance b JOIN lot l ON l.id = b.lot_id"
        " WHERE uri = $1 AND holder = $2 AND account = 'stock'", lot, numbers[0],
    )  # fmt: skip
    assert claimed == 3 * T


async def test_a_claim_on_the_content_of_a_lot_keeps_what_bears_it(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    post, virgin = [await opening(world, sender, 2 * T, each) for each in ("post", "virgin")]
    mixed = new(4 * T)
    blended = composing.transformed(world.at(sender), "commissioning", {post: 2 * T, virgin: 2 * T}, [mixed], {})
    assert (await world.capture(sender, blended)).success
    index = await sent(world, sender, receiver, {mixed.lot: 4 * T})
    await got(world, sender, receiver, {mixed.lot: (4 * T, 4 * T)})
    async with world.process.database.begin(receiver.actor.organisation_id) as own:
        wanted = Claiming(mixed.lot, "content", 2 * T, "JP", "bottle grade")
        await claim(own, world.process.sequencer, receiver.actor, wanted, world.clock())
    number = await proposed(world, sender, index, Figure(mixed.lot, 4 * T - 2 * KG, 4 * T - 2 * KG))
    with pytest.raises(GoodsUsed):  # half of what is left is recycled: a kilogram less than is claimed
        await answered(world, receiver, index, number)
    assert await stock(owner, mixed.lot, receiver) == 4 * T


async def test_what_entered_a_mass_balance_account_stays_in_it(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    lot = await opening(world, sender, 10 * T, "post", "segregated")
    index = await sent(world, sender, receiver, {lot: 4 * T})
    await got(world, sender, receiver, {lot: (4 * T, 4 * T)})
    assert isinstance(await make(world, receiver, {lot: 3 * T}, new(2_700 * KG), scheme=EU), Accepted)
    booked = await account(owner, receiver)
    assert booked["credited_post"] > 0
    number = await proposed(world, sender, index, Figure(lot, 3 * T - 1, 3 * T - 1))
    with pytest.raises(GoodsUsed):
        await answered(world, receiver, index, number)
    await answered(world, receiver, index, number, "decline")
    await answered(world, receiver, index, await proposed(world, sender, index, Figure(lot, 3_500 * KG, 3_500 * KG)))
    assert await account(owner, receiver) == booked
    assert isinstance(await make(world, receiver, {lot: 500 * KG}, new(450 * KG), scheme=EU), Accepted)
    assert isinstance(await make(world, receiver, {lot: 100 * KG}, new(90 * KG), scheme=EU), Refusal)
    again = await account(owner, receiver)
    assert again["credited_post"] * 6 == booked["credited_post"] * 7  # 3.5 t of it came, and no gram more


async def test_what_is_certified_of_a_lot_stays_and_what_may_be_follows_the_figures(
    world: World, owner: asyncpg.Connection, client: httpx.AsyncClient, sender: Firm, receiver: Firm
) -> None:
    index, lot = await both(world, sender, receiver)
    await answered(world, sender, index, await proposed(world, receiver, index, Figure(lot, 3_980 * KG, 3_970 * KG)))
    body, buyer = await world.firm("certifier"), await world.firm("compounder")
    scope = await scoped(client, body, stated(receiver, body))
    assert (await admitted(client, body, scope, lot, "1", reclaimed_grams=9 * T)).status_code == 201
    basis = "SELECT lot_grams FROM certified_lot WHERE scope = $1"
    assert await owner.fetchval(basis, scope) == 3_970 * KG
    paper = await issued(client, body, scope, "T-1", lot, receiver, buyer, 3_900 * KG)
    assert paper.status_code == 201, paper.text
    number = await proposed(world, sender, index, Figure(lot, 3_900 * KG, 3_900 * KG - 1))
    with pytest.raises(GoodsUsed):
        await answered(world, receiver, index, number)
    assert (await stock(owner, lot, receiver), await owner.fetchval(basis, scope)) == (3_970 * KG, 3_970 * KG)
    await answered(world, receiver, index, number, "decline")
    await answered(world, receiver, index, await proposed(world, sender, index, Figure(lot, received=3_900 * KG)))
    assert await owner.fetchval(basis, scope) == 3_900 * KG
    assert (await issued(client, body, scope, "T-2", lot, receiver, buyer, 1)).status_code == 409


@pytest.mark.parametrize("said", ["decline", "withdraw"])
async def test_what_is_refused_or_withdrawn_leaves_the_old_figures(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm, said: Answer
) -> None:
    index, lot = await both(world, sender, receiver)
    number = await proposed(world, sender, index, Figure(lot, 3_900 * KG))
    other = {"decline": sender, "withdraw": receiver}[said]
    with pytest.raises(Forbidden):
        await answered(world, other, index, number, said)
    await answered(world, receiver if said == "decline" else sender, index, number, said)
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6 * T, 4 * T)
    with pytest.raises(Conflict):
        await answered(world, receiver, index, number)
    (goods,) = (await told(world, sender, index)).goods
    assert (goods.sent, goods.received) == (4 * T, 4 * T)


async def test_silence_leaves_the_old_value(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    index, lot = await both(world, sender, receiver)
    number = await proposed(world, sender, index, Figure(lot, 3_900 * KG))
    with pytest.raises(Conflict):  # one at a time, whichever side asks
        await proposed(world, receiver, index, Figure(lot, 4 * T, 3_990 * KG))
    world.clock.forward(days=13, hours=23)
    assert (await told(world, sender, index)).status == "disputed"
    world.clock.forward(hours=2)
    one = await told(world, sender, index)
    assert ([each.standing(world.clock()) for each in one.proposals], one.status) == (["lapsed"], "received")
    with pytest.raises(Conflict):
        await answered(world, receiver, index, number)
    with pytest.raises(asyncpg.CheckViolationError):  # nor by the database's own leave
        await owner.execute(
            "UPDATE movement_proposal SET answer = 'accepted', answer_index = 0, answered_at = $2"
            " WHERE fact_index = $1", number, world.clock(),
        )  # fmt: skip
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6 * T, 4 * T)
    await proposed(world, receiver, index, Figure(lot, 4 * T, 3_990 * KG))


async def test_of_two_answers_at_once_one_counts(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    index, lot = await both(world, sender, receiver)
    number = await proposed(world, sender, index, Figure(lot, 3_900 * KG))

    async def say(said: Answer, later: int) -> bool:
        moment = world.clock() + timedelta(milliseconds=later)
        async with reading(world) as record:
            try:
                await answer(record, world.process.sequencer, receiver.actor, index, number, said, "", moment)
            except Conflict:
                return False
        return True

    said: list[Answer] = ["accept", "decline", "accept", "accept", "decline"]
    assert sum(await asyncio.gather(*(say(each, n + 1) for n, each in enumerate(said)))) == 1
    (proposal,) = (await told(world, sender, index)).proposals
    left = 100 * KG if proposal.row.answer == "accepted" else 0
    assert await stock(owner, lot, sender) == 6 * T + left
    assert await owner.fetchval("SELECT count(*) FROM event WHERE kind = 'amended' AND event_id LIKE $1",
                                f"urn:junkan:amended:{number}:%") == (2 if left else 0)  # fmt: skip


async def test_of_two_proposals_at_once_one_stands(world: World, sender: Firm, receiver: Firm) -> None:
    index, lot = await both(world, sender, receiver)

    async def one(firm: Firm, kilograms: int) -> bool:
        async with reading(world) as record:
            figures = [Figure(lot, kilograms * KG)]
            moment = world.clock() + timedelta(milliseconds=kilograms)
            try:
                await propose(record, world.process.sequencer, firm.actor, index, figures, "Scale", moment)
            except Conflict:
                return False
        return True

    assert sum(await asyncio.gather(*(one(firm, 3_900 + n) for n in range(3) for firm in (sender, receiver)))) == 1
    assert len((await told(world, sender, index)).proposals) == 1


@pytest.mark.parametrize("together", [False, True])
async def test_an_answer_while_the_goods_arrive_is_refused(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm, together: bool
) -> None:
    """The movement is read, then a receipt is committed, then the answer: in the next batch, or in the same one."""
    lot = await world.stock(sender, 10 * T)
    index = await sent(world, sender, receiver, {lot: 4 * T})
    number = await proposed(world, sender, index, Figure(lot, 3_900 * KG))
    async with owner.transaction():
        await owner.execute("SELECT FROM log_head FOR UPDATE")  # the writer waits, requests read on
        under_way: list[asyncio.Task[object]] = []
        if together:  # the writer takes this one alone, and what comes meanwhile at once after it
            under_way.append(asyncio.create_task(world.stock(sender, T)))
            await asyncio.sleep(0.1)
        under_way.append(asyncio.create_task(got(world, sender, receiver, {lot: (4 * T, 4 * T)})))
        await asyncio.sleep(0.2)
        late = asyncio.create_task(answered(world, receiver, index, number))
        await asyncio.sleep(0.2)
    await asyncio.gather(*under_way)
    with pytest.raises(MovementChanged):
        await late
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6 * T, 4 * T)


@pytest.mark.parametrize("table", ["log_head", "tile"])
async def test_an_answer_whose_writer_is_killed_is_kept_whole_or_not_at_all(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm, table: str
) -> None:
    """Killed before the first row, or after the proposal, the entries and the balances were written."""
    index, lot = await both(world, sender, receiver)
    number = await proposed(world, sender, index, Figure(lot, 3_900 * KG, 3_900 * KG))
    waits = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with owner.transaction():
        await owner.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
        late = asyncio.create_task(answered(world, receiver, index, number))
        pid = None
        for _ in range(500):
            pid = pid or await owner.fetchval(waits)
            await asyncio.sleep(0 if pid else 0.02)
        await owner.fetchval("SELECT pg_terminate_backend($1)", pid)
        with pytest.raises(Unavailable):
            await late
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6 * T, 4 * T)
    assert (await told(world, sender, index)).open_proposal(world.clock()) is not None
    await answered(world, receiver, index, number)
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6_100 * KG, 3_900 * KG)


async def test_a_proposal_is_about_the_figures_that_it_started_from(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    lot = await world.stock(sender, 10 * T)
    index = await sent(world, sender, receiver, {lot: 4 * T})
    number = await proposed(world, sender, index, Figure(lot, 3_900 * KG))
    assert (await got(world, sender, receiver, {lot: (4 * T, 4 * T)})).outcome == "counted"
    with pytest.raises(MovementChanged):
        await answered(world, receiver, index, number)
    assert await stock(owner, lot, sender) == 6 * T


async def test_what_both_agreed_on_neither_takes_back_alone(world: World, sender: Firm, receiver: Firm) -> None:
    lot, name = await world.stock(sender, 10 * T), f"urn:junkan:event:{new_token()}"
    index = await sent(world, sender, receiver, {lot: 4 * T})
    parties = sender.actor.organisation_uri, receiver.actor.organisation_uri
    came = composing.received(world.at(receiver), *parties, {lot: (4 * T, 4 * T)}) | {"eventID": name}
    assert (await world.capture(receiver, came)).success
    await answered(world, receiver, index, await proposed(world, sender, index, Figure(lot, 3_990 * KG)))
    refused = refusal(await world.capture(receiver, composing.wrong(came, name, world.clock())))
    assert isinstance(refused, AgreedByBoth)


async def test_what_both_agreed_on_stays_paired_in_the_record_whatever_becomes_of_other_receipts(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    lot, name = await world.stock(sender, 10 * T), f"urn:junkan:event:{new_token()}"
    first, second = [await sent(world, sender, receiver, {lot: 4 * T}) for _ in range(2)]
    parties = sender.actor.organisation_uri, receiver.actor.organisation_uri
    came = composing.received(world.at(receiver), *parties, {lot: (4 * T, 4 * T)}) | {"eventID": name}
    assert (await world.capture(receiver, came)).success
    await got(world, sender, receiver, {lot: (4 * T, 3_990 * KG)})
    number = await proposed(world, receiver, second, Figure(lot, 3_990 * KG))
    await answered(world, sender, second, number)
    assert (await world.capture(receiver, composing.wrong(came, name, world.clock()))).success
    (open_again,), (agreed,) = (await told(world, sender, first)).goods, (await told(world, sender, second)).goods
    assert (open_again.came, open_again.underway) == (0, 4 * T)
    assert (agreed.sent, agreed.came, agreed.received) == (3_990 * KG, 3_990 * KG, 3_990 * KG)


async def test_a_receipt_on_hold_stands_beside_what_was_sent_and_counts_once_it_is_released(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    lot = await world.stock(sender, 10 * T)
    index = await sent(world, sender, receiver, {lot: 4 * T})
    held = await got(world, sender, receiver, {lot: (4 * T, 3 * T)})
    assert held.outcome == "held"
    one = await told(world, sender, index)
    (goods,) = one.goods
    assert (goods.came, goods.held, goods.difference, one.status, one.final_from) == (0, 3 * T, -T, "disputed", None)
    colleague = await world.colleague(receiver, "read", "capture", "clear")
    async with world.process.database.begin(receiver.actor.organisation_id) as own:
        await clear(own, world.door, colleague.actor, Clearing(held.index, "release", "Weighed again"))
    one = await told(world, sender, index)
    (goods,) = one.goods
    assert (goods.came, goods.held, goods.received, one.said[-1].index) == (4 * T, None, 3 * T, held.index)
    await answered(world, receiver, index, await proposed(world, sender, index, Figure(lot, 3 * T)))
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (7 * T, 3 * T)


async def test_several_lots_change_together_or_not_at_all(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    one, two = await world.stock(sender, 10 * T), await world.stock(sender, 4 * T)
    index = await sent(world, sender, receiver, {one: 4 * T, two: 4 * T})
    assert (await got(world, sender, receiver, {one: (4 * T, 4 * T), two: (4 * T, 4 * T)})).outcome == "counted"
    number = await proposed(world, sender, index, Figure(one, 3_950 * KG), Figure(two, 4_000_001))
    with pytest.raises(GoodsUsed):  # nothing of `two` is left at the sender
        await answered(world, receiver, index, number)
    assert (await stock(owner, one, sender), await stock(owner, two, receiver)) == (6 * T, 4 * T)
    await answered(world, receiver, index, number, "decline")
    number = await proposed(world, sender, index, Figure(one, 4_050 * KG), Figure(two, 3_950 * KG))
    await answered(world, receiver, index, number)
    assert (await stock(owner, one, sender), await stock(owner, two, sender)) == (5_950 * KG, 50 * KG)
    assert (await stock(owner, one, receiver), await stock(owner, two, receiver)) == (4 * T, 4 * T)


async def test_no_agreement_states_what_no_receipt_could(world: World, sender: Firm, receiver: Firm) -> None:
    index, lot = await both(world, sender, receiver)
    for figures, wrong in (
        ([Figure(lot, 4 * T, 3 * T)], GapTooLarge), ([Figure(lot, 1_000 * T + 1, 1_000 * T + 1)], LoadSize),
        ([Figure(lot, 4 * T)], Invalid), ([], Invalid), ([Figure(lot, 0)], Invalid),
        ([Figure(lot, 1), Figure(lot, 2)], Invalid), ([Figure(lot_uri(BASE, new_token()), 1)], Invalid),
    ):  # fmt: skip
        with pytest.raises(wrong):
            await proposed(world, sender, index, *figures)
    async with reading(world) as record:
        with pytest.raises(Invalid):
            await propose(record, world.process.sequencer, sender.actor, index, [Figure(lot, 1)], "  ", world.clock())


async def test_only_both_sides_and_their_authorities_read_and_only_the_sides_act(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm, as_app: AsApp
) -> None:
    index, lot = await both(world, sender, receiver)
    number = await proposed(world, sender, index, Figure(lot, 3_900 * KG))
    stranger, elsewhere = await world.firm("recycler", "TH"), await world.firm("regulator", "VN")
    thai, japanese = await world.firm("regulator", "TH"), await world.firm("regulator", "JP")
    limits = world.process.sequencer.controls.limits
    for firm in (stranger, elsewhere):
        with pytest.raises(NotFound):
            await told(world, firm, index)
        with pytest.raises(NotFound):
            await proposed(world, firm, index, Figure(lot, 3 * T))
        with pytest.raises(NotFound):
            await answered(world, firm, index, number)
        async with reading(world) as record:
            assert await movements(record, firm.actor, limits, world.clock()) == []
    for firm in (thai, japanese):
        assert (await told(world, firm, index)).proposals
        async with reading(world) as record:
            assert index in [each.index for each in await movements(record, firm.actor, limits, world.clock())]
        with pytest.raises(Forbidden):
            await proposed(world, firm, index, Figure(lot, 3 * T))
        with pytest.raises(Forbidden):
            await answered(world, firm, index, number)
    assert await owner.execute("UPDATE facility SET country = 'VN' WHERE id = $1", receiver.facility_id) == "UPDATE 1"
    assert (await told(world, elsewhere, index)).index == index  # it was received there
    async with reading(world) as record:
        assert index in [each.index for each in await movements(record, elsewhere.actor, limits, world.clock())]
    for firm, count in ((sender, 1), (receiver, 1), (stranger, 0), (thai, 0)):
        own = await as_app(firm.actor.organisation_id)
        assert await own.fetchval("SELECT count(*) FROM movement_proposal WHERE fact_index = $1", number) == count
        assert await own.fetchval("SELECT count(*) FROM movement_figure WHERE proposal = $1", number) == count


async def test_a_final_movement_opens_again_only_by_the_authority_of_the_country(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    lot, name = await world.stock(sender, 10 * T), f"urn:junkan:event:{new_token()}"
    index = await sent(world, sender, receiver, {lot: 4 * T})
    parties = sender.actor.organisation_uri, receiver.actor.organisation_uri
    came = composing.received(world.at(receiver), *parties, {lot: (4 * T, 4 * T)}) | {"eventID": name}
    assert (await world.capture(receiver, came)).success
    thai, japanese = await world.firm("regulator", "TH"), await world.firm("regulator", "JP")

    async def asked(firm: Firm) -> int:
        world.clock.forward(milliseconds=5)
        async with reading(world) as record:
            done = await ask(record, world.process.sequencer, firm.actor, index, "The scale was off", world.clock())
        return done.index

    async def decided(firm: Firm, number: int, decision: Decision) -> None:
        world.clock.forward(milliseconds=5)
        async with reading(world) as record:
            await decide(
                record, world.process.sequencer, firm.actor, index, number, decision, "Seen the ticket", world.clock()
            )

    world.clock.forward(days=179)
    with pytest.raises(Conflict):
        await asked(sender)
    waiting_then = await proposed(world, sender, index, Figure(lot, 3_900 * KG))
    world.clock.forward(days=1, hours=1)
    for firm in (sender, receiver):
        assert (await told(world, firm, index)).final(world.clock())
        with pytest.raises(MovementFinal):
            await proposed(world, firm, index, Figure(lot, 3_900 * KG))
    with pytest.raises(MovementFinal):  # proposed before, answered too late
        await answered(world, receiver, index, waiting_then)
    taken_back = refusal(await world.capture(receiver, composing.wrong(came, name, world.clock())))
    assert isinstance(taken_back, MovementFinal)
    await answered(world, receiver, index, waiting_then, "decline")

    number = await asked(sender)
    with pytest.raises(Conflict):
        await asked(sender)
    for firm in (japanese, receiver, sender):  # the sender's facility lies in Thailand
        with pytest.raises(NotFound):
            await decided(firm, number, "grant")
    await decided(thai, number, "decline")
    with pytest.raises(Conflict):
        await decided(thai, number, "grant")
    with pytest.raises(MovementFinal):
        await proposed(world, sender, index, Figure(lot, 3_900 * KG))
    await decided(thai, await asked(sender), "grant")
    number = await proposed(world, receiver, index, Figure(lot, 3_900 * KG, 3_900 * KG))
    await answered(world, sender, index, number)
    assert (await stock(owner, lot, sender), await stock(owner, lot, receiver)) == (6_100 * KG, 3_900 * KG)
    world.clock.forward(days=31)
    with pytest.raises(MovementFinal):
        await proposed(world, receiver, index, Figure(lot, 4 * T, 4 * T))


async def test_a_rejection_names_who_sent_it(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm
) -> None:
    lot, third = await world.stock(sender, 10 * T), await world.firm("trader")
    await sent(world, sender, receiver, {lot: 4 * T})
    at, mine = world.at(receiver), receiver.actor.organisation_uri
    wrong = refusal(
        await world.capture(receiver, composing.rejected(at, third.actor.organisation_uri, mine, {lot: 4 * T}))
    )
    assert isinstance(wrong, NotTheSender)
    assert (wrong.field, wrong.value) == ("sourceList/source", third.actor.organisation_uri)
    assert await stock(owner, lot, third) == 0
    assert await stock(owner, lot, receiver, "transit") == 4 * T
    right = composing.rejected(at, sender.actor.organisation_uri, mine, {lot: 3 * T})
    rest = composing.rejected(at, sender.actor.organisation_uri, mine, {lot: T + 1})
    assert isinstance(refusal(await world.capture(receiver, rest, right)), NotTheSender)
    last = composing.rejected(at, sender.actor.organisation_uri, mine, {lot: T})
    assert (await world.capture(receiver, right, last)).success  # of one batch, the second knows of the first
    assert await stock(owner, lot, sender) == 10 * T


async def test_a_log_with_amendments_verifies_and_is_the_same_from_its_copy(
    world: World, owner: asyncpg.Connection, sender: Firm, receiver: Firm, tmp_path: Path
) -> None:
    index, lot = await both(world, sender, receiver)
    await answered(world, receiver, index, await proposed(world, sender, index, Figure(lot, 3_900 * KG, 3_899 * KG)))
    process = world.process
    for table in ("movement_proposal", "movement_figure", "amended_event"):
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") > 0
    assert not [each for each in await verify_database(process.database.writer, process.keys, process.origin)
                if not each.note]  # fmt: skip
    await export(process.database.writer, process.keys, process.origin, tmp_path / "copy")
    assert not [each for each in check_bundle(tmp_path / "copy", event_hash) if not each.note]
    text = (tmp_path / "copy" / "entries.csv").read_text()
    (tmp_path / "copy" / "entries.csv").write_text(
        text.replace(",3899000", ",3899001", 1).replace("-100000", "-100001", 1)
    )
    assert [each for each in check_bundle(tmp_path / "copy", event_hash) if not each.note]


async def test_reports_count_what_was_made_of_the_amended_grams_and_not_the_amendment(
    world: World, sender: Firm, receiver: Firm, tmp_path: Path
) -> None:
    index, lot = await both(world, sender, receiver, 4 * T, 3_900 * KG)

    async def stages(name: str) -> dict[str, int]:
        size = await world.process.database.writer.fetchval("SELECT size FROM log_head")
        async with reading(world) as record:
            taken = await snapshot(record, tmp_path / name, size, date(2020, 1, 1), date(2099, 1, 1))
        mine = pl.col("organisation").is_in([sender.actor.organisation_uri, receiver.actor.organisation_uri])
        found = pl.read_parquet(taken.movements).filter(mine & pl.col("counted"))
        return dict(found.group_by("stage").agg(pl.col("grams").sum()).rows())

    assert await stages("before") == {"opening": 10 * T}
    await answered(world, sender, index, await proposed(world, receiver, index, Figure(lot, 3_900 * KG, 3_850_001)))
    assert await stages("amended") == {"opening": 10 * T}
    made = composing.Making(lot_uri(BASE, new_token()), 3_850_000, "plastics.pet", "flake")
    done = await world.capture(
        receiver, composing.transformed(world.at(receiver), RECYCLING, {lot: 3_850_001}, [made], {})
    )
    assert done.success
    assert await stages("used") == {
        "opening": 10 * T, "recycling_input": 3_850_001, "recycling_output": 3_850_000, "loss": 1,
    }  # fmt: skip
