"""Entries: under which entry of the Basel lists (or the Union's) a waste falls, as far as its facts decide."""

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from standards.borders.conditions import ALWAYS, Sight, holds
from standards.borders.gates import Gate, Outcome, Source
from standards.borders.rules import Borders, Entry, in_force
from standards.dated import Reference

STATED: Final = "waste_entry"
# Annexes II and VIII of the Convention and the amber lists are controlled; Annex IX and the green lists are not.
_CODE: Final = re.compile(r"(?P<list>A|AA|AB|AC|AD|B|BEU|EU|G[A-N]|R[A-B]|Y)[0-9]{2,4}")
_GREEN: Final = frozenset({"B", "BEU"})


@dataclass(frozen=True, slots=True)
class Classified:
    """The entries that are still possible, most special first; `closed`: it is one of these. Empty: we hold none."""

    candidates: tuple[Entry, ...]
    closed: bool
    missing: tuple[str, ...] = ()
    stated: bool = False
    later: Entry | None = None

    @property
    def decided(self) -> Entry | None:
        """The one entry, where it is only one."""
        return self.candidates[0] if self.closed and len(self.candidates) == 1 else None

    @property
    def controlled(self) -> bool | None:
        """Whether prior consent is needed; None where the possible entries differ, or it may be none of these."""
        said = {entry.controlled for entry in self.candidates} if self.closed else set()
        return said.pop() if len(said) == 1 else None


def classify(book: Borders, sight: Sight) -> Classified:
    """The first entry in force whose condition holds; those that might hold before it stay possible too."""
    found: list[Entry] = []
    missing: set[str] = set()
    closed, later = False, None
    for entry in book.entries:
        truth = holds(entry.when, sight)
        if truth.holds is False:
            continue
        if not in_force(entry.source, sight.day):
            later = later or (entry if entry.source.since and sight.day < entry.source.since else None)
            continue
        found.append(entry)
        missing |= truth.missing
        if truth.holds:
            closed = True
            break
    said = Classified(tuple(found), closed, tuple(sorted(missing)), later=None if found else later)
    stated = sight.facts.get(STATED)
    return (isinstance(stated, str) and not said.decided and _stated(stated, found)) or said


def _stated(code: str, candidates: list[Entry]) -> Classified | None:
    """The entry that the asker states: one of the possible ones, or any real code where we hold no entry at all."""
    among = tuple(entry for entry in candidates if entry.code == code)
    if among:
        return Classified(among, True, stated=True)
    read = _CODE.fullmatch(code)
    if candidates or read is None:
        return None
    green = read["list"] in _GREEN or read["list"].startswith("G")
    source = Source(Reference("Stated by whoever asks", "urn:junkan:stated"), "secondary")
    return Classified((Entry(code, not green, 0, ALWAYS, source),), True, stated=True)


def gate(said: Classified) -> Gate:
    """The gate of the entry: no consent under the lists, consent, or not decided."""
    codes = ", ".join(entry.code for entry in said.candidates)
    facts = {"entry": codes}
    sources = tuple(entry.source for entry in said.candidates)
    if not said.candidates:
        since = said.later.source.since if said.later else None
        facts = {"since": since.isoformat()} if since else {}
        reason = "entries_not_yet" if since else "no_entry_held"
        return Gate("entry", Outcome.NEEDS_DATA, reason, MappingProxyType(facts), missing=(STATED,))
    reason = {True: "controlled", False: "not_controlled", None: "undecided"}[said.controlled]
    # that consent is needed is for the procedure to say, which knows whether it was given
    shown = {True: Outcome.NOTED, False: Outcome.ALLOWED, None: Outcome.NEEDS_DATA}[said.controlled]
    if said.stated:
        reason = f"{reason}_stated"
    return Gate("entry", shown, reason, MappingProxyType(facts), sources, said.missing)
