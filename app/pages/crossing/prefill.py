"""Prefill: what the record tells this reader of a lot, as the first answers of the form."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.formats import decimal_mark
from app.pages.crossing.asking import Asked
from app.pages.passports import standard_name
from app.words import Speech
from foundation.access import Actor
from standards.catalogue import Catalogue
from standards.conformity import Verdict
from standards.quantities import QuantityError, convert
from traceability.judging import judged, known_standards
from traceability.passport import Passport, find, passport
from traceability.tables import LotRow
from traceability.tree.checkpoint import Verifier
from traceability.visibility import Reader

# A measured property, the fact it is, and the unit that the fact is told in.
MEASURED: Final = {
    "contamination_total": ("contamination_percent", "%"), "polymer_purity": ("polymer_purity_percent", "%"),
    "non_paper": ("non_paper_percent", "%"), "viscosity_number": ("viscosity_number_ml_g", "mL/g"),
    "intrinsic_viscosity": ("intrinsic_viscosity_dl_g", "dL/g"), "density": ("density_g_cm3", "g/cm3"),
}  # fmt: skip
RECYCLING: Final = frozenset({"recycling", "reprocessing"})


async def known_of(
    record: AsyncSession, actor: Actor | None, verifiers: Sequence[Verifier], catalogue: Catalogue, uri: str, lang: str,
    today: date,
) -> Asked:  # fmt: skip
    """The form's answers for a lot, no more than its passport tells this reader. Raises NotFound."""
    row = await find(record, uri=uri)
    seen = await passport(record, row, actor, verifiers, catalogue, today)
    one = {
        "material": seen.material, "form": seen.form, "exporting": seen.country or "", "origin": _origin(seen),
        **_measured(seen, lang),
    }  # fmt: skip
    many = {
        "collected_in": tuple(code for code, _ in seen.countries if code != "ZZ"),
        "recycled_in": _recycled(seen),
        "conforms": await _conforms(record, catalogue, row, seen.reader, today),
    }
    return Asked(one, {name: values for name, values in many.items() if values})


def _origin(seen: Passport) -> str:
    """The class of origin where all of it is of one."""
    classes = {"post_consumer": seen.content.post, "pre_consumer": seen.content.pre}
    return next((name for name, grams in classes.items() if grams and grams == seen.grams), "")


def _recycled(seen: Passport) -> tuple[str, ...]:
    last = [stage.biz_step.rstrip("/").replace(":", "/").rpartition("/")[2].lower() for stage in seen.stages]
    found = [
        stage.country
        for stage, step in zip(seen.stages, last, strict=True)
        if step.removeprefix("bizstep-") in RECYCLING and stage.country not in {None, "ZZ"}
    ]
    return tuple(dict.fromkeys(code for code in found if code))


def _measured(seen: Passport, lang: str) -> dict[str, str]:
    """Results that are the value itself, in the fact's own unit; what cannot be converted is left to be typed."""
    found: dict[str, str] = {}
    for row in seen.measurements:
        if row.comparator != "=" or row.property not in MEASURED or row.value is None or row.unit is None:
            continue
        fact, unit = MEASURED[row.property]
        try:
            value: Decimal = convert(row.value, row.unit, unit)
        except QuantityError:
            continue
        found[fact] = f"{value:f}".replace(".", decimal_mark(lang))
    return found


async def _conforms(
    record: AsyncSession, catalogue: Catalogue, row: LotRow, reader: Reader, today: date
) -> tuple[str, ...]:
    """End-of-waste standards that the lot conforms to today: for those who may see its measurements."""
    if reader not in {Reader.PARTY, Reader.REGULATOR}:
        return ()
    said = await judged(record, catalogue, row, _granting(catalogue), today)
    return tuple(each.standard for each in said if each.verdict is Verdict.CONFORMING)


def ends_of_waste(t: Speech, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Every standard by which something ends to be waste, with its name."""
    return [(code, standard_name(t, code, catalogue)) for code in _granting(catalogue)]


def _granting(catalogue: Catalogue) -> list[str]:
    return [code for code, each in known_standards(catalogue).items() if each.grants == "end_of_waste"]
