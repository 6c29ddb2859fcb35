"""Reported labels: nobody else sees what a stranger says, until the issuer or an authority has found what is so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from html import unescape
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar

from foundation.database import Scope
from foundation.errors import Refusal
from tests.conftest import BASE, Firm, World, with_key
from tests.pagework import Browser, hidden, said
from tests.pageworld import publish_now
from traceability.cases.findings import Found, NothingToAnswer, state_finding
from traceability.cases.reports import MOST_REPORTS, report_label
from traceability.passport import find

Json = dict[str, Any]
AsApp = Callable[..., Awaitable[asyncpg.Connection]]
WARNED = "Copies of this label were confirmed"


@pytest.fixture
async def issuer(world: World) -> Firm:
    return await world.firm("recycler", "TH", "Asia/Bangkok")


@pytest.fixture
async def label(world: World, issuer: Firm) -> str:
    lot = await world.stock(issuer, 5_000_000)
    await publish_now(world)
    return lot


@pytest.fixture
async def browser(app: Litestar, issuer: Firm) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url=BASE, event_hooks={"request": [with_key]}
    ) as client:
        made = Browser(client)
        await made.sign_in(issuer)
        yield made


async def report(client: httpx.AsyncClient, lot: str, message: str = "Seen on another bag") -> None:
    sent = await client.post(f"{lot}/report", data={"reason": "cloned", "message": message})
    assert sent.status_code == 303, sent.text


async def scanned(client: httpx.AsyncClient, lot: str) -> Json:
    told: Json = (await client.get(lot, headers={"accept": "application/json"})).json()
    return told


async def reports(client: httpx.AsyncClient, firm: Firm) -> list[Json]:
    answer = await client.get("/api/v1/label-reports", headers=firm.bearer)
    assert answer.status_code == 200, answer.text
    told: list[Json] = answer.json()
    return told


async def answer(
    client: httpx.AsyncClient, world: World, firm: Firm, lot: str, finding: str, seen: int = 2**62
) -> httpx.Response:
    world.clock.forward(seconds=1)
    body = {"lot": lot, "finding": finding, "statement": "Looked at the bags", "seen": seen}
    return await client.post("/api/v1/label-findings", json=body, headers=firm.bearer)


async def test_a_strangers_word_is_told_to_the_issuer_and_its_regulator_alone(
    client: httpx.AsyncClient, browser: Browser, world: World, issuer: Firm, label: str
) -> None:
    before = await scanned(client, label)
    await report(client, label, "<b>Seen</b> at the port")
    told = await scanned(client, label)
    assert told == before
    assert (told["state"], told["checks"]["labelNotCloned"]) == ("verified", "yes")
    assert "Reports to answer" not in (await client.get(label, headers={"accept": "text/html"})).text
    for role, country in (("recycler", "TH"), ("regulator", "VN")):
        assert await reports(client, await world.firm(role, country)) == []
    for firm in (issuer, await world.firm("regulator", "TH")):
        (case,) = [each for each in await reports(client, firm) if each["lot"] == label]
        assert [each["message"] for each in case["waiting"]] == ["<b>Seen</b> at the port"]
    assert "Labels reported: 1" in said(await browser.open("/"))
    assert "Reports to answer: 1" in said(await browser.open("/stock/lot", uri=label))
    assert "Reports to answer: 1" in said(await browser.open(label.removeprefix(BASE)))
    page = await browser.open("/label-reports/answer", lot=label)
    assert "<b>Seen</b>" not in page
    assert "<b>Seen</b> at the port" in unescape(page)


async def test_the_issuer_confirms_by_page_and_every_scan_is_warned(
    client: httpx.AsyncClient, browser: Browser, world: World, owner: asyncpg.Connection, label: str
) -> None:
    for _ in range(2):
        await report(client, label)
    size = await owner.fetchval("SELECT size FROM log_head")
    page = await browser.open("/label-reports/answer", lot=label)
    form = {**hidden(page), "finding": "", "statement": ""}
    wrong = await browser.send("/label-reports/answer", {**form, "step": "check", "statement": "kept words"})
    assert wrong.status_code == 400
    assert "kept words" in wrong.text
    filled = {**form, "finding": "cloned", "statement": "Two bags in Laem Chabang"}
    check = await browser.check("/label-reports/answer", filled)
    assert "every scan of this label shows a warning" in said(check)
    assert await owner.fetchval("SELECT size FROM log_head") == size
    done = await browser.commit("/label-reports/answer", check)
    assert done.status_code == 303
    assert (await browser.commit("/label-reports/answer", check)).status_code in {303, 409}  # pressed twice
    assert await owner.fetchval("SELECT size FROM log_head") == size + 1
    assert "Copies confirmed" in said(await browser.open(done.headers["location"]))
    shown = said((await client.get(label, headers={"accept": "text/html"})).text)
    assert f"{WARNED} by the firm that issued it" in shown
    assert "Reports: 2." in shown
    assert "Laem Chabang" not in shown
    told = await scanned(client, label)
    assert (told["state"], told["checks"]["labelNotCloned"]) == ("problem", "no")
    assert told["labelFinding"]["leafIndex"] == size
    assert told["labelFinding"]["reports"] == 2
    assert "Finding on a label" in said(await browser.open("/record/history"))
    assert "Labels reported" not in said(await browser.open("/"))
    assert await owner.fetchval("SELECT kind FROM event WHERE index = $1", size) == "label"


async def test_a_dismissed_report_changes_nothing_and_the_next_one_waits_again(
    client: httpx.AsyncClient, world: World, issuer: Firm, label: str
) -> None:
    await report(client, label)
    assert (await answer(client, world, issuer, label, "sound")).status_code == 201
    assert (await scanned(client, label))["state"] == "verified"
    (case,) = await reports(client, issuer)
    assert (case["waiting"], case["answered"], case["finding"]["finding"]) == ([], 1, "sound")
    again = await answer(client, world, issuer, label, "sound")
    assert (again.status_code, again.json()["code"]) == (409, "NOTHING_TO_ANSWER")
    await report(client, label, "Again")
    (case,) = await reports(client, issuer)
    assert [each["message"] for each in case["waiting"]] == ["Again"]


async def test_an_answer_covers_what_was_seen_and_no_later_report(
    client: httpx.AsyncClient, world: World, issuer: Firm, label: str
) -> None:
    await report(client, label, "first")
    (case,) = await reports(client, issuer)
    await report(client, label, "second")
    assert (await answer(client, world, issuer, label, "sound", case["waiting"][0]["id"])).status_code == 201
    (case,) = await reports(client, issuer)
    assert [each["message"] for each in case["waiting"]] == ["second"]
    assert case["finding"]["reports"] == 1


async def test_an_issuer_cannot_lift_what_an_authority_found(
    client: httpx.AsyncClient, world: World, issuer: Firm, label: str
) -> None:
    regulator = await world.firm("regulator", "TH", "Asia/Bangkok")
    await report(client, label)
    assert (await answer(client, world, issuer, label, "sound")).status_code == 201
    assert (await answer(client, world, regulator, label, "cloned")).status_code == 201
    shown = said((await client.get(label, headers={"accept": "text/html"})).text)
    assert f"{WARNED} by an authority" in shown
    refused = await answer(client, world, issuer, label, "sound")
    assert (refused.status_code, refused.json()["code"]) == (409, "FOUND_BY_AUTHORITY")
    assert (await answer(client, world, issuer, label, "cloned")).status_code == 409  # it says so already
    await report(client, label)
    assert (await answer(client, world, issuer, label, "cloned")).status_code == 201  # agreeing lifts nothing
    assert (await answer(client, world, issuer, label, "sound")).json()["code"] == "FOUND_BY_AUTHORITY"
    assert (await scanned(client, label))["state"] == "problem"
    assert (await answer(client, world, regulator, label, "sound")).status_code == 201
    assert (await scanned(client, label))["state"] == "verified"


async def test_nobody_else_answers(client: httpx.AsyncClient, world: World, issuer: Firm, label: str) -> None:
    await report(client, label)
    for role, country in (("recycler", "TH"), ("certifier", "TH"), ("regulator", "VN")):
        stranger = await world.firm(role, country)
        refused = await answer(client, world, stranger, label, "cloned")
        unknown = await answer(client, world, stranger, f"{BASE}/id/nothing", "cloned")
        assert (refused.status_code, refused.json()["detail"]) == (404, unknown.json()["detail"])
    assert (await scanned(client, label))["state"] == "verified"
    for bad in ({"finding": "fine"}, {"statement": ""}, {"statement": "x" * 1_001}, {"seen": -1}, {"by": 3}):
        body = {"lot": label, "finding": "cloned", "statement": "x", **bad}
        answered = await client.post("/api/v1/label-findings", json=body, headers=issuer.bearer)
        assert answered.status_code == 422, bad
    blank = {"lot": label, "finding": "cloned", "statement": "  ", "seen": 2**62}
    answered = await client.post("/api/v1/label-findings", json=blank, headers=issuer.bearer)
    assert (answered.status_code, answered.json()["errors"][0]["pointer"]) == (400, "statement")


async def test_of_many_answers_at_once_one_stands(world: World, owner: asyncpg.Connection, issuer: Firm) -> None:
    process, lot = world.process, await world.stock(issuer, 1_000_000)
    async with process.database.begin(None, Scope.RECORD) as record:
        await report_label(record, await find(record, uri=lot), "cloned", "", world.clock())

    async def one(number: int) -> object:
        found = Found(lot, "cloned", f"Answer {number}", 2**62)
        async with process.database.begin(issuer.actor.organisation_id, Scope.RECORD) as record:
            moment = world.clock() + timedelta(microseconds=number)
            return await state_finding(record, process.sequencer, issuer.actor, found, moment)

    answers = await asyncio.gather(*(one(number) for number in range(8)), return_exceptions=True)
    assert sum(not isinstance(each, Exception) for each in answers) == 1, answers
    assert all(isinstance(each, NothingToAnswer) for each in answers if isinstance(each, Exception)), answers
    stands = "SELECT count(*) FROM label_finding f JOIN lot l ON l.id = f.lot_id WHERE l.uri = $1"
    assert await owner.fetchval(stands, lot) == 1


async def test_a_hundred_reports_at_once_are_ten(world: World, owner: asyncpg.Connection, issuer: Firm) -> None:
    process, lot = world.process, await world.stock(issuer, 1_000_000)

    async def one() -> None:
        async with process.database.begin(None, Scope.RECORD) as record:
            await report_label(record, await find(record, uri=lot), "other", "", world.clock())

    answers = await asyncio.gather(*(one() for _ in range(40)), return_exceptions=True)
    assert all(isinstance(each, Refusal) for each in answers if each is not None), answers
    kept = "SELECT count(*) FROM label_report r JOIN lot l ON l.id = r.lot_id WHERE l.uri = $1"
    assert await owner.fetchval(kept, lot) == MOST_REPORTS


async def test_the_database_itself_keeps_reports_and_findings_apart(
    client: httpx.AsyncClient, as_app: AsApp, world: World, owner: asyncpg.Connection, issuer: Firm, label: str
) -> None:
    await report(client, label)
    assert (await answer(client, world, issuer, label, "cloned")).status_code == 201
    await report(client, label)
    inside, outside = (
        await as_app(issuer.actor.organisation_id),
        await as_app((await world.firm("trader")).actor.organisation_id),
    )
    assert await inside.fetchval("SELECT count(*) FROM label_report") == 2
    for table in ("label_report", "label_finding"):
        assert await outside.fetchval(f"SELECT count(*) FROM {table}") == 0
    for statement in (
        "UPDATE label_report SET answer_index = 0", "DELETE FROM label_report",
        "INSERT INTO label_finding SELECT 1, id, organisation_id, true, 'sound', 0, 'x', now() FROM lot",
    ):  # fmt: skip
        connection = await as_app(issuer.actor.organisation_id, "record")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    with pytest.raises(asyncpg.PostgresError, match="the record only grows"):
        await owner.execute("UPDATE label_finding SET finding = 'sound'")
    lot = await owner.fetchval("SELECT id FROM lot WHERE uri = $1", label)
    connection = await as_app(None)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await connection.execute(
            "INSERT INTO label_report (lot_id, reason, message, reported_at, answer_index)"
            " VALUES ($1, 'other', '', now(), 7)", lot,
        )  # fmt: skip
