"""The recycler's whole loop by pages alone: stock, evidence, verdicts, labels, listings, offers, declarations."""

import hashlib
import re
from collections.abc import AsyncIterator
from urllib.parse import quote

import httpx
import pytest
from litestar import Litestar

from tests.conftest import BASE, Firm, World
from tests.pagework import Browser, hidden, lot_links, said, uri_of
from tests.pageworld import publish_now
from traceability import composing
from traceability.identifiers import human_code

OPENING = {
    "material": "plastics.pet", "form": "bale", "grams": "12.5", "grams_unit": "t", "consumer": "post", "country": "JP",
}  # fmt: skip
TERMS = {
    "price": "118500", "currency": "JPY", "smallest_grams": "1", "smallest_grams_unit": "t", "incoterm": "FCA",
    "description": "Hot-washed",
}  # fmt: skip


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


async def browser_of(app: Litestar, firm: Firm) -> Browser:
    """A browser in which this firm's person is signed in."""
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)
    made = Browser(client)
    await made.sign_in(firm)
    return made


@pytest.fixture
async def browser(app: Litestar, firm: Firm) -> AsyncIterator[Browser]:
    made = await browser_of(app, firm)
    yield made
    await made.client.aclose()


def today(world: World, firm: Firm) -> str:
    return world.clock().astimezone(firm.zone).date().isoformat()


async def lot_of(browser: Browser, world: World, firm: Firm, **changed: str) -> str:
    """A new lot, stated as opening stock by the pages."""
    world.clock.forward(seconds=1)
    page = await browser.do("/record/opening", {**OPENING, "day": today(world, firm), **changed})
    return uri_of(lot_links(page)[0])


def measured(world: World, firm: Firm, lot: str, name: str, value: str, unit: str = "") -> dict[str, str]:
    day = today(world, firm)
    return {"lot": lot, "property": name, "value": value, "unit": unit, "evidence": "E2", "day": day}


async def test_a_visitor_is_told_what_this_is_and_can_type_a_code(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert "Follow recycled material" in said(answer.text)
    assert 'action="/scan"' in answer.text
    assert 'href="/sign-in"' in answer.text


async def test_home_shows_the_stock_and_what_waits(browser: Browser, world: World, firm: Firm) -> None:
    assert "Nothing waits for you." in said(await browser.open("/"))
    await lot_of(browser, world, firm)
    page = said(await browser.open("/"))
    assert re.search(r"Free now 12\.5 t|Free now 12,500 kg", page)
    assert "Opening stock" in page
    other = await world.firm("sorter")
    await _sent(world, other, firm)
    assert "Loads to weigh in: 1" in said(await browser.open("/"))


async def _sent(world: World, sender: Firm, receiver: Firm) -> None:
    """A load on its way, by the sender's own event."""
    from_lot = await world.stock(sender, 3_000_000)
    parties = sender.actor.organisation_uri, receiver.actor.organisation_uri
    done = await world.capture(sender, composing.shipped(world.at(sender), *parties, {from_lot: 3_000_000}))
    assert done.success


async def test_stock_is_summed_by_material_and_narrowed(browser: Browser, world: World, firm: Firm) -> None:
    await lot_of(browser, world, firm)
    await lot_of(browser, world, firm, material="plastics.pp", form="flake", grams="2")
    page = await browser.open("/stock")
    assert len(lot_links(page)) == 2
    narrowed = await browser.open("/stock", of="plastics.pp/flake")
    assert len(lot_links(narrowed)) == 1


async def test_a_lot_page_tells_balance_chain_evidence_and_verdicts(browser: Browser, world: World, firm: Firm) -> None:
    lot = await lot_of(browser, world, firm, form="flake")
    await publish_now(world)
    page = await browser.open("/stock/lot", uri=lot)
    told = said(page)
    assert human_code(lot.rpartition("/")[2]) in told
    assert "EN 15348" in told
    assert "Incomplete" in told
    assert "Missing:" in told
    assert "Where it came from" in told
    assert "Ledger of this lot" in told
    assert page.count("<svg") > 5
    for path in ("/listings/new", "/labels", "/record/transformation", "/evidence/measurement"):
        assert path in page


async def test_another_firms_lot_is_nowhere_to_be_seen(browser: Browser, world: World) -> None:
    theirs = await world.stock(await world.firm("recycler"), 5_000_000)
    for path in ("/stock/lot?uri=", "/stock/judge?uri=", "/labels?lot=", "/listings/new?lot="):
        answer = await browser.client.get(path + quote(theirs, safe=""))
        assert answer.status_code == 404, path
    data = {"lot": theirs, "property": "moisture", "value": "1", "day": "2026-01-05", "step": "check"}
    answer = await browser.send("/evidence/measurement", data)
    assert answer.status_code == 400
    assert "no such lot" in said(answer.text)


async def test_a_result_is_entered_in_a_unit_of_its_kind_and_changes_the_verdict(
    browser: Browser, world: World, firm: Firm
) -> None:
    lot = await lot_of(browser, world, firm, form="flake")
    form = await browser.open("/evidence/measurement", lot=lot, property="bulk_density")
    assert 'value="g/cm3"' in form
    assert 'value="MPa"' not in form
    missing = said(await browser.open("/stock/judge", uri=lot, standard="en-15348"))
    assert "Bulk density" in missing.partition("Requirement by requirement")[0]
    page = await browser.do("/evidence/measurement", measured(world, firm, lot, "bulk_density", "0.31", "g/cm3"))
    assert "0.31 g/cm³" in said(page)
    judged = said(await browser.open("/stock/judge", uri=lot, standard="en-15348"))
    assert "Bulk density" not in judged.partition("Requirement by requirement")[0]
    assert "Incomplete" in judged
    assert "Residual PVC and polyolefins" in judged
    assert "do not rely on this verdict alone" in judged


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"value": ""}, "Enter: Moisture"),
        ({"value": "wet"}, "Enter a number: Moisture"),
        ({"value": "1,234"}, "This could mean 1234 or 1.234"),
        ({"value": "400"}, "this value cannot be"),
        ({"unit": "MPa"}, "Choose: Unit"),
        ({"evidence": "E3"}, "Choose: Level of evidence"),
        ({"day": "2126-01-01"}, "not in the future"),
        ({"property": "happiness"}, "Choose: Property"),
    ],
)
async def test_a_result_that_cannot_be_is_said_so(
    browser: Browser, world: World, firm: Firm, changed: dict[str, str], sentence: str
) -> None:
    lot = await lot_of(browser, world, firm, form="flake")
    data = {**measured(world, firm, lot, "moisture", "0.4", "%"), **changed}
    answer = await browser.send("/evidence/measurement", {**data, "step": "check"})
    if answer.status_code == 200:  # what only the record itself can refuse
        answer = await browser.commit("/evidence/measurement", answer.text)
    assert answer.status_code == 400
    assert sentence in said(answer.text)


async def test_a_laboratory_enters_its_result_by_the_code_on_the_label(
    app: Litestar, browser: Browser, world: World, firm: Firm
) -> None:
    lot = await lot_of(browser, world, firm, form="flake")
    laboratory = await browser_of(app, await world.firm("laboratory"))
    data = {
        "lot": human_code(lot.rpartition("/")[2]), "property": "moisture", "value": "0.4", "unit": "%",
        "evidence": "E3", "day": today(world, firm), "method": "ISO 15512",
    }  # fmt: skip
    await laboratory.do("/evidence/measurement", data)
    unknown = await laboratory.send("/evidence/measurement", {**data, "lot": "AAAA-BBBB-CCCC", "step": "check"})
    assert unknown.status_code == 400
    page = said(await browser.open("/stock/lot", uri=lot))
    assert "ISO 15512" in page
    assert "E3: report of an accredited laboratory" in page
    await laboratory.client.aclose()


def paper(firm: Firm, lot: str) -> dict[str, str]:
    return {
        "about": "lot", "lot": lot, "standard": "te-grs", "kind": "scope", "number": f"N-{firm.actor.organisation_id}",
        "issuer": "A body", "from": "2026-01-01", "to": "2027-12-31",
    }  # fmt: skip


async def test_a_certificate_is_kept_with_its_documents_digest(browser: Browser, world: World, firm: Firm) -> None:
    lot = await lot_of(browser, world, firm, form="flake")
    content = b"%PDF-1.7 a certificate"
    answer = await browser.client.post(
        "/evidence/certificate", data={"_csrf_token": browser.token, "step": "check", **paper(firm, lot)},
        files={"document": ("c.pdf", content, "application/pdf")},
    )  # fmt: skip
    assert answer.status_code == 200, said(answer.text)
    digest = hashlib.sha256(content).hexdigest()
    assert digest in said(answer.text)
    done = await browser.commit("/evidence/certificate", answer.text)
    assert done.status_code == 303
    page = said(await browser.open(done.headers["location"]))
    assert "Global Recycled Standard" in page
    assert f"N-{firm.actor.organisation_id}" in page
    again = await browser.send("/evidence/certificate", {**paper(firm, lot), "step": "commit"})
    assert again.status_code == 409
    # Entered by its holder, it is the holder's word: the standard asks for a body's.
    assert "Shown, but not well enough" in said(await browser.open("/stock/judge", uri=lot, standard="te-grs"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "The file is empty"), (b"MZ rest", "PDF, JPEG, PNG"), (b"%PDF-" + b"x" * 10_000_001, "smaller than 10 MB")],
)
async def test_a_file_that_cannot_be_taken_is_told_why(
    browser: Browser, world: World, firm: Firm, content: bytes, sentence: str
) -> None:
    lot = await lot_of(browser, world, firm, form="flake")
    answer = await browser.client.post(
        "/evidence/certificate", data={"_csrf_token": browser.token, "step": "check", **paper(firm, lot)},
        files={"document": ("c.pdf", content, "application/pdf")},
    )  # fmt: skip
    assert answer.status_code == 400
    assert sentence in said(answer.text)
    assert 'value="A body"' in answer.text


async def test_a_certificate_that_ends_before_it_begins_is_said(browser: Browser, world: World, firm: Firm) -> None:
    lot = await lot_of(browser, world, firm, form="flake")
    answer = await browser.send("/evidence/certificate", {**paper(firm, lot), "to": "2025-01-01", "step": "check"})
    assert answer.status_code == 400
    assert "ends before it begins" in said(answer.text)


async def test_labels_carry_the_code_the_mass_and_a_warning_for_phones(
    browser: Browser, world: World, firm: Firm
) -> None:
    lot = await lot_of(browser, world, firm)
    page = await browser.open("/labels", lot=lot, count="9", grams="500", grams_unit="kg")
    assert page.count('class="label-sheet"') == 2
    code = human_code(lot.rpartition("/")[2])
    assert page.count(f">{code}</text>") == 9
    assert "500" in page
    assert "A phone cannot open the QR codes" in said(page)
    wrong = await browser.client.get("/labels", params={"lot": lot, "count": "1000"})
    assert wrong.status_code == 400
    assert "Choose 1 to 200 labels." in said(wrong.text)


async def test_a_lot_is_listed_with_chosen_verdicts_found_and_withdrawn(
    browser: Browser, world: World, firm: Firm
) -> None:
    lot = await lot_of(browser, world, firm, form="flake")
    form = await browser.open("/listings/new", lot=lot)
    assert 'name="with_en-15348"' in form
    check = await browser.check("/listings/new", {**TERMS, "lot": lot, "with_en-15348": "yes"})
    assert "JPY 118,500" in said(check)
    done = await browser.commit("/listings/new", check)
    assert done.status_code == 303
    page = await browser.open(done.headers["location"])
    assert "Published. Buyers find it" in said(page)
    path = re.search(r"/listings/\d+/withdraw", page)
    number = re.search(r"/market/(\d+)", page)
    assert path
    assert number
    assert "EN 15348" in said(await browser.open(f"/market/{number[1]}"))
    twice = await browser.send("/listings/new", {**TERMS, "lot": lot, "step": "commit"})
    assert twice.status_code == 409
    assert (await browser.send(path[0], {})).status_code == 303
    assert "Withdrawn" in said(await browser.open("/listings"))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"price": ""}, "Enter: Price per tonne"),
        ({"price": "0"}, "More than zero"),
        ({"smallest_grams": "13"}, "are free"),
        ({"currency": "XAU"}, "Choose: Currency"),
        ({"incoterm": "DAT"}, "Choose: Delivery term"),
    ],
)
async def test_terms_that_cannot_be_are_said_so(
    browser: Browser, world: World, firm: Firm, changed: dict[str, str], sentence: str
) -> None:
    lot = await lot_of(browser, world, firm)
    answer = await browser.send("/listings/new", {**TERMS, "lot": lot, "step": "check", **changed})
    assert answer.status_code == 400
    assert sentence in said(answer.text)
    assert "Hot-washed" in answer.text


async def test_an_offer_is_accepted_after_a_check_and_another_declined(
    app: Litestar, browser: Browser, world: World, firm: Firm
) -> None:
    lot = await lot_of(browser, world, firm)
    listed = await browser.do("/listings/new", {**TERMS, "lot": lot})
    number = re.search(r"/market/(\d+)", listed)
    assert number
    buyer_firm = await world.firm("manufacturer", "TH", "Asia/Bangkok")
    buyer = await browser_of(app, buyer_firm)
    for price in ("110000", "90000"):
        world.clock.forward(seconds=1)
        bid = {"grams": "5", "grams_unit": "t", "price": price, "message": "For bottles"}
        assert (await buyer.send(f"/market/{number[1]}/offer", bid)).status_code == 303
    page = await browser.open("/offers")
    assert "verified manufacturer, Thailand" in said(page)
    assert buyer_firm.actor.organisation_name not in page
    assert "Offers to answer: 2" in said(await browser.open("/"))
    low, high = sorted(set(re.findall(r"/offers/(\d+)/accept", page)), key=int, reverse=True)
    assert (await browser.send(f"/offers/{low}/decline", {})).status_code == 303
    check = await browser.send(f"/offers/{high}/accept", {})
    assert "Accept: 5 t for JPY 550,000" in said(check.text)
    done = await browser.send(f"/offers/{high}/accept", {**hidden(check.text), "step": "commit"})
    assert done.status_code == 303
    assert done.headers["location"].startswith("/trades/")
    assert "Ship it" in said(await browser.open(done.headers["location"]))
    again = await browser.send(f"/offers/{high}/accept", {"step": "commit"})
    assert again.status_code == 409
    stranger = await browser_of(app, await world.firm("recycler"))
    assert (await stranger.send(f"/offers/{high}/decline", {})).status_code in {403, 404}
    assert (await stranger.send(f"/offers/{high}/accept", {"step": "commit"})).status_code == 404
    await stranger.client.aclose()
    assert "Shipments to send: 1" in said(await browser.open("/"))
    await buyer.client.aclose()


async def test_a_producer_declares_once_and_corrects_by_a_new_statement(app: Litestar, world: World) -> None:
    producer = await browser_of(app, await world.firm("producer"))
    data = {
        "country": "JP", "year": "2025", "material": "plastics.pet", "category": "household", "grams": "40",
        "grams_unit": "t",
    }  # fmt: skip
    assert "Declared." in said(await producer.do("/declarations", data))
    world.clock.forward(seconds=1)
    again = await producer.commit("/declarations", await producer.check("/declarations", data))
    assert again.status_code == 409
    page = await producer.open("/declarations")
    link = re.search(r"/declarations\?supersedes=(\d+)", page)
    assert link
    form = await producer.open(link[0])
    world.clock.forward(seconds=1)
    fixed = {**hidden(form), "grams": "41", "grams_unit": "t"}
    assert "Declared." in said(await producer.do("/declarations", fixed))
    page = said(await producer.open("/declarations"))
    assert "Corrected" in page
    gone = await producer.send("/declarations", {**fixed, "step": "check"})
    assert gone.status_code == 400
    assert "corrected already" in said(gone.text)
    for wrong in ({"year": "2569"}, {"year": "soon"}, {"grams": "-4"}, {"material": ""}):
        answer = await producer.send("/declarations", {**data, **wrong, "step": "check"})
        assert answer.status_code == 400, wrong
        assert 'role="alert"' in answer.text
    await producer.client.aclose()


@pytest.mark.parametrize("lang", ["en", "ja", "id", "th", "vi", "ms", "fil"])
async def test_every_page_opens_in_its_readers_language_without_inline_styles_or_scripts(
    browser: Browser, world: World, firm: Firm, lang: str
) -> None:
    lot = quote(await lot_of(browser, world, firm, form="flake"), safe="")
    paths = (
        "/", "/stock", "/evidence", "/evidence/measurement", "/evidence/certificate", "/listings", "/offers",
        "/declarations", f"/stock/lot?uri={lot}", f"/stock/judge?uri={lot}", f"/labels?lot={lot}",
        f"/listings/new?lot={lot}", f"/evidence/measurement?lot={lot}&property=mfr",
    )  # fmt: skip
    for path in paths:
        page = await browser.open(path + ("&" if "?" in path else "?") + f"lang={lang}")
        assert f'<html lang="{lang}">' in page, path
        assert page.count("<h1") == 1, path
        assert not re.search(r'\sstyle="|<style|\son\w+="', page), path
