"""Facts of our own are told apart by what they state, never by the clock."""

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from tests.conftest import World
from traceability.claims import claim, claims
from traceability.evidence import Measurement, measure
from traceability.refusals import DoubleClaim
from traceability.sequencing.commands import Accepted, Claiming


async def test_claims_in_one_microsecond_are_as_many_as_were_made(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("manufacturer")
    first, second = await world.stock(firm, 1_000), await world.stock(firm, 1_000)
    moment = world.clock()

    async def one(lot: str, grams: int) -> Accepted:
        async with world.process.database.begin(firm.actor.organisation_id) as session:
            claiming = Claiming(lot, "content", grams, "JP", "Bottle 500 ml")
            return await claim(session, world.process.sequencer, firm.actor, claiming, moment)

    # The same words of the same lot twice, another mass, another lot: all at the very same moment.
    wanted = [(first, 300), (first, 300), (first, 200), (second, 300)]
    done = await asyncio.gather(*(one(*each) for each in wanted))
    assert not any(each.duplicate for each in done)
    assert len({each.index for each in done}) == 4
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        made = await claims(session, firm.actor.organisation_id)
    assert sorted((each.lot, each.grams) for each in made) == sorted(wanted)
    with pytest.raises(DoubleClaim):
        await one(first, 201)
    assert await owner.fetchval(
        "SELECT claimed_content FROM balance b JOIN lot l ON l.id = b.lot_id WHERE l.uri = $1", first
    ) == 800  # fmt: skip


async def test_measurements_in_one_microsecond_are_told_apart_by_what_they_state(
    world: World, owner: asyncpg.Connection
) -> None:
    firm = await world.firm("recycler")
    lots = [await world.stock(firm, 1_000) for _ in range(2)]
    moment, number = world.clock(), firm.actor.organisation_id

    async def one(lot: str, **changed: Any) -> Accepted:
        stated = {"property": "moisture", "value": Decimal("0.4"), "unit": "%", "sampled_on": date(2026, 1, 5)}
        async with world.process.database.begin(number) as session:
            found = Measurement(lot, **{**stated, **changed})
            return await measure(session, world.process.sequencer, firm.actor, world.process.catalogue, found, moment)

    done = await asyncio.gather(one(lots[0]), one(lots[1]), one(lots[0], value=Decimal("0.5")), one(lots[0]))
    assert len({each.index for each in done}) == 3  # the very same statement is one fact
    rows = await owner.fetch(
        "SELECT l.uri, m.value FROM measurement m JOIN lot l ON l.id = m.lot_id WHERE m.organisation_id = $1", number
    )
    first, second = lots
    assert {(row["uri"], str(row["value"])) for row in rows} == {(first, "0.4"), (second, "0.4"), (first, "0.5")}
    assert len(rows) == 3
