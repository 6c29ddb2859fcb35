"""Capture: the only door through which an event enters the record."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Final, Literal

from foundation.access import Actor
from foundation.database import Database
from foundation.errors import Refusal
from foundation.registry import Directory, Place, directory
from traceability.events import Document, FieldProblem, ReceivedEvent, parse_document, parse_event
from traceability.preparing import Setting, named_uris, prepare
from traceability.refusals import EventRefused, NotCaptured
from traceability.sequencing.commands import Accepted, Command, Prepared
from traceability.sequencing.sequencer import Sequencer

ErrorBehaviour = Literal["rollback", "proceed"]


@dataclass(frozen=True, slots=True)
class Captured:
    """What became of a document: per event, in order, its receipt or the refusal."""

    events: tuple[Accepted | Refusal, ...]

    @property
    def success(self) -> bool:
        return not any(isinstance(each, Refusal) for each in self.events)


REMEMBERED: Final = 100_000
AT_ONCE: Final = 64
TURNS: Final = 8


@dataclass(frozen=True)
class Door:
    """What capturing needs of the process: the database to look names up, the sequencer, the clock.

    Names once found are remembered: an identity never moves to another organisation or facility.
    """

    database: Database
    sequencer: Sequencer
    clock: Callable[[], datetime]
    _parties: dict[str, int] = field(default_factory=dict)
    _places: dict[str, Place] = field(default_factory=dict)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(TURNS))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A few documents are prepared, then whoever waits for the database goes on: the sequencer above all."""
        async with self._turns:
            await asyncio.sleep(0)
            yield

    async def directory(self, uris: set[str]) -> Directory:
        """Organisations and facilities by the URIs that a document names; unknown ones are looked up each time."""
        missing = [uri for uri in uris if uri not in self._parties and uri not in self._places]
        if missing:
            async with self.database.begin() as session:
                found = await directory(session, missing)
            if len(self._parties) + len(self._places) > REMEMBERED:
                self._parties.clear()
                self._places.clear()
            self._parties.update(found.parties)
            self._places.update(found.places)
        return Directory(self._parties, self._places)


async def capture(
    door: Door, actor: Actor, raw: bytes, *, on_error: ErrorBehaviour = "rollback", backfill: bool = False
) -> Captured:
    """Capture an EPCIS document. Raises EventInvalid where it cannot be read as one at all.

    `rollback`: one bad event and nothing is written. `proceed`: the good ones are; a correction is whole or not at all.
    """
    async with door.turn():
        actor.must("capture")
        prepared = await _prepare(door, actor, parse_document(raw), backfill=backfill)
    return await _enter(door, prepared, on_error)


async def capture_event(door: Door, actor: Actor, raw: bytes, *, backfill: bool = False) -> Accepted:
    """Capture one bare event. Raises EventInvalid or the event's Refusal."""
    received = parse_event(raw)
    document = Document(received.data.get("@context"), "2.0", None, (received,))
    async with door.turn():
        actor.must("capture")
        prepared = await _prepare(door, actor, document, backfill=backfill)
    captured = await _enter(door, prepared, "rollback")
    match captured.events[0]:
        case Refusal() as refusal:
            raise refusal
        case accepted:
            return accepted


async def rehearse(door: Door, actor: Actor, raw: bytes, *, backfill: bool = False) -> Captured:
    """What capturing this document would answer now, event by event; nothing is written, and no index is given.

    Raises EventInvalid where it cannot be read as one at all.
    """
    actor.must("capture")
    prepared = await _prepare(door, actor, parse_document(raw), backfill=backfill)
    good = [Command((each,)) for each in prepared if isinstance(each, Prepared)]
    answers = iter(await door.sequencer.rehearse(good))
    return Captured(tuple(each if isinstance(each, Refusal) else next(answers) for each in prepared))


async def _enter(door: Door, prepared: Sequence[Prepared | Refusal], on_error: ErrorBehaviour) -> Captured:
    faulty = any(isinstance(each, Refusal) for each in prepared)
    if faulty and on_error == "rollback":
        return Captured(tuple(_not_captured(each) for each in prepared))
    good = [each for each in prepared if isinstance(each, Prepared)]
    groups = [list(range(len(good)))] if on_error == "rollback" else together(good)
    commands = [Command(tuple(good[at] for at in group)) for group in groups if group]
    answered = zip((at for group in groups for at in group), await _submit(door.sequencer, commands), strict=True)
    answers = (answer for _, answer in sorted(answered, key=itemgetter(0)))
    return Captured(tuple(each if isinstance(each, Refusal) else next(answers) for each in prepared))


def together(items: Sequence[Prepared]) -> list[list[int]]:
    """Places of the items that stand or fall together: a declaration of error, its event, what it names as right."""
    at_id = {each.event_id: at for at, each in enumerate(items) if not each.declares_error}
    first = list(range(len(items)))

    def root(at: int) -> int:
        while first[at] != at:
            first[at] = at = first[first[at]]
        return at

    for at, each in enumerate(items):
        for named in (each.event_id, *each.correctives):
            one, other = sorted((root(at), root(at_id.get(named, at))))
            first[other] = one
    groups: dict[int, list[int]] = {}
    for at in range(len(items)):
        groups.setdefault(root(at), []).append(at)
    return list(groups.values())


def _not_captured(each: Prepared | Refusal) -> Refusal:
    if isinstance(each, Refusal):
        return each
    return NotCaptured("Not captured, because another event of the document was refused.", value=each.event_id)


async def _prepare(door: Door, actor: Actor, document: Document, *, backfill: bool) -> list[Prepared | Refusal]:
    uris = {uri for each in document.events if each.event is not None for uri in named_uris(each.event)}
    setting = Setting(actor, await door.directory(uris), door.sequencer.controls, door.clock(), backfill)
    prepared = []
    for number, each in enumerate(document.events):
        prepared.append(_prepare_one(each, document.context, setting))
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)  # a long document does not keep everybody else waiting
    return prepared


def _prepare_one(received: ReceivedEvent, context: object, setting: Setting) -> Prepared | Refusal:
    if received.event is None:
        return invalid(received.problems)
    try:
        return prepare(received, received.event, context, setting)
    except Refusal as refusal:
        return refusal


def invalid(problems: Sequence[FieldProblem]) -> EventRefused:
    """The event breaks the rules of EPCIS 2.0: every field that does, with value and fix."""
    first = problems[0]
    listed = [
        {"pointer": each.pointer, "code": each.code, "message": each.message, "value": each.value, "fix": each.fix}
        for each in problems
    ]
    return EventRefused(
        first.message, field=first.pointer, value=first.value, fix=first.fix, problems=listed
    )  # fmt: skip


async def _submit(sequencer: Sequencer, commands: Sequence[Command]) -> list[Accepted | Refusal]:
    """Queue all before waiting for the first, so that one batch can take them together."""
    waiting = [await sequencer.enqueue(command) for command in commands]
    answers: list[Accepted | Refusal] = []
    for command, answer in zip(commands, waiting, strict=True):
        try:
            answers += (await answer).accepted
        except Refusal as refusal:
            answers += [refusal] * len(command.items)
    return answers
