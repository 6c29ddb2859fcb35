"""The log's health: an old checkpoint is called a problem where facts wait, keys and witnesses are told to anyone."""

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar

from app.process import Process
from app.server import create_app
from app.words import LANGUAGES
from foundation.database import Scope
from foundation.keys import KeyRing, signing_key
from tests.conftest import BASE, Hands, World
from tests.pagework import said
from traceability.log import publish
from traceability.tree.checkpoint import Verifier, format_vkey, split_note
from traceability.tree.cosignature import Witness, cosign
from traceability.witness.collecting import KEEP, Asked
from traceability.witness.health import signed_since

THEM = Witness("they.example/w", signing_key(bytes([9] * 32)).public)
APPS: dict[int, Litestar] = {}
SILENT = Witness("silent.example/w", signing_key(bytes([8] * 32)).public)


def asking(process: Process) -> httpx.AsyncClient:
    """Anybody, in front of this process."""
    if id(process) not in APPS:
        APPS[id(process)] = create_app(process)  # which keeps its process alive, so that no id comes again
    return httpx.AsyncClient(transport=httpx.ASGITransport(APPS[id(process)]), base_url=BASE)


async def told(process: Process, path: str = "/log", lang: str = "en") -> str:
    """What anybody reads, without signing in."""
    async with asking(process) as client:
        answer = await client.get(path, params={"lang": lang}, headers={"accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return answer.text


async def state(process: Process) -> dict[str, object]:
    async with asking(process) as client:
        found: dict[str, object] = (await client.get("/log/health")).json()
        return found


async def sign(process: Process, clock: Hands) -> None:
    await publish(process.database.writer, process.keys.active, process.origin, clock)


async def test_ten_minutes_without_a_checkpoint_are_a_problem_only_while_facts_wait(
    world: World, process: Process, clock: Hands
) -> None:
    firm = await world.firm("recycler")
    await world.stock(firm, 1_000)
    clock.forward(minutes=11)
    assert (await state(process))["state"] == "unsigned"
    await sign(process, clock)
    fresh = await state(process)
    assert (fresh["state"], fresh["ageSeconds"], fresh["limitSeconds"], fresh["waiting"]) == ("fresh", 0, 600, 0)
    clock.forward(minutes=10)
    assert (await state(process))["state"] == "fresh"
    clock.forward(seconds=1)
    assert (await state(process))["state"] == "quiet"
    assert "Nothing was recorded since, so it covers everything" in said(await told(process))
    await world.stock(firm, 2_000)
    new = await state(process)
    assert (new["state"], new["waiting"]) == ("fresh", 1)  # it waits for no ten minutes yet
    clock.forward(minutes=9)
    assert "wait longer than usual" in said(await told(process))
    clock.forward(minutes=2)
    behind = await state(process)
    assert behind["state"] == "behind"
    assert int(str(behind["oldestWaitsSeconds"])) > 600
    page = await told(process)
    assert 'role="alert"' in page
    assert "Problem: facts have waited longer than 10 minutes for a checkpoint (1 wait)" in said(page)
    for lang in LANGUAGES:
        text = said(await told(process, lang=lang))
        assert not re.search(r"\b(?:health|log|witness|common)\.[a-z_]+", text)
    await sign(process, clock)
    assert (await state(process))["state"] == "fresh"


async def test_each_witness_is_named_with_its_last_word(world: World, process: Process, clock: Hands) -> None:
    await world.stock(await world.firm("recycler"), 1_000)
    await sign(process, clock)
    row = await process.database.writer.fetchrow("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1")
    line = cosign(split_note(row["note"])[0], signing_key(bytes([9] * 32)), THEM.name, clock())
    await process.database.writer.execute(KEEP, row["size"], THEM.vkey, line, clock())
    watched = replace(process, witnesses=(Asked(THEM, "https://a.example"), Asked(SILENT, "https://b.example")))
    await world.stock(await world.firm("recycler"), 1_000)
    found = (await state(watched))["witnesses"]
    assert isinstance(found, list)
    assert [(each["vkey"], each["size"]) for each in found] == [(THEM.vkey, row["size"]), (SILENT.vkey, None)]
    page = said(await told(watched))
    assert re.search(r"they\.example/w .{10,30} 1 silent\.example/w Never yet", page)
    assert f"--witness '{THEM.vkey}'" in page
    assert "No witness has vouched" in said(await told(process))


async def test_a_new_key_is_told_with_its_first_day_and_the_old_one_as_retired(
    world: World, process: Process, clock: Hands
) -> None:
    firm = await world.firm("recycler")
    for _ in range(3):
        await world.stock(firm, 1_000)
        await sign(process, clock)
    old, new = process.keys.active, signing_key(bytes([7] * 32))
    renewed = replace(process, keys=KeyRing(new, (old.public,)))
    assert "Signs now" in said(await told(process))
    assert "Retired" not in said(await told(process))
    clock.forward(days=1)
    changed = clock()
    for _ in range(5):
        await world.stock(firm, 1_000)
        await sign(renewed, clock)
        clock.forward(days=1)
    size = await process.database.writer.fetchval("SELECT max(size) FROM checkpoint")
    async with process.database.begin(None, Scope.RECORD) as session:
        assert abs(await signed_since(session, Verifier(process.origin, new.public), size) - changed) < timedelta(
            hours=1
        )
        assert await signed_since(session, Verifier(process.origin, SILENT.key), size) is None
    page = said(await told(renewed))
    assert "Signs now, since" in page
    assert "Retired: signs nothing any more" in page
    for key in (new.public, old.public):
        assert f"--key '{format_vkey(process.origin, key)}'" in page
    keys = (await state(renewed))["keys"]
    assert isinstance(keys, list)
    assert [each["signsNow"] for each in keys] == [True, False]


@pytest.mark.parametrize("path", ["/log", "/log/health"])
async def test_anyone_may_read_it(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200
