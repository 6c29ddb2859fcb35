"""Schedule: the moments at which a standing query is asked (EPCIS 2.0, 8.2.5.3), like cron, in UTC."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from traceability.querying.refusals import SubscriptionInvalid

FIELDS: Final[Mapping[str, tuple[int, int]]] = {
    "second": (0, 59), "minute": (0, 59), "hour": (0, 23), "dayOfMonth": (1, 31), "month": (1, 12), "dayOfWeek": (1, 7),
}  # fmt: skip
"""From the finest on, with the least and the greatest value; days of the week from Monday."""

_ELEMENT: Final = re.compile(r"\[?([0-9]{1,2})-([0-9]{1,2})\]?|([0-9]{1,2})(?:/([0-9]{1,2}))?")
_FARTHEST: Final = timedelta(days=366 * 9)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which values each field may have."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def after(self, moment: datetime) -> datetime | None:
        """The first moment of the schedule behind this one; None where there is none (the 30th of February)."""
        at = moment.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
        last = at + _FARTHEST
        while at < last:
            midnight = at.replace(hour=0, minute=0, second=0)
            if at.month not in self.months:
                at = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
            elif at.day not in self.days or at.isoweekday() not in self.weekdays:
                at = midnight + timedelta(days=1)
            elif at.hour not in self.hours:
                at = at.replace(minute=0, second=0) + timedelta(hours=1)
            elif at.minute not in self.minutes:
                at = at.replace(second=0) + timedelta(minutes=1)
            elif at.second not in self.seconds:
                at += timedelta(seconds=1)
            else:
                return at
        return None


def schedule_of(stated: Mapping[str, Any]) -> Schedule:
    """A schedule as it was sent. What is finer than its finest field is at its least; what else is left out is any.

    Raises SubscriptionInvalid by field.
    """
    for name in stated:
        if name not in FIELDS:
            raise SubscriptionInvalid(
                "A schedule has no such field.", field=f"/schedule/{name}", value=name, fix=f"Use {', '.join(FIELDS)}."
            )
    if not stated:
        raise SubscriptionInvalid("The schedule is empty.", field="/schedule", fix="State hour and minute, or stream.")
    found = {name: _values(name, stated[name]) for name in stated}
    ladder = ["second", "minute", "hour", "dayOfMonth", "month"]
    finest = next((at for at, name in enumerate(ladder) if name in found), 3)
    for at, name in enumerate(ladder):
        least, most = FIELDS[name]
        weekly = name == "dayOfMonth" and "dayOfWeek" in found
        found.setdefault(name, frozenset({least}) if at < finest and not weekly else frozenset(range(least, most + 1)))
    found.setdefault("dayOfWeek", frozenset(range(1, 8)))
    return Schedule(*(found[name] for name in FIELDS))


def _values(name: str, stated: Any) -> frozenset[int]:
    least, most = FIELDS[name]
    values: set[int] = set()
    text = str(stated) if isinstance(stated, int) and not isinstance(stated, bool) else stated
    for part in text.split(",") if isinstance(text, str) else [""]:
        element = _ELEMENT.fullmatch(part.strip())
        if element is None:
            raise _wrong(name, stated)
        first, last, one, step = element.groups()
        low, high = (int(first), int(last)) if one is None else (int(one), most if step else int(one))
        if not least <= low <= high <= most or (step is not None and int(step) == 0):
            raise _wrong(name, stated)
        values.update(range(low, high + 1, int(step or 1)))
    return frozenset(values)


def _wrong(name: str, stated: Any) -> SubscriptionInvalid:
    least, most = FIELDS[name]
    return SubscriptionInvalid(
        "This is no value of a schedule.", field=f"/schedule/{name}", value=str(stated)[:100],
        fix=f"Write numbers from {least} to {most}, ranges like [{least}-{most}], several behind commas.",
    )  # fmt: skip
