"""The registry: who takes part (organisations with roles) and where (facilities with permits and a time zone)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Identity, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from foundation.database import Base
from foundation.errors import Conflict, Forbidden, Invalid, NotFound

ROLES = frozenset(
    {
        "collector", "sorter", "recycler", "compounder", "manufacturer", "producer", "pro", "certifier",
        "laboratory", "trader", "regulator",
    }
)  # fmt: skip


class Organisation(Base):
    """A legal party. `uri` names it in events (a GS1 party key, or our own https URI)."""

    __tablename__ = "organisation"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    uri: Mapped[str]
    name: Mapped[str]
    country: Mapped[str]
    roles: Mapped[list[str]]
    gs1_prefixes: Mapped[list[str]]
    name_public: Mapped[bool]
    created_at: Mapped[datetime]


class Facility(Base):
    """A place where material is handled; its time zone decides the day and so the period of an event."""

    __tablename__ = "facility"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    organisation_id: Mapped[int]
    uri: Mapped[str]
    name: Mapped[str]
    country: Mapped[str]
    time_zone: Mapped[str]
    latitude: Mapped[Decimal | None]
    longitude: Mapped[Decimal | None]
    created_at: Mapped[datetime]


class Permit(Base):
    """What a facility may process, how much a day, and when; a fact of the log (`fact_index`)."""

    __tablename__ = "permit"
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    facility_id: Mapped[int]
    organisation_id: Mapped[int]
    number: Mapped[str]
    authority: Mapped[str]
    process: Mapped[str]
    material: Mapped[str]
    grams_per_day: Mapped[int | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    fact_index: Mapped[int]


@dataclass(frozen=True, slots=True)
class Place:
    """What an event needs to know of a facility."""

    id: int
    organisation_id: int
    country: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Directory:
    """Organisations and facilities by the URIs that a document names; what is not known is absent."""

    parties: Mapping[str, int]
    places: Mapping[str, Place]


async def directory(session: AsyncSession, uris: Iterable[str]) -> Directory:
    """Look the named parties and places up, two statements whatever their number."""
    wanted = list(set(uris))
    if not wanted:
        return Directory({}, {})
    parties = await session.execute(select(Organisation.uri, Organisation.id).where(Organisation.uri.in_(wanted)))
    columns = (Facility.uri, Facility.id, Facility.organisation_id, Facility.country, Facility.time_zone)
    places = await session.execute(select(*columns).where(Facility.uri.in_(wanted)))
    return Directory(
        {row.uri: row.id for row in parties},
        {uri: Place(number, owner, country, ZoneInfo(zone)) for uri, number, owner, country, zone in places},
    )


def _country(value: str) -> str:
    code = value.strip().upper()
    if len(code) != 2 or not code.isascii() or not code.isalpha():
        raise Invalid(f"{value} is no country code.", field="country", value=value, fix="Use two letters, such as JP.")
    return code


async def register_organisation(
    session: AsyncSession, *, uri: str, name: str, country: str, roles: Iterable[str], moment: datetime,
    name_public: bool = False,
) -> Organisation:  # fmt: skip
    """A new organisation. Raises Invalid or Conflict. Needs the authentication scope."""
    wanted = sorted(set(roles))
    unknown = [role for role in wanted if role not in ROLES]
    if unknown or not wanted:
        raise Invalid(
            f"{unknown[0] if unknown else 'No role'} is no role.", field="roles", value=unknown,
            fix=f"Use one or more of {', '.join(sorted(ROLES))}.",
        )  # fmt: skip
    if not name.strip():
        raise Invalid("An organisation needs a name.", field="name", value=name, fix="State its legal name.")
    if (await session.execute(select(Organisation.id).where(Organisation.uri == uri))).first():
        raise Conflict("An organisation with this identity is registered.", field="uri", value=uri)
    made = Organisation(
        uri=uri, name=name.strip(), country=_country(country), roles=wanted, gs1_prefixes=[], name_public=name_public,
        created_at=moment,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    return made


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())  # walks through the whole database of zones, each time


async def register_facility(
    session: AsyncSession, *, organisation_id: int, uri: str, name: str, country: str, time_zone: str,
    moment: datetime, latitude: Decimal | None = None, longitude: Decimal | None = None,
) -> Facility:  # fmt: skip
    """A new facility of this organisation. Raises Invalid or Conflict."""
    if time_zone not in _time_zones():
        raise Invalid(
            f"{time_zone} is no time zone.", field="time_zone", value=time_zone, fix="Use a name such as Asia/Tokyo."
        )
    if (await session.execute(select(Facility.id).where(Facility.uri == uri))).first():
        raise Conflict("A facility with this identity is registered.", field="uri", value=uri)
    made = Facility(
        organisation_id=organisation_id, uri=uri, name=name.strip(), country=_country(country), time_zone=time_zone,
        latitude=latitude, longitude=longitude, created_at=moment,
    )  # fmt: skip
    session.add(made)
    await session.flush()
    return made


async def organisation(session: AsyncSession, number: int) -> Organisation:
    """One organisation. Raises NotFound."""
    found = await session.get(Organisation, number)
    if found is None:
        raise NotFound("There is no such organisation.", field="organisation", value=number)
    return found


async def facilities(session: AsyncSession, organisation_id: int) -> list[Facility]:
    """The facilities of one organisation, oldest first."""
    rows = await session.scalars(
        select(Facility).where(Facility.organisation_id == organisation_id).order_by(Facility.id)
    )
    return list(rows)


async def own_facility(session: AsyncSession, organisation_id: int, number: int) -> Facility:
    """A facility that this organisation speaks for. Raises Forbidden for anyone else's, known or not."""
    found = await session.get(Facility, number)
    if found is None or found.organisation_id != organisation_id:
        raise Forbidden("This facility is not yours.", field="facility", value=number)
    return found
