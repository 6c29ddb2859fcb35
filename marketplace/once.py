"""Once: a request that is sent again under the same Idempotency-Key is answered as the first time, and does nothing."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Invalid
from traceability.sequencing.commands import Write

LONGEST: Final = 255
CREATED: Final = 201
FIND: Final = text("SELECT request_hash, answer FROM idempotency WHERE organisation_id = :organisation AND key = :key")
# The columns are the same for both writers; only the marks of their arguments differ.
_INSERT: Final = """
INSERT INTO idempotency (organisation_id, key, request_hash, status, answer, created_at)
VALUES ({}) ON CONFLICT DO NOTHING
"""
BY_REQUEST: Final = text(_INSERT.format(":organisation, :key, :hash, :status, CAST(:answer AS jsonb), :moment"))
BY_SEQUENCER: Final = _INSERT.format("$1, $2, $3, $4, $5, $6")


class KeyReused(Conflict):
    """The key was used for another request."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"


class SameRequestRunning(Conflict):
    """The same request was sent twice at once; one of them is being answered."""

    code: ClassVar[str] = "REQUEST_IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class Key:
    """An Idempotency-Key as one organisation sent it, with the SHA-256 of what it asked for."""

    organisation_id: int
    text: str
    request_hash: bytes


def key_of(actor: Actor, given: str | None, *request: object) -> Key | None:
    """The key of this request, None where none was given. Raises Invalid for one that is too long or not plain."""
    if given is None:
        return None
    if not 0 < len(given) <= LONGEST or not (given.isascii() and given.isprintable()):
        raise Invalid(
            "This is no idempotency key.", field="Idempotency-Key", value=given[:LONGEST],
            fix=f"Send 1 to {LONGEST} printable ASCII characters, such as a new UUID for every purchase.",
        )  # fmt: skip
    digest = hashlib.sha256(msgspec.json.encode([str(each) for each in request])).digest()
    return Key(actor.organisation_id, given, digest)


async def repeated(session: AsyncSession, key: Key | None) -> dict[str, Any] | None:
    """The first answer to this request, if there was one. Raises KeyReused where the key stood for another request."""
    if key is None:
        return None
    found = (await session.execute(FIND, {"organisation": key.organisation_id, "key": key.text})).first()
    if found is None:
        return None
    if bytes(found.request_hash) != key.request_hash:
        raise KeyReused(
            "This idempotency key was used for another request.", field="Idempotency-Key", value=key.text,
            fix="Send a new key for a new request.",
        )  # fmt: skip
    answer: dict[str, Any] = found.answer
    return answer


def _running(key: Key) -> SameRequestRunning:
    return SameRequestRunning(
        "The same request is being answered.", field="Idempotency-Key", value=key.text,
        fix="Send it again in a moment.",
    )  # fmt: skip


async def remember(session: AsyncSession, key: Key | None, answer: dict[str, Any], moment: datetime) -> dict[str, Any]:
    """Keep the answer in the transaction that did the work, and give it. Raises SameRequestRunning: undoes both."""
    if key is not None:
        row = {
            "organisation": key.organisation_id, "key": key.text, "hash": key.request_hash, "status": CREATED,
            "answer": msgspec.json.encode(answer).decode(), "moment": moment,
        }  # fmt: skip
        done = await session.execute(BY_REQUEST.bindparams(**row))
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise _running(key)
    return answer


def remembering(key: Key | None, answer: dict[str, Any], moment: datetime) -> tuple[Write, ...]:
    """The same for work that the sequencer commits: the row that goes with its command."""
    if key is None:
        return ()
    args = (key.organisation_id, key.text, key.request_hash, CREATED, answer, moment)
    return (Write(BY_SEQUENCER, args, _running(key)),)
