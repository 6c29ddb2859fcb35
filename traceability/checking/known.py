"""Known: what the record holds around a batch for its controls, and what the batch itself adds, ready to be undone."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from standards.plausibility import Hours, Position
from traceability.checking.work import Done, Work


class Permitted(NamedTuple):
    """A permit: for which process and material, how much, and from when until when."""

    process: str
    material: str
    per_day: int | None
    per_year: int | None
    first: date
    last: date | None

    def covers(self, process: str, material: str, day: date) -> bool:
        """Whether it allows this process on that day for this material."""
        return self.process == process and self.holds(material, day)

    def holds(self, material: str, day: date) -> bool:
        """Whether it holds on that day for this material, or the family that it belongs to."""
        family = self.material in ("*", material) or material.startswith(self.material + ".")
        return family and self.first <= day and (self.last is None or day <= self.last)


class Reading(NamedTuple):
    """What a meter counted from one day to another."""

    first: date
    last: date
    watt_hours: int


@dataclass(frozen=True)
class Premises:
    """What is registered of one facility; `hours` by the day from which they hold."""

    organisation: int
    zone: ZoneInfo
    position: Position | None = None
    permits: tuple[Permitted, ...] = ()
    hours: tuple[tuple[date, Hours], ...] = ()
    meters: tuple[Reading, ...] = ()
    visits: tuple[date, ...] = ()


class Sent(NamedTuple):
    """Who sent a lot, from which facility and when."""

    organisation: int
    facility: int | None
    moment: datetime


class Cited(NamedTuple):
    """An event that names a paper: whose, where, when, whether it sends something, and of which lots it speaks."""

    organisation: int
    facility: int | None
    moment: datetime
    sends: bool
    lots: frozenset[str]


class Origin(NamedTuple):
    """Where a lot came into being, on which local day, and whether a transformation made it."""

    facility: int | None
    day: date
    made: bool


@dataclass
class Known:
    """Everything that the controls may ask about a batch.

    `ways`: the last sending of a lot to a receiver; `sendings`: from whom to whom a lot ever went; `marks`: what two
    organisations share; `cited`: events by paper; `done`: what an event put through its facility, of those that this
    batch takes back (`wrong`); `origins`: of lots that it claims (`claimed`); `added`: what it puts through facilities
    itself.
    """

    wrong: frozenset[tuple[int, str]] = frozenset()
    claimed: frozenset[str] = frozenset()

    premises: dict[int, Premises] = field(default_factory=dict)
    work: dict[int, Work] = field(default_factory=dict)
    ways: dict[tuple[str, int], Sent] = field(default_factory=dict)
    sendings: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    marks: dict[frozenset[int], tuple[str, ...]] = field(default_factory=dict)
    cited: dict[str, list[Cited]] = field(default_factory=dict)
    done: dict[tuple[int, str], tuple[Done, ...]] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    added: list[Done] = field(default_factory=list)
    _undo: list[Callable[[], object]] = field(default_factory=list)

    def mark(self) -> int:
        """Where we are now, for `take_back`."""
        return len(self._undo)

    def take_back(self, mark: int) -> None:
        """As if nothing had been added since `mark`."""
        while len(self._undo) > mark:
            self._undo.pop()()

    def work_done(self, done: Done, sign: int = 1) -> None:
        """An event put this through its facility; `sign` -1: it is taken back."""
        drawn, made = sign * done.drawn, sign * done.made
        self.added.append(done if sign == 1 else done._replace(drawn=drawn, made=made))
        work = self.work.get(done.facility)
        if work is None:  # nobody asks: it has no permits
            self._undo.append(self.added.pop)
            return
        since = work.since
        work.add(done.process, done.material, done.day, drawn, made)

        def undo() -> None:
            self.added.pop()
            work.add(done.process, done.material, done.day, -drawn, -made)
            work.since = since

        self._undo.append(undo)

    def remember(self, key: tuple[int, str], done: tuple[Done, ...]) -> None:
        """What this event did, should it be declared erroneous later in the batch."""
        if key not in self.wrong:
            return
        before = self.done.get(key)
        self.done[key] = done
        self._undo.append(lambda: self.done.pop(key) if before is None else self.done.update({key: before}))

    def sent(self, lot: str, receiver: int, sent: Sent) -> None:
        before = self.ways.get((lot, receiver))
        ways = self.sendings.setdefault(lot, [])
        self.ways[lot, receiver] = sent
        ways.append((sent.organisation, receiver))

        def undo() -> None:
            ways.pop()
            if before is None:
                del self.ways[lot, receiver]
            else:
                self.ways[lot, receiver] = before

        self._undo.append(undo)

    def came_through(self, lot: str, first: int, last: int) -> bool:
        """Whether this lot went from the one to the other, over whomever."""
        reached, before = {first}, 0
        while before < len(reached):
            before = len(reached)
            reached |= {receiver for sender, receiver in self.sendings.get(lot, ()) if sender in reached}
        return last in reached

    def cite(self, name: str, cited: Cited) -> None:
        listed = self.cited.setdefault(name, [])
        listed.append(cited)
        self._undo.append(listed.pop)

    def born(self, lot: str, origin: Origin) -> None:
        if lot in self.claimed and lot not in self.origins:
            self.origins[lot] = origin
            self._undo.append(lambda: self.origins.pop(lot))
