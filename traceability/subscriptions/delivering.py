"""Delivering: what subscriptions are owed is sent, in the order of the record, each message until it is taken."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select, text, update

from foundation.database import Clock, Database, Scope
from foundation.errors import Refusal
from foundation.outgoing import NotSent, Outgoing
from foundation.webhooks import signed, unseal
from traceability.querying.answering import Reader, writing
from traceability.querying.finding import FoundEvent, Paging
from traceability.querying.named import named, plan_of_row
from traceability.querying.tables import SubscriptionRow
from traceability.querying.translating import EpcFormat, Written
from traceability.subscriptions.schedule import schedule_of

PAGE: Final = 100
"""Events of one message."""

RETRIES: Final = tuple(timedelta(seconds=s) for s in (5, 60, 300, 1800, 7200, 18000, 36000, 36000))
"""How long we wait after each failure in a row; behind the last one the subscription ends."""

GONE: Final = 410

LEASE: Final = timedelta(seconds=120)
"""So long one process may be about a subscription; whoever dies loses it then, and another one goes on."""

WORKERS: Final = 8
"""Subscriptions that a process serves at the same time: a receiver that is slow holds up few others."""

Documented = Callable[..., bytes]


@dataclass(frozen=True, slots=True)
class Courier:
    """What delivering needs of the process. `document` writes events as the standard's document, `key` unseals."""

    database: Database
    outgoing: Outgoing
    key: bytes
    clock: Clock
    document: Documented


@dataclass(frozen=True, slots=True)
class Owed:
    """Events to tell (perhaps none), how they are written, and the position behind them; `more` wait behind it."""

    events: tuple[FoundEvent, ...]
    write: Written | None
    position: int
    more: bool


async def deliver_next(courier: Courier) -> bool:
    """Serve one subscription that is due; False where none is.

    It is taken for the time of a lease, in a transaction of its own: of several processes one serves it, and none
    holds a connection while it waits for a receiver. A process that dies lets it run out, and the message is sent
    again under the same id.
    """
    now = courier.clock()
    taken = await _taken(courier, now)
    if taken is None:
        return False
    row, size = taken
    try:
        async with asyncio.timeout(LEASE.total_seconds() / 2):
            owed = await _owed(courier, row, size)
            status = await _send(courier, row, owed, now)
    except (Refusal, NotSent) as fault:
        outcome = _failed(row, str(fault), now)
    except TimeoutError:
        outcome = _failed(row, "it took too long", now)
    else:
        outcome = _done(row, owed, status, now)
    async with courier.database.begin(None, Scope.DELIVERY) as session:
        # Whoever holds it no more, because the lease ran out or the subscription ended, keeps nothing.
        mine = (SubscriptionRow.id == row.id, SubscriptionRow.due_at == row.due_at)
        await session.execute(update(SubscriptionRow).where(*mine).values(outcome))
    return True


async def _taken(courier: Courier, now: datetime) -> tuple[SubscriptionRow, int] | None:
    """The subscription that is due the longest, leased to us, and the size of the log."""
    async with courier.database.begin(None, Scope.DELIVERY) as session:
        size = (await session.execute(text("SELECT size FROM log_head"))).scalar_one()
        row = await session.scalar(
            select(SubscriptionRow)
            .where(*_due(now, size))
            .order_by(SubscriptionRow.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.due_at = now + LEASE
        return row, size


def _due(now: datetime, size: int) -> tuple[ColumnElement[bool], ...]:
    """A schedule's time has come, or the log has grown behind a stream."""
    grown = or_(SubscriptionRow.schedule.is_not(None), SubscriptionRow.position < size)
    return SubscriptionRow.ended_at.is_(None), SubscriptionRow.due_at <= now, grown


async def _waiting(courier: Courier) -> bool:
    """Whether anything is due at all: most of the time nothing is, and no worker has to get up."""
    async with courier.database.begin(None, Scope.DELIVERY) as session:
        size = (await session.execute(text("SELECT size FROM log_head"))).scalar_one()
        wanted = select(SubscriptionRow.id).where(*_due(courier.clock(), size)).limit(1)
        return await session.scalar(wanted) is not None


async def _owed(courier: Courier, row: SubscriptionRow, size: int) -> Owed:
    """What the query finds between the subscription's position and the end of the log, as its owner may see it."""
    async with courier.database.begin(row.organisation_id) as session:
        query = await named(session, row.organisation_id, row.query_name)
        reader = Reader(session, courier.database.writer, row.organisation_id, {})
        names = await reader.names(query.query.get("@context"))
        asked = plan_of_row(query, names)
        since = max(asked.record_from or row.initial_record_time, row.initial_record_time)
        # Every event, in the order of the record: orders and limits are for whoever asks by hand.
        plan = replace(
            asked, order=None, limit=None, most=None, record_from=since, index_from=row.position, index_before=size
        )
        page = await reader.found(plan, Paging(PAGE), names)
        write = await writing(session, EpcFormat(row.epc_format))
        more = page.following is not None
        return Owed(page.events, write, page.events[-1].index + 1 if more else size, more)


async def _send(courier: Courier, row: SubscriptionRow, owed: Owed, now: datetime) -> int | None:
    """The status of the answer; None where there was nothing to tell. Raises NotSent or AddressRefused."""
    if not owed.events and not (row.schedule is not None and row.report_if_empty):
        return None
    secret = unseal(courier.key, row.secret, row.id)
    if secret is None:
        raise NotSent("the secret cannot be read any more: subscribe again")
    body = courier.document(owed.events, now, name=row.query_name, subscription=row.id, write=owed.write)
    # Of an empty report the last one's moment tells which one it is: its position may not have moved.
    part = str(owed.position) if owed.events else f"{owed.position}.{int(row.reported_until.timestamp())}"
    headers = signed(secret, f"{row.id}.{part}", now, body)
    headers |= {
        "GS1-Signature": headers["webhook-signature"], "Content-Type": "application/json", "User-Agent": "Junkan",
        "GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0",
    }  # fmt: skip
    return (await courier.outgoing.post(row.dest, body, headers)).status


def _done(row: SubscriptionRow, owed: Owed, status: int | None, now: datetime) -> dict[str, Any]:
    if status is not None and not 200 <= status < 300:
        return _failed(row, f"answered {status}", now, gone=status == GONE)
    outcome: dict[str, Any] = {"position": owed.position, "failures": 0, "last_error": None, "due_at": now}
    if status is not None:
        outcome["last_notified_at"] = now
    if owed.more:
        return outcome
    outcome["reported_until"] = now
    if row.schedule is not None:
        following = schedule_of(row.schedule).after(now)
        outcome |= {"ended_at": now} if following is None else {"due_at": following}
    return outcome


def _failed(row: SubscriptionRow, why: str, now: datetime, *, gone: bool = False) -> dict[str, Any]:
    """The position stays: the same events are tried again later."""
    said = why[:500]
    outcome: dict[str, Any] = {"last_error": said, "failures": row.failures + 1}
    outcome |= {"last_failure": said, "last_failed_at": now}
    if gone or row.failures >= len(RETRIES):
        return outcome | {"ended_at": now}
    return outcome | {"due_at": now + RETRIES[row.failures]}


async def deliver_all(courier: Courier, most: int = 200) -> int:
    """Serve what is due now, several at a time, each worker at most so many; returns how many were served."""

    async def work() -> int:
        served = 0
        while served < most and await deliver_next(courier):
            served += 1
        return served

    if not await _waiting(courier):
        return 0
    async with asyncio.TaskGroup() as group:
        workers = [group.create_task(work()) for _ in range(WORKERS)]
    return sum(each.result() for each in workers)
