"""Mass is neither made nor lost while many move it at once: every snapshot that a reader takes adds up to the gram."""

import asyncio
import random
from collections import Counter

import asyncpg
import pytest

from foundation.errors import Refusal
from tests.conftest import BASE, PET, Firm, World
from tests.tiers import SEED, times, told
from traceability import composing
from traceability.capture import Door, capture
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import PLACING, REPROCESSING

STEP = REPROCESSING.replace("reprocessing", "repacking")
LOTS, EACH, AT_ONCE = 100, 1_000_000, 64
SNAPSHOT = """
SELECT (SELECT coalesce(sum(free + reserved), 0) FROM balance)::bigint,
    (SELECT coalesce(sum(grams), 0) FROM entry WHERE lot_id IS NULL)::bigint,
    (SELECT coalesce(sum(grams), 0) FROM entry WHERE lot_id IS NOT NULL)::bigint,
    (SELECT coalesce(sum(grams), 0) FROM entry WHERE account = 'opening')::bigint,
    (SELECT count(*) FROM balance WHERE free < 0 OR reserved < 0)
"""


class Bank:
    """A hundred lots among three firms, and what may be done with them."""

    def __init__(self, world: World, door: Door, firms: list[Firm], chance: random.Random) -> None:
        self.world, self.door, self.firms, self.chance = world, door, firms, chance
        self.makers: dict[str, Firm] = {}
        self.ways: list[tuple[str, Firm, Firm, int]] = []
        self.sent: dict[int, tuple[str, Firm, Firm, int]] = {}
        self.seen: Counter[str] = Counter()

    def event(self) -> tuple[Firm, composing.Composed]:
        """Something that somebody might do; now and then with more than there is, or with what is not theirs."""
        chance = self.chance
        if self.ways and chance.randrange(3) == 0:
            return self.arrival(*self.ways.pop(chance.randrange(len(self.ways))))
        one, two = chance.sample(list(self.makers), 2)
        firm = self.makers[one] if chance.randrange(8) else chance.choice(self.firms)
        at, grams = self.world.at(firm), chance.randint(1, EACH // 8)
        match chance.randrange(5):
            case 0 | 1:
                other = chance.choice([each for each in self.firms if each is not firm])
                event = composing.shipped(at, firm.actor.organisation_uri, other.actor.organisation_uri, {one: grams})
                self.sent[id(event)] = (one, firm, other, grams)
            case 2:
                event = composing.departed(at, PLACING, {one: grams // 10 or 1})
            case 3:
                made = [self.making(grams), self.making(grams // 2 or 1)]
                event = composing.transformed(at, STEP, {one: 2 * grams}, made, {"loss:process": grams // 10})
            case _:
                parts = {one: grams, two: grams} if self.makers[two] is firm else {one: grams}
                made = [self.making(max(1, len(parts) * grams * chance.randint(700, 1_004) // 1_000))]
                event = composing.transformed(at, STEP, parts, made, {})
        return firm, event

    def arrival(self, lot: str, sender: Firm, receiver: Firm, grams: int) -> tuple[Firm, composing.Composed]:
        """What is on its way is received by another weight, or goes back."""
        at, uris = self.world.at(receiver), (sender.actor.organisation_uri, receiver.actor.organisation_uri)
        if self.chance.randrange(4) == 0:
            return receiver, composing.rejected(at, *uris, {lot: grams})
        weighed = max(1, grams + self.chance.randint(-grams // 100, grams // 100))
        return receiver, composing.received(at, *uris, {lot: (grams, weighed)})

    def making(self, grams: int) -> composing.Making:
        return composing.Making(lot_uri(BASE, new_token()), grams, PET, "bale", "post", "JP")

    async def act(self) -> None:
        """One after another until nothing is left to do; many act at the same time."""
        self.world.clock.forward(milliseconds=1)
        firm, event = self.event()
        (done,) = (await capture(self.door, firm.actor, composing.document([event], self.world.clock()))).events
        self.seen[done.code if isinstance(done, Refusal) else done.outcome] += 1
        if not isinstance(done, Refusal) and done.outcome == "counted":
            self.makers |= {each["epcClass"]: firm for each in event.get("outputQuantityList", ())}
            self.ways += [self.sent[id(event)]] if id(event) in self.sent else []
        self.sent.pop(id(event), None)


@pytest.mark.fault("T2")
async def test_every_snapshot_adds_up_while_many_move_mass(world: World, owner: asyncpg.Connection) -> None:
    firms = [await world.firm(role) for role in ("collector", "recycler", "manufacturer")]
    bank = Bank(world, world.door, firms, random.Random(SEED))
    for number in range(LOTS):
        bank.makers[await world.stock(firms[number % 3], EACH)] = firms[number % 3]
    left = iter(range(times(2_000, 100_000)))
    told(f"T2: seed {SEED}")

    async def worker() -> None:
        for _ in left:
            await bank.act()

    async def read(moving: asyncio.Future[list[None]]) -> int:
        number = 0
        while not moving.done():
            held, outside, entered, opened, negative = await owner.fetchrow(SNAPSHOT)
            assert (held, outside, negative) == (entered, -entered, 0), number
            assert opened == -LOTS * EACH
            number += 1
            await asyncio.sleep(0.01)
        return number

    moving = asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    snapshots = await read(moving)
    await moving
    told(f"{snapshots} snapshots, {dict(bank.seen)}")
    assert snapshots > 10
    assert bank.seen["counted"] > 1_000
    held, outside, _, _, _ = await owner.fetchrow(SNAPSHOT)
    assert held + outside == 0
