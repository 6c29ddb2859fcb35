"""Recording as a recycler does it: every act is checked first, what was typed stays, nothing is counted twice."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar

from tests.conftest import BASE, Firm, World
from tests.pagework import Browser, hidden, lot_links, said, uri_of
from tests.pageworld import publish_now
from traceability.holdings import holdings

OPENING = {
    "material": "plastics.pet", "form": "bale", "grams": "12.5", "grams_unit": "t", "consumer": "post", "country": "JP",
}  # fmt: skip


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


@pytest.fixture
async def browser(app: Litestar, firm: Firm) -> AsyncIterator[Browser]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        made = Browser(client)
        await made.sign_in(firm)
        yield made


def today(world: World, firm: Firm) -> str:
    return world.clock().astimezone(firm.zone).date().isoformat()


async def stock(world: World, firm: Firm) -> list[tuple[str, int]]:
    """What the ledger says the firm holds: form and free grams, newest first."""
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        return [(each.form, each.free) for each in await holdings(session, firm.actor.organisation_id)]


async def opened(browser: Browser, world: World, firm: Firm, **changed: str) -> str:
    """Opening stock by the pages; the identity of the lot."""
    page = await browser.do("/record/opening", {**OPENING, "day": today(world, firm), **changed})
    return uri_of(lot_links(page)[0])


async def test_opening_stock_in_tonnes_is_checked_and_then_counts(browser: Browser, world: World, firm: Firm) -> None:
    check = await browser.check("/record/opening", {**OPENING, "day": today(world, firm)})
    assert "State 12.5 t as opening stock" in said(check)
    assert await stock(world, firm) == []
    done = await browser.commit("/record/opening", check)
    assert done.status_code == 303
    assert "it counts" in said(await browser.open(done.headers["location"]))
    assert await stock(world, firm) == [("bale", 12_500_000)]


async def test_a_second_press_records_nothing_twice(browser: Browser, world: World, firm: Firm) -> None:
    check = await browser.check("/record/opening", {**OPENING, "day": today(world, firm)})
    first = await browser.commit("/record/opening", check)
    world.clock.forward(seconds=3)
    second = await browser.commit("/record/opening", check)
    assert first.headers["location"] == second.headers["location"]
    assert await stock(world, firm) == [("bale", 12_500_000)]


@pytest.mark.parametrize(
    ("changed", "lang", "sentence"),
    [
        ({"grams": ""}, "en", "Enter: Mass"),
        ({"grams": "1.234"}, "id", "1234 t atau 1,234 t"),
        ({"grams": "a lot"}, "en", "Enter a mass in digits"),
        ({"grams": "0"}, "en", "More than zero"),
        ({"material": "unobtainium"}, "en", "Choose: Material"),
        ({"form": ""}, "en", "Choose: Form"),
        ({"day": "2569-01-05"}, "en", "2026-01-05"),
        ({"day": "2126-01-05"}, "en", "not in the future"),
        ({"day": "yesterday"}, "en", "Enter a date like"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    browser: Browser, world: World, firm: Firm, changed: dict[str, str], lang: str, sentence: str
) -> None:
    data = {**OPENING, "day": today(world, firm), "step": "check", **changed}
    answer = await browser.client.post(
        "/record/opening", params={"lang": lang}, data={"_csrf_token": browser.token, **data}
    )
    assert answer.status_code == 400
    assert sentence in said(answer.text)
    assert 'role="alert"' in answer.text
    assert f'value="{data["grams"]}"' in answer.text
    assert f'value="{data["day"]}"' in answer.text
    assert await stock(world, firm) == []


async def test_everything_that_is_wrong_is_said_at_once_and_leads_to_its_field(browser: Browser) -> None:
    answer = await browser.send("/record/opening", {"step": "check"})
    links = re.findall(r'href="#(f-[\w-]+)"', answer.text)
    assert {"f-material", "f-form", "f-grams", "f-day"} <= set(links)
    assert all(f'id="{each}"' in answer.text for each in links)
    assert "<title>Error:" in answer.text


async def test_change_leads_back_with_everything_kept(browser: Browser, world: World, firm: Firm) -> None:
    check = await browser.check("/record/opening", {**OPENING, "day": today(world, firm)})
    answer = await browser.send("/record/opening", {**hidden(check), "step": "change"})
    assert answer.status_code == 200
    assert 'value="12.5"' in answer.text
    assert '<option value="bale" selected>' in answer.text


async def test_late_entries_are_warned_about_and_earlier_books_are_marked(
    browser: Browser, world: World, firm: Firm
) -> None:
    check = await browser.check("/record/opening", {**OPENING, "day": "2025-03-01"})
    assert "put on hold" in said(check)
    marked = await browser.do("/record/opening", {**OPENING, "day": "2025-03-01", "backfill": "yes"})
    assert "Entered afterwards" in said(marked)
    assert await stock(world, firm) == [("bale", 12_500_000)]


async def test_a_wrong_weight_is_corrected_once_and_both_stay_readable(
    browser: Browser, world: World, firm: Firm
) -> None:
    await opened(browser, world, firm)
    world.clock.forward(seconds=2)
    history = await browser.open("/record/history")
    path = re.search(r"/record/correct/\d+", history)
    assert path
    page = await browser.open(path[0])
    assert 'value="12500"' in page
    receipt = await browser.do(path[0], {"stated0": "11", "stated0_unit": "t"})
    assert "it counts" in said(receipt)
    assert await stock(world, firm) == [("bale", 11_000_000)]
    again = await browser.client.get(path[0])
    assert again.status_code == 409
    history = said(await browser.open("/record/history"))
    assert "Corrected" in history
    assert "Declared erroneous" in history


async def test_what_was_used_since_cannot_be_taken_back(browser: Browser, world: World, firm: Firm) -> None:
    lot = await opened(browser, world, firm)
    made = await _transformed(browser, world, firm, lot, "5000", "3600")
    assert "it counts" in said(made)
    history = await browser.open("/record/history")
    for path in sorted(set(re.findall(r"/record/correct/\d+", history)))[:1]:
        answer = await browser.client.get(path)
        assert answer.status_code == 409
        assert "used" in said(answer.text)
    assert sum(grams for _, grams in await stock(world, firm)) == 7_500_000 + 3_600_000


async def test_nothing_changed_is_no_correction(browser: Browser, world: World, firm: Firm) -> None:
    await opened(browser, world, firm)
    path = re.search(r"/record/correct/\d+", await browser.open("/record/history"))
    assert path
    answer = await browser.send(path[0], {"stated0": "12500", "stated0_unit": "kg", "step": "check"})
    assert answer.status_code == 400
    assert "Nothing was changed" in said(answer.text)


async def _lot_id(world: World, firm: Firm, lot: str) -> int:
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        return next(each.lot_id for each in await holdings(session, firm.actor.organisation_id) if each.lot == lot)


async def _form(world: World, firm: Firm, lot: str, drawn: str, made: str) -> dict[str, str]:
    number = await _lot_id(world, firm, lot)
    return {
        "process": "reprocessing", "day": today(world, firm), "outputs": "1", f"use_{number}": "yes",
        f"draw_{number}": drawn, f"draw_{number}_unit": "kg", "out0_material": "plastics.pet", "out0_form": "flake",
        "out0_grams": made, "out0_grams_unit": "kg", "sink_residue_process": "1", "sink_residue_process_unit": "t",
    }  # fmt: skip


async def _transformed(browser: Browser, world: World, firm: Firm, lot: str, drawn: str, made: str) -> str:
    world.clock.forward(seconds=2)
    return await browser.do("/record/transformation", await _form(world, firm, lot, drawn, made))


async def test_a_transformation_tells_its_yield_before_it_is_recorded(
    browser: Browser, world: World, firm: Firm
) -> None:
    lot = await opened(browser, world, firm)
    form = await _form(world, firm, lot, "10000", "7200")
    check = await browser.check("/record/transformation", form)
    assert "72" in said(check)
    assert "inside the usual range" in said(check)
    assert "<svg" in check[check.index("<main") :]
    odd = await browser.check("/record/transformation", {**form, "out0_grams": "5000"})
    assert "unusual" in said(odd)
    done = await browser.commit("/record/transformation", check)
    page = await browser.open(done.headers["location"])
    assert "Process residue" in said(page)
    assert await stock(world, firm) == [("flake", 7_200_000), ("bale", 2_500_000)]


async def test_a_transformation_that_creates_mass_is_refused_with_everything_kept(
    browser: Browser, world: World, firm: Firm
) -> None:
    lot = await opened(browser, world, firm)
    form = await _form(world, firm, lot, "3000", "3500")
    answer = await browser.send("/record/transformation", {**form, "step": "check"})
    assert answer.status_code == 400
    assert "Output is more than input" in said(answer.text)
    assert 'value="3500"' in answer.text
    assert 'value="3000"' in answer.text
    more = await browser.send("/record/transformation", {**form, "step": "check", "out0_grams": ""})
    assert "Enter: Mass" in said(more.text)


async def test_more_than_is_free_and_no_input_are_said(browser: Browser, world: World, firm: Firm) -> None:
    lot = await opened(browser, world, firm)
    form = await _form(world, firm, lot, "13000", "9000")
    answer = await browser.send("/record/transformation", {**form, "step": "check"})
    assert answer.status_code == 400
    assert "only 12.5 t are free" in said(answer.text)
    empty = {name: value for name, value in form.items() if not name.startswith(("use_", "draw_"))}
    answer = await browser.send("/record/transformation", {**empty, "step": "check"})
    assert "Tick at least one lot" in said(answer.text)


async def test_a_second_output_is_asked_for_without_losing_the_first(
    browser: Browser, world: World, firm: Firm
) -> None:
    lot = await opened(browser, world, firm)
    form = await _form(world, firm, lot, "10000", "6000")
    answer = await browser.send("/record/transformation", {**form, "step": "more"})
    assert answer.status_code == 200
    assert 'name="out1_grams"' in answer.text
    assert 'value="6000"' in answer.text
    second = {
        "outputs": "2", "out1_material": "plastics.pp", "out1_form": "flake", "out1_grams": "1.2",
        "out1_grams_unit": "t",
    }  # fmt: skip
    page = await browser.do("/record/transformation", {**form, **second})
    assert "it counts" in said(page)
    assert sorted(await stock(world, firm)) == [("bale", 2_500_000), ("flake", 1_200_000), ("flake", 6_000_000)]


async def test_a_lot_of_another_firm_is_not_offered_and_cannot_be_drawn_from(
    browser: Browser, world: World, firm: Firm
) -> None:
    other = await world.firm("recycler")
    theirs = await world.stock(other, 9_000_000)
    number = await _lot_id(world, other, theirs)
    own = await opened(browser, world, firm)
    page = await browser.open("/record/transformation")
    assert f"use_{number}" not in page
    form = {**await _form(world, firm, own, "10000", "7000"), f"use_{number}": "yes", f"draw_{number}": "9000"}
    await browser.do("/record/transformation", form)
    assert await stock(world, other) == [("bale", 9_000_000)]


async def test_lots_leave_and_arrive_outside_trades_by_both_weights(
    app: Litestar, browser: Browser, world: World, firm: Firm
) -> None:
    buyer = await world.firm("compounder")
    lot = await opened(browser, world, firm)
    number = await _lot_id(world, firm, lot)
    form = {
        "receiver": buyer.actor.organisation_name.upper(), "day": today(world, firm), f"use_{number}": "yes",
        f"draw_{number}": "10", f"draw_{number}_unit": "t",
    }  # fmt: skip
    nobody = await browser.send("/record/dispatch", {**form, "receiver": "Nobody at all", "step": "check"})
    assert nobody.status_code == 400
    assert "No organisation is registered under" in said(nobody.text)
    sent = await browser.do("/record/dispatch", form)
    assert "Shipping" in said(sent)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        other = Browser(client)
        await other.sign_in(buyer)
        coming = await other.open("/record/arrival")
        assert firm.actor.organisation_name in said(coming)
        world.clock.forward(seconds=2)
        weighed = {"lot": lot, "day": today(world, buyer), "answer": "take", "grams": "9.4", "grams_unit": "t"}
        check = await other.check("/record/arrival", weighed)
        assert "put on hold" in said(check)
        got = await other.do("/record/arrival", {**weighed, "grams": "9.98"})
        assert "it counts" in said(got)
        nothing = await other.client.get("/record/arrival", params={"lot": lot})
        assert nothing.status_code == 404
    assert await stock(world, buyer) == [("bale", 9_980_000)]
    assert await stock(world, firm) == [("bale", 2_500_000)]


async def test_what_is_not_wanted_goes_back_whole(app: Litestar, browser: Browser, world: World, firm: Firm) -> None:
    buyer = await world.firm("compounder")
    lot = await opened(browser, world, firm)
    number = await _lot_id(world, firm, lot)
    form = {"receiver": buyer.actor.organisation_uri, "day": today(world, firm), f"use_{number}": "yes"}
    await browser.do("/record/dispatch", form)
    assert await stock(world, firm) == []
    world.clock.forward(seconds=2)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        other = Browser(client)
        await other.sign_in(buyer)
        data = {"lot": lot, "day": today(world, buyer), "answer": "reject", "grams": "", "grams_unit": "kg"}
        await other.do("/record/arrival", data)
    assert await stock(world, firm) == [("bale", 12_500_000)]


async def test_a_form_without_its_token_is_refused(browser: Browser, world: World, firm: Firm) -> None:
    answer = await browser.client.post("/record/opening", data={**OPENING, "day": today(world, firm), "step": "commit"})
    assert answer.status_code == 403
    assert await stock(world, firm) == []


async def test_another_firms_event_has_no_receipt_and_no_correction_here(browser: Browser, world: World) -> None:
    other = await world.firm("recycler")
    await world.stock(other, 1_000)
    async with world.process.database.begin(other.actor.organisation_id) as session:
        index = next(each.lot_id for each in await holdings(session, other.actor.organisation_id))
    for path in (f"/record/receipt?index={index}", f"/record/correct/{index}", "/record/receipt?index=x"):
        assert (await browser.client.get(path)).status_code == 404


@pytest.mark.parametrize("lang", ["en", "ja", "th"])
async def test_every_recording_page_speaks(browser: Browser, world: World, firm: Firm, lang: str) -> None:
    await opened(browser, world, firm)
    for path in ("", "/opening", "/collected", "/transformation", "/dispatch", "/arrival", "/history"):
        page = await browser.open(f"/record{path}", lang=lang)
        assert f'<html lang="{lang}">' in page
        assert not re.search(r'\sstyle="|<style|\son\w+="', page)


async def test_after_a_correction_the_label_tells_the_right_mass_and_is_not_revoked(
    browser: Browser, world: World, firm: Firm
) -> None:
    lot = await opened(browser, world, firm)
    world.clock.forward(seconds=2)
    path = re.search(r"/record/correct/\d+", await browser.open("/record/history"))
    assert path
    await browser.do(path[0], {"stated0": "11", "stated0_unit": "t"})
    await publish_now(world)
    scanned = said(await browser.open(f"/id/{lot.rpartition('/')[2]}"))
    assert "Verified" in scanned
    assert "Problem reported" not in scanned
    assert "11 t" in scanned
    assert "12.5 t" not in scanned
