"""Capture jobs on a page: what was captured, what was refused with field, value and fix, and nobody else's."""

import csv
import io
import json
import re

import httpx
import pytest
from litestar import Litestar

from app.pages.machines.captures import ON_A_PAGE
from app.words import LANGUAGES
from tests.conftest import BASE, Firm, World
from tests.pagework import said
from tests.test_events import document
from tests.test_pages_holds import as_person

GOOD = {
    "type": "ObjectEvent", "eventTime": "2026-11-23T09:30:00Z", "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
    "epcList": ["urn:a:b"],
}  # fmt: skip


async def sent(app: Litestar, firm: Firm, *events: dict[str, object]) -> str:
    """A document with these events; what is wrong is passed over. Answers the job's id."""
    headers = {**firm.bearer, "GS1-Capture-Error-Behaviour": "proceed"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as machine:
        answer = await machine.post("/epcis/capture", content=json.dumps(document(*events)).encode(), headers=headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["captureID"])


async def test_each_job_shows_its_events_and_its_errors_with_field_value_and_fix(app: Litestar, world: World) -> None:
    firm = await world.firm("recycler")
    number = await sent(app, firm, GOOD, {**GOOD, "action": '=cmd|"/c calc"!A1'})
    async with as_person(app, firm) as browser:
        listed = await browser.open("/captures")
        assert "Some refused 1 0 1" in said(listed)
        assert f'href="/captures/{number}"' in listed
        page = await browser.open(f"/captures/{number}")
        text = said(page)
        assert "Events captured 1" in text
        assert "/action" in text
        assert "=cmd" in text
        assert re.search(r'href="/events/\d+"', page)
        assert "Recorded, not counted" in text
        plain = (await browser.client.get(f"/captures/{number}/errors.csv")).content.decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(plain))
        assert (row["event"], row["field"]) == ("2", "/epcisBody/eventList/1/action")
        assert row["value"].startswith("'=cmd")  # a spreadsheet runs nothing of it
        assert row["fix"]
        assert "/captures" in await browser.open("/record")


async def test_jobs_come_in_pages_newest_first(app: Litestar, world: World) -> None:
    firm, made = await world.firm("recycler"), []
    for each in range(ON_A_PAGE + 2):
        world.clock.forward(seconds=1)
        made.append(await sent(app, firm, {**GOOD, "epcList": [f"urn:a:{each}"]}))
    async with as_person(app, firm) as browser:
        first = await browser.open("/captures")
        older = re.search(r'rel="next" href="([^"]+)"', first)
        assert older
        second = await browser.open(older[1].replace("&amp;", "&"))
        found = re.findall(r'href="/captures/([\w-]+)"', first + second)
        assert found == made[::-1]
        assert (await browser.client.get("/captures", params={"after": "!!"})).status_code == 400


async def test_another_firm_s_jobs_are_not_there_and_capturing_is_asked_for(app: Litestar, world: World) -> None:
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    number = await sent(app, firm, GOOD, {**GOOD, "action": "LOOK"})
    reader = await world.colleague(firm, "read")
    async with as_person(app, other) as browser:
        assert "No document was captured yet" in said(await browser.open("/captures"))
        for path in (f"/captures/{number}", f"/captures/{number}/errors.csv"):
            assert (await browser.client.get(path)).status_code == 404
    async with as_person(app, reader) as browser:
        assert (await browser.client.get("/captures")).status_code == 403


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_it_speaks_every_language(app: Litestar, world: World, lang: str) -> None:
    firm = await world.firm("recycler")
    number = await sent(app, firm, GOOD, {**GOOD, "action": "LOOK"})
    async with as_person(app, firm) as browser:
        for path in ("/captures", f"/captures/{number}"):
            text = said(await browser.open(path, lang=lang))
            assert not re.search(r"\b(?:captures|common|errors|outcome|refusal)\.[a-z_]+\b(?!csv)", text)
            assert lang == "en" or "Events captured" not in text
