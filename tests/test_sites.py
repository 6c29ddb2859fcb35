"""Facilities: permits, hours, meters and visits are stated by page and by API, read back, and never by a stranger."""

import httpx
import pytest
from litestar import Litestar

from app.words import LANGUAGES
from tests.conftest import Firm, World
from tests.pagework import said
from tests.test_certificates import scoped
from tests.test_certificates import stated as scope_of
from tests.test_pages_holds import as_person

PERMIT = {
    "number": "RC-2026-17", "authority": "Department of Industrial Works", "process": "reprocessing",
    "material": "plastics.pet", "grams_per_day": 20_000_000, "valid_from": "2026-01-01", "valid_to": "2028-12-31",
}  # fmt: skip


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


async def place_of(client: httpx.AsyncClient, firm: Firm) -> str:
    return str((await sites(client, firm))["sites"][0]["facility"])


async def sites(client: httpx.AsyncClient, reader: Firm, status: int = 200, **query: str) -> dict:  # type: ignore[type-arg]
    answer = await client.get("/api/v1/sites", params=query, headers=reader.bearer)
    assert answer.status_code == status, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def stated(client: httpx.AsyncClient, by: Firm, path: str, status: int = 201, **fact: object) -> dict:  # type: ignore[type-arg]
    answer = await client.post(f"/api/v1/sites/{path}", json=fact, headers=by.bearer)
    assert answer.status_code == status, answer.text
    return answer.json()  # type: ignore[no-any-return]


async def test_every_fact_is_stated_and_read_back_by_api(client: httpx.AsyncClient, world: World, firm: Firm) -> None:
    place = await place_of(client, firm)
    regulator, certifier = await world.firm("regulator", firm.actor.country), await world.firm("certifier")
    permit = (await stated(client, firm, "permits", facility=place, **PERMIT))["leafIndex"]
    again = await stated(client, firm, "permits", 409, facility=place, **PERMIT)
    assert (again["errors"][0]["pointer"], bool(again["errors"][0]["fix"])) == ("number", True)
    await stated(client, regulator, "permits", facility=place, **{**PERMIT, "number": "RC-2026-18"})
    wrong = await stated(client, firm, "permits", 400, facility=place, **{**PERMIT, "material": "gold", "number": "1"})
    assert (wrong["errors"][0]["pointer"], wrong["errors"][0]["value"]) == ("material", "gold")
    hours = {"valid_from": "2026-01-01", "opens": "07:30", "closes": "00:00", "weekdays": [0, 1, 2, 3, 4, 5]}
    await stated(client, firm, "hours", facility=place, **hours)
    month = {"first_day": "2026-01-01", "last_day": "2026-01-31", "watt_hours": 61_500_000}
    await stated(client, firm, "meter-readings", facility=place, **month)
    await stated(client, firm, "meter-readings", 409, facility=place, **{**month, "first_day": "2026-01-31"})
    await stated(client, certifier, "visits", facility=place, day="2026-02-02", statement="Two lines ran.")
    await stated(client, firm, "visits", 403, facility=place, day="2026-02-02", statement="We were there.")
    await stated(client, firm, "marks", kind="tax_id", value="0105-5610-00001")
    ended = {"facility": place, "last_day": "2026-06-30", "statement": "Revoked."}
    await stated(client, regulator, f"permits/{permit}/end", **ended)
    await stated(client, firm, f"permits/{permit}/end", 409, **ended)
    told = await sites(client, firm)
    (site,) = told["sites"]
    assert [(each["number"], each["validTo"], each["endedBecause"]) for each in site["permits"]] == [
        ("RC-2026-18", "2028-12-31", None), ("RC-2026-17", "2026-06-30", "Revoked."),
    ]  # fmt: skip
    assert [(each["opens"], each["closes"], each["weekdays"]) for each in site["hours"]] == [
        ("07:30", "24:00", [0, 1, 2, 3, 4, 5])
    ]
    assert [each["wattHours"] for each in site["meterReadings"]] == [61_500_000]
    assert [(each["visitor"], each["statement"]) for each in site["visits"]] == [
        (certifier.actor.organisation_uri, "Two lines ran.")
    ]
    assert [each["kind"] for each in told["marks"]] == ["tax_id"]
    assert "0105" not in str(told)


async def test_others_neither_read_nor_state(client: httpx.AsyncClient, world: World, firm: Firm) -> None:
    place = await place_of(client, firm)
    stranger, elsewhere = await world.firm("recycler"), await world.firm("regulator", "SG")
    for other in (stranger, elsewhere):
        await sites(client, other, 404, facility=place)
        await stated(client, other, "permits", 404, facility=place, **PERMIT)
        assert place not in str(await sites(client, other))
    body = await world.firm("certifier")
    await sites(client, body, 404, facility=place)
    await scoped(client, body, {**scope_of(firm, body), "sites": [place]})
    assert (await sites(client, body, facility=place))["sites"][0]["facility"] == place
    at_home = await world.firm("regulator", firm.actor.country)
    assert (await sites(client, at_home, facility=place))["sites"][0]["facility"] == place
    hours = {"valid_from": "2026-01-01", "opens": "07:30", "closes": "17:00", "weekdays": [0]}
    await stated(client, at_home, "hours", 404, facility=place, **hours)
    assert (await client.get("/api/v1/sites")).status_code == 401


async def test_a_firm_states_its_permit_hours_and_meter_on_its_phone(
    app: Litestar, client: httpx.AsyncClient, firm: Firm
) -> None:
    place = await place_of(client, firm)
    async with as_person(app, firm) as browser:
        assert "Nothing registered yet." in said(await browser.open("/sites"))
        empty = await browser.send("/sites/permit", {"step": "check"})
        assert empty.status_code == 400
        assert empty.text.count('class="error"') == 6
        permit = {
            "facility": place, "number": "RC-1", "authority": "DIW", "process": "reprocessing", "material": "plastics",
            "grams_per_day": "20", "grams_per_day_unit": "t", "valid_from": "2026-01-01", "valid_to": "",
        }  # fmt: skip
        check = await browser.check("/sites/permit", permit)
        assert "No end stated" in said(check)
        done = await browser.commit("/sites/permit", check)
        assert done.headers["location"] == "/sites?done=permit"
        page = said(await browser.open("/sites?done=permit"))
        assert "It is in the record." in page
        assert "Reprocessing" in page
        assert "In force" in page
        wrong = {"facility": place, "valid_from": "2026-01-01", "opens": "8", "closes": "07:00"}
        refused = await browser.send("/sites/hours", {**wrong, "step": "check"})
        assert "write hours and minutes" in said(refused.text)
        assert "Days of the week" in said(refused.text)
        open_days = {f"weekday-{each}": "yes" for each in range(5)}
        check = await browser.check("/sites/hours", {**wrong, "opens": "06:00", "closes": "22:00", **open_days})
        assert "Monday – Friday" in said(check)
        await browser.commit("/sites/hours", check)
        read = {"facility": place, "first_day": "2026-01-01", "last_day": "2026-01-31", "energy": "61500.5"}
        await browser.commit("/sites/meter", await browser.check("/sites/meter", read))
        page = said(await browser.open("/sites"))
        assert "06:00 – 22:00" in page
        assert "61,500,500 Wh" in page
        leaf = (await sites(client, firm))["sites"][0]["permits"][0]["leafIndex"]
        ends = {"facility": place, "permit": str(leaf), "last_day": "2026-03-31", "statement": "Given back."}
        await browser.commit("/sites/end", await browser.check("/sites/end", ends))
        assert "Not in force Given back." in said(await browser.open("/sites"))
        mark = await browser.check("/sites/mark", {"kind": "owner", "value": "Somchai K."})
        await browser.commit("/sites/mark", mark)
        assert "Somchai" not in await browser.open("/sites")


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_pages_speak_every_language(app: Litestar, world: World, lang: str) -> None:
    regulator = await world.firm("regulator")
    async with as_person(app, regulator) as browser:
        for path in ("", "/permit", "/end", "/hours", "/meter", "/visit", "/mark"):
            text = await browser.open(f"/sites{path}?lang={lang}")
            assert f'<html lang="{lang}">' in text
            assert "premises." not in said(text)
        missing = await browser.client.get("/sites/roof")
        assert missing.status_code == 404


async def test_an_authority_states_a_visit(app: Litestar, client: httpx.AsyncClient, world: World, firm: Firm) -> None:
    place, regulator = await place_of(client, firm), await world.firm("regulator", firm.actor.country)
    async with as_person(app, regulator) as browser:
        found = await browser.open(f"/sites?facility={place}")
        assert "/sites/visit?facility=" in found
        seen = {"facility": place, "day": "2026-03-01", "statement": "One line, dry floor."}
        await browser.commit("/sites/visit", await browser.check("/sites/visit", seen))
        assert "One line, dry floor." in said(await browser.open(f"/sites?facility={place}"))
        unknown = await browser.client.get("/sites", params={"facility": "https://example.org/x"})
        assert unknown.status_code == 404
    assert (await client.get("/sites", headers={"Accept": "text/html"})).status_code in (302, 303, 401)
