"""Sighting: a crossing as conditions see it, after everything in it that nobody could know has been refused."""

from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from standards.borders.conditions import Sight
from standards.borders.facts import FACTS, PLACES, Crossing, CrossingError, Kind, Route, Value
from standards.borders.rules import Borders
from standards.materials import Taxonomy

OPERATIONS: Final = frozenset({*(f"R{n}" for n in range(1, 14)), *(f"D{n}" for n in range(1, 16))})
_PERCENT_MOST: Final = 100


def sight_of(book: Borders, taxonomy: Taxonomy, crossing: Crossing) -> Sight:
    """The sight of a crossing. Raises CrossingError for an unknown material, form, origin, fact, place or operation."""
    lot, route = crossing.lot, crossing.route
    _known("lot.material", lot.material, taxonomy.materials)
    _known("lot.form", lot.form, taxonomy.forms)
    if lot.origin is not None:
        _known("lot.origin", lot.origin, taxonomy.origins)
    for name, value in lot.facts.items():
        _checked(name, value, taxonomy)
    for place in (route.exporting, *route.transit, route.importing):
        _state("route", place)
    _days(crossing)
    if crossing.worth is not None and crossing.worth.fob <= 0:
        raise CrossingError("worth.fob", str(crossing.worth.fob), "The FOB value is not above zero.", "State it.")
    facts = {**lot.facts, **_operation(route)}
    return Sight(
        kinds=frozenset((lot.material, *taxonomy.ancestors(lot.material))),
        form=lot.form,
        origin=None if lot.origin == "unknown" else lot.origin,
        facts=MappingProxyType(facts),
        places=_places(route, lot.facts),
        day=crossing.day,
        bodies=book.bodies,
    )


def _places(route: Route, facts: Mapping[str, Value]) -> Mapping[str, tuple[str, ...]]:
    places: dict[str, tuple[str, ...]] = {
        "exporting": (route.exporting,), "importing": (route.importing,), "transit": route.transit,
    }  # fmt: skip
    for place in PLACES - places.keys():
        value = facts.get(place)
        if isinstance(value, tuple) and value:
            places[place] = value
    return MappingProxyType(places)


def _operation(route: Route) -> Mapping[str, Value]:
    if route.operation is None:
        return {}
    if route.operation not in OPERATIONS:
        fix = "Use R1 to R13 (recovery) or D1 to D15 (disposal)."
        raise CrossingError("route.operation", route.operation, f"{route.operation} is no operation.", fix)
    return {"operation": route.operation}


def _checked(name: str, value: Value, taxonomy: Taxonomy) -> None:
    field = f"lot.facts.{name}"
    if name not in FACTS:
        raise CrossingError(field, str(value), f"No rule knows a fact {name}.", f"Use {', '.join(sorted(FACTS))}.")
    kind = FACTS[name]
    fits = {Kind.YES_NO: bool, Kind.NUMBER: Decimal, Kind.TEXT: str, Kind.LIST: tuple}[kind]
    if not isinstance(value, fits):
        raise CrossingError(field, str(value), f"{name} is told as {kind.value}.", "See the description of the facts.")
    if isinstance(value, Decimal):
        _number(field, name, value)
    if name in PLACES or name in {"end_of_waste", "consents"}:
        for state in value if isinstance(value, tuple) else ():
            _state(field, state)
    if name == "polymers":
        for code in value if isinstance(value, tuple) else ():
            _known(field, code, taxonomy.materials)


def _number(field: str, name: str, value: Decimal) -> None:
    most = _PERCENT_MOST if name.endswith("_percent") else None
    if not value.is_finite() or value < 0 or (most is not None and value > most):
        fix = "Write a number from 0 to 100." if most else "Write a number above 0."
        raise CrossingError(field, str(value), f"{value} cannot be a {name}.", fix)


def _known(field: str, code: str, codes: Mapping[str, object]) -> None:
    if code not in codes:
        raise CrossingError(field, code, f"{code} is not known.", f"Use one of {', '.join(sorted(codes))}.")


def _state(field: str, code: str) -> None:
    if not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
        raise CrossingError(field, code, f"{code} is no country.", "Use ISO 3166-1 alpha-2 codes, such as JP or TH.")


def _days(crossing: Crossing) -> None:
    days = [("day", crossing.day), ("arrival", crossing.arrival), ("recovered", crossing.recovered)]
    stated = [(name, day) for name, day in days if day is not None]
    for (_, earlier), (name, later) in pairwise(stated):
        if later < earlier:
            raise CrossingError(name, later.isoformat(), "This day is before what must come first.", "Check the days.")
