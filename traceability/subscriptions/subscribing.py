"""Subscribing: the answers of a named query are sent to an address, as they arise or on a schedule."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.outgoing import Outgoing
from foundation.webhooks import new_secret, seal
from traceability.querying.canonical import moment_of
from traceability.querying.finding import PageToken, Paging
from traceability.querying.named import body_of, named
from traceability.querying.refusals import NoSuchQuery, SubscriptionInvalid
from traceability.querying.tables import SubscriptionRow
from traceability.querying.translating import EpcFormat
from traceability.subscriptions.schedule import schedule_of

SHORTEST: Final = 16
LONGEST: Final = 2000
MOST: Final = 100
_FIELDS: Final = frozenset(
    {"dest", "signatureToken", "stream", "schedule", "reportIfEmpty", "initialRecordTime", "@context"}
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription as it was sent, checked. `made_secret`: we made it, and tell it once."""

    dest: str
    secret: str
    made_secret: bool
    schedule: Mapping[str, Any] | None
    report_if_empty: bool
    since: datetime | None


def wanted_of(body: Mapping[str, Any], outgoing: Outgoing) -> Wanted:
    """Exactly one of `stream: true` and `schedule`, and an address. Raises SubscriptionInvalid or AddressRefused."""
    for name in body:
        if name not in _FIELDS:
            raise SubscriptionInvalid(
                "A subscription has no such field.",
                field=f"/{name}",
                value=name,
                fix=f"Use {', '.join(sorted(_FIELDS))}.",
            )
    dest, secret = body.get("dest"), body.get("signatureToken")
    if not isinstance(dest, str) or len(dest) > LONGEST:
        raise SubscriptionInvalid("Where to send to is not said.", field="/dest", fix="State a web address.")
    outgoing.check(dest)
    if secret is not None and not (isinstance(secret, str) and SHORTEST <= len(secret) <= LONGEST):
        raise SubscriptionInvalid(
            "This signs nothing safely.", field="/signatureToken", fix=f"Use at least {SHORTEST} random characters."
        )
    return Wanted(
        dest, secret or new_secret(), secret is None, _schedule(body), _truth(body, "reportIfEmpty"), _since(body)
    )


def _schedule(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    stream, schedule = _truth(body, "stream"), body.get("schedule")
    if stream == (schedule is not None):
        raise SubscriptionInvalid(
            "When to report is not said." if not stream else "A stream has no schedule.", field="/schedule",
            fix='State either "stream": true or a schedule.',
        )  # fmt: skip
    if stream:
        return None
    if not isinstance(schedule, Mapping):
        raise SubscriptionInvalid("A schedule is an object.", field="/schedule", fix='Write {"hour": "1"}.')
    return schedule


def _truth(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise SubscriptionInvalid("This is neither true nor false.", field=f"/{name}", fix="Write true or false.")
    return value


def _since(body: Mapping[str, Any]) -> datetime | None:
    value = body.get("initialRecordTime")
    if value is None:
        return None
    moment = moment_of(value) if isinstance(value, str) else None
    if moment is None:
        raise SubscriptionInvalid(
            "This is no date and time.", field="/initialRecordTime", value=str(value)[:100],
            fix="Write it with an offset: 2026-11-23T09:30:00+07:00.",
        )  # fmt: skip
    return moment


async def subscribe(
    session: AsyncSession, actor: Actor, name: str, raw: bytes, outgoing: Outgoing, key: bytes,
    wanted_format: EpcFormat, moment: datetime,
) -> tuple[SubscriptionRow, str | None]:  # fmt: skip
    """A new subscription, and the secret that we made for it (None: its maker knows it).

    Raises NoSuchQuery, QueryInvalid, SubscriptionInvalid or AddressRefused.
    """
    await named(session, actor.organisation_id, name)
    wanted = wanted_of(body_of(raw), outgoing)
    await _check_count(session, actor.organisation_id)
    due = moment
    if wanted.schedule is not None:
        first = schedule_of(wanted.schedule).after(moment)
        if first is None:
            raise SubscriptionInvalid("This moment never comes.", field="/schedule", fix="Correct the day or month.")
        due = first
    size = (await session.execute(text("SELECT size FROM log_head"))).scalar_one()
    number = secrets.token_urlsafe(16)
    row = SubscriptionRow(
        id=number, organisation_id=actor.organisation_id, query_name=name, dest=wanted.dest, created_by=actor.name,
        secret=seal(key, wanted.secret, number), schedule=dict(wanted.schedule) if wanted.schedule else None,
        report_if_empty=wanted.report_if_empty, epc_format=wanted_format.value,
        initial_record_time=wanted.since or moment, created_at=moment, reported_until=wanted.since or moment,
        # What was recorded since then is told first; its record time is looked at, so that any start before it will do.
        position=0 if wanted.since is not None and wanted.since <= moment else size, due_at=due, failures=0,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row, wanted.secret if wanted.made_secret else None


async def _check_count(session: AsyncSession, organisation_id: int) -> None:
    """What one organisation can make us send to others has an end."""
    living = (SubscriptionRow.organisation_id == organisation_id, SubscriptionRow.ended_at.is_(None))
    count = (await session.execute(select(func.count()).select_from(SubscriptionRow).where(*living))).scalar_one()
    if count >= MOST:
        raise SubscriptionInvalid(
            "There are too many subscriptions.", field="", value=count, fix=f"End some: at most {MOST} may be active."
        )


def shown(row: SubscriptionRow) -> dict[str, Any]:
    """A subscription as it is told; its secret never is."""
    said: dict[str, Any] = {
        "subscriptionID": row.id, "queryName": row.query_name, "dest": row.dest, "createdAt": _text(row.created_at),
        "createdBy": row.created_by,
        "initialRecordTime": _text(row.initial_record_time), "minRecordTime": _text(row.reported_until),
        "epcFormat": row.epc_format,
    }  # fmt: skip
    if row.schedule is None:
        said["stream"] = True
    else:
        said |= {"schedule": row.schedule, "reportIfEmpty": row.report_if_empty}
    if row.last_notified_at is not None:
        said["lastNotifiedAt"] = _text(row.last_notified_at)
    if row.last_error is not None:
        said |= {"failures": row.failures, "lastError": row.last_error}
    if row.last_failed_at is not None:
        said |= {"lastFailedAt": _text(row.last_failed_at), "lastFailure": row.last_failure}
    if row.ended_at is not None:
        said["endedAt"] = _text(row.ended_at)
    return said


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def subscriptions(
    session: AsyncSession, organisation_id: int, name: str, paging: Paging
) -> tuple[list[SubscriptionRow], str | None]:
    """One page of a query's subscriptions. Raises NoSuchQuery."""
    await named(session, organisation_id, name)
    wanted = select(SubscriptionRow).where(
        SubscriptionRow.organisation_id == organisation_id, SubscriptionRow.query_name == name
    )
    if paging.token is not None:
        if "\x00" in paging.token:
            raise PageToken("This is no token of a page.", field="nextPageToken", value=paging.token[:100])
        wanted = wanted.where(SubscriptionRow.id > paging.token)
    rows = list(await session.scalars(wanted.order_by(SubscriptionRow.id).limit(paging.size + 1)))
    page = rows[: paging.size]
    return page, page[-1].id if len(rows) > paging.size else None


async def of_queries(session: AsyncSession, organisation_id: int, names: Collection[str]) -> list[SubscriptionRow]:
    """The subscriptions of these queries, those that still send first."""
    wanted = select(SubscriptionRow).where(
        SubscriptionRow.organisation_id == organisation_id, SubscriptionRow.query_name.in_(names)
    )
    ordered = wanted.order_by(SubscriptionRow.ended_at.is_not(None), SubscriptionRow.created_at.desc())
    return list(await session.scalars(ordered.limit(2 * MOST)))


async def subscription(session: AsyncSession, organisation_id: int, name: str, number: str) -> SubscriptionRow:
    """One subscription. Raises NoSuchQuery, also for anyone else's."""
    row = await session.get(SubscriptionRow, number) if "\x00" not in number else None
    if row is None or row.organisation_id != organisation_id or row.query_name != name:
        raise NoSuchQuery("There is no such subscription.", field="subscriptionID", value=number[:100])
    return row


async def unsubscribe(session: AsyncSession, organisation_id: int, name: str, number: str) -> None:
    """End a subscription. Raises NoSuchQuery."""
    row = await subscription(session, organisation_id, name, number)
    await session.execute(delete(SubscriptionRow).where(SubscriptionRow.id == row.id))
