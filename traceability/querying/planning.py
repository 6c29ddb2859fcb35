"""Planning: a set of query parameters becomes a plan, or is refused by name, value and fix."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from traceability.querying.canonical import Names
from traceability.querying.given import Given
from traceability.querying.parameters import FIXED, reader_of
from traceability.querying.plan import Condition, Order, Plan
from traceability.querying.refusals import QueryParameter

TIMES: Final = frozenset({"GE_eventTime", "LT_eventTime", "GE_recordTime", "LT_recordTime"})
ABOUT: Final = frozenset({"orderBy", "orderDirection", "eventCountLimit", "maxEventCount"})
"""Parameters about the answer, not about the events."""


def plan_of(parameters: Mapping[str, Given], names: Names) -> Plan:
    """The query that these parameters state together. Raises QueryParameter."""
    times: dict[str, datetime] = {}
    ids: list[tuple[str, ...]] = []
    conditions: list[Condition] = []
    for name, given in parameters.items():
        if name in TIMES:
            times[name] = given.moment()
        elif name == "EQ_eventID":
            ids.append(tuple(sorted(set(given.texts()))))
        elif name not in ABOUT:
            reader = reader_of(name, names)
            if reader is None:
                raise unknown(given)
            condition = reader(given, names)
            conditions += [] if condition is None else [condition]
    plan = Plan(
        tuple(conditions), tuple(ids), times.get("GE_eventTime"), times.get("LT_eventTime"),
        times.get("GE_recordTime"), times.get("LT_recordTime"),
    )  # fmt: skip
    return _about(plan, parameters, names)


def unknown(given: Given) -> QueryParameter:
    """EPCIS 2.0, 8.2.7.1: a parameter that is not defined is refused."""
    known = ", ".join(["GE_eventTime", "EQ_bizStep", "MATCH_anyEPC"])
    near = [each for each in (*FIXED, *TIMES, *ABOUT) if each.lower() == given.name.lower()]
    fix = f"Write {near[0]}." if near else f"Use the parameters of EPCIS 2.0, section 8.2.7.1: {known}..."
    return given.wrong("EPCIS 2.0 knows no such query parameter.", fix)


def _about(plan: Plan, parameters: Mapping[str, Given], names: Names) -> Plan:
    order = _order(parameters, names)
    limit = parameters["eventCountLimit"].count() if "eventCountLimit" in parameters else None
    most = parameters["maxEventCount"].count() if "maxEventCount" in parameters else None
    if limit is not None and most is not None:
        raise parameters["maxEventCount"].wrong(
            "eventCountLimit and maxEventCount exclude each other.", "Leave one of them out."
        )
    if limit is not None and order is None:
        raise parameters["eventCountLimit"].wrong(
            "Which events are the first is not said.", "State orderBy together with eventCountLimit."
        )
    return replace(plan, order=order, limit=limit, most=most)


def _order(parameters: Mapping[str, Given], names: Names) -> Order | None:
    direction = parameters.get("orderDirection")
    if direction is not None and direction.text() not in {"ASC", "DESC"}:
        raise direction.wrong("There is no such direction.", "Use ASC or DESC.")
    ascending = direction is not None and direction.text() == "ASC"
    given = parameters.get("orderBy")
    if given is None:
        return None
    match given.text():
        case "eventTime":
            return Order("eventTime", ascending)
        case "recordTime":
            return Order("recordTime", ascending)
        case name if ":" in name:
            return Order("field", ascending, names.expand(name))
        case _:
            raise given.wrong(
                "Events cannot be ordered by this.", "Use eventTime, recordTime or a field of others (prefix:name)."
            )
