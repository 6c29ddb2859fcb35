"""The oracle: what the ledger must hold after each event, in dicts of ints, told from the rules and not from the code.

Limits of the controls are written out by hand: mass created above 0.5 %, a receipt held from 5 % off (and 100 kg),
a sorting held where less than 90 % comes out, what happened more than 30 days ago.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace

PURPOSES = ("epr", "content", "credit")
Place = tuple[str, int, str]  # lot, holder, stock or transit


class Refused(Exception):
    """The ledger must refuse this with that code."""


@dataclass(frozen=True)
class Told:
    """An event of the oracle: who states it, what it does (a method's name), and to what.

    `parts`: grams by lot (of a receipt: what was sent); `more`: what comes out, or what the receiver weighed.
    """

    id: str
    owner: int
    what: str
    parts: Mapping[str, int]
    more: Mapping[str, int] = field(default_factory=dict)
    sinks: Mapping[str, int] = field(default_factory=dict)
    other: int = 0
    papers: tuple[str, ...] = ()
    late: bool = False
    moment: str = ""
    right: str = ""  # of a declaration of error: the event that corrects it

    @property
    def content(self) -> str:
        """All that it states but its id: stated again it is no other event."""
        return repr(replace(self, id=""))

    def with_grams(self, grams: int) -> "Told":
        """The same with another mass of its first lot."""
        first = next(iter(self.parts))
        return replace(self, parts={**self.parts, first: grams})


@dataclass
class Books:
    """All that stands: grams by place, claims by place and purpose, papers, and what is known of lots and events."""

    free: Counter[Place] = field(default_factory=Counter)
    reserved: Counter[Place] = field(default_factory=Counter)
    claimed: Counter[tuple[Place, str]] = field(default_factory=Counter)
    outside: Counter[tuple[int, str]] = field(default_factory=Counter)
    makers: dict[str, tuple[int, str]] = field(default_factory=dict)  # who made a lot, and in which form
    papers: dict[str, tuple[Place, int]] = field(default_factory=dict)
    ways: set[tuple[str, int, int]] = field(default_factory=set)
    sent: Counter[tuple[str, int, int]] = field(default_factory=Counter)  # by whom to whom, less what came back
    agreed: set[str] = field(default_factory=set)  # events whose figures both sides agreed to change
    steps: dict[str, Told] = field(default_factory=dict)  # transformations that stand
    stands: defaultdict[str, Counter[tuple[str | None, int, str]]] = field(default_factory=lambda: defaultdict(Counter))
    declared: set[str] = field(default_factory=set)
    waiting: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    known: set[str] = field(default_factory=set)
    holds: dict[int, Told] = field(default_factory=dict)
    recalls: dict[int, set[str]] = field(default_factory=dict)
    facts: int = 0

    def total(self, place: Place) -> int:
        return self.free[place] + self.reserved[place]

    def recalled(self, lot: str) -> bool:
        return any(lot in lots for lots in self.recalls.values())

    def descend(self, lots: set[str]) -> set[str]:
        """These lots and everything that is made of them by what stands."""
        reached, before = set(lots), 0
        while len(reached) > before:
            before = len(reached)
            for step in self.steps.values():
                if reached & step.parts.keys():
                    reached |= step.more.keys()
        return reached


class Oracle:
    """Answers (outcome, reason) for each event, or raises Refused and stays as it was."""

    def __init__(self) -> None:
        self.books = Books()

    def told_all(self, *events: Told) -> list[tuple[str, str]]:
        """A document: all of it or nothing; a corrective counts only where what it corrects is taken back."""
        before = deepcopy(self.books)
        try:
            answers = [self._told(each) for each in events]
            for event, (outcome, _) in zip(events, answers, strict=True):
                self._check_corrective(event, outcome)
        except Refused:
            self.books = before
            raise
        return answers

    def _told(self, event: Told) -> tuple[str, str]:
        books = self.books
        if event.what != "wrong" and not books.known.isdisjoint((event.id, event.content)):
            return "duplicate", ""
        if event.what == "wrong" and event.id in books.agreed:
            raise Refused("AGREED_BY_BOTH")
        index, books.facts = books.facts, books.facts + 1
        outcome, reason = self._judged(event)
        if outcome == "held":
            self.books.holds[index] = event
            if event.what == "wrong":
                self._call_back(index, event)
        if event.what == "wrong":
            self._declare(event, taken_back=outcome != "held")
        else:
            self.books.known |= {event.id, event.content}
        return outcome, reason

    def _declare(self, event: Told, *, taken_back: bool) -> None:
        """What corrects an event waits until that one is taken back, and for what that one waits for itself."""
        books = self.books
        if taken_back:
            books.declared.add(event.id)
        if event.right:
            books.waiting[event.right] |= books.waiting[event.id] if taken_back else {event.id}

    def _check_corrective(self, event: Told, outcome: str) -> None:
        if event.what != "wrong" and outcome == "counted" and self.books.waiting[event.id] - self.books.declared:
            raise Refused("CORRECTION_HELD")

    def amend(self, lot: str, sender: int, receiver: int, sent: int, received: int, *, came: bool) -> None:
        """Both sides agree that more or less was sent, and received; nothing of it may be gone, kept or claimed."""
        before, books, entries = deepcopy(self.books), self.books, Counter[Place]()
        changes = [((lot, sender, "stock"), -sent)]
        changes += [((lot, receiver, "stock"), received)] if came else [((lot, receiver, "transit"), sent)]
        for place, grams in changes:
            claimed = max(books.claimed[place, purpose] for purpose in PURPOSES)
            if grams < 0 and (books.free[place] + grams < 0 or claimed > books.total(place) + grams):
                self.books = before
                raise Refused("GOODS_USED")
            self._put(place, grams, {}, entries)
        books.outside[receiver, "transit:difference"] += sent - received if came else 0
        books.sent[lot, sender, receiver] += sent
        books.facts += 1 + came + (sent != 0)

    def _judged(self, event: Told) -> tuple[str, str]:
        if event.what != "wrong" and event.id in self.books.declared:
            return "recorded", "declared_erroneous"
        if event.what == "sort" and self._thin(event):
            return "held", "YIELD_IMPLAUSIBLE"
        if event.late:
            return "held", "LATE_REPORT"
        if event.what == "ship" and any(self._returns(lot, event) for lot in event.parts):
            return "held", "WASH_CYCLE"
        return self._entered(event, cleared=False)

    def cleared(self, index: int, *, release: bool) -> tuple[str, str]:
        """A hold is released, and then counts now or is refused; or it is rejected for good."""
        before, event = deepcopy(self.books), self.books.holds[index]
        answer = ("recorded", "rejected")
        if release:
            try:
                answer = self._released(event)
            except Refused:
                self.books = before
                raise
        self.books.facts += 1
        del self.books.holds[index]
        self.books.recalls.pop(index, None)
        return answer

    def _released(self, event: Told) -> tuple[str, str]:
        wrong = event.what == "wrong"
        if wrong and event.id in self.books.agreed:
            raise Refused("AGREED_BY_BOTH")
        gone = not wrong and event.id in self.books.declared
        outcome, reason = ("recorded", "") if gone else self._entered(event, cleared=True)
        if outcome != "counted":
            raise Refused("STILL_HELD")
        if wrong:
            self._declare(event, taken_back=True)
        self._check_corrective(event, outcome)
        return outcome, reason

    def _entered(self, event: Told, *, cleared: bool) -> tuple[str, str]:
        """What is not counted leaves everything as it was."""
        before = deepcopy(self.books)
        entries: Counter[tuple[str | None, int, str]] = Counter()
        outcome, reason = getattr(self, f"_{event.what}")(event, entries, cleared)
        if outcome != "counted":
            self.books = before
            return outcome, reason
        for (lot, holder, account), grams in entries.items():
            self.books.stands[event.id][lot, holder, account] += grams
            if lot is None:
                self.books.outside[holder, account] += grams
            elif holder != event.owner and account == "transit":
                self.books.sent[lot, event.owner, holder] += grams
            elif holder != event.owner:
                self.books.sent[lot, holder, event.owner] -= grams
        assert sum(entries.values()) == 0
        return outcome, reason

    def _thin(self, event: Told) -> bool:
        drawn, made = sum(event.parts.values()), sum(event.more.values())
        residue = sum(grams for account, grams in event.sinks.items() if account.startswith("residue"))
        return (made + residue) * 10 < drawn * 9

    def _returns(self, lot: str, event: Told) -> bool:
        """Whether it goes to who made it, or to somebody over whom it came here."""
        maker, _ = self.books.makers.get(lot, (None, ""))
        reached, before = {event.other}, 0
        while maker != event.owner and len(reached) > before:
            before = len(reached)
            reached |= {to for what, by, to in self.books.ways if what == lot and by in reached}
        return maker == event.other or (maker != event.owner and event.owner in reached)

    def _unknown(self, event: Told) -> bool:
        """All of it unknown: recorded; some of it: refused."""
        unknown = [lot for lot in event.parts if lot not in self.books.makers]
        if unknown and len(unknown) < len(event.parts):
            raise Refused("UNKNOWN_LOT")
        return bool(unknown)

    def _put(self, place: Place, grams: int, claims: Mapping[str, int], entries: Counter[Place]) -> None:
        self.books.free[place] += grams
        for purpose in PURPOSES:
            self.books.claimed[place, purpose] += claims.get(purpose, 0)
        entries[place] += grams

    def _take(self, place: Place, grams: int, entries: Counter[Place], reserved: int = 0) -> dict[str, int]:
        """Unclaimed grams leave first; answers the claims that must go along."""
        books = self.books
        if books.free[place] < grams - reserved:
            raise Refused("INSUFFICIENT_BALANCE")
        books.free[place] -= grams - reserved
        books.reserved[place] -= reserved
        entries[place] -= grams
        gone = {}
        for purpose in PURPOSES:
            gone[purpose] = max(0, books.claimed[place, purpose] - books.total(place))
            books.claimed[place, purpose] -= gone[purpose]
        return gone

    def _arrive(self, event: Told, entries: Counter, _: bool) -> tuple[str, str]:
        for lot, grams in event.parts.items():
            if self.books.makers.setdefault(lot, (event.owner, "bale")) != (event.owner, "bale"):
                raise Refused("LOT_TAKEN")
            self._put((lot, event.owner, "stock"), grams, {}, entries)
            entries[None, event.owner, "collected"] -= grams
        return "counted", ""

    def _depart(self, event: Told, entries: Counter, _: bool) -> tuple[str, str]:
        if self._unknown(event):
            return "recorded", "unknown_items"
        for lot, grams in event.parts.items():
            self._take((lot, event.owner, "stock"), grams, entries)
            entries[None, event.owner, "placed"] += grams
        return "counted", ""

    def _ship(self, event: Told, entries: Counter, _: bool) -> tuple[str, str]:
        if self._unknown(event):
            return "recorded", "unknown_items"
        for lot, grams in event.parts.items():
            place, reserved = (lot, event.owner, "stock"), 0
            for paper in event.papers:
                mine, left = self.books.papers[paper]
                if mine == place:
                    reserved = min(grams, left)
                    self.books.papers[paper] = (mine, left - reserved)
            claims = self._take(place, grams, entries, reserved)
            self._put((lot, event.other, "transit"), grams, claims, entries)
            self.books.ways.add((lot, event.owner, event.other))
        return "counted", ""

    def _receive(self, event: Told, entries: Counter, cleared: bool) -> tuple[str, str]:
        if self._unknown(event):
            return "recorded", "unknown_items"
        for lot, sent in event.parts.items():
            own = event.more[lot]
            if not cleared and abs(own - sent) > max(sent // 100, 100_000) and abs(own - sent) * 20 > sent:
                return "held", "RECEIPT_MISMATCH"
            claims = self._take((lot, event.owner, "transit"), sent, entries)
            kept = {purpose: min(grams, own) for purpose, grams in claims.items()}
            self._put((lot, event.owner, "stock"), own, kept, entries)
            entries[None, event.owner, "transit:difference"] += sent - own
        return "counted", ""

    def _reject(self, event: Told, entries: Counter, _: bool) -> tuple[str, str]:
        if self._unknown(event):
            return "recorded", "unknown_items"
        for lot, grams in event.parts.items():
            if grams > self.books.sent[lot, event.other, event.owner]:
                raise Refused("NOT_THE_SENDER")
            claims = self._take((lot, event.owner, "transit"), grams, entries)
            self._put((lot, event.other, "stock"), grams, claims, entries)
        return "counted", ""

    def _sort(self, event: Told, entries: Counter, _: bool) -> tuple[str, str]:
        drawn, made = sum(event.parts.values()), sum(event.more.values()) + sum(event.sinks.values())
        if made - drawn > drawn * 5 // 1_000:
            raise Refused("MASS_CREATED")
        if not event.parts.keys() <= self.books.makers.keys():
            raise Refused("UNKNOWN_LOT")
        claims: Counter[str] = Counter()
        for lot, grams in event.parts.items():
            claims.update(self._take((lot, event.owner, "stock"), grams, entries))
        for lot, grams in event.more.items():
            carried = {purpose: min(claims[purpose], grams) for purpose in PURPOSES}
            claims.subtract(carried)
            self.books.makers.setdefault(lot, (event.owner, "flake"))
            self._put((lot, event.owner, "stock"), grams, carried, entries)
        for account, grams in event.sinks.items():
            entries[None, event.owner, account] += grams
        entries[None, event.owner, "loss:unstated" if made < drawn else "adjustment"] += drawn - made
        for lots in self.books.recalls.values():
            if lots & event.parts.keys():
                lots.update(event.more)
        self.books.steps[event.id] = event
        return "counted", ""

    _process = _sort  # another process, of which no yield is known

    def _wrong(self, event: Told, entries: Counter, _: bool) -> tuple[str, str]:
        stands = {place: grams for place, grams in self.books.stands[event.id].items() if grams}
        if not stands:
            return "recorded", "nothing_entered"
        for place, grams in stands.items():
            entries[place] -= grams
            if place[0] is not None:
                rest = self.books.total(place) - grams
                claimed = max(self.books.claimed[place, purpose] for purpose in PURPOSES)
                if grams > 0 and (self.books.free[place] < grams or claimed > rest):
                    return "held", "ALREADY_CONSUMED"
                self.books.free[place] -= grams
        self.books.steps.pop(event.id, None)
        return "counted", ""

    def _call_back(self, index: int, event: Told) -> None:
        """What a held declaration cannot take back, because it is gone, is called back with all that is made of it."""
        stands = self.books.stands[event.id].items()
        gone = {place[0] for place, grams in stands if place[0] is not None and self.books.free[place] < grams}
        if gone:
            self.books.recalls[index] = self.books.descend(gone)

    def reserve(self, paper: str, lot: str, holder: int, grams: int) -> None:
        place = (lot, holder, "stock")
        if lot not in self.books.makers:
            raise Refused("UNKNOWN_LOT")
        if self.books.recalled(lot):
            raise Refused("LOT_RECALLED")
        if self.books.free[place] < grams:
            raise Refused("INSUFFICIENT_BALANCE")
        self.books.papers[paper] = (place, grams)
        self.books.free[place] -= grams
        self.books.reserved[place] += grams

    def give_back(self, paper: str) -> None:
        place, left = self.books.papers[paper]
        self.books.papers[paper] = (place, 0)
        self.books.free[place] += left
        self.books.reserved[place] -= left

    def claim(self, lot: str, holder: int, purpose: str, grams: int) -> None:
        place = (lot, holder, "stock")
        if place not in self.books.free:
            raise Refused("NOT_FOUND")
        if self.books.recalled(lot):
            raise Refused("LOT_RECALLED")
        if grams > self.books.total(place) - self.books.claimed[place, purpose]:
            raise Refused("DOUBLE_CLAIM")
        self.books.claimed[place, purpose] += grams
        self.books.facts += 1
