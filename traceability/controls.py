"""Controls: the rule book's thresholds held against a movement, in fixed order; the first that fails decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import Final

from foundation.errors import Refusal
from standards.catalogue import Catalogue
from standards.custody import LotModel
from standards.materials import taxonomy
from standards.plausibility import (
    Claim,
    Facts,
    Finding,
    Rule,
    Thresholds,
    claim_finding,
    date_finding,
    examine,
    in_order,
    late_finding,
    load_finding,
    receipt_finding,
    surplus_allowed,
    thresholds,
    yield_finding,
)
from standards.trade.massbalance import Scheme, schemes
from traceability.checking.papers import Papers
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
from traceability.refusals import (
    CapacityExceeded,
    ContentMismatch,
    DateInvalid,
    LoadSize,
    MoveImpossible,
    NoBackingInput,
    OriginUnbacked,
    PermitMissing,
    TariffMismatch,
    UnknownWord,
)

STEP: Final = NAMESPACE + "BizStep-"
FIX: Final = {
    "buddhist_year": "This looks like a Thai Buddhist year: subtract 543.",
    "future": "State when it happened; events to come are recorded when they have happened.",
    "too_early": "State the year with four digits, in the common era.",
}

REFUSED: Final[Mapping[str, tuple[type[Refusal], str, str]]] = {
    "CAPACITY_EXCEEDED": (
        CapacityExceeded, "Far more than this facility's permits allow in a day.",
        "Check the unit and the day, or register the permit that allows it.",
    ),
    "MOVE_IMPOSSIBLE": (
        MoveImpossible, "It cannot have arrived by then from where it was sent.", "Check both times and both places.",
    ),
    "HS_MISMATCH": (
        TariffMismatch, "Goods in this form are not declared under this heading.",
        "State the heading that fits the form, or correct the form of the lot.",
    ),
    "NO_BACKING_INPUT": (
        NoBackingInput, "No process made this lot, so there is nothing that evidence of recycling could rest on.",
        "Claim a lot that came out of recycling.",
    ),
    "ORIGIN_UNBACKED": (
        OriginUnbacked, "This evidence is for waste of the country itself, and the lot holds less of it.",
        "Claim at most the share that was collected there.",
    ),
    "PERMIT_MISSING": (
        PermitMissing, "The facility that made this lot had no permit registered for that day.",
        "Register the permit of the facility first.",
    ),
    "CONTENT_MISMATCH": (
        ContentMismatch, "The lot holds less recycled material than is claimed.",
        "Claim at most what is not virgin.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Examined:
    """What the controls say: the code that holds the event, the flags that it carries, and all that was found."""

    held: str | None = None
    flags: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def examined(findings: Sequence[Finding], *flags: str) -> Examined:
    """Findings in order, the last of which may hold; `flags` that no control gave."""
    held = next((each.code for each in findings if each.response == "HOLD"), None)
    flagged = {each.code for each in findings if each.response == "FLAG"}
    return Examined(held, tuple(sorted({*flags, *flagged})), tuple(findings))


@dataclass(frozen=True)
class Controls:
    """The thresholds with their version (the catalogue's digest), which every event keeps."""

    limits: Thresholds
    version: str
    materials: frozenset[str]
    forms: frozenset[str]
    rules: tuple[Rule, ...] = ()
    schemes: Mapping[str, Scheme] = field(default_factory=dict)

    def check_words(self, movement: Movement) -> None:
        """Materials and forms are words of the shared taxonomy. Raises UnknownWord."""
        made = movement.lots if isinstance(movement, Arrival) else getattr(movement, "outputs", ())
        for new in made:
            words = (
                ("material", new.material, self.materials),
                ("form", new.form, self.forms),
                ("custody", new.custody, frozenset(LotModel)),
                ("scheme", new.scheme, frozenset(self.schemes)),
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

    def examine(
        self, movement: Movement, event: Event, recorded: datetime, papers: Papers, *, backfill: bool
    ) -> Examined:
        """C02, C12, C14 in this order. Raises LoadSize; a user's own history (`backfill`) may be late.

        What moves no mass counts nothing anyway: there is nothing of it to hold back.
        """
        if isinstance(movement, Unmoved):
            return Examined()
        self.check_words(movement)
        day, late = recorded.date(), late_finding(self.limits, event.event_time, recorded, recorded.date())
        found = [
            self._yield(movement, event, day) if isinstance(movement, Transformation) else None,
            self._load(movement, papers, day) if isinstance(movement, Shipment | Receipt | Departure) else None,
            None if backfill else late,
        ]
        findings: list[Finding] = []
        for each in found:
            if each is not None:
                findings.append(each)
                if each.response == "HOLD":
                    break
        return examined(findings, *(["BACKFILL"] if backfill and late is not None else []))

    def _load(self, movement: Shipment | Receipt | Departure, papers: Papers, day: date) -> Finding | None:
        """C12. Raises LoadSize."""
        mass, boxed = mass_of(movement), papers.container is not None
        found = load_finding(self.limits, mass, day, papers.mode, container=boxed)
        if found is not None and found.response == "REJECT":
            raise LoadSize(
                "No vehicle carries this load.", field="quantity", value=mass,
                fix="Check the unit: KGM is kilograms, TNE tonnes.",
            )  # fmt: skip
        return found

    def judge(self, facts: Facts) -> Examined:
        """The controls that need the record, in the order of their ids. Raises what the one that rejects is."""
        findings = examine(self.rules, self.limits, facts)
        if findings and findings[-1].response == "REJECT":
            raise refused(findings[-1])
        return examined(findings)

    def judge_claim(self, claim: Claim) -> None:
        """The controls of a claim. Raises what the one that rejects is."""
        finding = claim_finding(self.limits, claim)
        if finding is not None:
            raise refused(finding)

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

    def receipt(self, sent: int, received: int, day: date) -> Finding | None:
        """C24: nothing, or what flags or holds it."""
        return receipt_finding(self.limits, sent, received, day)

    def surplus(self, drawn: int, day: date) -> int:
        """C01: grams that may come out beyond what went in."""
        return surplus_allowed(self.limits, drawn, day)


def controls_of(catalogue: Catalogue) -> Controls:
    """The controls of a catalogue; its digest is the version that every event keeps."""
    known, limits = taxonomy(catalogue), thresholds(catalogue)
    words = frozenset(known.materials), frozenset(known.forms)
    return Controls(limits, catalogue.digest[:16], *words, in_order(limits), schemes(catalogue))


def refused(finding: Finding) -> Refusal:
    """What a control refuses, with what it measured and where the limit lies."""
    kind, sentence, fix = REFUSED[finding.code]
    return kind(sentence, field="controls", value=finding.measured, fix=fix, finding=finding.told())
