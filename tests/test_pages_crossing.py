"""Can it cross: asked by a form, by a machine and at the command line; one answer at every door."""

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import httpx
import pytest
from click.testing import CliRunner
from litestar import Litestar

from app.cli import main
from app.crossings.shapes import EXAMPLE
from app.formats import LANGUAGES
from app.pictures import GateMark, crossing
from app.words import load_words
from tests.conftest import BASE, World
from tests.pageworld import Chain, chain, listed, page_app, signed_in

WORDS = load_words()
TONES_SEEN = ("good", "warn", "bad")
CHECK = "/api/v1/crossings/check"
FLAKE = {
    "material": "plastics.pet", "form": "flake", "origin": "post_consumer", "exporting": "JP", "importing": "TH",
    "operation": "R3", "day": "2026-11-24", "hazardous": "no", "single_polymer": "yes", "almost_free": "yes",
    "collected_in": "JP", "recycled_in": "JP",
}  # fmt: skip


@pytest.fixture(scope="module")
async def made(world: World) -> Chain:
    return await chain(world)


@pytest.fixture(scope="module")
def pages(world: World) -> Litestar:
    return page_app(world)


@pytest.fixture
async def guest(pages: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url=BASE) as client:
        client.headers["accept"] = "text/html"
        yield client


def said(page: str) -> str:
    """What a reader sees of the main part."""
    main_part = page[page.index("<main") : page.index("</main")]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", main_part))).replace("\u00a0", " ")


def chosen(page: str, name: str) -> list[str]:
    """What the selects of this name hold."""
    found = re.findall(rf'<select id="[^"]+" name="{name}".*?</select>', page, re.S)
    return [match[1] if (match := re.search(r'value="([^"]+)" selected', each)) else "" for each in found]


# --- the page


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_anybody_may_ask_in_each_language(guest: httpx.AsyncClient, lang: Any) -> None:
    empty = await guest.get("/crossing", params={"lang": lang})
    answer = await guest.get("/crossing", params={"lang": lang, **FLAKE, "form": "bale"})
    assert empty.status_code == answer.status_code == 200
    assert WORDS.text(lang, "crossing.lead") in empty.text
    assert WORDS.text(lang, "crossing_outcome.forbidden") in said(answer.text)
    assert WORDS.text(lang, "crossing.answer_forbidden") in said(answer.text)
    assert f'<html lang="{lang}">' in answer.text


async def test_an_answer_is_a_picture_a_table_and_a_chain_of_gates_with_sources(guest: httpx.AsyncClient) -> None:
    page = (await guest.get("/crossing", params={**FLAKE, "importing": "VN"})).text
    text = said(page)
    assert page.count('<svg class="picture') == 2  # for wide and narrow screens
    assert "Japan → Vietnam" in text
    assert "Consent needed" in text
    assert "Viet Nam's environmental permit for imported scrap" in text
    assert "B3011: not controlled." in text
    assert re.search(r'<a href="https://[^"]+" rel="noreferrer" lang="en">[^<]*Basel', page)
    assert "Read in the legal text" in text
    assert "Commercial invoice" in text
    assert "This is no legal advice." in text


async def test_it_works_without_a_script_and_under_the_strict_policy(guest: httpx.AsyncClient) -> None:
    page = (await guest.get("/crossing", params=FLAKE)).text
    assert not re.search(r'\sstyle="|<style|\son\w+="|javascript:', page)
    assert '<form class="form" id="ask" method="get"' in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


async def test_what_is_missing_in_writing_is_ticked_and_opens_its_gate(guest: httpx.AsyncClient) -> None:
    asked = {**FLAKE, "exporting": "TH", "importing": "JP", "collected_in": "TH", "recycled_in": "TH"}
    first = (await guest.get("/crossing", params=asked)).text
    assert "Not known enough" in said(first)
    assert 'form="ask" id="hand-1" name="confirmed" value="national_import"' in first
    second = (await guest.get("/crossing", params={**asked, "confirmed": "national_import"})).text
    assert "By what is stated, every gate on this route is open on this day." in said(second)
    assert re.search(r'name="confirmed" value="national_import" checked', second)


async def test_a_wrong_form_is_told_at_its_fields_and_everything_typed_is_kept(guest: httpx.AsyncClient) -> None:
    typed = {**FLAKE, "day": "31.02.2026", "contamination_percent": "much", "foreign_hs": "39", "material": ""}
    answer = await guest.get("/crossing", params=typed)
    assert answer.status_code == 400
    for name in ("day", "contamination_percent", "material"):
        assert f'href="#f-{name}"' in answer.text, name
    assert 'value="31.02.2026"' in answer.text
    assert 'value="much"' in answer.text
    assert chosen(answer.text, "importing") == ["TH"]
    assert chosen(answer.text, "collected_in") == ["JP", ""]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("material", "plastics.unheard"), ("form", "cloud"), ("exporting", "ZZ"), ("importing", "jp"),
        ("operation", "R99"), ("contamination_percent", "101"), ("hs_code", "39"), ("arrival", "2026-11-01"),
        ("collected_in", "QQ"), ("day", "1600-01-01"), ("polymers", "plastics.unheard"),
    ],
)  # fmt: skip
async def test_what_nobody_can_know_is_refused_where_it_was_typed(
    guest: httpx.AsyncClient, field: str, value: str
) -> None:
    answer = await guest.get("/crossing", params={**FLAKE, field: value})
    assert answer.status_code == 400
    assert 'id="problem"' in answer.text
    if field != "day":
        assert f'href="#f-{field}"' in answer.text


async def test_markup_in_a_question_stays_text(guest: httpx.AsyncClient) -> None:
    answer = await guest.get("/crossing", params={**FLAKE, "waste_entry": '"><script>', "permits": "<b>x"})
    assert "<script>" not in answer.text[answer.text.index("<main") : answer.text.index("</main")]
    assert "<b>x" not in answer.text


@pytest.mark.parametrize("width", [300, 720])
@pytest.mark.parametrize("count", [0, 1, 9, 40])
def test_every_gate_stands_on_the_road_and_inside_the_picture(width: int, count: int) -> None:
    gates = [GateMark(f"<gate {number}>", tone, "shut & so") for number, tone in zip(range(count), cycle(TONES_SEEN))]
    drawn = str(crossing(["Japan", "Côte d'<Ivoire>"], gates, title="t", description="d", width=width))
    root = ElementTree.fromstring(drawn)
    titles = [each.text for each in root.iter("{http://www.w3.org/2000/svg}title")]
    assert [each for each in titles if each and each.startswith("<gate")] == [
        f"<gate {n}>: shut & so" for n in range(count)
    ]
    circles = list(root.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(circles) == count + 2
    _, _, across, down = (float(each) for each in root.attrib["viewBox"].split())
    for each in circles:
        x, y, r = (float(each.attrib[name]) for name in ("cx", "cy", "r"))
        assert r <= x <= across - r
        assert r <= y <= down - r


# --- from a lot and from a listing


async def test_a_lot_fills_the_form_with_what_its_passport_tells(
    pages: Litestar, guest: httpx.AsyncClient, world: World, made: Chain
) -> None:
    async with await signed_in(pages, world, made.recycler) as own:
        page = (await own.get("/crossing", params={"lot": made.pellet})).text
        stock = (await own.get("/stock/lot", params={"uri": made.pellet})).text
    assert chosen(page, "material") == ["plastics.pet"]
    assert chosen(page, "form") == ["pellet"]
    assert chosen(page, "origin") == ["post_consumer"]
    assert chosen(page, "exporting") == ["JP"]
    assert chosen(page, "collected_in") == ["TH", ""]
    assert 'name="intrinsic_viscosity_dl_g" type="text" value="0.78"' in page
    assert not chosen(page, "importing")[0]
    assert f'href="/crossing?lot={quote(made.pellet, safe="/")}"' in stock
    anybody = (await guest.get("/crossing", params={"lot": made.pellet})).text
    assert chosen(anybody, "material") == ["plastics.pet"]


async def test_a_lot_that_is_not_there_is_said_and_the_form_stays(guest: httpx.AsyncClient) -> None:
    answer = await guest.get("/crossing", params={"lot": f"{BASE}/id/NOSUCHLOT", **FLAKE})
    assert answer.status_code == 400
    assert "This lot is not known here" in said(answer.text)
    assert chosen(answer.text, "importing") == ["TH"]


async def test_a_listing_leads_to_the_question_with_the_reader_s_own_country(
    pages: Litestar, world: World, made: Chain
) -> None:
    number = await listed(world, made.recycler, made.pellet)
    buyer = await world.firm("manufacturer", "MY", "Asia/Kuala_Lumpur")
    async with await signed_in(pages, world, buyer) as browser:
        page = (await browser.get(f"/market/{number}")).text
        link = re.search(r'href="(/crossing\?lot=[^"]+)"', page)
        assert link, said(page)
        answer = await browser.get(unescape(link[1]))
    assert answer.status_code == 200
    assert chosen(answer.text, "importing") == ["MY"]
    assert "Japan → Malaysia" in said(answer.text)


# --- the machine's door


async def test_the_documented_example_is_answered_without_a_key(guest: httpx.AsyncClient) -> None:
    answer = await guest.post(CHECK, json=EXAMPLE)
    assert answer.status_code == 200
    body = answer.json()
    assert body["outcome"] == "needs_data"
    assert [each["code"] for each in body["missing"]] == ["confirmed:national_import"]
    assert body["entry"]["decided"] == "B3011"
    assert body["regime"] == "basel"
    assert {each["agreement"]: each["available"] for each in body["origins"]} == {
        "ajcep": True, "atiga": False, "rcep": True,
    }  # fmt: skip
    for gate in body["gates"]:
        assert gate["says"]
        assert gate["outcome"] in {"allowed", "forbidden", "needs_consent", "needs_data", "noted", "yes", "no"}
        assert all(source["title"] and source["certainty"] for source in gate["sources"])
    schema = (await guest.get("/openapi.json")).json()
    operation = schema["paths"][CHECK]["post"]
    assert "Can this lot cross" in operation["description"]
    assert "hazardous" in json.dumps(schema["components"]["schemas"])
    docs = (await guest.get("/docs")).text
    sample = re.search(r"<pre[^>]*><code>(.*?)</code>", docs[docs.index('id="post-api-v1-crossings-check"') :], re.S)
    assert sample
    assert json.loads(unescape(sample[1])) == EXAMPLE


async def test_the_answer_speaks_the_language_of_the_header(guest: httpx.AsyncClient) -> None:
    answer = (await guest.post(CHECK, json=EXAMPLE, headers={"Accept-Language": "ja"})).json()
    assert answer["gates"][0]["title"].startswith(WORDS.text("ja", "crossing_gate.status"))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"day": "soon"}, "day"),
        ({"route": {"exporting": "TH"}}, "importing"),
        ({"route": {"exporting": "TH", "importing": "Japan"}}, "importing"),
        ({"route": {"exporting": "TH", "importing": "QQ"}}, "importing"),
        ({"lot": {"material": "plastics.pet", "form": "flake", "facts": {"colour": "blue"}}}, "colour"),
        ({"lot": {"material": "plastics.pet", "form": "flake", "facts": {"contamination_percent": 0.3}}}, "percent"),
        ({"lot": {"material": "plastics.pet", "form": "flake", "facts": {"contamination_percent": "101"}}}, "percent"),
        ({"lot": {"material": "plastics.unheard", "form": "flake"}}, "material"),
        ({"lot": {"material": "plastics.pet", "form": "cloud"}}, "form"),
        ({"worth": {"fob": "0"}}, "fob"),
        ({"worth": {"fob": "1e999999"}}, "fob"),
        ({"worth": {"fob": "NaN"}}, "fob"),
        ({"arrival": "2026-11-01"}, "arrival"),
        ({"lots": []}, "lots"),
    ],
)
async def test_a_wrong_question_is_refused_with_its_field(
    guest: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    answer = await guest.post(CHECK, json={**EXAMPLE, **change}, headers={"Accept": "application/json"})
    assert answer.status_code in {400, 422}, answer.text
    assert field in answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_the_same_question_has_the_same_answer_at_every_door(guest: httpx.AsyncClient, tmp_path: Path) -> None:
    over_http = (await guest.post(CHECK, json=EXAMPLE)).json()
    file = tmp_path / "lot.json"
    file.write_text(json.dumps(EXAMPLE, indent=1), encoding="utf-8")
    ran = CliRunner().invoke(main, ["crossing", str(file), "--json"])
    assert ran.exit_code == 1  # not allowed as it stands
    assert json.loads(ran.stdout) == over_http


# --- the command line


def test_the_command_exits_zero_only_where_it_is_allowed(tmp_path: Path) -> None:
    facts = {**EXAMPLE["lot"]["facts"], "confirmed": ["national_import"]}
    file = tmp_path / "lot.yaml"
    file.write_text(json.dumps({**EXAMPLE, "lot": {**EXAMPLE["lot"], "facts": facts}}), encoding="utf-8")
    ran = CliRunner().invoke(main, ["crossing", str(file)])
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.startswith("Allowed")
    assert "B3011: not controlled." in ran.stdout
    spoken = CliRunner().invoke(main, ["crossing", str(file), "--lang", "th"])
    assert spoken.stdout.startswith(WORDS.text("th", "crossing_outcome.allowed"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lot:\n  material: plastics.pet\n  form: flake\n  facts:\n    colour: blue\n", r"line 5: lot\.facts\.colour"),
        ("lot: {material: [}\n", r"line 1: "),
        ("day: 2026-02-31\n", r"line 1: .*is not a day"),
        ("- a\n", r"line 1: .*not a mapping"),
        ("lot: {material: plastics.pet, form: cloud}\nroute: {exporting: JP, importing: TH}\nday: 2026-01-01\n",
         r"lot\.form: cloud is not known\. Use one of .*flake"),
        ("lot: {material: plastics.pet, form: flake}\nday: 2026-01-01\n", r"route: "),
    ],
)  # fmt: skip
def test_a_wrong_file_names_line_and_field(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "lot.yaml"
    file.write_text(text, encoding="utf-8")
    ran = CliRunner().invoke(main, ["crossing", str(file)])
    assert ran.exit_code == 2
    assert re.search(told, ran.stderr), ran.stderr
    assert str(file) in ran.stderr
    assert not ran.stdout


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lot.yaml"
    file.write_bytes(b"\xff\xfe\x00")
    ran = CliRunner().invoke(main, ["crossing", str(file)])
    assert ran.exit_code == 2
    assert "UTF-8" in ran.stderr


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_language_has_every_word_of_a_crossing(lang: Any) -> None:
    ours = {key for key in WORDS.sentences["en"] if key.startswith("crossing")}
    assert len(ours) > 200
    assert ours - WORDS.sentences[lang].keys() == set()
