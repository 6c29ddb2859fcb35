"""Accounts are facts of the log: read again from its leaves, every account, lot and draw is what the tables hold."""

import json
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

import asyncpg

from standards.trade.massbalance import schemes
from tests.conftest import Firm, World
from tests.test_accounts_captured import EU, KG, first, make, new, stock
from tests.tiers import SEED, times
from traceability import composing
from traceability.claims import claim
from traceability.events import parse_event
from traceability.ledger.accounts import NOTHING, AccountKey, Grams
from traceability.ledger.book import Book
from traceability.ledger.entering import enter
from traceability.ledger.interpretation import REPROCESSING, movement_of, own_prefix
from traceability.ledger.outcomes import UNTOUCHED, Speaker, Surroundings
from traceability.preparing import named_uris, parties_of
from traceability.sequencing.commands import Accepted, Claiming
from traceability.sequencing.contents import PERIODS, period_of
from traceability.sequencing.standing import EventKey, Standing

ISCC = "iscc-plus"
STEPS = times(40, 400)
LEAVES = """
SELECT e.index, e.kind, e.organisation_id, e.facility_id, e.event_day, e.event_time, e.event_id, e.record_time, p.body,
    p.context, p.fields, f.country
FROM event e JOIN event_payload p ON p.index = e.index LEFT JOIN facility f ON f.id = e.facility_id
WHERE e.outcome = 'counted' OR e.kind = 'claim' ORDER BY e.index
"""


@dataclass
class Yard:
    """Two firms that state lots, blends, claims and errors at random, and what they hold."""

    world: World
    firms: tuple[Firm, Firm]
    random: Random
    lots: dict[str, tuple[Firm, int]] = field(default_factory=dict)
    stated: list[tuple[Firm, composing.Composed, str]] = field(default_factory=list)

    async def begin(self, firm: Firm) -> None:
        """What must be there whatever comes after: a blend, a draw of it, a claim, an error, a second period."""
        world, at = self.world, self.world.at(firm)
        waste = await stock(world, firm, 900 * KG, "post", "segregated")
        virgin = await stock(world, firm, 900 * KG, "virgin")
        blend, sold = new(180 * KG, "controlled_blending"), new(90 * KG, "mass_balance_credit", credited={"post": KG})
        for event in (
            composing.transformed(at, REPROCESSING, {waste: 100 * KG, virgin: 100 * KG}, [blend], {}),
            composing.transformed(at, REPROCESSING, {blend.lot: 99 * KG}, [new(90 * KG)], {}, ISCC),
            composing.transformed(at, REPROCESSING, {virgin: 100 * KG}, [sold], {}, ISCC),
            wrong := composing.transformed(at, REPROCESSING, {waste: 200 * KG}, [new(180 * KG)], {}, ISCC),
        ):
            answer = first(await world.capture(firm, event))
            assert isinstance(answer, Accepted)
            assert answer.outcome == "counted"
        await world.capture(firm, composing.wrong(wrong, answer.event_id, world.clock()))
        world.clock.forward(days=92)
        assert isinstance(await make(world, firm, {waste: 100 * KG}, new(90 * KG), scheme=ISCC), Accepted)
        self.lots |= {waste: (firm, 500 * KG), virgin: (firm, 600 * KG), blend.lot: (firm, 81 * KG)}

    async def step(self) -> None:
        """One statement; what is refused changes nothing."""
        firm = self.random.choice(self.firms)
        await self.random.choice((self.arrive, self.process, self.process, self.process, self.take_back, self.claim))(
            firm
        )
        if self.random.random() < 0.05:
            self.world.clock.forward(days=50)

    async def arrive(self, firm: Firm) -> None:
        grams, models = self.random.randint(100, 900) * KG, ("segregated", "segregated", "controlled_blending", None)
        consumer, model = self.random.choice(("post", "pre", "virgin")), self.random.choice(models)
        split = {"post": grams // 3, "virgin": grams - grams // 3} if model != "segregated" else {}
        self.lots[await stock(self.world, firm, grams, consumer, model, split)] = (firm, grams)

    async def process(self, firm: Firm) -> None:
        mine = [lot for lot, (owner, grams) in self.lots.items() if owner is firm and grams > KG]
        if not mine:
            return
        chosen = self.random.sample(mine, min(len(mine), self.random.randint(1, 3)))
        drawn = {lot: self.random.randint(KG // 2, self.lots[lot][1]) for lot in chosen}
        grams, scheme = sum(drawn.values()) * 9 // 10, self.random.choice((EU, ISCC, None))
        model = self.random.choice(("mass_balance_credit", "controlled_blending", None, None))
        share = {"post": grams // self.random.randint(5, 40)} if model == "mass_balance_credit" else {}
        made = new(grams, model, credited=share)
        event = composing.transformed(self.world.at(firm), REPROCESSING, drawn, [made], {}, scheme)
        (answer,) = (await self.world.capture(firm, event)).events
        if isinstance(answer, Accepted) and answer.outcome == "counted":
            for lot, gone in drawn.items():
                self.lots[lot] = (firm, self.lots[lot][1] - gone)
            self.lots[made.lot] = (firm, grams)
            self.stated.append((firm, event, answer.event_id))

    async def take_back(self, _: Firm) -> None:
        if self.stated:
            owner, event, named = self.stated.pop(self.random.randrange(len(self.stated)))
            await self.world.capture(owner, composing.wrong(event, named, self.world.clock()))

    async def claim(self, firm: Firm) -> None:
        mine = [lot for lot, (owner, grams) in self.lots.items() if owner is firm and grams > 10 * KG]
        if mine:
            lot, process = self.random.choice(mine), self.world.process
            async with process.database.begin(firm.actor.organisation_id) as session:
                stated = Claiming(lot, "content", KG, "JP", "a bottle")
                try:
                    await claim(session, process.sequencer, firm.actor, stated, self.world.clock())
                except Exception as refused:
                    assert hasattr(refused, "code"), refused


async def test_accounts_lots_and_draws_are_read_again_from_the_leaves(world: World, owner: asyncpg.Connection) -> None:
    yard = Yard(world, (await world.firm("recycler"), await world.firm("recycler")), Random(SEED))
    for firm in yard.firms:
        await yard.begin(firm)
    for _ in range(STEPS):
        await yard.step()
    leaves = await owner.fetch(LEAVES)
    book = await replayed(world, leaves)
    accounts = await of_tables(owner, yard.firms)
    assert {key: dict(mine) for key, mine in book.accounts.periods.items()} == accounts
    assert summed(world, leaves) == {
        (key, first): (each.opening, each.credited, each.claimed, each.through)
        for key, mine in accounts.items() for first, each in mine.items()
    }  # fmt: skip
    for row in await owner.fetch("SELECT uri, custody, source, scheme, origins FROM lot"):
        lot = book.lots[row["uri"]]
        assert (lot.custody, lot.source, lot.scheme) == (row["custody"], row["source"], row["scheme"])
        assert lot.origins.to_json() == json.loads(row["origins"])
    draws = await owner.fetch("SELECT l.uri, d.grams FROM origin_draw d JOIN lot l ON l.id = d.lot_id")
    gone: dict[str, tuple[int, ...]] = {}
    for uri, grams in draws:
        had = gone.get(uri, (0,) * len(grams))
        gone[uri] = tuple(one + other for one, other in zip(had, grams, strict=True))
    assert gone == book.drawn.gone
    told = [json.loads(each["fields"]).get("junkan:bookings", []) for each in leaves]
    assert min(map(len, (accounts, gone))) > 0
    assert any(min((each["through"] for each in one), default=0) < 0 for one in told), "nothing was taken back"
    assert any(any(each["claimed"]) for one in told for each in one), "nothing was claimed"
    assert any(len(mine) > 1 for mine in accounts.values()), "no period followed another"


async def replayed(world: World, leaves: list[asyncpg.Record]) -> Book:
    """The book after every counted leaf, by the same rules and without the tables."""
    book, standing = Book(), dict[EventKey, Standing]()
    controls = world.process.sequencer.controls
    for row in leaves:
        body, organisation = row["body"], row["organisation_id"]
        if row["kind"] == "claim":
            told = json.loads(body)
            book.claim(told["lot"], organisation, told["purpose"], told["grams"])
        if row["kind"] != "epcis":
            continue
        context = json.loads(row["context"])
        event = parse_event(body.encode(), context).event
        assert event is not None
        parties = parties_of(event, await world.door.directory(named_uris(event)))
        known = standing.get((organisation, row["event_id"]))
        around = Surroundings(
            row["record_time"].date(), parties, {}, row["event_day"], row["event_time"],
            known.entries if known else None, known.contents if known else UNTOUCHED,
        )  # fmt: skip
        speaker = Speaker(organisation, row["facility_id"], row["country"])
        entered = enter(book, movement_of(event, own_prefix(context)), speaker, around, controls)
        standing[organisation, row["event_id"]] = (known or Standing()).after(entered)
    return book


async def of_tables(owner: asyncpg.Connection, firms: tuple[Firm, ...]) -> dict[AccountKey, dict[date, Any]]:
    """The accounts as the tables hold them."""
    asked = [(firm.facility_id, scheme) for firm in firms for scheme in (EU, ISCC)]
    found: dict[AccountKey, dict[date, Any]] = {}
    for row in await owner.fetch(PERIODS, *(list(column) for column in zip(*asked, strict=True))):
        key, period = period_of(row)
        found.setdefault(key, {})[period.first] = period
    return found


def summed(world: World, leaves: list[asyncpg.Record]) -> dict[tuple[AccountKey, date], Any]:
    """The accounts as nothing but the sums of what the leaves commit to, opened by the rules of their schemes."""
    known = schemes(world.process.catalogue)
    sums: dict[tuple[AccountKey, date], tuple[Grams, Grams, Grams, int]] = {}
    for row in leaves:
        for each in json.loads(row["fields"]).get("junkan:bookings", []):
            key = AccountKey(each["facility"], each["material"], each["scheme"])
            at = (key, date.fromisoformat(each["from"]))
            opening, credited, claimed, through = sums.get(at) or (_opening(sums, at, known), NOTHING, NOTHING, 0)
            sums[at] = (
                opening, credited.plus(Grams(*each["credited"])), claimed.plus(Grams(*each["claimed"])),
                through + each["through"],
            )  # fmt: skip
    return sums


def _opening(sums: dict[tuple[AccountKey, date], Any], at: tuple[AccountKey, date], known: Any) -> Grams:
    earlier = [first for key, first in sums if key == at[0] and first < at[1]]
    if not earlier:
        return NOTHING
    opening, credited, claimed, _ = sums[at[0], max(earlier)]
    scheme = known[at[0].scheme]
    _, last = scheme.period(max(earlier))
    return Grams(*(scheme.carried(grams, last) for grams in opening.plus(credited).less(claimed)))
