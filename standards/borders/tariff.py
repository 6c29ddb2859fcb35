"""Tariff: which codes of the nomenclature a lot may fall under, and how sure that is; never a ruling."""

from dataclasses import dataclass
from typing import Final, Literal

from standards.borders.conditions import Sight, holds
from standards.borders.gates import Gate, Outcome, Source
from standards.borders.rules import Tariff, TariffRule
from standards.borders.truth import YES, Truth, both
from standards.materials import Form, Material

Certainty = Literal["indicative", "needs_data", "needs_ruling", "unsettled", "stated"]
STATED: Final = "hs_code"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Candidate codes of six digits, scrap before primary forms; `missing` is what would decide between them."""

    candidates: tuple[str, ...]
    certainty: Certainty
    edition: str
    source: Source
    missing: tuple[str, ...] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings (four digits) that are possible, each once; none where none is known."""
        return tuple(dict.fromkeys(code[:4] for code in self.candidates))


def suggest(tariff: Tariff, material: Material, form: Form, sight: Sight) -> Suggestion:
    """What the material, its form and its facts leave possible; a code that is stated (a ruling) stands as stated."""
    stated = sight.facts.get(STATED)
    if isinstance(stated, str):
        return Suggestion((stated,), "stated", tariff.edition, tariff.source)
    rule = _rule(tariff, material, form.code)
    source = rule.source if rule else tariff.source
    codes = _codes(material, form, rule)
    judged = [(code, _truth(tariff, codes, code, sight)) for group in codes for code in group]
    left = tuple(code for code, truth in judged if truth.holds is not False)
    if rule is not None and rule.practice is not None:
        return Suggestion(left, rule.practice, tariff.edition, source)
    ruled = rule is not None and rule.codes is not None
    if not left or (not ruled and _open_form(material, form)):
        return Suggestion(left, "needs_ruling", tariff.edition, source)
    missing = frozenset[str]().union(*(truth.missing for _, truth in judged if truth.holds is None))
    if missing:
        return Suggestion(left, "needs_data", tariff.edition, source, tuple(sorted(missing)))
    sure: Certainty = "indicative" if len(left) == 1 else "needs_ruling"
    return Suggestion(left, sure, tariff.edition, source)


def _rule(tariff: Tariff, material: Material, form: str) -> TariffRule | None:
    """The rule for this material in this form, one of the form before one of any form."""
    found = [
        rule for rule in tariff.rules if material.code in rule.materials and (rule.forms is None or form in rule.forms)
    ]
    return min(found, key=lambda rule: rule.forms is None) if found else None


def _codes(material: Material, form: Form, rule: TariffRule | None) -> list[tuple[str, ...]]:
    """Groups of codes that exclude each other: waste and scrap, primary forms, or both where practice differs."""
    if rule is not None and rule.codes is not None:
        return [rule.codes]
    primary = tuple(candidate.code for candidate in material.hs_primary)
    if form.primary_form is False:
        return [material.hs_scrap]
    if form.primary_form is None:
        return [material.hs_scrap, primary]
    # without a primary heading it stays scrap: only one single thermoplastic leaves heading 3915 (Chapter 39 Note 7)
    return [primary or material.hs_scrap]


def _truth(tariff: Tariff, groups: list[tuple[str, ...]], code: str, sight: Sight) -> Truth:
    """A code's own condition; one without is "other": it holds where no sibling of its group with one does."""
    condition = tariff.codes.get(code)
    if condition is not None:
        return holds(condition, sight)
    group = next(group for group in groups if code in group)
    siblings = [holds(tariff.codes[each], sight) for each in group if each in tariff.codes]
    return both(each.negated for each in siblings) if siblings else YES


def _open_form(material: Material, form: Form) -> bool:
    """Whether customs practice differs by form: flakes and the like, and primary forms of what has no such heading."""
    return form.primary_form is None or (form.primary_form and not material.hs_primary)


def gate(said: Suggestion, *, waste: bool, plastic: bool) -> Gate:
    """The gate of the tariff; it decides nothing, and notes waste that would be declared as a product."""
    facts = {"codes": ", ".join(said.candidates), "edition": said.edition}
    odd = waste and plastic and bool(said.candidates) and "3915" not in said.headings
    reason = "waste_as_product" if odd else said.certainty
    missing = {"needs_ruling": (STATED,), "unsettled": (STATED,)}.get(said.certainty, said.missing)
    outcome = Outcome.NOTED if said.certainty in {"indicative", "stated"} else Outcome.NEEDS_DATA
    return Gate("tariff", outcome, reason, facts, (said.source,), missing, decides=False)
