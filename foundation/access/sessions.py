"""People and their sessions: argon2 passwords, lock-out without telling, tokens that are kept only as hashes."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Row, case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access.actor import Actor
from foundation.access.keys import check_roles
from foundation.access.tables import PersonRow, SessionRow
from foundation.errors import Conflict, Invalid, NotFound, Unauthenticated
from foundation.registry import Organisation

LASTS: Final = timedelta(hours=12)
TRIES: Final = 10
LOCKED: Final = timedelta(minutes=15)
SHORTEST_PASSWORD: Final = 12
HASHER: Final = PasswordHasher()


@cache
def _nobody(hasher: PasswordHasher) -> str:
    """A hash to check against for an unknown address: the answer takes as long as for a known one."""
    return hasher.hash(secrets.token_urlsafe())


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def register_person(
    session: AsyncSession, *, organisation_id: int, email: str, name: str, password: str, roles: Iterable[str],
    moment: datetime, language: str = "en", hasher: PasswordHasher = HASHER,
) -> PersonRow:  # fmt: skip
    """A new person of an organisation. Raises Invalid or Conflict. Needs the authentication scope."""
    address = email.strip().lower()
    if "@" not in address:
        raise Invalid("This is no mail address.", field="email", value=email, fix="Use name@example.org.")
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            "The password is too short.", field="password", fix=f"Use at least {SHORTEST_PASSWORD} characters."
        )
    if (await session.execute(select(PersonRow.id).where(PersonRow.email == address))).first():
        raise Conflict("Somebody is registered under this address.", field="email")
    made = PersonRow(
        organisation_id=organisation_id, email=address, name=name.strip(), password_hash=hasher.hash(password),
        roles=check_roles(roles), language=language, active=True, failed_logins=0, locked_until=None,
        created_at=moment,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    return made


async def sign_in(
    session: AsyncSession, email: str, password: str, moment: datetime, hasher: PasswordHasher = HASHER
) -> str | None:
    """A new session's token, or None in the same time for every reason (commit either way: tries are counted)."""
    person = await _counted(session, email.strip().lower(), moment)
    kept = person.password_hash if person else None
    if not await asyncio.to_thread(_fits, hasher, kept, password) or person is None:
        return None
    opened = update(PersonRow).where(PersonRow.id == person.id).values(failed_logins=0, locked_until=None)
    await session.execute(opened)
    token = secrets.token_urlsafe(32)
    session.add(
        SessionRow(
            token_hash=_hash(token), person_id=person.id, organisation_id=person.organisation_id, created_at=moment,
            expires_at=moment + LASTS,
        )
    )  # fmt: skip
    await session.execute(delete(SessionRow).where(SessionRow.person_id == person.id, SessionRow.expires_at <= moment))
    return token


async def _counted(session: AsyncSession, email: str, moment: datetime) -> Row[int, int, str] | None:
    """Who may try now, the try counted before it is looked at: tries at the same time cannot outrun the lock."""
    last = PersonRow.failed_logins + 1 >= TRIES
    tried = (
        update(PersonRow)
        .where(PersonRow.email == email, PersonRow.active)
        .where(PersonRow.locked_until.is_(None) | (PersonRow.locked_until <= moment))
        .values(
            failed_logins=case((last, 0), else_=PersonRow.failed_logins + 1),
            locked_until=case((last, moment + LOCKED), else_=None),
        )
        .returning(PersonRow.id, PersonRow.organisation_id, PersonRow.password_hash)
    )
    return (await session.execute(tried)).one_or_none()


def _fits(hasher: PasswordHasher, kept: str | None, password: str) -> bool:
    """Whether this is the password; `None` (nobody) costs as much."""
    try:
        return bool(hasher.verify(kept or _nobody(hasher), password)) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


async def sign_out(session: AsyncSession, token: str) -> None:
    """The session is over."""
    await session.execute(delete(SessionRow).where(SessionRow.token_hash == _hash(token)))


async def disable_person(session: AsyncSession, *, organisation_id: int, person_id: int) -> None:
    """This person signs in no more, and every session of theirs is over. Raises NotFound."""
    disabled = (
        update(PersonRow)
        .where(PersonRow.id == person_id, PersonRow.organisation_id == organisation_id)
        .values(active=False)
        .returning(PersonRow.id)
    )
    if (await session.execute(disabled)).first() is None:
        raise NotFound("There is no such person.", field="person", value=person_id)
    await session.execute(delete(SessionRow).where(SessionRow.person_id == person_id))


async def set_language(session: AsyncSession, person_id: int, language: str) -> None:
    """Remember the language a person chose."""
    await session.execute(update(PersonRow).where(PersonRow.id == person_id).values(language=language))


async def actor_of_session(session: AsyncSession, token: str, moment: datetime) -> Actor:
    """Who holds this session. Raises Unauthenticated where it is over or its person was disabled."""
    found = (
        await session.execute(
            select(PersonRow, Organisation)
            .join(SessionRow, SessionRow.person_id == PersonRow.id)
            .join(Organisation, Organisation.id == PersonRow.organisation_id)
            .where(SessionRow.token_hash == _hash(token), SessionRow.expires_at > moment, PersonRow.active)
        )
    ).first()
    if found is None:
        raise Unauthenticated("You are not signed in any more.", fix="Sign in again.")
    person, firm = found
    return Actor(
        firm.id, firm.uri, firm.name, frozenset(firm.roles), firm.country, frozenset(person.roles), person.language,
        person_id=person.id, person_name=person.name,
    )  # fmt: skip


def csrf_token(session_token: str) -> str:
    """What a form of this session must carry: it follows from the session, and says nothing about it."""
    return hmac.new(session_token.encode(), b"junkan form", hashlib.sha256).hexdigest()


def csrf_fits(session_token: str, given: str) -> bool:
    """Whether a form came from our own page."""
    return hmac.compare_digest(csrf_token(session_token), given)
