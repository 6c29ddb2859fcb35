"""A batch: the facts decided one after another under the log lock, as the rows that one commit will write."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from traceability.checking.surrounding import claim_of, facts_of, learn
from traceability.controls import Controls, Examined
from traceability.ledger.book import Key
from traceability.ledger.claiming import check_claim
from traceability.ledger.entering import enter
from traceability.ledger.movements import ErrorDeclared, StockTake, Unmoved, parts_of
from traceability.ledger.outcomes import COUNTED, HELD, RECORDED, UNTOUCHED, Entered, Surroundings
from traceability.refusals import DuplicateEvent, StillHeld, UnknownLot
from traceability.sequencing.commands import Accepted, Claiming, Command, GiveBack, Prepared, Reserve
from traceability.sequencing.corrections import Corrections
from traceability.sequencing.loaded import Loaded, Reserved, Row
from traceability.sequencing.shared import Mark as SharedMark
from traceability.sequencing.standing import EventKey, Standing
from traceability.tree.leaf import commitment_root, commitments, leaf_data
from traceability.tree.merkle import leaf_hash

STILL: Final = (StockTake, Unmoved)  # movements that make no entries, released or not
UNJUDGED: Final = (*STILL, ErrorDeclared)
UNSUSPECTED: Final = Examined()


@dataclass(frozen=True, slots=True)
class Mark:
    """A point that a refused command is taken back to."""

    book: int
    rows: int
    reserved: int
    reversals: dict[EventKey, Standing]
    corrections: Corrections
    recalled: int
    known: int
    shared: SharedMark


@dataclass
class Plan:
    """The batch as decided so far; a refused command leaves nothing here."""

    loaded: Loaded
    controls: Controls
    rows: list[Row] = field(default_factory=list)
    touched: set[str] = field(default_factory=set)
    reserved: list[Callable[[], object]] = field(default_factory=list)  # how to undo what reservations became

    def mark(self) -> "Mark":
        """Where the batch stands now, for `take_back`."""
        loaded, recalled, shared = self.loaded, len(self.loaded.recalled.learnt), self.loaded.shared.mark()
        reversals, corrections, known = dict(loaded.reversals), loaded.corrections.copy(), loaded.known.mark()
        at = loaded.book.mark(), len(self.rows), len(self.reserved)
        return Mark(*at, reversals, corrections, recalled, known, shared)

    def decide(self, command: Command) -> tuple[Accepted, ...]:
        """Enter every item of a command, in order; whatever is raised takes all of it back."""
        mark = self.mark()
        try:
            done = tuple(accepted for item in command.items if (accepted := self._item(item)) is not None)
            for row in self.rows[mark.rows :]:
                self.loaded.corrections.check(row.fact, row.entered)
        except BaseException:
            self.take_back(mark)
            raise
        return done

    def take_back(self, mark: "Mark") -> None:
        """As if nothing had been decided since: book, rows, keys, reservations and reversals."""
        self.loaded.book.take_back(mark.book)
        for row in self.rows[mark.rows :]:
            self.loaded.keys.forget(row.fact)
        del self.rows[mark.rows :]
        while len(self.reserved) > mark.reserved:
            self.reserved.pop()()
        self.loaded.reversals = mark.reversals
        self.loaded.corrections = mark.corrections
        self.loaded.recalled.take_back(mark.recalled)
        self.loaded.known.take_back(mark.known)
        self.loaded.shared.take_back(mark.shared)

    def _item(self, item: Prepared | Reserve | GiveBack) -> Accepted | None:
        match item:
            case Prepared():
                return self._known(item) or self._fact(item)
            case Reserve():
                self._reserve(item)
            case GiveBack(reference):
                reserved = self.loaded.reservations.get(reference)
                if reserved is None:
                    raise UnknownLot("Nothing is reserved under this reference.", field="reference", value=reference)
                self.loaded.book.reserve(reserved.lot, reserved.holder, -reserved.remaining)
                self._remains(reserved, 0)
        return None

    def _reserve(self, item: Reserve) -> None:
        if item.reference in self.loaded.reservations:
            raise DuplicateEvent("Grams are reserved under this reference already.", value=item.reference)
        self.loaded.book.known(item.lot)
        self.loaded.recalled.check(item.lot)
        self.loaded.book.reserve(item.lot, item.holder, item.grams)
        self.reserved.append(partial(self.loaded.reservations.pop, item.reference))
        self.loaded.reservations[item.reference] = Reserved(
            item.lot, item.holder, item.grams, item.reference, item.counterparty, item.grams, new=True
        )

    def _remains(self, reserved: Reserved, grams: int) -> None:
        self.reserved.append(partial(setattr, reserved, "remaining", reserved.remaining))
        reserved.remaining = grams
        self.touched.add(reserved.reference)

    def _known(self, fact: Prepared) -> Accepted | None:
        """The same fact again is answered as it was."""
        known = self.loaded.keys.known(fact)
        if known is None:
            return None
        return Accepted(known.index, known.event_id, "duplicate", (), (), self.loaded.record_time, duplicate=True)

    def _fact(self, fact: Prepared) -> Accepted:
        loaded = self.loaded
        entered = self._enter(fact)
        index = loaded.size + len(self.rows)
        fields = self._fields(fact, entered)
        root = commitment_root((*fact.commitments, *commitments(fields, fact.salt, parsed=True)))
        time_us = int(loaded.record_time.timestamp()) * 1_000_000 + loaded.record_time.microsecond
        leaf = leaf_hash(leaf_data(fact.kind, fact.event_hash, root, time_us))
        self.rows.append(Row(index, fact, entered, {**fact.received, **fields}, root, leaf))
        wanted = loaded.reversals.get((fact.speaker.organisation, fact.event_id))
        if wanted is not None:
            loaded.reversals[fact.speaker.organisation, fact.event_id] = wanted.after(entered)
        loaded.corrections.enter(fact, entered, index)
        loaded.shared.enter(fact, entered)
        if entered.outcome == COUNTED:
            loaded.recalled.follow(fact.movement)
            learn(fact, loaded.known, loaded.book)
        if fact.recalling is not None:
            loaded.recalled.call_back(fact.recalling.lots, index)
        loaded.keys.enter(fact, index)
        return Accepted(index, fact.event_id, entered.outcome, entered.reasons, entered.flags, loaded.record_time)

    def _enter(self, fact: Prepared) -> Entered:
        entered = self._decided(fact)
        if fact.releases is not None and entered.outcome != COUNTED and not isinstance(fact.movement, STILL):
            raise StillHeld(
                "Released now, this event would make no entries.", field="index", value=fact.releases,
                reasons=list(entered.reasons), fix="Correct what stands in its way first, or reject it for good.",
            )  # fmt: skip
        return entered

    def _decided(self, fact: Prepared) -> Entered:
        book, organisation = self.loaded.book, fact.speaker.organisation
        corrected = self.loaded.corrections.declared
        self.loaded.shared.check(fact, corrected, self.controls.limits, self.loaded.record_time)
        taken_back = not fact.declares_error and (organisation, fact.event_id) in corrected
        if taken_back and not isinstance(fact.movement, Unmoved):
            return Entered(RECORDED, reasons=("declared_erroneous",), flags=fact.flags)
        if fact.held is not None:
            return Entered(HELD, reasons=(fact.held,), flags=fact.flags, findings=fact.findings)
        if fact.claiming is not None:
            self._claim(fact, fact.claiming)
        for lot in fact.recalling.lots if fact.recalling else ():
            book.known(lot)
        if fact.kind not in {"epcis", "release", "amended"}:
            return Entered(RECORDED)
        judged = self._judged(fact)
        found, flags = (*fact.findings, *judged.findings), (*fact.flags, *judged.flags)
        if judged.held is not None:
            return Entered(HELD, reasons=(judged.held,), flags=tuple(sorted({*flags})), findings=found)
        mine = [self.loaded.reservations[each] for each in fact.references if each in self.loaded.reservations]
        standing = self.loaded.reversals.get((organisation, fact.event_id))
        around = Surroundings(
            self.loaded.record_time.date(), fact.parties,
            {each.lot: each.remaining for each in mine if each.holder == organisation},
            fact.event_day, fact.event_time, standing.entries if standing is not None else None,
            standing.contents if standing is not None else UNTOUCHED, cleared=fact.releases is not None,
            sent=self.loaded.shared.sent_by(fact),
        )  # fmt: skip
        entered = enter(book, fact.movement, fact.speaker, around, self.controls)
        for part in entered.consumed:
            reserved = next(each for each in mine if each.lot == part.lot)
            self._remains(reserved, reserved.remaining - part.grams)
        flags = tuple(sorted({*entered.flags, *flags, *self.loaded.recalled.flags(fact.movement)}))
        return replace(entered, flags=flags, findings=(*found, *entered.findings))

    def _judged(self, fact: Prepared) -> Examined:
        """What the controls that need the record say; somebody looked at what is released, none holds that again."""
        if fact.kind != "epcis" or isinstance(fact.movement, UNJUDGED):
            return UNSUSPECTED
        loaded, limits = self.loaded, self.controls.limits
        facts = facts_of(fact, loaded.known, loaded.book, limits, loaded.record_time.date())
        return self.controls.judge(facts) if facts is not None else UNSUSPECTED

    def _claim(self, fact: Prepared, claiming: Claiming) -> None:
        book, organisation, today = self.loaded.book, fact.speaker.organisation, self.loaded.record_time.date()
        self.loaded.recalled.check(claiming.lot)
        book.claim(claiming.lot, organisation, claiming.purpose, claiming.grams)
        check_claim(book, claiming.lot, organisation, claiming.purpose, claiming.custody)
        self.controls.judge_claim(claim_of(claiming, organisation, self.loaded.known, book, today))

    def _fields(self, fact: Prepared, entered: Entered) -> dict[str, Any]:
        """What the record itself adds to a fact, committed to like the fact's own fields."""
        stated = [] if entered.entries else [[part.lot, part.grams] for part in parts_of(fact.movement)]
        told: dict[str, Any] = {}
        if entered.findings:
            told["junkan:controls"] = [each.told() for each in entered.findings]
        if entered.contents.bookings:
            told["junkan:bookings"] = [each.told() for each in entered.contents.bookings]
        return told | {
            "junkan:stated": stated,
            "junkan:entries": [
                [entry.lot, self.loaded.uris[entry.holder], entry.account, entry.grams] for entry in entered.entries
            ],
            "junkan:outcome": {
                "outcome": entered.outcome,
                "reasons": list(entered.reasons),
                "flags": list(entered.flags),
                "organisation": self.loaded.uris[fact.speaker.organisation],
                "day": fact.event_day.isoformat(),
                "backfill": fact.backfill,
                "rules": fact.rules,
            },
        }

    def deltas(self) -> list[tuple[Key, bool, tuple[int, int, int, int, int]]]:
        """Per changed position: is it new, and by how much free, reserved and the three claims change."""
        result = []
        for key in sorted(self.loaded.book.changed):
            after = self.loaded.book.positions.get(key)
            if after is None:
                continue
            known = key in self.loaded.before
            free, reserved, claimed = self.loaded.before.get(key, (0, 0, (0, 0, 0)))
            by = [after.free - free, after.reserved - reserved]
            by += [now - then for now, then in zip(after.claimed, claimed, strict=True)]
            if any(by) or not known:
                result.append((key, not known, (by[0], by[1], by[2], by[3], by[4])))
        return result
