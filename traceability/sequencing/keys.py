"""Keys: the facts that the record holds already, by what would be told twice."""

from dataclasses import dataclass, field

from traceability.refusals import AlreadyCleared, DuplicateEvent
from traceability.sequencing.commands import Prepared


@dataclass(frozen=True, slots=True)
class Known:
    """A fact of the record: its index, id and hash."""

    index: int
    event_id: str
    event_hash: bytes


@dataclass
class Keys:
    """`by_id` and `by_hash` find events as they were stated, `released` what cleared a held event, by its index."""

    by_id: dict[tuple[int, str], Known] = field(default_factory=dict)
    by_hash: dict[tuple[int, bytes], Known] = field(default_factory=dict)
    released: dict[int, Known] = field(default_factory=dict)

    def known(self, fact: Prepared) -> Known | None:
        """The same fact where it is in the record. Raises DuplicateEvent or AlreadyCleared where another one is."""
        if fact.releases is not None:
            return self._cleared(fact, fact.releases)
        if fact.declares_error:
            return None
        organisation = fact.speaker.organisation
        known = self.by_id.get((organisation, fact.event_id))
        if known is not None and known.event_hash != fact.event_hash:
            raise DuplicateEvent(
                "This event id is in the record with other content.", field="eventID", value=fact.event_id,
                index=known.index, fix="Declare the recorded event erroneous, or give the new event its own id.",
            )  # fmt: skip
        return known or self.by_hash.get((organisation, fact.event_hash))

    def _cleared(self, fact: Prepared, held: int) -> Known | None:
        known = self.released.get(held)
        if known is not None and known.event_hash != fact.event_hash:
            raise AlreadyCleared(
                "This hold is cleared already.", field="index", value=held, cleared_by=known.index,
                fix="Read what was decided; record the event anew if it was rejected by mistake.",
            )  # fmt: skip
        return known

    def enter(self, fact: Prepared, index: int) -> None:
        """This fact is in the record from now on; a declaration of error may come any number of times."""
        known = Known(index, fact.event_id, fact.event_hash)
        if fact.releases is not None:
            self.released[fact.releases] = known
        elif not fact.declares_error:
            self.by_id[fact.speaker.organisation, fact.event_id] = known
            self.by_hash[fact.speaker.organisation, fact.event_hash] = known

    def forget(self, fact: Prepared) -> None:
        """Its command was refused: undo `enter`."""
        if fact.releases is not None:
            del self.released[fact.releases]
        elif not fact.declares_error:
            del self.by_id[fact.speaker.organisation, fact.event_id]
            del self.by_hash[fact.speaker.organisation, fact.event_hash]
