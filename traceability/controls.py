"""Controls: the rule book's thresholds held against a movement, in fixed order; the first that fails decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Final

from standards.catalogue import Catalogue
from standards.custody import CustodyModel, weakest
from standards.materials import taxonomy
from standards.plausibility import (
    Finding,
    Thresholds,
    date_finding,
    late_finding,
    load_finding,
    receipt_finding,
    surplus_allowed,
    thresholds,
    yield_finding,
)
from traceability.events import Event
from traceability.identifiers import NAMESPACE
from traceability.ledger.movements import (
    Arrival,
    Departure,
    Movement,
    Receipt,
    Shipment,
    Transformation,
    Unmoved,
    mass_of,
)
from traceability.refusals import DateInvalid, LoadSize, UnknownWord

STEP: Final = NAMESPACE + "BizStep-"
FIX: Final = {
    "buddhist_year": "This looks like a Thai Buddhist year: subtract 543.",
    "future": "State when it happened; events to come are recorded when they have happened.",
    "too_early": "State the year with four digits, in the common era.",
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What the controls say of a movement: the code that holds it, and the flags that it carries."""

    held: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Controls:
    """The thresholds with their version (the catalogue's digest), which every event keeps."""

    limits: Thresholds
    version: str
    materials: frozenset[str]
    forms: frozenset[str]

    def check_words(self, movement: Movement) -> None:
        """Materials and forms are words of the shared taxonomy. Raises UnknownWord."""
        made = movement.lots if isinstance(movement, Arrival) else getattr(movement, "outputs", ())
        for new in made:
            words = (
                ("material", new.material, self.materials),
                ("form", new.form, self.forms),
                ("custody", new.custody, frozenset(CustodyModel)),
            )
            for name, word, known in words:
                if word is not None and word not in known:
                    near = get_close_matches(word, known, n=3, cutoff=0.4)
                    raise UnknownWord(
                        f"{word} is no {name} of the taxonomy.", field=name, value=word, lot=new.lot,
                        fix=f"Use {' or '.join(near)}." if near else "Use a code of the taxonomy.",
                    )  # fmt: skip

    def check_time(self, happened: datetime, recorded: datetime) -> None:
        """C15. Raises DateInvalid."""
        finding = date_finding(self.limits, happened, recorded, recorded.date())
        if finding is not None:
            raise DateInvalid(
                f"{happened.isoformat()} cannot be when it happened.", field="/eventTime", value=happened.isoformat(),
                fix=FIX[finding.hint or "future"], reason=finding.hint,
            )  # fmt: skip

    def examine(self, movement: Movement, event: Event, recorded: datetime, *, backfill: bool) -> Examined:
        """C12, C14, C02 in this order. Raises LoadSize; a user's own history (`backfill`) may be late.

        What moves no mass counts nothing anyway: there is nothing of it to hold back.
        """
        if isinstance(movement, Unmoved):
            return Examined()
        self.check_words(movement)
        day = recorded.date()
        flags = set()
        if isinstance(movement, Shipment | Receipt | Departure) and load_finding(self.limits, mass_of(movement), day):
            raise LoadSize(
                "No vehicle carries this load.", field="quantity", value=mass_of(movement),
                fix="Check the unit: KGM is kilograms, TNE tonnes.",
            )  # fmt: skip
        late = late_finding(self.limits, event.event_time, recorded, day)
        if late is not None and backfill:
            flags.add("BACKFILL")
        elif late is not None and late.response == "HOLD":
            return Examined(held=late.code)
        elif late is not None:
            flags.add(late.code)
        found = self._yield(movement, event, day) if isinstance(movement, Transformation) else None
        if found is not None and found.response == "HOLD":
            return Examined(held=found.code, flags=tuple(sorted(flags)))
        flags.update([found.code] if found is not None else [])
        return Examined(flags=tuple(sorted(flags)))

    def _yield(self, movement: Transformation, event: Event, day: date) -> Finding | None:
        """C02; mass that would be created is C01's to refuse, not to hold."""
        step = event.biz_step or ""
        drawn = sum(part.grams for part in movement.inputs)
        made = sum(lot.grams for lot in movement.outputs)
        residue = sum(grams for account, grams in movement.sinks if account.startswith("residue"))
        if not step.startswith(STEP) or made + residue > drawn + self.surplus(drawn, day):
            return None
        material = movement.outputs[0].material or ""
        return yield_finding(self.limits, step.removeprefix(STEP), material, (drawn, made, residue), day)

    def receipt(self, sent: int, received: int, day: date) -> str | None:
        """C24: None, FLAG or HOLD."""
        finding = receipt_finding(self.limits, sent, received, day)
        return None if finding is None else finding.response

    def surplus(self, drawn: int, day: date) -> int:
        """C01: grams that may come out beyond what went in."""
        return surplus_allowed(self.limits, drawn, day)


def weakest_custody(models: Sequence[str | None]) -> str:
    """What a chain through these may still claim (None: not stated); nothing stated at all is mass balance."""
    stated = [CustodyModel(model) for model in models if model]
    return weakest(stated) if stated else CustodyModel.MASS_BALANCE


def controls_of(catalogue: Catalogue) -> Controls:
    """The controls of a catalogue; its digest is the version that every event keeps."""
    known = taxonomy(catalogue)
    return Controls(thresholds(catalogue), catalogue.digest[:16], frozenset(known.materials), frozenset(known.forms))
