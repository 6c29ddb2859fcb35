"""Idempotency: a POST that is sent again is answered again, and done once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.errors import Invalid, Refusal

LONGEST: Final = 255
TAKE: Final = """
INSERT INTO idempotency (organisation_id, key, request_hash, status, answer, created_at)
VALUES ($1, $2, $3, 200, $4, $5) ON CONFLICT DO NOTHING
"""
KEEP: Final = text(
    "INSERT INTO idempotency (organisation_id, key, request_hash, status, answer, created_at)"
    " VALUES (:organisation, :key, :hash, :status, CAST(:answer AS jsonb), :moment)"
    " ON CONFLICT DO NOTHING RETURNING 1"
)
LOCK: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, :organisation))")
FIND: Final = text(
    "SELECT key, request_hash, status, answer FROM idempotency"
    " WHERE organisation_id = :organisation AND key IN (:answered, :taken)"
)


class KeyMissing(Refusal):
    """A request of a machine that changes something needs an Idempotency-Key: it may be sent again when its answer is
    lost, and must then not be done twice."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "IDEMPOTENCY_KEY_MISSING"


class KeyReused(Refusal):
    """An Idempotency-Key stands for one request; another one came with it."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"


class StillRunning(Refusal):
    """The request with this Idempotency-Key is under way; ask again in a moment."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "IDEMPOTENCY_KEY_IN_USE"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request by its key; `request_hash` is the SHA-256 of method, path and body."""

    organisation_id: int
    key: str
    request_hash: bytes

    @property
    def answered(self) -> str:
        """The row of the answer; the client's own text is kept only as a hash, because it may hold anything."""
        return f"answer {hashlib.sha256(self.key.encode()).hexdigest()}"

    @property
    def taken(self) -> str:
        """The row of the effect."""
        return f"taken {hashlib.sha256(self.key.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Saved:
    """What was answered the first time."""

    status: int
    answer: dict[str, Any]


def asked(organisation_id: int, key: str, method: str, path: str, body: bytes) -> Asked:
    """A request by its key. Raises Invalid for a key of no or more than 255 characters."""
    if not 1 <= len(key) <= LONGEST:
        raise Invalid(
            "An Idempotency-Key has 1 to 255 characters.", field="Idempotency-Key", value=len(key),
            fix="Send a new random text, such as a UUID, with each new request.",
        )  # fmt: skip
    digest = hashlib.sha256(b"\0".join([method.encode(), path.encode(), body])).digest()
    return Asked(organisation_id, key, digest)


async def replay(session: AsyncSession, request: Asked) -> Saved | None:
    """The answer to give again, or None: then this transaction alone may go on with the request.

    Raises StillRunning while another transaction holds the key, KeyReused where it stood for another request.
    Where only the effect is known (the process died before its answer was kept) that is answered.
    """
    held = await session.scalar(LOCK, {"key": request.answered, "organisation": request.organisation_id})
    if not held:
        raise still_running(request)
    names = {"organisation": request.organisation_id, "answered": request.answered, "taken": request.taken}
    rows = {row.key: row for row in await session.execute(FIND, names)}
    if not rows:
        return None
    if any(row.request_hash != request.request_hash for row in rows.values()):
        raise KeyReused(
            "This Idempotency-Key came with another request before.", field="Idempotency-Key", value=request.key,
            fix="Send a new key with a new request, and the same key only with the very same one.",
        )  # fmt: skip
    first = rows.get(request.answered) or rows[request.taken]
    return Saved(first.status, first.answer)


async def keep(session: AsyncSession, request: Asked, status: int, answer: str, moment: datetime) -> None:
    """Save the answer (JSON text) in the transaction of what was done. Raises StillRunning where it is there."""
    values = {
        "organisation": request.organisation_id, "key": request.answered, "hash": request.request_hash,
        "status": status, "answer": answer, "moment": moment,
    }  # fmt: skip
    if (await session.execute(KEEP, values)).first() is None:
        raise still_running(request)


def take(request: Asked, done: dict[str, Any], moment: datetime) -> tuple[str, tuple[Any, ...]]:
    """SQL and arguments of the row that commits with an effect elsewhere: no row written means it was done before."""
    return TAKE, (request.organisation_id, request.taken, request.request_hash, done, moment)


def still_running(request: Asked) -> StillRunning:
    """The refusal for the second of two at the same time."""
    return StillRunning(
        "The request with this Idempotency-Key is under way.", field="Idempotency-Key", value=request.key,
        fix="Send the very same request again in a moment.",
    )  # fmt: skip
