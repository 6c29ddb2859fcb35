"""Book: the laws as a question names them: pack, edition, calculation, year; each refusal says what there is."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from foundation.errors import Invalid, NotFound
from standards.catalogue import Catalogue
from standards.faults import nearest
from standards.responsibility.calculating.answers import Answer
from standards.responsibility.calculating.cases import calculate
from standards.responsibility.calculating.given import BadInput
from standards.responsibility.duties.calculations import Calculation
from standards.responsibility.packs import Edition, NoEdition, RulePack
from standards.responsibility.shelf import laws

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2200


@lru_cache(maxsize=4)
def laws_of(catalogue: Catalogue) -> Mapping[str, RulePack]:
    """Every law of a catalogue, read once."""
    return laws(catalogue)


def pack_asked(catalogue: Catalogue, id: str) -> RulePack:
    """A law. Raises NotFound with what might have been meant."""
    known = laws_of(catalogue)
    if id not in known:
        fix = nearest(id, list(known), "Use")
        raise NotFound("There is no such law.", field="pack", value=id[:80], fix=fix)
    return known[id]


def edition_asked(pack: RulePack, id: str) -> Edition:
    """An edition by its id, with or without the name of its pack. Raises NotFound."""
    found = next((each for each in pack.editions if each.id == id), None)
    if found is None:
        fix = nearest(id, [each.id for each in pack.editions], "Use")
        raise NotFound("This law has no such edition.", field="edition", value=id[:80], fix=fix)
    return found


def year_asked(raw: object) -> int:
    """A reporting year as a question states it: 2025 or "2025". Raises Invalid."""
    text = str(raw).strip()
    if isinstance(raw, bool) or not (text.isascii() and text.isdigit() and FIRST_YEAR <= int(text[:9]) <= LAST_YEAR):
        fix = "Give a reporting year in four digits, such as 2025."
        raise Invalid("This is no reporting year.", field="year", value=text[:80], fix=fix)
    return int(text)


def edition_of(pack: RulePack, year: int) -> Edition:
    """The edition that speaks for a reporting year. Raises Invalid with the years that the law speaks for."""
    try:
        return pack.edition(year)
    except NoEdition as none:
        fix = f"{pack.id} speaks for {', '.join(map(years_of, pack.editions))}."
        raise Invalid(f"{none}.", field="year", value=year, fix=fix) from None


def years_of(edition: Edition) -> str:
    """'2025 to 2027', or '2028 on'."""
    first, last = edition.first_year, edition.last_year
    return f"{first} on" if last is None else str(first) if first == last else f"{first} to {last}"


def calculations_of(pack: RulePack) -> Mapping[str, Calculation]:
    """Every calculation that any edition has, as its latest edition says it."""
    return {each.id: each for edition in pack.editions for each in edition.duties.calculations}


def calculation_asked(pack: RulePack, edition: Edition, id: str) -> Calculation:
    """A calculation of an edition. Raises NotFound: unknown to the law, or Invalid: to this year's edition only."""
    found = next((each for each in edition.duties.calculations if each.id == id), None)
    if found is not None:
        return found
    elsewhere = [years_of(other) for other in pack.editions if _has(other.duties.calculations, id)]
    if elsewhere:
        raise Invalid(
            f"{edition.id} has no calculation {id[:80]}.", field="year", value=edition.first_year,
            fix=f"Ask for {', '.join(elsewhere)}.",
        )  # fmt: skip
    known = list(calculations_of(pack))
    fix = nearest(id, known, "Use") if known else "This law has none."
    raise NotFound("This law has no such calculation.", field="calculation", value=id[:80], fix=fix)


def _has(calculations: Iterable[Calculation], id: str) -> bool:
    return any(each.id == id for each in calculations)


def worked(
    edition: Edition, calculation: Calculation, given: Mapping[str, Any], year: int, under: str = ""
) -> Answer:  # fmt: skip
    """A case worked out. Raises Invalid with everything that is wrong, each at its field below `under`."""
    try:
        return calculate(edition, calculation, given, year)
    except BadInput as bad:
        raise refused(bad, under) from None


def refused(bad: BadInput, under: str = "") -> Invalid:
    """What cannot be calculated with, as one refusal."""
    problems = [
        {"pointer": under + each.field, "code": each.code, "message": each.sentence, "value": each.value,
         "fix": each.fix}
        for each in bad.problems
    ]  # fmt: skip
    first = bad.problems[0]
    return Invalid(
        f"{first.field}: {first.sentence}.", field=under + first.field, value=first.value, fix=first.fix,
        problems=problems,
    )  # fmt: skip
