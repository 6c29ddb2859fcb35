"""What a machine asks of the rule book: lots, a day, a decision rule; read exactly, bounded, refused by place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from foundation.errors import Invalid
from standards.conformity.judging import DecisionRule
from standards.conformity.lotdata.files import read_lots
from standards.conformity.lotdata.reading import LotError, day_from
from standards.conformity.lotdata.rows import LotsUnreadable, Row, Unfit, exact_json
from standards.conformity.lots import Lot
from standards.conformity.shelf import Shelf
from standards.faults import nearest

LARGEST: Final = 500_000  # bytes of a request
MOST_LOTS: Final = 100
MOST_FACTS: Final = 500  # of one lot
TOP: Final = frozenset({"lots", "as_of", "decision_rule", "standards", "draft", "against"})
RULES: Final[Mapping[str, DecisionRule]] = {"simple": "simple", "guard_band": "guard_band"}


@dataclass(frozen=True)
class Asked:
    """One question to the rule book."""

    lots: list[Lot]
    as_of: date
    rule: DecisionRule
    standards: tuple[str, ...] | None
    draft: str
    against: str | None


def asked_json(raw: bytes, shelf: Shelf, today: date) -> Asked:
    """A question in JSON: {"lots": [..], "as_of": .., "decision_rule": .., "standards": [..]}. Raises Invalid."""
    try:
        body = exact_json(raw.decode())
    except ValueError as error:
        raise Invalid(f"This is no JSON: {error}.", field="", fix="Send one JSON object in UTF-8.") from None
    if not isinstance(body, Mapping):
        raise Invalid("The body is no JSON object.", field="", fix='Send {"lots": [...]}.')
    if unknown := sorted(str(name) for name in body.keys() - TOP):
        raise Invalid(f"There is no field {unknown[0][:80]}.", field=unknown[0][:80],
                      fix=f"Known: {', '.join(sorted(TOP))}.")  # fmt: skip
    lots = body.get("lots")
    if not isinstance(lots, list) or not 0 < len(lots) <= MOST_LOTS:
        fix = "Send more in several requests, or use the command line."
        raise Invalid(f"The lots are not a list of 1 to {MOST_LOTS}.", field="lots", fix=fix)
    try:
        as_of = day_from(body.get("as_of"), "as_of") or today
    except LotError as error:
        raise Invalid(f"{error.sentence}.", field=error.field, value=str(error.value)[:80], fix=error.fix) from None
    rule = RULES.get(str(body.get("decision_rule") or "simple"))
    if rule is None:
        raise Invalid("There is no such decision rule.", field="decision_rule", fix=f"Use {' or '.join(RULES)}.")
    chosen = body.get("standards")
    if chosen is not None and not isinstance(chosen, list):
        raise Invalid("The standards are no list.", field="standards", fix="Send a list of ids, or leave it out.")
    known = [_known(each, shelf, "standards") for each in chosen or ()]
    draft, against = body.get("draft") or "", body.get("against")
    if not isinstance(draft, str):
        raise Invalid("The draft is no text.", field="draft", fix="Send the YAML as one text.")
    beside = None if against is None else _known(against, shelf, "against")
    return Asked(checked(_lots(lots), shelf), as_of, rule, tuple(known) or None, draft, beside)


def _known(code: object, shelf: Shelf, field: str) -> str:
    if not isinstance(code, str) or code not in shelf.standards:
        told = str(code)[:80]
        raise Invalid(f"{told} is no standard that we know.", field=field, value=told,
                      fix=nearest(told, list(shelf.standards), "Use"))  # fmt: skip
    return code


def asked_table(raw: bytes, shelf: Shelf, today: date) -> Asked:
    """A question as a table of lots (CSV), for today and by the simple rule. Raises Invalid."""
    try:
        lots = read_lots(raw, "csv", shelf.properties, MOST_LOTS)
    except LotsUnreadable as wrong:
        raise unreadable(wrong) from None
    if not lots:
        raise Invalid("The table holds no lot.", field="lots", fix="Write one row a lot below the header.")
    return Asked(checked(lots, shelf), today, "simple", None, "", None)


def _lots(told: list[Any]) -> list[Lot]:
    lots: list[Lot] = []
    problems: list[Unfit] = []
    for number, item in enumerate(told, start=1):
        try:
            lots.append(Row(number, item if isinstance(item, Mapping) else [item]).lot())
        except LotsUnreadable as wrong:
            problems += wrong.problems
    if problems:
        raise unreadable(LotsUnreadable(*problems))
    return lots


def unreadable(wrong: LotsUnreadable) -> Invalid:
    """Everything that is wrong with lots, as one refusal."""
    first = wrong.problems[0]
    problems = [
        {"pointer": f"lots/{each.lot - 1}/{each.field}" if each.lot else each.field, "code": "INVALID",
         "message": each.sentence, "value": each.value, "fix": each.fix}
        for each in wrong.problems
    ]  # fmt: skip
    return Invalid(str(first), field=first.field, value=first.value, fix=first.fix, problems=problems)


def checked(lots: list[Lot], shelf: Shelf) -> list[Lot]:
    """The same lots, if their materials, forms and properties are known and they are of a size. Raises Invalid."""
    problems = [fault for at, lot in enumerate(lots) for fault in _faults(f"lots/{at}", lot, shelf)]
    if problems:
        first = problems[0]
        raise Invalid(f"{first['value']}: {first['message']}.", field=first["pointer"], value=first["value"],
                      fix=first["fix"], problems=problems)  # fmt: skip
    return lots


def _faults(at: str, lot: Lot, shelf: Shelf) -> Iterator[dict[str, str]]:
    size = len(lot.measurements) + len(lot.statements) + len(lot.documents) + len(lot.attributes) + len(lot.own)
    if size > MOST_FACTS:
        yield _fault(at, str(size), "there are too many facts", f"state at most {MOST_FACTS} of a lot")
    words = [(f"{at}/material", lot.material, "material", shelf.materials.materials),
             (f"{at}/form", lot.form, "form", shelf.materials.forms)]  # fmt: skip
    words += [
        (f"{at}/measurements/{place}/property", each.property, "property", shelf.properties)
        for place, each in enumerate(lot.measurements[:MOST_FACTS])
    ]
    for pointer, word, what, known in words:
        if word not in known:
            yield _fault(pointer, word, f"there is no such {what}", nearest(word, list(known), "use"))


def _fault(pointer: str, value: str, sentence: str, fix: str) -> dict[str, str]:
    return {"pointer": pointer, "code": "INVALID", "message": sentence, "value": value, "fix": fix}
