"""Two to twenty buyers on one lot, round after round: never oversold; and what 512 captures cost in statements."""

import asyncio
import random
from decimal import Decimal

import asyncpg
import pytest

from foundation.access import Actor
from foundation.errors import Refusal
from marketplace.listings import Terms, publish
from marketplace.negotiation import Bid, accept, buy, make_offer
from tests.conftest import BASE, PET, World
from tests.tiers import NIGHTLY, SEED, times, told
from traceability import composing
from traceability.capture import capture
from traceability.identifiers import lot_uri, new_token
from traceability.refusals import BalanceExceeded

BUYERS = 64 if NIGHTLY else 20
LOT = 100_000


@pytest.mark.fault("T1")
async def test_buyers_at_once_never_oversell_one_lot(world: World, owner: asyncpg.Connection) -> None:
    process, chance = world.process, random.Random(SEED)
    seller = await world.firm("recycler")
    buyers = [await world.firm("manufacturer") for _ in range(BUYERS)]
    rounds = times(50, 1_000)
    told(f"T1: seed {SEED}, {rounds} rounds")
    for _ in range(rounds):
        lot, each, many = await world.stock(seller, LOT), chance.randint(1_500, 60_000), chance.randint(2, BUYERS)
        async with process.database.begin(seller.actor.organisation_id) as session:
            terms = Terms(Decimal(100), "JPY", 1_000, "FCA")
            listed = await publish(
                session, seller.actor, process.catalogue, lot, terms, (), world.clock().date(), world.clock()
            )

        async def one(actor: Actor, number: int = listed.id, grams: int = each) -> str:
            async with process.database.begin(actor.organisation_id) as session:
                return await buy(session, process.sequencer, actor, number, grams, BASE, world.clock())

        asked = chance.sample(buyers, many)
        answers = await asyncio.gather(*(one(buyer.actor) for buyer in asked), return_exceptions=True)
        won = len([answer for answer in answers if isinstance(answer, str)])
        assert won == min(many, LOT // each)
        assert all(isinstance(answer, BalanceExceeded) for answer in answers if not isinstance(answer, str))
        row = await owner.fetchrow(
            "SELECT b.free, b.reserved, (SELECT sum(remaining) FROM reservation r WHERE r.lot_id = l.id),"
            " (SELECT count(*) FROM trade t WHERE t.lot_uri = l.uri)"
            " FROM balance b JOIN lot l ON l.id = b.lot_id WHERE l.uri = $1 AND b.account = 'stock'", lot,
        )  # fmt: skip
        assert tuple(row) == (LOT - won * each, won * each, won * each, won)


async def test_an_offer_is_accepted_once_by_whoever_comes_first(world: World, owner: asyncpg.Connection) -> None:
    process = world.process
    seller, buyer = await world.firm("recycler"), await world.firm("manufacturer")
    lot = await world.stock(seller, 100_000)
    async with process.database.begin(seller.actor.organisation_id) as session:
        terms = Terms(Decimal(100), "JPY", 10_000, "FCA")
        listed = await publish(
            session, seller.actor, process.catalogue, lot, terms, (), world.clock().date(), world.clock()
        )
    async with process.database.begin(buyer.actor.organisation_id) as session:
        bid = Bid(60_000, Decimal(90), "JPY")
        made = await make_offer(session, buyer.actor, listed.id, bid, world.clock())

    async def answered() -> str:
        async with process.database.begin(seller.actor.organisation_id) as session:
            return await accept(session, process.sequencer, seller.actor, made.id, BASE, world.clock())

    answers = await asyncio.gather(*(answered() for _ in range(8)), return_exceptions=True)
    assert len([each for each in answers if isinstance(each, str)]) == 1
    assert all(isinstance(each, Refusal) for each in answers if not isinstance(each, str))
    assert (
        await owner.fetchval("SELECT reserved FROM balance WHERE holder = $1", seller.actor.organisation_id) == 60_000
    )


async def test_512_captures_cost_a_handful_of_statements_and_commits(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("recycler")
    await world.stock(firm, 1_000)
    documents = [
        composing.document(
            [composing.opening(world.at(firm), composing.Making(lot_uri(BASE, new_token()), 1_000, PET, "bale"))],
            world.clock(),
        )
        for _ in range(512)
    ]
    door = world.door
    await door.directory({firm.facility})
    statements: list[str] = []
    pool = world.process.database.writer
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    for connection in connections:
        connection.add_query_logger(lambda record: statements.append(record.query))
    for connection in connections:
        await pool.release(connection)
    copies = await owner.fetchval("SELECT size FROM log_head")
    before = await owner.fetchval("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
    done = await asyncio.gather(*(capture(door, firm.actor, raw) for raw in documents))
    assert all(each.success for each in done)
    assert await owner.fetchval("SELECT size FROM log_head") == copies + 512
    commits = [each for each in statements if each.startswith("COMMIT")]
    assert 1 <= len(commits) <= 12, commits  # the first takes what came first, the next all that arrived meanwhile
    # BEGIN, head, edge, keys, organisations, six COPY, tiles, head, COMMIT; the rest is the pool resetting itself
    assert len(statements) <= 16 * len(commits) + 8
    assert before is not None
