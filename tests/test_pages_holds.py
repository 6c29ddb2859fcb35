"""Holds on a page: who recorded sees why nobody asks them; a colleague looks, decides and gives a reason."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import httpx
import pytest
from litestar import Litestar

from app.words import LANGUAGES
from standards.catalogue import load
from standards.plausibility import Finding, backing, thresholds
from tests.conftest import BASE, PET, Firm, World
from tests.pagework import Browser, said
from tests.test_capture import accepted
from traceability import composing
from traceability.identifiers import lot_uri, new_token


@asynccontextmanager
async def as_person(app: Litestar, firm: Firm) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        made = Browser(client)
        await made.sign_in(firm)
        yield made


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


@pytest.fixture
async def index(world: World, firm: Firm) -> int:
    """5 t of opening stock, recorded 40 days late and so on hold."""
    at = composing.At(world.clock() - timedelta(days=40), firm.facility, firm.zone)
    making = composing.Making(lot_uri(BASE, new_token()), 5_000_000, PET, "bale")
    return accepted(await world.capture(firm, composing.opening(at, making))).index


async def test_a_colleague_releases_what_is_on_hold(app: Litestar, world: World, firm: Firm, index: int) -> None:
    colleague = await world.colleague(firm, "read", "clear")
    path = f"/holds/{index}"
    async with as_person(app, colleague) as browser:
        assert "Holds to clear: 1" in said(await browser.open("/"))
        page = await browser.open("/holds")
        assert "Reported late" in said(page)
        assert f'href="{path}"' in page
        form = await browser.open(path)
        assert "Opening stock" in said(form)
        assert "Recorded by Person of" in said(form)
        assert "C14 Reported late: Recorded 960 hours after it happened; the limit is 720." in said(form)
        assert "the limit is 720." in said(await browser.open(f"/events/{index}"))
        empty = await browser.send(path, {"step": "check", "decision": "", "reason": ""})
        assert empty.status_code == 400
        assert empty.text.count('class="error"') == 2
        check = await browser.check(path, {"decision": "release", "reason": "Scale ticket 17 seen."})
        assert "Scale ticket 17 seen." in said(check)
        assert "5 t" in said(check) or "5,000 kg" in said(check)
        done = await browser.commit(path, check)
        assert done.status_code == 303
        after = said(await browser.open(done.headers["location"]))
        assert "it counts now" in after
        assert "Nothing is on hold" in after
        again = await browser.commit(path, check)
        assert again.status_code == 303  # the same decision for the same reason: once
        other = await browser.check(path, {"decision": "reject", "reason": "No."})
        refused = await browser.commit(path, other)
        assert (refused.status_code, "cleared already" in said(refused.text)) == (409, True)
        assert "Released" in said(await browser.open(path))
        history = said(await browser.open("/record/history"))
        assert "Release of a hold" in history
        assert "Released" in history


async def test_rejecting_says_that_it_never_counts(app: Litestar, world: World, firm: Firm, index: int) -> None:
    colleague = await world.colleague(firm, "read", "clear", "capture")
    async with as_person(app, colleague) as browser:
        check = await browser.check(f"/holds/{index}", {"decision": "reject", "reason": "Never arrived."})
        assert "never counts" in said(check)
        await browser.commit(f"/holds/{index}", check)
        page = await browser.open("/record/history")
        assert "Rejected" in said(page)
        assert f"/record/correct/{index}" not in page


async def test_who_recorded_it_or_may_not_is_told_so_and_has_no_form(
    app: Litestar, world: World, firm: Firm, index: int
) -> None:
    async with as_person(app, firm) as browser:
        page = await browser.open(f"/holds/{index}")
        assert "right to clear" in said(page) or "may clear holds" in said(page)
        assert "<textarea" not in page
        answer = await browser.send(f"/holds/{index}", {"step": "commit", "decision": "release", "reason": "Mine."})
        assert answer.status_code == 403
    alone = await world.colleague(firm, "read", "clear", "capture")
    at = composing.At(world.clock() - timedelta(days=40), firm.facility, firm.zone)
    making = composing.Making(lot_uri(BASE, new_token()), 5_000_000, PET, "bale")
    own = accepted(await world.capture(alone, composing.opening(at, making))).index
    async with as_person(app, alone) as browser:
        page = await browser.open(f"/holds/{own}")
        assert "Somebody else has to clear it" in said(page)
        assert "<textarea" not in page
        sent = await browser.send(f"/holds/{own}", {"step": "commit", "decision": "release", "reason": "Mine."})
        assert sent.status_code == 403
        assert "Somebody else must clear this" in said(sent.text)


async def test_nobody_else_sees_a_hold(app: Litestar, world: World, index: int) -> None:
    stranger = await world.firm("recycler")
    async with as_person(app, stranger) as browser:
        assert "Nothing is on hold" in said(await browser.open("/holds"))
        assert (await browser.client.get(f"/holds/{index}")).status_code == 404


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_in_every_language_the_reason_is_said(
    app: Litestar, world: World, firm: Firm, index: int, lang: str
) -> None:
    colleague = await world.colleague(firm, "clear")
    async with as_person(app, colleague) as browser:
        for path in ("/holds", f"/holds/{index}"):
            page = await browser.open(path, lang=lang)
            main = page[page.index("<main") : page.index("</main")]
            assert "LATE_REPORT" not in said(page)
            assert not re.search(r"\bhold\.\w|refusal\.|reason\.", said(page))
            assert lang == "en" or "Holds to clear" not in main


async def test_a_released_event_is_corrected_from_its_own_page(
    app: Litestar, world: World, firm: Firm, index: int
) -> None:
    """What it brought is looked for where the release entered it."""
    colleague = await world.colleague(firm, "read", "clear")
    async with as_person(app, colleague) as browser:
        page = await browser.check(f"/holds/{index}", {"decision": "release", "reason": "Seen."})
        await browser.commit(f"/holds/{index}", page)
    async with as_person(app, firm) as browser:
        history = await browser.open("/record/history")
        assert history.count(f'href="/record/correct/{index}"') == 2  # at the event, and at its release
        form = await browser.open(f"/record/correct/{index}")
        assert "5,000" in said(form) or 'value="5000"' in form
        path = f"/record/correct/{index}"
        check = await browser.check(path, {"stated0": "4900", "stated0_unit": "kg"})
        assert (await browser.commit(path, check)).status_code == 303


async def test_the_country_s_authority_sees_whose_it_is_and_clears_it(
    app: Litestar, world: World, firm: Firm, index: int
) -> None:
    authority, elsewhere = [
        await world.colleague(await world.firm("regulator", country), "read", "clear")
        for country in (firm.actor.country, "SG")
    ]
    path = f"/holds/{index}"
    async with as_person(app, elsewhere) as browser:
        assert path not in await browser.open("/holds")
        assert (await browser.client.get(path)).status_code == 404
    async with as_person(app, authority) as browser:
        assert "Holds to clear" in said(await browser.open("/"))
        assert firm.actor.organisation_name in said(await browser.open("/holds"))
        assert "Person of" not in said(await browser.open(path))
        check = await browser.check(path, {"decision": "reject", "reason": "Nothing was there."})
        assert (await browser.commit(path, check)).status_code == 303
    async with as_person(app, firm) as browser:
        assert "Rejected" in said(await browser.open(path))
        assert "Nothing was there." not in await browser.open("/holds")
        answer = await browser.client.get("/api/v1/holds", headers=authority.bearer)
        assert index not in [each["leafIndex"] for each in answer.json()]


async def test_a_hold_shows_its_control_value_limit_source_and_whom_to_ask(
    app: Litestar, world: World, firm: Firm, index: int
) -> None:
    """The reader who recorded it reads why they do not decide, and who of the firm may."""
    async with as_person(app, firm) as browser:
        page = await browser.open(f"/holds/{index}")
        text = said(page)
        assert "Measured 960 h Limit 720 h" in text
        assert "Starting value of this platform" in text
        assert "Not checked against the text" in text
        assert 'href="/controls#C14"' in page
        assert "Nobody else of your organisation may clear holds" in text
        listed = said(await browser.open("/holds"))
        assert "you, so somebody else clears it" in listed
        assert "the limit is 720." in listed
    colleague = await world.colleague(firm, "read", "clear")
    async with as_person(app, firm) as browser:
        assert "Of your organisation may decide: Colleague" in said(await browser.open(f"/holds/{index}"))
    async with as_person(app, colleague) as browser:
        listed = said(await browser.open("/holds"))
        assert "Recorded by: Person of recycler" in listed
        assert "you, so" not in listed
        told = (await browser.client.get("/api/v1/holds", headers=colleague.bearer)).json()
    (found,) = told[0]["found"]
    assert (found["measured"], found["limit"], found["unit"]) == (960, 720, "h")
    assert [(each["certainty"], each["unit"]) for each in found["rests"]] == [("unverified", "d")]
    assert told[0]["recordedBy"] == f"person:{firm.actor.person_id}"


async def test_what_a_key_recorded_bears_the_key_s_name_and_is_its_maker_s(
    app: Litestar, world: World, firm: Firm
) -> None:
    at = composing.At(world.clock() - timedelta(days=40), firm.facility, firm.zone)
    making = composing.Making(lot_uri(BASE, new_token()), 5_000_000, PET, "bale")
    body = composing.document([composing.opening(at, making)], world.clock())
    async with as_person(app, firm) as browser:
        headers = {**firm.bearer, "content-type": "application/json"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as machine:
            assert (await machine.post("/epcis/capture", content=body, headers=headers)).status_code == 202
        assert "Recorded by: A machine (API key): test · you, so" in said(await browser.open("/holds"))


@pytest.mark.parametrize(
    ("finding", "values"),
    [
        (Finding("C14", "LATE_REPORT", "HOLD", limit=720, unit="h"), [30]),
        (Finding("C14", "LATE_REPORT", "FLAG", limit=72, unit="h"), [72]),
        (Finding("C06", "INSUFFICIENT_BALANCE", "HOLD"), []),
        (Finding("C27", "RELATED_PARTY", "HOLD"), None),
    ],
)
def test_a_finding_rests_on_the_values_of_its_control(finding: Finding, values: list[int] | None) -> None:
    limits = thresholds(load())
    found = [each.value for each in backing(limits, finding, date(2026, 11, 23))]
    assert values is None or found == values
    assert backing(limits, finding, date(1999, 12, 31)) == ()


def test_a_yield_rests_on_the_band_whose_bound_it_broke() -> None:
    finding = Finding("C02", "YIELD_IMPLAUSIBLE", "HOLD", measured=300_000, limit=450_000, unit="ppm")
    (found,) = backing(thresholds(load()), finding, date(2026, 11, 23))
    assert found.value.hold_below == 450_000
    assert found.certainty == "secondary"
