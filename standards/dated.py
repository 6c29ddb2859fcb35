"""Dated: a value that changes on dates, with its unit, its source and how sure we are of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Generic, Literal, TypeVar, cast

Certainty = Literal["verified", "secondary", "unverified"]
Status = Literal["adopted", "draft"]

# From the surest to the least sure: a result is as sure as the least sure value that it used.
CERTAINTIES: Final[tuple[Certainty, ...]] = ("verified", "secondary", "unverified")

T = TypeVar("T")


class NotInForce(ValueError):
    """Nothing is in force on the day asked for: too early, too late, repealed, or only a draft (`reason`)."""

    def __init__(self, name: str, day: date, reason: Literal["not_yet", "expired", "repealed", "draft_only"]) -> None:
        super().__init__(f"{name}: nothing in force on {day.isoformat()} ({reason})")
        self.name, self.day, self.reason = name, day, reason


class NotDated(ValueError):
    """The rows do not make a dated value: no rows, two of one day, an end before its beginning, no source."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a value can be read."""

    title: str
    href: str


@dataclass(frozen=True, slots=True)
class InForce(Generic[T]):
    """One value as it stands from `since` to `until`, both days included; value None: repealed from that day."""

    value: T
    unit: str
    since: date
    until: date | None
    reference: Reference
    certainty: Certainty
    status: Status


@dataclass(frozen=True, slots=True)
class Dated(Generic[T]):
    """A value over time; the row that began last decides, and a draft never stands in for adopted law."""

    name: str
    rows: tuple[InForce[T | None], ...]

    def on(self, day: date, *, drafts: bool = False) -> InForce[T]:
        """What is in force on that day; NotInForce says why there is nothing.

        A row ends on its `until` (included) or on the day before the next row of the same status begins. With
        `drafts` a draft row counts like an adopted one: for comparing, never for deciding.
        """
        begun = [row for row in self.rows if row.since <= day and (drafts or row.status == "adopted")]
        if not begun:
            draft = any(row.since <= day for row in self.rows)
            raise NotInForce(self.name, day, "draft_only" if draft else "not_yet")
        row = begun[-1]
        if row.until is not None and day > row.until:
            raise NotInForce(self.name, day, "expired")
        if row.value is None:
            raise NotInForce(self.name, day, "repealed")
        return cast("InForce[T]", row)  # it has a value, as was just asked


def least_sure(*certainties: Certainty) -> Certainty:
    """The least sure of them; verified when there is none."""
    return max(certainties, key=CERTAINTIES.index, default="verified")


def reference(name: str, source: object, sources: Mapping[str, Any]) -> Reference:
    """The reference that a document's `sources` hold under this key; NotDated for an unknown key."""
    if not isinstance(source, str) or source not in sources:
        raise NotDated(f"{name}: the source {source!r} is not among the document's sources")
    return Reference(str(sources[source]["title"]), str(sources[source]["href"]))


def dated(
    name: str, rows: Sequence[Mapping[str, Any]], sources: Mapping[str, Any], read: Callable[[Any], T]
) -> Dated[T]:
    """Read rows of `from`, optional `until`, `value` (null: repealed), `unit`, `source`, `certainty`, `status`.

    `sources` maps the short names used by the rows to title and href. Raises NotDated.
    """
    if not rows:
        raise NotDated(f"{name}: no rows")
    values = sorted((_row(name, row, sources, read) for row in rows), key=lambda row: (row.since, row.status))
    begins = [(row.since, row.status) for row in values]
    if len(set(begins)) < len(begins):
        raise NotDated(f"{name}: two rows begin on the same day")
    return Dated(name, tuple(values))


def _row(name: str, row: Mapping[str, Any], sources: Mapping[str, Any], read: Callable[[Any], T]) -> InForce[T | None]:
    try:
        since, until, value, unit = row["from"], row.get("until"), row["value"], row["unit"]
        certainty, status = row["certainty"], row.get("status", "adopted")
    except KeyError as missing:
        raise NotDated(f"{name}: a row has no {missing}") from None
    if not isinstance(since, date) or not (until is None or isinstance(until, date)):
        raise NotDated(f"{name}: from and until are days")
    if until is not None and until < since:
        raise NotDated(f"{name}: ends on {until} before it begins on {since}")
    if certainty not in CERTAINTIES or status not in ("adopted", "draft"):
        raise NotDated(f"{name}: unknown certainty {certainty!r} or status {status!r}")
    read_value = None if value is None else read(value)
    return InForce(read_value, str(unit), since, until, reference(name, row.get("source"), sources), certainty, status)
