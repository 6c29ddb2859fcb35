"""The controls on a page, by API and by command: every value with its source; what they said, to authorities alone."""

import json
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from click.testing import CliRunner
from litestar import Litestar

from app.cli import main
from app.pages.rulebook.controlling import found_named
from app.words import LANGUAGES, load_words
from standards.catalogue import load
from standards.plausibility import Band, Finding, thresholds
from tests.conftest import BASE, PET, World
from tests.pagework import said
from tests.test_capture import accepted
from tests.test_pages_holds import as_person
from traceability import composing
from traceability.identifiers import lot_uri, new_token


async def test_every_control_is_told_with_values_units_sources_and_certainty(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/controls", params={"on": "2026-11-23"})
    found = answer.json()["controls"]
    assert [each["id"] for each in found] == [f"C{n:02}" for n in range(1, 45)]
    for each in found:
        assert each["because"] or each["kept"] != "nobody", each["id"]
        for value in each["values"]:
            assert {"value", "unit", "from", "source", "href", "certainty"} < value.keys()
    load_size = next(each for each in found if each["id"] == "C12")
    assert all(value["unit"] == "g" for value in load_size["values"] if value["name"].startswith("hold"))
    again = await client.get("/api/v1/controls", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    before = (await client.get("/api/v1/controls", params={"on": "1999-12-31"})).json()["controls"]
    assert not any(each["values"] for each in before)
    assert (await client.get("/api/v1/controls", params={"on": "soon"})).status_code == 400
    told = json.loads(CliRunner().invoke(main, ["controls", "list", "--json"]).output)
    assert [each["code"] for each in told["controls"]] == [each["code"] for each in found]


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_page_speaks_every_language(client: httpx.AsyncClient, lang: str) -> None:
    text = (await client.get("/controls", params={"lang": lang}, headers={"Accept": "text/html"})).text
    assert f'<html lang="{lang}">' in text
    assert not re.findall(r"\b(?:control|control_name|book)\.[a-z_]+", said(text))
    for each in thresholds(load()).controls:
        assert each.code in text
    assert "105" in said(text)
    wrong = await client.get("/controls", params={"lang": lang, "on": "2026-02-30"}, headers={"Accept": "text/html"})
    assert wrong.status_code == 400


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_values_units_and_reasons_are_said_in_the_reader_s_language(client: httpx.AsyncClient, lang: str) -> None:
    t, controls = load_words().speech(lang), thresholds(load()).controls  # type: ignore[arg-type]
    page = (await client.get("/controls", params={"lang": lang}, headers={"Accept": "text/html"})).text
    text, day = said(page), datetime.now(UTC).date()
    for each in controls:
        if each.because:
            told = t(f"control_because.{each.code.lower()}")
            assert told.lang == lang
            assert told in text
            assert each.because.rstrip(".") not in text or lang == "en"
        for one in each.parameters:
            if one.name.isidentifier():
                assert f"{t(f'control_value.{one.name}')}:" in text, one.name
                assert not re.search(rf">{one.name}<", page)
            unit = one.value.on(day).unit.removeprefix("ppm ")
            if isinstance(one.value.on(day).value, int | Band) and unit != "g":
                said_as = t(f"control_unit.{re.sub(r'[^a-z0-9]+', '_', unit.lower())}", value="\0")
                assert said_as.lang == lang
                assert re.search(re.escape(said_as).replace("\0", r"[\d.,\s%]+"), text), unit
    assert "2,540" not in text
    if lang != "en":
        assert not re.search(r"of what is permitted|of the inputs|per kg made|bank_account|reprocessing", text)


async def test_what_they_said_is_for_the_country_s_authorities(app: Litestar, world: World) -> None:
    firm, other = await world.firm("recycler"), await world.firm("regulator", "TH")
    regulator = await world.firm("regulator", firm.actor.country)
    at = composing.At(world.clock() - timedelta(days=40), firm.facility, firm.zone)
    late = composing.opening(at, composing.Making(lot_uri(BASE, new_token()), 5_000_000, PET, "bale"))
    accepted(await world.capture(firm, late))
    async with as_person(app, regulator) as browser:
        page = said(await browser.open("/controls"))
        assert "Whom to visit first" in page
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        told = (await client.get("/api/v1/controls/outcomes", headers=regulator.bearer)).json()
        assert [each["code"] for each in told["controls"]] == ["LATE_REPORT"]
        assert [(each["organisation"], each["held"]) for each in told["visits"]] == [(firm.actor.organisation_uri, 1)]
        elsewhere = (await client.get("/api/v1/controls/outcomes", headers=other.bearer)).json()
        assert (elsewhere["controls"], elsewhere["visits"]) == ([], [])
        assert (await client.get("/api/v1/controls/outcomes", headers=firm.bearer)).status_code == 403
        assert (await client.get("/api/v1/controls/outcomes")).status_code == 401
    async with as_person(app, firm) as browser:
        assert "Whom to visit first" not in said(await browser.open("/controls"))


@pytest.mark.parametrize(
    ("finding", "expected"),
    [
        (Finding("C03", "CAPACITY_EXCEEDED", "HOLD", "day", 12_000_000, 10_000_000, "g"), "C03 More than the permits"),
        (Finding("C13", "MOVE_IMPOSSIBLE", "HOLD", None, 130, 110, "km/h"), "130 km/h; plausible are at most 110."),
        (Finding("C02", "YIELD_IMPLAUSIBLE", "FLAG", None, 999_000, 950_000, "ppm of the inputs"), "99.9%"),
        (Finding("C27", "RELATED_PARTY", "HOLD", "bank_account"), "share a mark of identity"),
        (Finding("C18", "TRANSPORT_ID", "HOLD", "container_elsewhere", None, 24, "h"), "within 24 hours"),
    ],
)
def test_a_finding_is_a_sentence_with_its_figures(finding: Finding, expected: str) -> None:
    words = load_words()
    assert expected in found_named(words.speech("en"), finding)
    for lang in LANGUAGES:
        assert "{" not in found_named(words.speech(lang), finding)
