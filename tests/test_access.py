"""Who may: tries are counted whatever their order, tokens and keys are kept as hashes, no rule is empty."""

import asyncio
import hashlib
from datetime import datetime, timedelta

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.access import (
    PUBLIC,
    SIGNED_IN,
    UNASKED,
    Actor,
    May,
    Organisation,
    actor_of_key,
    actor_of_session,
    allowed,
    csrf_token,
    disable_person,
    issue_key,
    sign_in,
    sign_out,
)
from foundation.access.actor import ROLES
from foundation.access.keys import USED_EVERY
from foundation.access.sessions import LASTS, LOCKED, TRIES
from foundation.database import Scope
from foundation.errors import Forbidden, Invalid, NotFound, Unauthenticated
from tests.conftest import CHEAP, PASSWORD, Firm, World

WRONG = "not the password at all"


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


async def _try(world: World, firm: Firm, password: str, moment: datetime | None = None) -> str | None:
    async with world.process.database.begin(None, Scope.AUTHENTICATION) as session:
        return await sign_in(session, firm.email, password, moment or world.clock(), CHEAP)


async def _actor(world: World, token: str, moment: datetime | None = None) -> Actor:
    async with world.process.database.begin(None, Scope.AUTHENTICATION) as session:
        return await actor_of_session(session, token, moment or world.clock())


async def test_tries_at_the_same_time_cannot_outrun_the_lock(world: World, firm: Firm) -> None:
    assert await asyncio.gather(*(_try(world, firm, WRONG) for _ in range(TRIES))) == [None] * TRIES
    assert await _try(world, firm, PASSWORD) is None
    later = world.clock() + LOCKED
    assert await _try(world, firm, PASSWORD, later - timedelta(seconds=1)) is None
    assert await _try(world, firm, PASSWORD, later) is not None


async def test_the_right_password_ends_the_count(world: World, firm: Firm) -> None:
    for _ in range(2):
        for _ in range(TRIES - 1):
            assert await _try(world, firm, WRONG) is None
        assert await _try(world, firm, PASSWORD) is not None


async def test_unknown_locked_and_wrong_are_answered_alike(client: httpx.AsyncClient, world: World, firm: Firm) -> None:
    locked = await world.firm("recycler")
    for _ in range(TRIES):
        await _try(world, locked, WRONG)
    answers = set()
    for email, password in ((firm.email, WRONG), (locked.email, PASSWORD), ("nobody@example.org", PASSWORD)):
        answer = await client.post("/sign-in", data={"email": email, "password": password})
        answers.add((answer.status_code, answer.text.replace(email, "")))
    assert len(answers) == 1


async def test_only_the_hash_of_a_session_is_kept_and_it_ends_at_its_time(
    world: World, firm: Firm, owner: asyncpg.Connection
) -> None:
    token = await _try(world, firm, PASSWORD)
    assert token is not None
    assert len(token) >= 43  # 256 bits
    kept = [row[0] for row in await owner.fetch("SELECT token_hash FROM session")]
    assert hashlib.sha256(token.encode()).digest() in kept
    assert (await _actor(world, token)).organisation_id == firm.actor.organisation_id
    with pytest.raises(Unauthenticated):
        await _actor(world, token, world.clock() + LASTS)


async def test_a_session_ends_with_signing_out_and_with_its_person(world: World, firm: Firm) -> None:
    tokens = [await _try(world, firm, PASSWORD) for _ in range(2)]
    first, second = (token for token in tokens if token)
    async with world.process.database.begin(None, Scope.AUTHENTICATION) as session:
        await sign_out(session, first)
    with pytest.raises(Unauthenticated):
        await _actor(world, first)
    assert await _actor(world, second)
    person, own = firm.actor.person_id, firm.actor.organisation_id
    assert person is not None
    async with world.process.database.begin(own) as session:
        with pytest.raises(NotFound):
            await disable_person(session, organisation_id=own + 1, person_id=person)
        await disable_person(session, organisation_id=own, person_id=person)
    with pytest.raises(Unauthenticated):
        await _actor(world, second)
    assert await _try(world, firm, PASSWORD) is None


async def test_signing_in_again_ends_the_session_before(client: httpx.AsyncClient, world: World, firm: Firm) -> None:
    body = {"email": firm.email, "password": PASSWORD}
    assert (await client.post("/sign-in", data=body)).status_code == 303
    first = client.cookies["junkan"]
    form = await client.get("/sign-in")
    assert form.status_code == 200
    async with world.process.database.begin(None, Scope.AUTHENTICATION) as session:
        assert await actor_of_session(session, first, world.clock())
    from_form = await client.post("/sign-in", data=body, headers={"X-CSRF-Token": csrf_token(first)})
    assert from_form.status_code == 303
    assert client.cookies["junkan"] != first
    with pytest.raises(Unauthenticated):
        await _actor(world, first)


async def test_a_key_is_kept_as_a_hash_with_its_prefix(world: World, firm: Firm, owner: asyncpg.Connection) -> None:
    row = await owner.fetchrow(
        "SELECT prefix, key_hash, name, roles FROM api_key WHERE organisation_id = $1", firm.actor.organisation_id
    )
    assert firm.key.startswith(f"{row['prefix']}_")
    assert row["prefix"].startswith("jk_live_")
    assert row["key_hash"] == hashlib.sha256(firm.key.encode()).digest()


@pytest.mark.parametrize("days", [0, -1, 366])
async def test_a_key_lasts_at_most_a_year(world: World, firm: Firm, days: int) -> None:
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        with pytest.raises(Invalid):
            await issue_key(
                session, organisation_id=firm.actor.organisation_id, name="x", roles=["read"], moment=world.clock(),
                lasts=timedelta(days=days),
            )  # fmt: skip


async def test_an_expired_key_opens_nothing(world: World, firm: Firm) -> None:
    async with world.process.database.begin(None, Scope.AUTHENTICATION) as session:
        assert await actor_of_key(session, firm.key, world.clock())
        with pytest.raises(Unauthenticated):
            await actor_of_key(session, firm.key, world.clock() + timedelta(days=365))


async def test_use_of_a_key_is_noted_but_not_with_every_request(
    world: World, firm: Firm, owner: asyncpg.Connection
) -> None:
    async def used(moment: datetime) -> datetime:
        async with world.process.database.begin(None, Scope.AUTHENTICATION) as session:
            await actor_of_key(session, firm.key, moment)
        query = "SELECT last_used_at FROM api_key WHERE organisation_id = $1"
        noted: datetime = await owner.fetchval(query, firm.actor.organisation_id)
        return noted

    start = world.clock()
    assert await used(start) == start
    assert await used(start + USED_EVERY) == start
    later = start + USED_EVERY + timedelta(seconds=1)
    assert await used(later) == later


async def test_a_key_gives_no_more_than_its_maker_may(client: httpx.AsyncClient, firm: Firm) -> None:
    more = await client.post("/api/v1/keys", json={"name": "x", "roles": ["signatory"]}, headers=firm.bearer)
    assert more.status_code == 403
    none = await client.post("/api/v1/keys", json={"name": "x", "roles": []}, headers=firm.bearer)
    assert none.status_code == 422
    unknown = await client.post("/api/v1/keys", json={"name": "x", "roles": ["emperor"]}, headers=firm.bearer)
    assert unknown.status_code in {400, 403}


def _made(roles: frozenset[str]) -> Actor:
    return Actor(1, "urn:x", "X", frozenset({"recycler"}), "JP", roles, "en", key_id=1)


@given(st.frozensets(st.sampled_from(sorted(ROLES))))
def test_an_empty_requirement_never_lets_anyone_pass(roles: frozenset[str]) -> None:
    with pytest.raises(AssertionError):
        _made(roles).must()


@given(st.frozensets(st.sampled_from(sorted(ROLES))), st.sampled_from(sorted(ROLES)))
def test_a_role_lets_pass_exactly_whoever_has_it(roles: frozenset[str], wanted: str) -> None:
    try:
        allowed(May(wanted), _made(roles))
        passed = True
    except Forbidden:
        passed = False
    assert passed == (wanted in roles)


def test_no_rule_names_nothing_or_what_nobody_can_be() -> None:
    for make in (lambda: May(""), lambda: May("emperor"), Organisation, lambda: Organisation("emperor")):
        with pytest.raises(AssertionError):
            make()


def test_each_rule_says_who_passes() -> None:
    actor = _made(frozenset({"read"}))
    for rule in (PUBLIC, UNASKED):
        allowed(rule, None)
    for rule in (SIGNED_IN, May("read"), Organisation("recycler")):
        allowed(rule, actor)
        with pytest.raises(Unauthenticated):
            allowed(rule, None)
    for rule in (May("admin"), Organisation("regulator")):
        with pytest.raises(Forbidden):
            allowed(rule, actor)
