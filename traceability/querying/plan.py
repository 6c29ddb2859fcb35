"""Plan: a query as plain values, between the parameters that state it and the statement that answers it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

MOST_PER_PAGE: Final = 1000
PER_PAGE: Final = 30


@dataclass(frozen=True, slots=True)
class Range:
    """Texts that sort from `low` to `high` (None: no bound), or are `among` these, in one of these fields (hashes).

    `unit`: of numbers in this unit only (None: in any).
    """

    fields: tuple[int, ...]
    low: str | None = None
    high: str | None = None
    low_open: bool = False
    high_open: bool = False
    among: tuple[str, ...] = ()
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """The event says one of these: one of `values` in one of `fields`, or anything in one of `present` (all hashes,
    in order); a number in one of `ranges`; or it is of one of `kinds` or has one of `actions`.
    """

    fields: tuple[int, ...] = ()
    values: tuple[int, ...] = ()
    present: tuple[int, ...] = ()
    ranges: tuple[Range, ...] = ()
    kinds: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Within:
    """The place in this field is one of these (canonical), or lies in one of them by master data."""

    field: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """The master data of what stands in one of these fields has one of these attributes, with one of these values."""

    fields: tuple[str, ...]
    attributes: tuple[str, ...]
    values: tuple[str, ...] | None


Condition = Facet | Within | Described


@dataclass(frozen=True, slots=True)
class Order:
    """By a time of the event, or by a field of others under one of these names."""

    by: Literal["eventTime", "recordTime", "field"]
    ascending: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All conditions hold at once. `limit`: no more than the first so many; `most`: refused beyond so many."""

    conditions: tuple[Condition, ...] = ()
    event_ids: tuple[tuple[str, ...], ...] = ()
    event_from: datetime | None = None
    event_before: datetime | None = None
    record_from: datetime | None = None
    record_before: datetime | None = None
    index_from: int | None = None
    index_before: int | None = None
    order: Order | None = None
    limit: int | None = None
    most: int | None = None

    def also(self, *conditions: Condition) -> "Plan":
        """The same query narrowed further."""
        return replace(self, conditions=(*self.conditions, *conditions))
