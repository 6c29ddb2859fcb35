"""One embedded PostgreSQL for the session, a migrated template, and a database of its own for every module."""

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from litestar import Litestar

from app.migrate import migrate
from app.process import Process, opened
from app.server import create_app
from foundation.access import Actor, issue_key, register_person
from foundation.database import Scope, Urls
from foundation.embedded import create_database, drop_database, start, stop, urls_of
from foundation.embedded.server import Server
from foundation.registry import register_facility, register_organisation
from foundation.settings import Settings, read_settings
from tests.tiers import NIGHTLY, SEED
from traceability import composing
from traceability.capture import Captured, Door, capture
from traceability.identifiers import lot_uri, new_token

# No test asserts on time, and none fails for how its examples were found. The examples of a change are always the
# same ones (`tests.tiers`); a night's are new.
hypothesis_settings.register_profile(
    "junkan", deadline=None, derandomize=not NIGHTLY, database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
hypothesis_settings.load_profile("junkan")

BASE = "http://127.0.0.1:8000"
PET = "plastics.pet"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "a long enough password"
ALL_ROLES = ("read", "capture", "trade", "claim", "declare", "admin")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Under which seed the fault programmes ran: the same again with JUNKAN_SEED."""
    terminalreporter.write_line(f"fault programmes: tier {'N' if NIGHTLY else 'PR'}, JUNKAN_SEED={SEED}")


@dataclass
class Hands:
    """A clock that a test sets; it never goes back on its own."""

    moment: datetime

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass(frozen=True)
class Firm:
    """An organisation of a test with its facility, person and key."""

    actor: Actor
    facility: str
    facility_id: int
    zone: ZoneInfo
    email: str
    key: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@dataclass
class World:
    """Registers firms, and captures for them."""

    process: Process
    clock: Hands
    firms: dict[str, Firm] = field(default_factory=dict)

    @property
    def door(self) -> Door:
        return Door(self.process.database, self.process.sequencer, self.clock)

    async def firm(self, role: str, country: str = "JP", zone: str = "Asia/Tokyo") -> Firm:
        """A new organisation of this role."""
        moment = self.clock()
        name, email = f"{role} {secrets.token_hex(3)}", f"{secrets.token_hex(6)}@example.org"
        async with self.process.database.begin(None, Scope.AUTHENTICATION) as session:
            made = await register_organisation(
                session, uri=lot_uri(BASE, new_token()), name=name, country=country, roles=[role], moment=moment
            )
            person = await register_person(
                session, organisation_id=made.id, email=email, name=f"Person of {name}", password=PASSWORD,
                roles=ALL_ROLES, moment=moment, hasher=CHEAP,
            )  # fmt: skip
            key = await issue_key(
                session, organisation_id=made.id, name="test", roles=ALL_ROLES, moment=moment, issued_by=person.id
            )
        async with self.process.database.begin(made.id) as session:
            place = await register_facility(
                session, organisation_id=made.id, uri=lot_uri(BASE, new_token()), name=f"Site of {name}",
                country=country, time_zone=zone, moment=moment,
            )  # fmt: skip
        actor = Actor(
            made.id, made.uri, made.name, frozenset({role}), country, frozenset(ALL_ROLES), "en", person_id=person.id
        )
        return Firm(actor, place.uri, place.id, ZoneInfo(zone), email, key)

    async def colleague(self, firm: Firm, *roles: str) -> Firm:
        """Another person of the same firm, with a key of their own."""
        moment, email = self.clock(), f"{secrets.token_hex(6)}@example.org"
        number = firm.actor.organisation_id
        async with self.process.database.begin(number, Scope.AUTHENTICATION) as session:
            person = await register_person(
                session, organisation_id=number, email=email, name="Colleague", password=PASSWORD, roles=roles,
                moment=moment, hasher=CHEAP,
            )  # fmt: skip
            key = await issue_key(
                session, organisation_id=number, name="own", roles=roles, moment=moment, issued_by=person.id
            )
        return replace(
            firm, actor=replace(firm.actor, roles=frozenset(roles), person_id=person.id), email=email, key=key
        )

    def at(self, firm: Firm) -> composing.At:
        return composing.At(self.clock() - timedelta(seconds=1), firm.facility, firm.zone)

    async def capture(self, firm: Firm, *events: composing.Composed) -> Captured:
        """Capture these events as one document."""
        self.clock.forward(milliseconds=5)
        return await capture(self.door, firm.actor, composing.document(events, self.clock()))

    async def stock(self, firm: Firm, grams: int, form: str = "bale", material: str = PET) -> str:
        """A new lot of the firm's own, stated as opening stock."""
        lot = lot_uri(BASE, new_token())
        made = composing.Making(lot, grams, material, form, "post", firm.actor.country)
        captured = await self.capture(firm, composing.opening(self.at(firm), made))
        assert captured.success, captured
        return lot


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="junkan-tests-"))
    folder.chmod(0o711)  # noqa: ASYNC240 - once, before anything runs
    running = await start(folder)
    yield running
    stop(running)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def template(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose secret made the roles of the cluster; the database `template_junkan` is migrated."""
    home = tmp_path_factory.mktemp("home")
    settings = read_settings({"JUNKAN_DATA_DIR": str(home), "HOME": str(home), "JUNKAN_SECRET_KEY": "x" * 40})
    owner = await create_database(server.owner_url, "template_junkan")
    await migrate(urls_of(settings, owner), datetime.now(UTC).date(), date(2025, 1, 1))
    if (removal := os.environ.get("JUNKAN_WITHOUT")) is not None:  # `make guards`: one guard is gone
        connection = await asyncpg.connect(owner)
        await connection.execute(removal)
        await connection.close()
    return settings


@pytest.fixture(scope="module")
async def urls(server: Server, template: Settings) -> AsyncIterator[Urls]:
    name = f"test_{secrets.token_hex(4)}"
    owner = await create_database(server.owner_url, name, "template_junkan")
    yield urls_of(template, owner)
    await drop_database(server.owner_url, name)


@pytest.fixture(scope="module")
def clock() -> Hands:
    return Hands(datetime.now(UTC))


@pytest.fixture(scope="module")
def settings(template: Settings) -> Settings:
    return template


@pytest.fixture(scope="module")
async def process(settings: Settings, urls: Urls, clock: Hands) -> AsyncIterator[Process]:
    async with opened(settings, urls, clock) as process:
        yield process


@pytest.fixture(scope="module")
def world(process: Process, clock: Hands) -> World:
    return World(process, clock)


@pytest.fixture(scope="module")
def app(process: Process) -> Litestar:
    return create_app(process)


async def with_key(request: httpx.Request) -> None:
    """Hook of a client: a new Idempotency-Key with each POST under /api/v1 that has none, as machines must send."""
    if request.method == "POST" and request.url.path.startswith("/api/v1/"):
        request.headers.setdefault("Idempotency-Key", new_token())


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client without lifespan: checkpoints are published by the test that needs them."""
    hooks = {"request": [with_key]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, event_hooks=hooks) as made:
        yield made


@pytest.fixture
async def owner(urls: Urls) -> AsyncIterator[asyncpg.Connection]:
    """The owner's own connection: guard tests go past the service by raw SQL."""
    connection = await asyncpg.connect(urls.owner)
    yield connection
    await connection.close()


@pytest.fixture
async def as_app(urls: Urls) -> AsyncIterator[Callable[[int | None, str], object]]:
    """Raw SQL as the runtime role: `await as_app(organisation, scope)` gives a connection inside a transaction."""
    opened_here: list[asyncpg.Connection] = []

    async def connect(organisation: int | None, scope: str = "organisation") -> asyncpg.Connection:
        connection = await asyncpg.connect(urls.app)
        opened_here.append(connection)
        await connection.execute("BEGIN")
        await connection.execute(
            "SELECT set_config('junkan.organisation', $1, true), set_config('junkan.scope', $2, true)",
            "" if organisation is None else str(organisation), scope,
        )  # fmt: skip
        return connection

    yield connect
    for connection in opened_here:
        await connection.close()
