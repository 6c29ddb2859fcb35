"""Content: of which kinds a row's lot is, and under which custody model and scheme its maker puts it."""

from collections.abc import Set as AbstractSet
from typing import Final

from standards.custody import LotModel
from traceability.importing.cells import Cells, Marks, mass, one_of

ORIGINS: Final = ("post", "pre", "virgin", "unknown")
SPLIT: Final = tuple(f"of_{each}" for each in ORIGINS)
MODELS: Final = tuple(each.value for each in LotModel)
BOOKED: Final = frozenset(each.value for each in LotModel if each.booked)


def kinds_of(cells: Cells, grams: int, marks: Marks) -> tuple[str, dict[str, int]]:
    """The kind that all of a lot is of; or its grams by kind, which add up to it."""
    stated = [kind for kind, column in zip(ORIGINS, SPLIT, strict=True) if cells.get(column)]
    if not stated:
        return one_of(cells, "origin", ORIGINS, "ORIGIN_UNKNOWN") if cells.get("origin") else "unknown", {}
    if cells.get("origin"):
        columns = ", ".join(SPLIT)
        cells.wrong("origin", "ORIGIN_AND_SPLIT", f"Leave origin empty, or {columns}.", columns=columns)
    before = len(cells.errors)
    split = {kind: mass(cells, f"of_{kind}", marks, least=0) for kind in stated}
    total = sum(split.values())
    if len(cells.errors) == before and grams and total != grams:
        fix = f"The kinds add up to {total} g, the lot has {grams} g: make them equal."
        cells.wrong(f"of_{stated[-1]}", "SPLIT_DIFFERS", fix, total=str(total), grams=str(grams))
    return "unknown", {kind: part for kind, part in split.items() if part}


def custody_of(cells: Cells, schemes: AbstractSet[str]) -> tuple[str | None, str | None]:
    """The model and, for a mass-balance lot, the scheme that its papers name; None for what is not stated."""
    custody = one_of(cells, "custody", MODELS, "CUSTODY_UNKNOWN") if cells.get("custody") else None
    if not cells.get("scheme"):
        return custody, None
    scheme = one_of(cells, "scheme", sorted(schemes), "SCHEME_UNKNOWN")
    if custody not in BOOKED and (custody is None or custody in MODELS):
        fix = "State the mass-balance model of the lot in custody, or leave the scheme empty."
        cells.wrong("scheme", "SCHEME_WITHOUT_MODEL", fix)
    return custody, scheme
