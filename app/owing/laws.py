"""Laws: the shelf as a machine asks for it: by place, role and day, one line a law, or an edition whole."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from app.owing.writing import names_of, written
from app.words import Speech
from foundation.errors import Invalid
from standards.catalogue import Catalogue
from standards.conformity.telling import plain
from standards.faults import nearest
from standards.responsibility.packs import Edition, RulePack

_PLACE: Final = re.compile("[A-Z]{2}(-[A-Z0-9]{1,3})?")
Told = dict[str, Any]


def shelved(
    known: Mapping[str, RulePack], jurisdiction: str, role: str, on: date | None
) -> list[tuple[RulePack, Sequence[Edition]]]:
    """Laws of a place that speak of a role, with the editions for the reporting year that a day lies in.

    What is left empty is not asked. Raises Invalid for what is no place, and for a role that no law speaks of.
    """
    if jurisdiction and not _PLACE.fullmatch(jurisdiction):
        fix = "Use EU, or two capital letters of ISO 3166-1, such as JP."
        raise Invalid("This is no jurisdiction.", field="jurisdiction", value=jurisdiction[:80], fix=fix)
    roles = {each.id for pack in known.values() for edition in pack.editions for each in edition.duties.roles}
    if role and role not in roles:
        fix = nearest(role, sorted(roles), "Use")
        raise Invalid("No law here speaks of this role.", field="role", value=role[:80], fix=fix)
    found: list[tuple[RulePack, Sequence[Edition]]] = []
    for pack in known.values():
        editions = [each for each in pack.editions if _asked(each, jurisdiction, role, on)]
        if editions:
            found.append((pack, editions))
    return found


def _asked(edition: Edition, jurisdiction: str, role: str, on: date | None) -> bool:
    return (
        jurisdiction in ("", edition.jurisdiction)
        and (not role or any(each.id == role for each in edition.duties.roles))
        and (on is None or edition.speaks_for(edition.calendar.year_of(on)))
    )


def listed(pack: RulePack, editions: Sequence[Edition]) -> Told:
    """A law as one entry of a list, with these of its editions."""
    latest = editions[-1]
    return {
        "pack": pack.id, "names": dict(latest.names), "jurisdiction": latest.jurisdiction, "law": latest.law,
        "standing": latest.duties.standing, "roles": [each.id for each in latest.duties.roles],
        "calculations": [{"id": each.id, "names": dict(each.names)} for each in latest.duties.calculations],
        "editions": [_edition(each) for each in editions],
    }  # fmt: skip


def _edition(edition: Edition) -> Told:
    return {
        "id": edition.id, "first_year": edition.first_year, "last_year": edition.last_year, "status": edition.status,
        "standing": edition.duties.standing, "certainty": edition.certainty, "doubts": list(edition.doubts()),
        "valid": {"from": plain(edition.valid_from), "until": plain(edition.valid_until)},
        "calculations": [each.id for each in edition.duties.calculations], "sha256": edition.digest,
    }  # fmt: skip


def whole(t: Speech, catalogue: Catalogue, edition: Edition) -> Told:
    """An edition's document with all that it says; every formula also `written` as its reader would write it."""
    told = {**plain(catalogue.document("rule-pack", edition.id).data)}
    for calculation, each in zip(edition.duties.calculations, told.get("calculations", ()), strict=True):
        names = names_of(edition, calculation, t.lang)
        for step, said in zip(calculation.steps, each["steps"], strict=True):
            said["written"] = written(t, step.formula, names.__getitem__)
    for rate, said in zip(edition.rates, told.get("rates", ()), strict=True):
        said["written"] = written(t, rate.figure, str)
    return {**told, "sha256": edition.digest, "doubts": list(edition.doubts())}
