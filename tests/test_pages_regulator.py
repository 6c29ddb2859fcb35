"""A regulator's pages: from a figure to its events and their proofs, what was left out beside what counted."""

import html
import json
import re
from dataclasses import dataclass
from decimal import Decimal

import httpx
import pytest
from litestar import Litestar

from app.pages import logbook, public, regulator
from app.pages.auditing.flows import flows
from reports.declarations import Declaration, declare
from standards.responsibility.shelf import packs
from tests.conftest import PET, Firm, World
from tests.pageworld import Chain, chain, csrf_of, page_app, publish_now, signed_in
from traceability.tree.checkpoint import open_note
from traceability.tree.merkle import leaf_hash, verify_inclusion

GAP = "\u00a0"


@dataclass(frozen=True)
class Desk:
    """A year of two countries, and the browsers of those who look at it."""

    made: Chain
    report: str
    thai: httpx.AsyncClient
    japanese: httpx.AsyncClient
    recycler: httpx.AsyncClient
    stranger: httpx.AsyncClient
    anyone: httpx.AsyncClient


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture(scope="module")
def pages(world: World) -> Litestar:
    return page_app(world, public.ROUTES, regulator.ROUTES, logbook.ROUTES)


async def _declared(world: World, firm: Firm, country: str, grams: int) -> None:
    stated = Declaration(country, world.clock().year, PET, "household", grams)
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        await declare(session, world.process.sequencer, firm.actor, stated, world.clock())


@pytest.fixture(scope="module")
async def desk(world: World, pages: Litestar) -> Desk:
    made = await chain(world)
    producer = await world.firm("producer", "TH", "Asia/Bangkok")
    await _declared(world, producer, "TH", 12_600_000)
    await publish_now(world)
    readers = [
        await signed_in(pages, world, firm)
        for firm in (
            await world.firm("regulator", "TH", "Asia/Bangkok"), await world.firm("regulator"), made.recycler,
            await world.firm("manufacturer", "VN"),
        )
    ]  # fmt: skip
    token = csrf_of((await readers[0].get("/reports")).text)
    issued = await readers[0].post("/reports", data={"_csrf_token": token, "year": str(world.clock().year)})
    assert issued.status_code == 303, text_of(issued.text)
    anyone = httpx.AsyncClient(
        transport=httpx.ASGITransport(pages), base_url="http://127.0.0.1:8000", headers={"accept": "text/html"}
    )
    return Desk(made, issued.headers["location"], readers[0], readers[1], readers[2], readers[3], anyone)


async def test_the_rate_of_another_law_is_labelled_as_no_law_here(desk: Desk, world: World) -> None:
    said = text_of((await desk.thai.get(desk.report, params={"law": "eu-packaging"})).text)
    assert "Reference, not law here. This is the formula of another jurisdiction" in said
    assert f"12.6{GAP}t".replace(GAP, " ") in said
    assert "6.3 t" in said  # into recycling: the flake
    assert "50%" in said  # 6.3 of 12.6
    assert "Target not met" not in said
    assert "Target met" not in said


async def test_japans_own_rate_stands_beside_the_reference(world: World, pages: Litestar, desk: Desk) -> None:
    collector = await world.firm("collector", "JP")
    await _declared(world, await world.firm("producer"), "JP", 9_000_000)
    await world.stock(collector, 1_000_000)
    await publish_now(world)
    token = csrf_of((await desk.japanese.get("/reports")).text)
    issued = await desk.japanese.post("/reports", data={"_csrf_token": token, "year": str(world.clock().year)})
    page = (await desk.japanese.get(issued.headers["location"])).text
    for name in ("PET bottle recycling rate of Japan", "EU packaging recycling rate", "PET bottle collection rate"):
        assert name in page
    assert "<h1>PET bottle recycling rate of Japan</h1>" in page


async def test_in_is_counted_plus_left_out_to_the_gram(desk: Desk) -> None:
    page = (await desk.thai.get(desk.report, params={"law": "eu-packaging"})).text
    found = re.search(r"In ([\d.,]+)\st = counted ([\d.,]+)\st \+ left out ([\d.,]+)\st\.", text_of(page))
    assert found
    whole, counted, left = (Decimal(each.replace(",", "")) for each in found.groups())
    assert whole == counted + left
    assert counted == Decimal("6.3")
    assert "This stage does not count in this law" in page


async def test_every_figure_leads_to_its_events_and_each_event_to_its_proof(desk: Desk) -> None:
    page = (await desk.thai.get(desk.report, params={"law": "eu-packaging"})).text
    linked = html.unescape(re.search(r'href="(/reports/\d+/figure\?[^"]*of=numerator[^"]*)"', page)[1])  # type: ignore[index]
    listed = (await desk.thai.get(linked)).text
    assert f"6.3{GAP}t" in listed
    (event,) = set(re.findall(r'href="(/events/\d+)"', listed))
    shown = (await desk.thai.get(event)).text
    said = text_of(shown)
    assert desk.made.recycler.actor.organisation_name in said
    assert f"-6.3{GAP}t" in shown
    assert "Sum 0 kg" in said.replace(GAP, " ")
    assert said.count("Passed") == 2
    assert '"TransformationEvent"' in html.unescape(shown)


async def test_what_the_event_page_shows_is_enough_to_check_the_proof(desk: Desk, world: World) -> None:
    index = await _index_of(world, desk.made.pellet)
    page = html.unescape((await desk.thai.get(f"/events/{index}")).text)
    hashes = re.findall(r">([0-9a-f]{64})<", page)
    leaf = re.search(r'mono small">(\{.*?\})</p>', page)
    assert leaf
    own, *path, root = [bytes.fromhex(each) for each in hashes]
    size = int(re.search(r"size=(\d+)", page)[1])  # type: ignore[index]
    assert leaf_hash(leaf[1].encode()) == own
    assert verify_inclusion(index, size, own, path, root)
    text = (await desk.anyone.get("/log/checkpoint")).text
    assert open_note(text, world.process.verifiers)
    assert text.splitlines()[2] in page


async def _index_of(world: World, lot: str) -> int:
    return int(await world.process.database.writer.fetchval("SELECT created_index FROM lot WHERE uri = $1", lot))


async def test_a_body_is_shown_as_it_was_received(desk: Desk, world: World) -> None:
    index = await _index_of(world, desk.made.pellet)
    page = html.unescape((await desk.recycler.get(f"/events/{index}")).text)
    shown = json.loads(page[page.index("<pre") :].partition(">")[2].partition("</pre>")[0])
    kept = await world.process.database.writer.fetchval("SELECT body FROM event_payload WHERE index = $1", index)
    assert shown == json.loads(kept)


async def test_strangers_see_that_it_is_in_the_log_and_nothing_of_what_it_says(desk: Desk, world: World) -> None:
    canaries = [
        canary
        for firm in (desk.made.collector, desk.made.sorter, desk.made.recycler)
        for canary in (firm.actor.organisation_name, firm.actor.organisation_uri, firm.facility)
    ] + [each.rpartition("/")[2] for each in (desk.made.waste, desk.made.bale, desk.made.pellet)]
    size = await world.process.database.writer.fetchval("SELECT size FROM log_head")
    for browser in (desk.anyone, desk.stranger):
        for index in range(size):
            page = (await browser.get(f"/log/leaf/{index}")).text
            assert [each for each in canaries if each in page] == [], index
            assert "eventTime" not in page
            assert "anyone can check" in page


async def test_each_regulator_reads_the_steps_of_its_own_country_and_material(desk: Desk, world: World) -> None:
    collected = await _index_of(world, desk.made.waste)
    recycled = await _index_of(world, desk.made.pellet)
    assert desk.made.collector.actor.organisation_name in (await desk.thai.get(f"/events/{collected}")).text
    assert desk.made.recycler.actor.organisation_name in (await desk.thai.get(f"/events/{recycled}")).text
    assert desk.made.recycler.actor.organisation_name in (await desk.japanese.get(f"/events/{recycled}")).text
    assert desk.made.collector.actor.organisation_name not in (await desk.japanese.get(f"/events/{collected}")).text
    assert desk.made.collector.actor.organisation_name not in (await desk.recycler.get(f"/events/{collected}")).text


async def test_reports_are_the_countrys_own(desk: Desk) -> None:
    assert (await desk.japanese.get(desk.report)).status_code == 404
    assert (await desk.recycler.get(desk.report)).status_code == 403
    assert (await desk.anyone.get(desk.report)).status_code == 401
    told = (await desk.recycler.get("/reports")).text
    assert "shown to its regulator" in told
    assert desk.report not in told
    assert desk.report in (await desk.thai.get("/reports")).text


@pytest.mark.parametrize("year", ["", "2569", "next", "1066", "99999999999"])
async def test_a_year_that_cannot_be_is_named_at_its_field(desk: Desk, year: str) -> None:
    token = csrf_of((await desk.thai.get("/reports")).text)
    answer = await desk.thai.post("/reports", data={"_csrf_token": token, "year": year})
    assert answer.status_code == 400
    assert 'href="#f-year"' in answer.text
    assert f'value="{year}"' in answer.text


async def test_the_log_page_says_how_far_the_checkpoint_reaches_and_where_to_fetch_all(
    desk: Desk, world: World
) -> None:
    page = (await desk.anyone.get("/log")).text
    size = await world.process.database.writer.fetchval("SELECT size FROM log_head")
    assert f"<b>{size:,}</b>" in page
    for path in re.findall(r'href="(/log/[^"]+)"', page):
        assert (await desk.anyone.get(html.unescape(path))).status_code == 200, path
    await world.stock(await world.firm("recycler"), 1_000)
    assert text_of((await desk.anyone.get("/log")).text).count("Waiting for the next one 1") == 1
    await publish_now(world)


async def test_a_leaf_that_is_not_there_is_not_found_and_events_ask_for_a_name(desk: Desk) -> None:
    assert (await desk.anyone.get("/log/leaf/99999999")).status_code == 404
    assert (await desk.anyone.get("/events/0")).status_code == 401
    assert [
        each for each in ("eventTime", "<h1>Event</h1>") if each in (await desk.stranger.get("/events/0")).text
    ] == ["<h1>Event</h1>"]


def test_flows_carry_every_gram_on() -> None:
    law = {
        "stages": [
            {"stage": stage, "counted": True, "grams": grams, "reason": None, "events": 1}
            for stage, grams in (
                ("collected", 900), ("opening", 100), ("sorted", 850), ("recycling_input", 700),
                ("recycling_output", 650), ("residue", 120), ("loss", 60), ("exported", 20),
            )
        ]
        + [{"stage": "collected", "counted": False, "grams": 5_000, "reason": "held", "events": 1}]
    }  # fmt: skip
    links = flows(law)
    for name in {link.source for link in links} - {"collected", "opening", "before"}:
        came = sum(link.grams for link in links if link.target == name)
        assert came == sum(link.grams for link in links if link.source == name), name
    assert sum(link.grams for link in links if link.target == "recycling_output") == 650
    ends = {link.target for link in links} - {link.source for link in links}
    assert ends == {"recycling_output", "residue", "loss", "exported", "waiting"}
    drawn = [{**each, "grams": 2_000} if each["stage"] == "sorted" else each for each in law["stages"]]
    more = flows({"stages": drawn})
    assert sum(link.grams for link in more if link.source == "before") == 1_000
    assert flows({"stages": []}) == []


async def test_the_report_names_all_that_makes_it_reproducible(desk: Desk, world: World) -> None:
    page = (await desk.thai.get(desk.report)).text
    data = (await desk.thai.get(f"/api/v1{desk.report}")).json()
    for fact in (data["digest"], data["rules"], data["code"], data["snapshot"]):
        assert fact in page
    assert world.process.catalogue.digest == data["rules"]
    assert packs(world.process.catalogue)["eu-packaging"].edition(data["year"]).id in page


@pytest.mark.parametrize("path", ["report", "/reports", "/log", "/events/0", "figure"])
async def test_pages_hold_to_the_strict_policy_in_japanese_too(desk: Desk, path: str) -> None:
    place = {"report": desk.report, "figure": f"{desk.report}/figure?law=eu-packaging&of=counted"}.get(path, path)
    page = (await desk.thai.get(f"{place}{'&' if '?' in place else '?'}lang=ja")).text
    assert '<html lang="ja">' in page
    assert not re.search(r'\sstyle="|<style|\son\w+="|javascript:', page)
    assert not re.search(r"<script(?! src=)", page)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
