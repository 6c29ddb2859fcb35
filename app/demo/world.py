"""The world: the cast registered, the plan played to yesterday, and the credentials to walk around in it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from app.demo.cast import CAST, PASSWORD, Party, email
from app.demo.plan import MONEY, PRICE, plan
from app.demo.play import Hands, Player, Stage, play_day
from app.process import Process
from foundation.access import Actor, issue_key, register_person
from foundation.database import Scope, now
from foundation.registry import register_facility, register_organisation
from foundation.settings import public_base
from marketplace.judging import judged
from marketplace.listings import Terms
from marketplace.listings import publish as list_lot
from standards.conformity import Verdict
from traceability.controls import controls_of
from traceability.evidence import Certificate, certify
from traceability.holdings import holdings
from traceability.identifiers import lot_uri
from traceability.identifiers.own import ALPHABET, LENGTH
from traceability.log import publish
from traceability.sequencing.sequencer import Sequencer

SEED: Final = 20_261_123
"""The same seed and the same days give the same world."""

FIRST_DAY: Final = date(2025, 1, 1)
OFFERED: Final = 5
SMALLEST: Final = 1_000_000
ALL_ROLES: Final = ("read", "capture", "trade", "claim", "declare", "clear", "admin")


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody to sign in as, and their organisation's API key."""

    organisation: str
    country: str
    roles: tuple[str, ...]
    email: str
    password: str
    api_key: str


@dataclass(frozen=True, slots=True)
class World:
    """What was made, as `credentials.json` keeps it."""

    logins: tuple[Login, ...]

    def to_json(self) -> dict[str, Any]:
        return {"logins": [asdict(login) for login in self.logins]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        return cls(tuple(Login(**{**row, "roles": tuple(row["roles"])}) for row in value["logins"]))

    def told(self, address: str, file: Path) -> str:
        """What a person at the terminal needs."""
        rows = [f"  {'/'.join(each.roles):<13} {each.country}  {each.email:<38} {each.api_key}" for each in self.logins]
        return "\n".join(
            [
                "", f"  Junkan is at {address}", f"  Every login has the password {PASSWORD}", "", *rows, "",
                f"  The same is in {file}", "  Ctrl-C stops it; the next start keeps the data.", "",
            ]
        )  # fmt: skip


async def seed_world(process: Process, told: Callable[[int], None]) -> World:
    """Register everybody and play until yesterday, each act on its own day (the clock is a value)."""
    hands = Hands(datetime.combine(FIRST_DAY, time(1), tzinfo=UTC))
    random = Random(SEED)  # noqa: S311 - a world, not a secret
    async with Sequencer(process.database.writer, controls_of(process.catalogue), hands).running() as sequencer:
        stage = Stage(
            process.database, sequencer, process.catalogue, public_base(process.settings), hands, {}, random
        )  # fmt: skip
        logins = [await _register(stage, party) for party in CAST]
        await _certify(stage)
        yesterday = now().date() - timedelta(days=1)
        month = FIRST_DAY.month
        for day, acts in plan(SEED, FIRST_DAY, yesterday):
            await play_day(stage, day, acts, told)
            if day.month != month:
                month = day.month
                await publish(process.database.writer, process.keys.active, process.origin, hands)
        await _offer(stage)
    await publish(process.database.writer, process.keys.active, process.origin, now)
    return World(tuple(logins))


async def _offer(stage: Stage) -> None:
    """What the recyclers still hold at the end is on the market, with the verdicts of that day."""
    day = stage.hands.moment.date()
    for player in stage.players.values():
        if "recycler" not in player.actor.organisation_roles:
            continue
        low, _ = PRICE[player.actor.country]
        async with stage.database.begin(player.actor.organisation_id) as session:
            held = [each for each in await holdings(session, player.actor.organisation_id) if each.free > SMALLEST]
            for at, each in enumerate(held[:OFFERED]):
                verdicts = await judged(session, player.actor, stage.catalogue, each.lot, None, day)
                decided = [v for v in verdicts if v.verdict in {Verdict.CONFORMING, Verdict.INCOMPLETE}]
                terms = Terms(Decimal(low + 10 * at), MONEY[player.actor.country], SMALLEST, "FCA")
                await list_lot(
                    session, player.actor, stage.catalogue, each.lot, terms, decided, day, stage.hands.moment
                )


def _own_uri(stage: Stage) -> str:
    return lot_uri(stage.public_url, "".join(stage.random.choice(ALPHABET) for _ in range(LENGTH)))


async def _register(stage: Stage, party: Party) -> Login:
    """An organisation, its facility, its person and its key."""
    moment = stage.hands.moment
    async with stage.database.begin(None, Scope.AUTHENTICATION) as session:
        made = await register_organisation(
            session, uri=_own_uri(stage), name=party.name, country=party.country, roles=party.roles, moment=moment,
            name_public=party.name_public,
        )  # fmt: skip
        person = await register_person(
            session, organisation_id=made.id, email=email(party), name=party.person, password=PASSWORD,
            roles=ALL_ROLES, language=party.language, moment=moment,
        )  # fmt: skip
        key = await issue_key(
            session, organisation_id=made.id, name="demo", roles=ALL_ROLES, moment=now(), issued_by=person.id
        )
    actor = Actor(
        made.id, made.uri, made.name, frozenset(party.roles), party.country, frozenset(ALL_ROLES), party.language,
        person_id=person.id,
    )  # fmt: skip
    uri, zone = "", "UTC"
    if party.site is not None:
        async with stage.database.begin(made.id) as session:
            facility = await register_facility(
                session, organisation_id=made.id, uri=_own_uri(stage), name=party.site.name, country=party.country,
                time_zone=party.site.zone, moment=moment, latitude=party.site.latitude, longitude=party.site.longitude,
            )  # fmt: skip
        uri, zone = facility.uri, party.site.zone
    stage.players[party.key] = Player(actor, uri, ZoneInfo(zone))
    return Login(party.name, party.country, party.roles, email(party), PASSWORD, key)


async def _certify(stage: Stage) -> None:
    """Every recycler's scope certificate, year by year."""
    for key, player in stage.players.items():
        if "recycler" not in player.actor.organisation_roles:
            continue
        for year in range(FIRST_DAY.year, now().year + 1):
            stated = Certificate(
                "te-grs", "scope", f"MC-{key.upper()}-{year}", "Mekong Conformity", ("plastics.pet",),
                date(year, 1, 1), date(year, 12, 31),
            )  # fmt: skip
            async with stage.database.begin(player.actor.organisation_id) as session:
                await certify(session, stage.sequencer, player.actor, stated, stage.hands.moment)
            stage.hands.moment += timedelta(seconds=1)
