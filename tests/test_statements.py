"""What is told in words: a colour, and what a maker says of a lot because a standard asks; one word stands."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar

from tests.conftest import BASE, Firm, World, with_key
from tests.pagework import Browser, hidden, said
from traceability.identifiers import new_token
from traceability.judging import known_properties

AsApp = Callable[..., Awaitable[asyncpg.Connection]]
Json = dict[str, Any]
PET = "en-15348"


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler", "TH", "Asia/Bangkok")


@pytest.fixture
async def lot(world: World, firm: Firm) -> str:
    return await world.stock(firm, 5_000_000, "flake")


@pytest.fixture
async def browser(app: Litestar, firm: Firm) -> AsyncIterator[Browser]:
    hooks = {"request": [with_key]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, event_hooks=hooks) as client:
        made = Browser(client)
        await made.sign_in(firm)
        yield made


async def send(client: httpx.AsyncClient, firm: Firm, path: str, body: Json) -> httpx.Response:
    headers = {**firm.bearer, "Idempotency-Key": new_token()}
    return await client.post(f"/api/v1/{path}", json=body, headers=headers)


async def asked(client: httpx.AsyncClient, firm: Firm, lot: str) -> Json:
    answer = await client.get("/api/v1/statements", params={"lot": lot}, headers=firm.bearer)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


async def judged(client: httpx.AsyncClient, firm: Firm, lot: str) -> Json:
    answer = await client.get("/api/v1/evaluations", params={"lot": lot, "standard": PET}, headers=firm.bearer)
    assert answer.status_code == 200, answer.text
    (told,) = answer.json()["evaluations"]
    return dict(told)


async def supply(world: World, client: httpx.AsyncClient, firm: Firm, lot: str, want: str) -> None:
    """Supply one thing that is missing, in whatever kind it is."""
    kind, _, subject = want.partition(":")
    world.clock.forward(seconds=1)
    if kind in {"statement", "attest", "attribute"}:
        values = (await asked(client, firm, lot))["asked"][subject]
        answer = await send(client, firm, "statements", {"lot": lot, "name": subject, "value": values[0]})
    else:
        known = known_properties(world.process.catalogue)[subject]
        body: Json = {"lot": lot, "property": subject, "sampled_on": world.clock().date().isoformat(), "evidence": "E2"}
        if known.unit is None:
            body["words"] = "clear, slightly blue"
        else:
            low, high = (known.physical.low, known.physical.high) if known.physical else (0, 100)
            body |= {"value": str(low + (Decimal(high) - low) / 100), "unit": known.unit}
        body |= {"method": known.methods[0]} if known.methods else {}
        body |= {"condition": "as the method says"} if known.condition_required else {}
        answer = await send(client, firm, "measurements", body)
    assert answer.status_code == 201, (want, answer.text)


async def test_a_characterisation_standard_is_complete_for_a_lot_of_the_record(
    world: World, client: httpx.AsyncClient, firm: Firm, lot: str
) -> None:
    first = await judged(client, firm, lot)
    assert first["verdict"] == "incomplete"
    for _ in range(40):
        found = await judged(client, firm, lot)
        if found["verdict"] != "incomplete":
            break
        want = found["missing"][0]["wants"][0].split("&")[0].strip()
        await supply(world, client, firm, lot, want)
    assert found["verdict"] == "conforming", found["missing"]


async def test_a_property_in_words_is_told_by_page_and_shown_on_the_passport(
    world: World, browser: Browser, client: httpx.AsyncClient, firm: Firm, lot: str
) -> None:
    page = await browser.open("/evidence/measurement", lot=lot, property="colour_desc")
    day = world.clock().astimezone(firm.zone).date().isoformat()
    form = {
        **hidden(page),
        "lot": lot,
        "property": "colour_desc",
        "words": "clear, slightly blue",
        "evidence": "E2",
        "day": day,
    }
    check = await browser.check("/evidence/measurement", form)
    assert "clear, slightly blue" in said(check)
    assert (await browser.commit("/evidence/measurement", check)).status_code == 303
    seen = await client.get("/api/v1/passport", params={"lot": lot}, headers=firm.bearer)
    assert [each["words"] for each in seen.json()["measurements"]] == ["clear, slightly blue"]


@pytest.mark.parametrize(
    ("stated", "field"),
    [
        ({"property": "colour_desc"}, "words"), ({"property": "colour_desc", "words": " "}, "words"),
        ({"property": "colour_desc", "words": "x" * 201}, "words"),
        ({"property": "colour_desc", "words": "blue", "value": "1", "unit": "%"}, "value"),
        ({"property": "colour_desc", "words": "blue", "comparator": "<"}, "comparator"),
        ({"property": "moisture", "words": "wet"}, "words"), ({"property": "moisture"}, "value"),
        ({"property": "moisture", "value": "1"}, "unit"),
    ],
)  # fmt: skip
async def test_words_and_numbers_are_not_taken_for_each_other(
    world: World, client: httpx.AsyncClient, firm: Firm, lot: str, stated: Json, field: str
) -> None:
    body = {"lot": lot, "sampled_on": world.clock().date().isoformat(), **stated}
    refused = await send(client, firm, "measurements", body)
    assert refused.status_code in {400, 422}, refused.text
    assert field in refused.text


async def test_one_word_stands_is_replaced_and_withdrawn_and_all_of_it_stays_readable(
    world: World, client: httpx.AsyncClient, owner: asyncpg.Connection, firm: Firm, lot: str
) -> None:
    name = next(name for name, values in (await asked(client, firm, lot))["asked"].items() if True in values)
    for value in (True, False):
        world.clock.forward(seconds=1)
        assert (await send(client, firm, "statements", {"lot": lot, "name": name, "value": value})).status_code == 201
    (stands,) = (await asked(client, firm, lot))["statements"]
    assert (stands["name"], stands["value"], stands["own"]) == (name, False, True)
    again = await send(client, firm, "statements", {"lot": lot, "name": name, "value": False})
    assert again.status_code == 409, again.text
    world.clock.forward(seconds=1)
    taken = await send(client, firm, f"statements/{stands['leafIndex']}/withdrawal", {})
    assert taken.status_code == 201, taken.text
    assert (await asked(client, firm, lot))["statements"] == []
    rows = "SELECT count(*) FROM statement s JOIN lot l ON l.id = s.lot_id WHERE l.uri = $1"
    assert await owner.fetchval(rows, lot) == 3


async def test_of_two_words_at_the_same_time_one_stands(
    world: World, client: httpx.AsyncClient, owner: asyncpg.Connection, firm: Firm, lot: str
) -> None:
    name = next(name for name, values in (await asked(client, firm, lot))["asked"].items() if True in values)
    answers = await asyncio.gather(
        *(send(client, firm, "statements", {"lot": lot, "name": name, "value": value}) for value in (True, False) * 4)
    )
    assert {each.status_code for each in answers} <= {201, 409}
    assert len((await asked(client, firm, lot))["statements"]) == 1
    heads = """SELECT count(*) FROM statement s JOIN lot l ON l.id = s.lot_id WHERE l.uri = $1
        AND NOT EXISTS (SELECT FROM statement n WHERE n.follows = s.fact_index)"""
    assert await owner.fetchval(heads, lot) == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"name": "happiness"}, "name"), ({"value": "perhaps"}, "value"), ({"lot": f"{BASE}/id/{'0' * 26}"}, "lot")],
)
async def test_what_no_standard_asks_or_cannot_be_answered_so_is_refused_by_field(
    client: httpx.AsyncClient, firm: Firm, lot: str, changed: Json, field: str
) -> None:
    name = next(name for name, values in (await asked(client, firm, lot))["asked"].items() if True in values)
    refused = await send(client, firm, "statements", {"lot": lot, "name": name, "value": True, **changed})
    assert refused.status_code in {400, 404}, refused.text
    assert refused.json()["errors"][0]["pointer"] == field


async def test_nobody_else_states_withdraws_or_sees_it_and_the_database_holds_that_too(
    world: World, client: httpx.AsyncClient, as_app: AsApp, owner: asyncpg.Connection, firm: Firm, lot: str
) -> None:
    name = next(name for name, values in (await asked(client, firm, lot))["asked"].items() if True in values)
    done = await send(client, firm, "statements", {"lot": lot, "name": name, "value": True})
    index = done.json()["leafIndex"]
    other = await world.firm("recycler", "VN")
    assert (await send(client, other, "statements", {"lot": lot, "name": name, "value": False})).status_code == 404
    assert (await send(client, other, f"statements/{index}/withdrawal", {})).status_code == 404
    assert (await client.get("/api/v1/statements", params={"lot": lot}, headers=other.bearer)).status_code == 404
    laboratory = await world.firm("laboratory", "TH")
    assert (await send(client, laboratory, "statements", {"lot": lot, "name": name, "value": True})).status_code == 403
    for statement in ("UPDATE statement SET said = false", "DELETE FROM statement", "TRUNCATE statement CASCADE"):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(statement)
        assert refused.value.sqlstate == "JK001", statement
    stranger = await as_app(other.actor.organisation_id)
    assert await stranger.fetchval("SELECT count(*) FROM statement") == 0


async def test_it_is_stated_and_withdrawn_by_page(
    browser: Browser, client: httpx.AsyncClient, firm: Firm, lot: str
) -> None:
    name = next(name for name, values in (await asked(client, firm, lot))["asked"].items() if True in values)
    judge = await browser.open("/stock/judge", uri=lot, standard=PET)
    assert "/evidence/measurement?lot=" in judge
    page = await browser.open("/evidence/statement", lot=lot, name=name)
    check = await browser.check("/evidence/statement", {**hidden(page), "value": "true"})
    assert (await browser.commit("/evidence/statement", check)).status_code == 303
    shown = await browser.open("/stock/lot", uri=lot)
    (stands,) = (await asked(client, firm, lot))["statements"]
    form = {"lot": lot, "statement": str(stands["leafIndex"])}
    assert str(stands["leafIndex"]) in shown
    check = await browser.check("/evidence/withdrawal", {**form, "step": "check"})
    assert (await browser.commit("/evidence/withdrawal", check)).status_code == 303
    assert (await asked(client, firm, lot))["statements"] == []
