"""Of two who want what only one can have, one gets it and the other is told so, round after round."""

import asyncio
import random
from collections.abc import Awaitable
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest

from foundation.errors import Conflict, Refusal
from marketplace.listings import Terms, publish
from marketplace.negotiation import Bid, accept, answer, make_offer
from tests.conftest import BASE, World
from tests.test_releasing import cleared, held, opened_late
from tests.tiers import SEED, times, told
from traceability import composing
from traceability.claims import claim
from traceability.identifiers import new_token
from traceability.ledger.interpretation import PLACING
from traceability.refusals import AlreadyCleared, BalanceExceeded, DoubleClaim
from traceability.sequencing.commands import Claiming, Command, Reserve

ROUNDS = times(50, 1_250)  # of each of the four races of T3


async def raced(chance: random.Random, *wanted: Awaitable[Any]) -> list[Any]:
    """All at once, in any order; what each is answered, in the order given."""
    order = list(range(len(wanted)))
    chance.shuffle(order)
    answers = await asyncio.gather(*(wanted[at] for at in order), return_exceptions=True)
    return [answers[order.index(at)] for at in range(len(wanted))]


def one_of(answers: list[Any], refusals: type[Refusal] | tuple[type[Refusal], ...]) -> None:
    """Exactly one was not refused, the others by these."""
    refused = [each for each in answers if isinstance(each, BaseException)]
    assert len(refused) == len(answers) - 1, answers
    assert all(isinstance(each, refusals) for each in refused), answers


@pytest.mark.fault("T3")
async def test_an_offer_is_accepted_or_withdrawn(world: World, owner: asyncpg.Connection) -> None:
    process, chance = world.process, random.Random(SEED)
    told(f"T3: seed {SEED}")
    seller, buyer = await world.firm("recycler"), await world.firm("manufacturer")
    for _ in range(ROUNDS):
        lot = await world.stock(seller, 10_000)
        async with process.database.begin(seller.actor.organisation_id) as session:
            terms = Terms(Decimal(100), "JPY", 1_000, "FCA")
            day = world.clock().date()
            listed = await publish(session, seller.actor, process.catalogue, lot, terms, (), day, world.clock())
        async with process.database.begin(buyer.actor.organisation_id) as session:
            made = await make_offer(session, buyer.actor, listed.id, Bid(5_000, Decimal(90), "JPY"), world.clock())

        async def accepted(number: int = made.id) -> str:
            async with process.database.begin(seller.actor.organisation_id) as session:
                return await accept(session, process.sequencer, seller.actor, number, BASE, world.clock())

        async def withdrawn(number: int = made.id) -> None:
            async with process.database.begin(buyer.actor.organisation_id) as session:
                await answer(session, buyer.actor, number, "withdrawn", world.clock())

        answers = await raced(chance, accepted(), withdrawn())
        one_of(answers, Conflict)
        row = await owner.fetchrow(
            "SELECT o.state, (SELECT count(*) FROM trade t WHERE t.offer_id = o.id), b.reserved"
            " FROM offer o JOIN lot l ON l.uri = $2 JOIN balance b ON b.lot_id = l.id WHERE o.id = $1", made.id, lot,
        )  # fmt: skip
        sold = isinstance(answers[0], str)
        assert tuple(row) == (("accepted", 1, 5_000) if sold else ("withdrawn", 0, 0))


@pytest.mark.fault("T3")
async def test_what_is_left_of_a_lot_is_reserved_or_leaves(world: World, owner: asyncpg.Connection) -> None:
    chance, firm = random.Random(SEED), await world.firm("recycler")
    holder, other = firm.actor.organisation_id, (await world.firm("manufacturer")).actor.organisation_id
    for _ in range(ROUNDS):
        lot = await world.stock(firm, 1_000)
        item = Reserve(f"urn:junkan:trade:{new_token()}", lot, holder, other, 600)

        async def left(uri: str = lot) -> None:
            (done,) = (await world.capture(firm, composing.departed(world.at(firm), PLACING, {uri: 600}))).events
            if isinstance(done, Refusal):
                raise done

        one_of(await raced(chance, world.process.sequencer.submit(Command((item,))), left()), BalanceExceeded)
        row = await owner.fetchrow("SELECT free, reserved FROM balance JOIN lot ON lot.id = lot_id WHERE uri = $1", lot)
        assert tuple(row) in {(400, 600), (400, 0)}


@pytest.mark.fault("T3")
async def test_a_gram_is_claimed_in_one_country(world: World, owner: asyncpg.Connection) -> None:
    chance, firm = random.Random(SEED), await world.firm("recycler")
    for _ in range(ROUNDS):
        lot = await world.stock(firm, 1_000)

        async def claimed(country: str, uri: str = lot) -> None:
            async with world.process.database.begin(firm.actor.organisation_id) as session:
                stated = Claiming(uri, "content", 600, country, "")
                await claim(session, world.process.sequencer, firm.actor, stated, world.clock())

        one_of(await raced(chance, claimed("JP"), claimed("TH")), DoubleClaim)
        assert (
            await owner.fetchval("SELECT sum(grams) FROM claim JOIN lot ON lot.id = lot_id WHERE uri = $1", lot) == 600
        )


@pytest.mark.fault("T3")
async def test_a_hold_is_released_or_rejected(world: World, owner: asyncpg.Connection) -> None:
    chance, firm = random.Random(SEED), await world.firm("recycler")
    one, two = [await world.colleague(firm, "read", "clear") for _ in range(2)]
    for _ in range(ROUNDS):
        lot, event = opened_late(world, firm)
        hold = await held(world, firm, event)
        answers = await raced(
            chance, cleared(world, one, hold.index), cleared(world, two, hold.index, "reject", "No such delivery.")
        )
        one_of(answers, AlreadyCleared)
        free = await owner.fetchval("SELECT free FROM balance JOIN lot ON lot.id = lot_id WHERE uri = $1", lot)
        assert free == (None if isinstance(answers[0], Refusal) else 5_000_000)


@pytest.mark.fault("T4")
async def test_the_same_grams_are_claimed_once_by_whatever_way(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection
) -> None:
    """Several requests of a machine, a job of our own and a shipment that carries the grams away, all at once."""
    told(f"T4: seed {SEED}")
    chance, process = random.Random(SEED), world.process
    firm, other = await world.firm("recycler"), await world.firm("manufacturer")
    for _ in range(times(50, 1_000)):
        lot = await world.stock(firm, 1_000)
        body = {"lot": lot, "purpose": "epr", "grams": 1_000, "jurisdiction": chance.choice(("JP", "TH", "SG"))}

        async def asked(stated: dict[str, Any] = body) -> None:
            answered = await client.post("/api/v1/claims", json=stated, headers=firm.bearer)
            if answered.status_code != 201:
                assert (answered.status_code, answered.json()["code"]) == (409, "DOUBLE_CLAIM")
                raise DoubleClaim("over the interface")

        async def claimed(uri: str = lot) -> None:
            async with process.database.begin(firm.actor.organisation_id) as session:
                stated = Claiming(uri, "epr", 1_000, "JP", "")
                await claim(session, process.sequencer, firm.actor, stated, world.clock())

        parties = firm.actor.organisation_uri, other.actor.organisation_uri
        sent = composing.shipped(world.at(firm), *parties, {lot: chance.randint(1, 1_000)})
        *answers, moved = await raced(chance, asked(), asked(), claimed(), claimed(), world.capture(firm, sent))
        assert moved.success
        won = [each for each in answers if not isinstance(each, BaseException)]
        assert len(won) <= 1
        assert all(isinstance(each, DoubleClaim) for each in answers if isinstance(each, BaseException)), answers
        row = await owner.fetchrow(
            "SELECT coalesce(sum(b.claimed_epr), 0), (SELECT coalesce(sum(grams), 0) FROM claim c"
            " WHERE c.lot_id = l.id), sum(free + reserved)"
            " FROM balance b JOIN lot l ON l.id = b.lot_id WHERE l.uri = $1 GROUP BY l.id", lot,
        )  # fmt: skip
        assert tuple(row) == (1_000 * len(won), 1_000 * len(won), 1_000)
