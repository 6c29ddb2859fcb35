"""API keys: made once, shown once, kept as a hash with a visible prefix."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access.actor import ROLES, Actor
from foundation.access.tables import ApiKeyRow
from foundation.errors import Invalid, NotFound, Unauthenticated
from foundation.registry import Organisation

LONGEST: Final = timedelta(days=365)
USED_EVERY: Final = timedelta(minutes=15)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def check_roles(roles: Iterable[str]) -> list[str]:
    """Roles as they are kept. Raises Invalid for an unknown one or none."""
    wanted = sorted(set(roles))
    unknown = [role for role in wanted if role not in ROLES]
    if unknown or not wanted:
        raise Invalid(
            "No such role.", field="roles", value=unknown, fix=f"Use one or more of {', '.join(sorted(ROLES))}."
        )
    return wanted


async def issue_key(
    session: AsyncSession, *, organisation_id: int, name: str, roles: Iterable[str], moment: datetime,
    lasts: timedelta = LONGEST, issued_by: int | None = None,
) -> str:  # fmt: skip
    """A new key, answered in clear this once; `issued_by` is the person who answers for it.

    Raises Invalid beyond a year or for unknown roles.
    """
    if not timedelta(0) < lasts <= LONGEST:
        raise Invalid("A key lasts at most a year.", field="lasts", value=lasts.days, fix="Ask for 1 to 365 days.")
    prefix = f"jk_live_{secrets.token_hex(4)}"
    key = f"{prefix}_{secrets.token_urlsafe(32)}"
    session.add(
        ApiKeyRow(
            organisation_id=organisation_id, name=name, prefix=prefix, key_hash=_hash(key), roles=check_roles(roles),
            created_at=moment, expires_at=moment + lasts, issued_by=issued_by,
        )
    )  # fmt: skip
    await session.flush()
    return key


async def revoke_key(session: AsyncSession, *, organisation_id: int, number: int, moment: datetime) -> None:
    """The key opens nothing from now on. Raises NotFound."""
    done = await session.execute(
        update(ApiKeyRow)
        .where(ApiKeyRow.id == number, ApiKeyRow.organisation_id == organisation_id, ApiKeyRow.revoked_at.is_(None))
        .values(revoked_at=moment)
        .returning(ApiKeyRow.id)
    )
    if done.first() is None:
        raise NotFound("There is no such key.", field="key", value=number)


async def keys_of(session: AsyncSession, organisation_id: int) -> list[ApiKeyRow]:
    """The organisation's keys, newest first; nothing that could be used as one."""
    rows = select(ApiKeyRow).where(ApiKeyRow.organisation_id == organisation_id).order_by(ApiKeyRow.id.desc())
    return list(await session.scalars(rows))


async def actor_of_key(session: AsyncSession, key: str, moment: datetime) -> Actor:
    """Who speaks with this key. Raises Unauthenticated, in the same words for every reason."""
    found = (
        await session.execute(
            select(ApiKeyRow, Organisation)
            .join(Organisation, Organisation.id == ApiKeyRow.organisation_id)
            .where(ApiKeyRow.key_hash == _hash(key), ApiKeyRow.revoked_at.is_(None), ApiKeyRow.expires_at > moment)
        )
    ).first()
    if found is None:
        raise Unauthenticated("This API key is unknown, expired or revoked.", fix="Use a valid key.")
    row, firm = found
    if row.last_used_at is None or moment - row.last_used_at > USED_EVERY:
        await session.execute(update(ApiKeyRow).where(ApiKeyRow.id == row.id).values(last_used_at=moment))
    return Actor(
        firm.id, firm.uri, firm.name, frozenset(firm.roles), firm.country, frozenset(row.roles), "en", key_id=row.id,
        issuer_id=row.issued_by,
    )  # fmt: skip


async def answers_for(session: AsyncSession, organisation_id: int, name: str) -> int | None:
    """The person who answers for what the record says `name` did (`Actor.name`); None where nobody is known."""
    kind, _, number = name.partition(":")
    if not number.isdigit():
        return None
    if kind == "person":
        return int(number)
    own = select(ApiKeyRow.issued_by).where(ApiKeyRow.id == int(number), ApiKeyRow.organisation_id == organisation_id)
    return await session.scalar(own)
