"""Hands: who recorded something, by name, as their own organisation may read it."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import any_, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.words import Speech
from foundation.access import Actor, PersonRow
from foundation.access.tables import ApiKeyRow

MOST: Final = 10


async def hands(t: Speech, session: AsyncSession, organisation_id: int, actors: Collection[str]) -> dict[str, str]:
    """The names behind `Actor.name`s: a person's own, a key as a machine's with the name it was given."""
    numbers = {kind: _numbers(kind, actors) for kind in ("person", "key")}
    people = select(PersonRow.id, PersonRow.name).where(
        PersonRow.organisation_id == organisation_id, PersonRow.id.in_(numbers["person"])
    )
    keys = select(ApiKeyRow.id, ApiKeyRow.name).where(
        ApiKeyRow.organisation_id == organisation_id, ApiKeyRow.id.in_(numbers["key"])
    )
    found = {f"person:{number}": name for number, name in await session.execute(people)} if numbers["person"] else {}
    if numbers["key"]:
        found |= {f"key:{number}": f"{t('hold.by_key')}: {name}" for number, name in await session.execute(keys)}
    return {actor: found.get(actor, str(t("hold.by_key"))) for actor in actors}


def _numbers(kind: str, actors: Collection[str]) -> list[int]:
    parts = (each.partition(":") for each in actors)
    return [int(number) for named, _, number in parts if named == kind and number.isdigit()]


async def mine(session: AsyncSession, actor: Actor, actors: Collection[str]) -> frozenset[str]:
    """Which of these `Actor.name`s this reader answers for: themselves, and the keys that they made."""
    if actor.answers is None:
        return frozenset()
    keys = select(ApiKeyRow.id).where(
        ApiKeyRow.organisation_id == actor.organisation_id, ApiKeyRow.issued_by == actor.answers,
        ApiKeyRow.id.in_(_numbers("key", actors)),
    )  # fmt: skip
    own = {f"person:{actor.answers}", *(f"key:{number}" for number in await session.scalars(keys))}
    return frozenset(own & set(actors))


async def clearers(session: AsyncSession, actor: Actor, recorder: int | None) -> list[str]:
    """The people of the reader's organisation who may clear what `recorder` answers for, by name."""
    wanted = select(PersonRow.name).where(
        PersonRow.organisation_id == actor.organisation_id, PersonRow.active, literal("clear") == any_(PersonRow.roles),
        PersonRow.id != (recorder or 0),
    )  # fmt: skip
    return list(await session.scalars(wanted.order_by(PersonRow.name).limit(MOST)))
