"""Whatever happens in whatever order, the record holds what an oracle in dicts of ints says it must, to the gram."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from operator import itemgetter
from typing import Any, ClassVar, TypeVar

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from foundation.database import Scope
from foundation.errors import Invalid, Refusal
from tests.conftest import BASE, PET, World
from tests.oracle import PURPOSES, Oracle, Refused, Told
from tests.tiers import SEED, times, told
from traceability import composing
from traceability.capture import capture
from traceability.claims import claim
from traceability.composing import At, Composed
from traceability.export import verify_database
from traceability.history.releasing import Clearing, clear
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import PLACING, REPROCESSING, SORTING
from traceability.ledger.refusals import GapTooLarge
from traceability.movements.answering import Answer, answer
from traceability.movements.proposing import Figure, propose
from traceability.movements.reading import movements
from traceability.movements.telling import Movement
from traceability.sequencing.commands import Accepted, Claiming, Command, GiveBack, Reserve

T = TypeVar("T")
PARTIES = 3
OTHER_PROCESS = REPROCESSING.replace("reprocessing", "repacking")
WHO = st.integers(0, PARTIES - 1)
GRAMS = st.sampled_from((1, 999, 2_000_000, 5_000_001)) | st.integers(1, 6_000_000)
SHARE = st.integers(1, 1_030)  # per mille of what is there: now and then more than that
SELDOM, OFTEN = st.integers(0, 9).map(lambda n: n == 9), st.integers(0, 19).map(lambda n: n != 19)
MANY = 16  # lots
BALANCES = """
SELECT l.uri, b.holder, b.account, b.free, b.reserved, b.claimed_epr, b.claimed_content, b.claimed_credit
FROM balance b JOIN lot l ON l.id = b.lot_id WHERE l.uri = ANY($1)
"""
SUMS = """
SELECT l.uri, e.holder, e.account, sum(e.grams)::bigint FROM entry e LEFT JOIN lot l ON l.id = e.lot_id
WHERE e.event_index >= $1 GROUP BY 1, 2, 3 HAVING sum(e.grams) <> 0
"""
PAPERS = "SELECT reference, remaining FROM reservation WHERE reference = ANY($1)"
RECALLED = """
SELECT r.recall - $1, array_agg(l.uri) FROM recalled_lot r JOIN lot l ON l.id = r.lot_id
WHERE r.open AND r.recall >= $1 GROUP BY 1
"""


@dataclass(frozen=True)
class Ground:
    """What every example stands on: the running process, and the loop on which it runs."""

    world: World
    owner: asyncpg.Connection
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)


@pytest.fixture
async def ground(world: World, owner: asyncpg.Connection) -> Ground:
    return Ground(world, owner, asyncio.get_running_loop())


class Ledger(RuleBasedStateMachine):
    """Real captures through the sequencer and PostgreSQL on one side, the oracle on the other."""

    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self.ground, self.world, self.oracle = ground, ground.world, Oracle()
        self.uris: dict[str, str] = {}
        self.stated: dict[str, tuple[Told, Composed]] = {}
        self.papers: list[str] = []

    @initialize()
    def begin(self) -> None:
        """Firms of its own, so that no example depends on what was before; each with a colleague who may clear."""
        self.first = self.ground.run(self.ground.owner.fetchval("SELECT size FROM log_head"))
        roles = ("collector", "recycler", "manufacturer")
        self.firms = [self.ground.run(self.world.firm(role)) for role in roles]
        self.colleagues = [self.ground.run(self.world.colleague(firm, "read", "clear")) for firm in self.firms]

    # Names of the oracle and of the record.

    def lot(self) -> str:
        name = f"lot{len(self.uris) + 1}"
        self.uris[name] = lot_uri(BASE, new_token())
        return name

    def party(self, who: int) -> int:
        return self.firms[who].actor.organisation_id

    def who(self, party: int) -> int:
        return next(n for n in range(PARTIES) if self.party(n) == party)

    def place(self, data: st.DataObject, account: str = "stock") -> tuple[str, int]:
        """A lot and somebody who has it; now and then anybody."""
        there = [(place[0], self.who(place[1])) for place, grams in self.oracle.books.free.items()
                 if grams and place[2] == account]  # fmt: skip
        if there and data.draw(OFTEN):
            return data.draw(st.sampled_from(there))
        return data.draw(st.sampled_from(list(self.uris))), data.draw(WHO)

    def parts(self, data: st.DataObject, share: int, account: str = "stock") -> tuple[dict[str, int], int]:
        """Parts of one lot or two that somebody has, and who."""
        first, who = self.place(data, account)
        second, holder = self.place(data, account) if data.draw(st.booleans()) else (first, who)
        lots = (first, second) if holder == who or data.draw(SELDOM) else (first,)
        return {lot: self.part(lot, who, share, account) for lot in lots}, who

    def part(self, lot: str, who: int, share: int, account: str = "stock") -> int:
        """Grams of what is free there; one gram where nothing is."""
        return self.oracle.books.free[lot, self.party(who), account] * share // 1_000 or 1

    def making(self, lot: str, grams: int, form: str = "bale") -> composing.Making:
        return composing.Making(self.uris[lot], grams, PET, form, "post", "JP")

    def composed(self, who: int, told: Told) -> Composed:
        """The event that says what the oracle is told."""
        firm, uris = self.firms[who], self.uris
        at = self.world.at(firm)
        if told.late:
            at = At(at.moment - timedelta(days=40), at.facility, at.zone)
        parts = {uris[lot]: grams for lot, grams in told.parts.items()}
        mine = firm.actor.organisation_uri
        other = next((each.actor.organisation_uri for each in self.firms
                      if each.actor.organisation_id == told.other), "")  # fmt: skip
        match told.what:
            case "arrive":
                event = composing.arrived(at, *(self.making(*each) for each in told.parts.items()))
            case "depart":
                event = composing.departed(at, PLACING, parts)
            case "ship":
                event = composing.shipped(at, mine, other, parts, told.papers)
            case "receive":
                pairs = {uris[lot]: (sent, told.more[lot]) for lot, sent in told.parts.items()}
                event = composing.received(at, other, mine, pairs)
            case "reject":
                event = composing.rejected(at, other, mine, parts)
            case _:
                step = SORTING if told.what == "sort" else OTHER_PROCESS
                made = [self.making(lot, grams, "flake") for lot, grams in told.more.items()]
                event = composing.transformed(at, step, parts, made, told.sinks)
        return event | {"eventID": told.id}

    def told(self, who: int, what: str, parts: dict[str, int], **more: Any) -> tuple[Told, Composed]:
        self.world.clock.forward(milliseconds=5)
        told = Told(f"urn:junkan:event:{new_token()}", self.party(who), what, parts, **more)
        event = self.composed(who, told)
        return replace(told, moment=event["eventTime"]), event

    # Both sides at once.

    def state(self, who: int, *events: tuple[Told, Composed]) -> bool:
        """One document: both sides must answer the same."""
        self.stated |= {told.id: (told, event) for told, event in events if told.what != "wrong"}
        try:
            expected: Any = self.oracle.told_all(*(told for told, _ in events))
        except Refused as refused:
            expected = str(refused)
        captured = self.ground.run(self.world.capture(self.firms[who], *(event for _, event in events)))
        answered = self.answers(captured.events)
        assert answered == expected, [told for told, _ in events]
        self.seen[f"{events[0][0].what}: {answered if isinstance(answered, str) else ' '.join(answered[0])}"] += 1
        return captured.success

    @staticmethod
    def answers(events: tuple[Accepted | Refusal, ...]) -> list[tuple[str, str]] | str:
        refused = [each.code for each in events if isinstance(each, Refusal) and each.code != "EVENT_NOT_CAPTURED"]
        if refused:
            return refused[0]
        return [(each.outcome, next(iter(each.reasons), "")) for each in events if isinstance(each, Accepted)]

    def both(self, expected: Any, work: Coroutine[Any, Any, Any]) -> Any:
        """A command that is no event: refused by both, or by neither; answers what the record did."""
        try:
            expected()
        except Refused as refused:
            with pytest.raises(Refusal) as found:
                self.ground.run(work)
            assert found.value.code == str(refused)
            self.seen[str(refused)] += 1
            return None
        return self.ground.run(work)

    # What may happen.

    @precondition(lambda self: len(self.uris) < MANY)
    @rule(who=WHO, grams=GRAMS, late=SELDOM)
    def collect(self, who: int, grams: int, late: bool) -> None:
        assert self.state(who, self.told(who, "arrive", {self.lot(): grams}, late=late))

    @precondition(lambda self: self.uris)
    @rule(data=st.data(), grams=GRAMS)
    def collect_more(self, data: st.DataObject, grams: int) -> None:
        lot, _ = self.place(data)
        maker, _ = self.oracle.books.makers.get(lot, (None, ""))
        if maker is not None:
            who = self.who(maker)
            self.state(who, self.told(who, "arrive", {lot: grams}))

    @precondition(lambda self: self.uris)
    @rule(data=st.data(), share=SHARE)
    def put_on_the_market(self, data: st.DataObject, share: int) -> None:
        lot, who = self.place(data)
        self.state(who, self.told(who, "depart", {lot: self.part(lot, who, share)}))

    @precondition(lambda self: 0 < len(self.uris) < MANY)
    @rule(data=st.data(), share=SHARE, gives=st.integers(880, 1_006), cut=st.integers(0, 999))
    def sort(self, data: st.DataObject, share: int, gives: int, cut: int) -> None:
        """One lot becomes two, a residue and what is lost."""
        lot, who = self.place(data)
        drawn = self.part(lot, who, share)
        made = drawn * gives // 1_000 or 1
        one, residue = made * cut // 1_000, made // 20
        outputs = {self.lot(): grams for grams in (one, made - one - residue) if grams > 0}
        sinks = {"residue:sorting": residue} if residue else {}
        self.state(who, self.told(who, "sort", {lot: drawn}, more=outputs, sinks=sinks))

    @precondition(lambda self: 0 < len(self.uris) < MANY)
    @rule(data=st.data(), share=SHARE, gives=st.integers(500, 1_010))
    def merge(self, data: st.DataObject, share: int, gives: int) -> None:
        parts, who = self.parts(data, share)
        drawn = sum(parts.values())
        sinks = {"loss:process": drawn // 50} if drawn >= 50 else {}
        made = max(1, drawn * gives // 1_000 - sum(sinks.values()))
        self.state(who, self.told(who, "process", parts, more={self.lot(): made}, sinks=sinks))

    @precondition(lambda self: self.uris)
    @rule(data=st.data(), by=st.integers(1, PARTIES - 1), share=SHARE, late=SELDOM)
    def ship(self, data: st.DataObject, by: int, share: int, late: bool) -> None:
        parts, who = self.parts(data, share)
        papers = tuple(data.draw(st.lists(st.sampled_from(self.papers), max_size=1))) if self.papers else ()
        told = self.told(who, "ship", parts, other=self.party((who + by) % PARTIES), papers=papers, late=late)
        self.state(who, told)

    @precondition(lambda self: self.oracle.books.ways)
    @rule(
        data=st.data(),
        by=st.sampled_from((0, 0, -3, 7, -49, -51, 300)),
        share=st.sampled_from((1_000, 1_000, 400, 1_050)),
    )
    def receive(self, data: st.DataObject, by: int, share: int) -> None:
        """In parts or at once, and by the receiver's own weight."""
        sent, who = self.parts(data, share, "transit")
        own = {lot: max(1, grams + grams * by // 1_000) for lot, grams in sent.items()}
        self.state(who, self.told(who, "receive", sent, more=own, other=self.party((who + 1) % PARTIES)))

    @precondition(lambda self: self.oracle.books.ways)
    @rule(data=st.data(), share=SHARE)
    def reject(self, data: st.DataObject, share: int) -> None:
        lot, who = self.place(data, "transit")
        ways = sorted(self.oracle.books.ways)
        sender = next((by for what, by, to in ways if (what, to) == (lot, self.party(who))), None)
        if sender is not None:
            self.state(who, self.told(who, "reject", {lot: self.part(lot, who, share, "transit")}, other=sender))

    @precondition(lambda self: self.oracle.books.ways)
    @rule(data=st.data(), who=WHO, by=st.sampled_from((-1_000, -40, 0, 1, 40)), own=st.sampled_from((-40, 0, 3)))
    def amend(self, data: st.DataObject, who: int, by: int, own: int) -> None:
        """One side proposes other figures for a lot of a movement, the other accepts; declines where it cannot be."""
        found = self.ground.run(self._movements(who))
        names = {uri: name for name, uri in self.uris.items()}
        lots = [(each, goods) for each in found for goods in each.goods
                if not goods.returned and goods.underway in (0, goods.sent)]  # fmt: skip
        if not lots:
            return
        told, goods = data.draw(st.sampled_from(lots))
        came, sent = goods.came > 0, goods.sent * by // 1_000
        received = goods.received * (by + own) // 1_000 if came else 0
        figure = Figure(goods.lot, goods.sent + sent, goods.received + received if came else None)
        try:
            number = self.ground.run(self._proposed(who, told, figure))
        except (Invalid, GapTooLarge):
            return  # nothing changes, or nothing is left, or no receipt could state it
        self.oracle.books.facts += 1
        sides, lot, other = (told.sender.id, told.receiver.id), names[goods.lot], self.who(
            told.other(self.party(who)).id
        )  # fmt: skip
        change = partial(self.oracle.amend, lot, *sides, sent, received, came=came)
        if self.both(change, self._answered(other, told, number, "accept")) is None:
            self.oracle.books.facts += 1
            self.ground.run(self._answered(other, told, number, "decline"))
        else:
            self.oracle.books.agreed |= {each.event_id for each in told.said if each.counted is not None}
            self.seen["amended"] += 1

    async def _movements(self, who: int) -> list[Movement]:
        limits = self.world.process.sequencer.controls.limits
        async with self.world.process.database.begin(None, Scope.RECORD) as record:
            return await movements(record, self.firms[who].actor, limits, self.world.clock())

    async def _proposed(self, who: int, told: Movement, figure: Figure) -> int:
        self.world.clock.forward(milliseconds=5)
        actor, sequencer = self.firms[who].actor, self.world.process.sequencer
        async with self.world.process.database.begin(None, Scope.RECORD) as record:
            return (await propose(record, sequencer, actor, told.index, [figure], "Scale", self.world.clock())).index

    async def _answered(self, who: int, told: Movement, number: int, said: Answer) -> Accepted:
        self.world.clock.forward(milliseconds=5)
        actor, sequencer = self.firms[who].actor, self.world.process.sequencer
        async with self.world.process.database.begin(None, Scope.RECORD) as record:
            return await answer(record, sequencer, actor, told.index, number, said, "", self.world.clock())

    @precondition(lambda self: self.uris)
    @rule(data=st.data(), share=SHARE)
    def reserve(self, data: st.DataObject, share: int) -> None:
        lot, who = self.place(data)
        paper, grams, holder = f"urn:junkan:trade:{new_token()}", self.part(lot, who, share), self.party(who)
        item = Reserve(paper, self.uris[lot], holder, self.party((who + 1) % PARTIES), grams)
        submitted = self.world.process.sequencer.submit(Command((item,)))
        if self.both(lambda: self.oracle.reserve(paper, lot, holder, grams), submitted) is not None:
            self.papers.append(paper)

    @precondition(lambda self: self.papers)
    @rule(data=st.data(), really=SELDOM)
    def give_back(self, data: st.DataObject, really: bool) -> None:
        left = [paper for paper in self.papers if self.oracle.books.papers[paper][1] or really]
        if not left:
            return
        paper = data.draw(st.sampled_from(left))
        self.oracle.give_back(paper)
        self.ground.run(self.world.process.sequencer.submit(Command((GiveBack(paper),))))
        self.seen["give back"] += 1

    @precondition(lambda self: self.uris)
    @rule(data=st.data(), purpose=st.sampled_from(PURPOSES), share=SHARE)
    def claim(self, data: st.DataObject, purpose: str, share: int) -> None:
        lot, who = self.place(data)
        grams = self.part(lot, who, share)
        stated = Claiming(self.uris[lot], purpose, grams, "JP", "so many grams")  # type: ignore[arg-type]
        self.both(lambda: self.oracle.claim(lot, self.party(who), purpose, grams), self._claimed(who, stated))

    async def _claimed(self, who: int, stated: Claiming) -> Accepted:
        actor = self.firms[who].actor
        async with self.world.process.database.begin(actor.organisation_id) as session:
            return await claim(session, self.world.process.sequencer, actor, stated, self.world.clock())

    @precondition(lambda self: self.stated)
    @rule(data=st.data(), share=SHARE, correct=st.booleans())
    def declare_wrong(self, data: st.DataObject, share: int, correct: bool) -> None:
        """An event was wrong: taken back alone, or together with the right one, or not at all."""
        kind = data.draw(st.sampled_from(sorted({each.what for each, _ in self.stated.values()})))
        told, event = data.draw(st.sampled_from([each for each in self.stated.values() if each[0].what == kind]))
        who, grams = self.who(told.owner), next(iter(told.parts.values()))
        right = replace(told.with_grams(max(1, grams * share // 1_000)), id=f"urn:junkan:event:{new_token()}")
        declared = composing.wrong(event, told.id, self.world.clock(), [right.id] if correct else [])
        documents = [(replace(told, what="wrong", right=right.id if correct else ""), declared)]
        if correct:
            documents.append((right, self.composed(who, right) | {"eventTime": event["eventTime"]}))
        self.state(who, *documents)

    @precondition(lambda self: self.oracle.books.holds)
    @rule(data=st.data(), release=st.sampled_from((True, True, False)))
    def clear(self, data: st.DataObject, release: bool) -> None:
        holds = self.oracle.books.holds
        index = data.draw(st.sampled_from(sorted(holds)))
        who = self.who(holds[index].owner)
        clearing = Clearing(self.first + index, "release" if release else "reject", f"Looked at {index}.")
        self.both(lambda: self.oracle.cleared(index, release=release), self._cleared(who, clearing))

    async def _cleared(self, who: int, clearing: Clearing) -> Accepted:
        actor = self.colleagues[who].actor
        self.world.clock.forward(milliseconds=5)
        async with self.world.process.database.begin(actor.organisation_id) as session:
            return await clear(session, self.world.door, actor, clearing)

    @precondition(lambda self: not self.oracle.books.known.isdisjoint(self.stated))
    @rule(data=st.data(), really=SELDOM)
    def state_again(self, data: st.DataObject, really: bool) -> None:
        if not really:
            return
        known = [each for name, each in self.stated.items() if name in self.oracle.books.known]
        told, event = data.draw(st.sampled_from(known))
        self.state(self.who(told.owner), (told, event))

    @precondition(lambda self: len(self.uris) < MANY)
    @rule(who=WHO, grams=GRAMS, share=st.integers(500, 1_001), more=st.sampled_from((0, 0, 1)))
    def at_a_stroke(self, who: int, grams: int, share: int, more: int) -> None:
        """Collected, processed and placed on the market in one document: all of it or nothing."""
        lot, made = self.lot(), self.lot()
        out = max(1, grams * share // 1_000)
        first = self.told(who, "arrive", {lot: grams})
        second = self.told(who, "process", {lot: grams}, more={made: out})
        self.state(who, first, second, self.told(who, "depart", {made: max(1, out // 2) + more * out}))

    @precondition(lambda self: self.uris)
    @rule(data=st.data(), shares=st.lists(st.integers(1, 700), min_size=2, max_size=5))
    def at_once(self, data: st.DataObject, shares: list[int]) -> None:
        """Several documents in one batch: first come, first served, and what is refused was not there to take."""
        lot, who = self.place(data)
        if self.oracle.books.free[lot, self.party(who), "stock"] < MANY:
            return
        events = [self.told(who, "depart", {lot: self.part(lot, who, share)}) for share in shares]
        self.stated |= {told.id: (told, event) for told, event in events}
        answers = self.ground.run(self._at_once(who, [event for _, event in events]))
        both = [(each, event) for each, (event, _) in zip(answers, events, strict=True)]
        counted = [(each.index, event) for each, event in both if isinstance(each, Accepted)]
        for _, event in sorted(counted, key=itemgetter(0)):
            assert self.oracle.told_all(event)
        for each, event in both:
            if isinstance(each, Refusal):
                with pytest.raises(Refused, match=each.code):
                    self.oracle.told_all(event)
        self.seen[f"at once: {len(counted)} of {len(both)}"] += 1

    async def _at_once(self, who: int, events: list[Composed]) -> list[Accepted | Refusal]:
        actor, moment, door = self.firms[who].actor, self.world.clock(), self.world.door
        await door.directory({self.firms[who].facility})  # names looked up later would change who comes first
        documents = [composing.document([each], moment) for each in events]
        captured = await asyncio.gather(*(capture(door, actor, each) for each in documents))
        return [each.events[0] for each in captured]

    # What must hold after every step.

    @invariant()
    def the_record_holds_what_the_oracle_says(self) -> None:
        self.ground.run(self._compare())

    async def _compare(self) -> None:
        books, owner = self.oracle.books, self.ground.owner
        names = {uri: name for name, uri in self.uris.items()}
        uris = list(names)
        held = {}
        for uri, holder, account, free, reserved, *claims in await owner.fetch(BALANCES, uris):
            assert min(free, reserved, *claims) >= 0
            assert max(claims) <= free + reserved
            held[names[uri], holder, account] = (free, reserved, *claims)
        assert {place: row for place, row in held.items() if any(row)} == {
            place: row for place in books.free
            if any(row := (books.free[place], books.reserved[place], *(books.claimed[place, p] for p in PURPOSES)))
        }  # fmt: skip
        sums = {(names.get(uri), *key): grams for uri, *key, grams in await owner.fetch(SUMS, self.first)}
        inside = {place: row[0] + row[1] for place, row in held.items() if row[0] + row[1]}
        assert {key: grams for key, grams in sums.items() if key[0] is not None} == inside
        outside = {key[1:]: grams for key, grams in sums.items() if key[0] is None}
        assert outside == {key: grams for key, grams in books.outside.items() if grams}
        assert sum(inside.values()) + sum(outside.values()) == 0
        assert dict(await owner.fetch(PAPERS, self.papers)) == {paper: books.papers[paper][1] for paper in self.papers}
        set_aside = Counter[Any]()
        for place, left in books.papers.values():
            set_aside[place] += left
        assert +set_aside == +books.reserved
        recalled = {recall: {names[uri] for uri in lots} for recall, lots in await owner.fetch(RECALLED, self.first)}
        assert recalled == books.recalls
        assert await owner.fetchval("SELECT size FROM log_head") == self.first + books.facts


@pytest.mark.fault("T5")
def test_the_ledger_agrees_with_its_oracle_after_every_step(ground: Ground) -> None:
    how_much = settings(
        max_examples=times(10, 5_000), stateful_step_count=times(40, 100), deadline=None, database=None,
        suppress_health_check=list(HealthCheck), phases=(Phase.generate, Phase.shrink), print_blob=True,
    )  # fmt: skip
    run_state_machine_as_test(seed(SEED)(lambda: Ledger(ground)), settings=how_much, _min_steps=times(30, 60))
    told("seed", SEED, *(f"\n{what}: {count}" for what, count in sorted(Ledger.seen.items())))
    process = ground.world.process
    found = ground.run(verify_database(process.database.writer, process.keys, process.origin))
    assert not [each for each in found if not each.note]
