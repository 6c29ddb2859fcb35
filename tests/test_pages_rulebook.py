"""The rule book's pages: browse it, compare, judge a lot without an account, try a draft; and nothing is stored."""

import json
import re
from html import unescape

import httpx
import pytest

from app.formats import LANGUAGES
from standards.catalogue import CATALOGUE, load
from tests.pagework import said
from tests.test_rulebook import IRON

HTML = {"Accept": "text/html"}
DRAFT = (CATALOGUE / "standards/eu-eow-333-2011-fe.yaml").read_text("utf-8").replace("value: 2, unit", "value: 1, unit")
FLAKE = {
    "material": "plastics.pet", "form": "flake", "on": "2026-03-01", "level": "E2", "sampled": "2026-02-10",
    "p.colour_desc": "clear", "p.shape_desc": "flake", "p.particle_size_max": "10", "u.particle_size_max": "mm",
    "p.bulk_density": "320", "u.bulk_density": "kg/m3", "p.moisture": "0.7", "u.moisture": "%", "p.pvc": "< 35",
    "u.pvc": "ppm", "p.polyolefin": "<10", "u.polyolefin": "ppm", "a.contains_recovered_material": "true",
    "a.end_use": "another", "s.input_batches_identified": "yes", "d.recycled_content_calculation": "E1",
    "p.recycled_content": "100", "u.recycled_content": "%", "a.origin": "post_consumer",
}  # fmt: skip


async def page(client: httpx.AsyncClient, path: str, status: int = 200, **query: str) -> str:
    answer = await client.get(path, params=query or None, headers=HTML)
    assert answer.status_code == status, said(answer.text)[:500]
    return answer.text


async def sent(client: httpx.AsyncClient, path: str, status: int = 200, **form: object) -> str:
    answer = await client.post(path, headers=HTML, **form)  # type: ignore[arg-type]
    assert answer.status_code == status, said(answer.text)[:800]
    return answer.text


async def test_the_shelf_is_browsed_by_material_country_and_day(client: httpx.AsyncClient) -> None:
    whole = said(await page(client, "/standards"))
    for document in load().documents("standard"):
        assert document.data["title"]["en"] in whole
    found = await page(client, "/standards", material="paper.corrugated", place="VN", on="2025-06-29")
    assert "/standards/vn-qcvn-33-2018" in found
    assert "/standards/en-643-2014" not in found
    assert "No standard of the rule book fits" in said(await page(client, "/standards", material="glass", place="VN"))
    assert "no material that we know" in said(await page(client, "/standards", 400, material="gold"))
    assert "not a day" in said(await page(client, "/standards", 400, on="soon"))


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_every_page_of_the_book_speaks_every_language(client: httpx.AsyncClient, lang: str) -> None:
    for path in ("/standards", "/standards/judge", "/standards/draft", "/standards/compare", "/standards/eu-pops-pbde"):
        text = await page(client, path, lang=lang)
        assert f'<html lang="{lang}">' in text
        assert not re.findall(r"\b(?:book|why|about|grants)\.[a-z_]+", said(text))
    judged = said(await sent(client, f"/standards/judge?lang={lang}", data=FLAKE))
    assert "EN 15348" in judged
    if lang != "en":
        assert "What is missing" not in judged
        assert "Not stated yet" not in judged


async def test_one_standard_tells_clauses_limits_sources_and_its_days(client: httpx.AsyncClient) -> None:
    pops = await page(client, "/standards/eu-pops-pbde")
    text = said(pops)
    assert "≤ 350 mg/kg (from 30 Dec 2025)" in text
    assert "Another limit begins: toys" in text
    assert "Read in the legal text" in text
    assert pops.count('<svg class="picture"') == 6  # three limits, each for wide and for narrow screens
    assert "https://eur-lex.europa.eu/eli/reg_del/2025/1482/oj" in pops
    paper = said(await page(client, "/standards/en-643-2014"))
    assert "1.04.02" in paper
    assert "Newspapers and magazines ≤ 40 %" in paper
    assert "reports reusable" in said(await page(client, "/standards/eu-eow-333-2011-fe"))
    await page(client, "/standards/en-0", 404)


async def test_two_standards_stand_side_by_side(client: httpx.AsyncClient) -> None:
    await page(client, "/standards/compare")
    text = said(await page(client, "/standards/compare", left="eu-eow-333-2011-fe", right="eu-eow-715-2013-cu"))
    assert "≤ 2 % · E2" in text
    assert "< 2 % · E2" in text
    assert "Different" in text
    await page(client, "/standards/compare", 404, left="eu-eow-333-2011-fe", right="x")
    await page(client, "/standards/compare", 400, left="eu-rohs", right="eu-pops-pbde", on="x")


async def test_the_form_asks_for_what_the_standards_of_a_material_ask_for(client: httpx.AsyncClient) -> None:
    start = await page(client, "/standards/judge")
    assert 'name="p.' not in start
    flake = await page(client, "/standards/judge", material="plastics.pet", form="flake")
    for name in ("p.pvc", "u.pvc", "m.pvc", "c.mfr", "s.use_within_letter", "d.te_scope_certificate", "a.end_use"):
        assert f'name="{name}"' in flake
    assert 'name="p.piece_thickness"' not in flake
    occ = await page(client, "/standards/judge", material="paper.corrugated", form="bale")
    assert ">en-643-2014: 1.05.00<" in occ
    wrong = await page(client, "/standards/judge", 400, material="gold", form="flake")
    assert "no such material" in said(wrong)
    assert 'href="#f-material"' in wrong
    for text in (start, flake, occ, wrong):
        ids = re.findall(r' id="([^"]+)"', text)
        assert len(ids) == len(set(ids)), {each for each in ids if ids.count(each) > 1}


async def test_anyone_judges_a_lot_and_sees_verdicts_reasons_gaps_and_certainty(client: httpx.AsyncClient) -> None:
    text = await sent(client, "/standards/judge", data=FLAKE)
    seen = said(text)
    assert re.search(r"EN 15348.{0,80}Conforming", seen)
    assert "A newer edition exists" in seen
    assert "Only clauses that nobody has checked against the text decide this" in seen
    assert "only: PBDE in total" in seen
    assert "EU European Union" in seen or "European Union" in seen
    assert "from this level on: E2" in seen
    assert 'value="&lt; 35"' in text  # the form keeps what was typed
    lot = json.loads(unescape(re.search(r"<pre[^>]*><code>(.*?)</code>", text, re.S)[1]))["lots"][0]  # type: ignore[index]
    again = await client.post("/api/v1/judge", json={"lots": [lot], "as_of": "2026-03-01"})
    (told,) = again.json()["lots"]
    for each in told["evaluations"]:
        assert each["sha256"] in text or not each["findings"]


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"p.moisture": "wet"}, "f-p-moisture", "Moisture"),
        ({"p.moisture": "0.7.1"}, "f-p-moisture", "Moisture"),
        ({"x.moisture": "abc"}, "f-x-moisture", "Moisture"),
        ({"sampled": "yesterday"}, "f-sampled", ""),
        ({"d.reach_declaration": "E1", "v.reach_declaration": "31.31.2026"}, "f-v-reach_declaration", ""),
    ],
)
async def test_what_cannot_be_read_is_said_at_its_field_and_nothing_is_lost(
    client: httpx.AsyncClient, typed: dict[str, str], field: str, sentence: str
) -> None:
    text = await sent(client, "/standards/judge", 400, data={**FLAKE, **typed})
    assert f'href="#{field}"' in text
    assert f'id="{field}"' in text
    assert sentence in said(text)
    assert 'value="320"' in text


async def test_numbers_are_read_as_the_reader_writes_them(client: httpx.AsyncClient) -> None:
    text = await sent(client, "/standards/judge?lang=vi", data={**FLAKE, "p.moisture": "0,7"})
    assert '"value": "0.7"' in unescape(text)


async def test_a_file_of_lots_is_judged_and_its_faults_are_told(client: httpx.AsyncClient) -> None:
    table = "name,material,form,evidence,moisture [%]\none,plastics.pet,flake,E2,0.7\ntwo,plastics.pet,flake,E2,< 1\n"
    text = said(await sent(client, "/standards/judge", files={"file": ("lots.csv", table.encode())}))
    assert "one · Flake" in text
    assert "two · Flake" in text
    wrong = table.replace("0.7", "damp").replace("form", "shape")
    told = said(await sent(client, "/standards/judge", 400, files={"file": ("lots.csv", wrong.encode())}))
    assert "no property or column" in told
    told = said(
        await sent(client, "/standards/judge", 400, files={"file": ("l.csv", table.replace("0.7", "damp").encode())})
    )
    assert "lots/0/moisture [%]" in told
    many = table + "x,plastics.pet,flake,E2,1\n" * 100
    assert "at most 100" in said(await sent(client, "/standards/judge", 400, files={"file": ("l.csv", many.encode())}))
    json_file = json.dumps([IRON]).encode()
    assert "jp-ferrous" in await sent(client, "/standards/judge", files={"file": ("lot.json", json_file)})
    await sent(client, "/standards/judge", 400, files={"file": ("lot.json", b"\xff\xfe")})
    await sent(client, "/standards/judge", 413, files={"file": ("lot.json", b"x" * 600_000)})


async def test_a_draft_is_shown_beside_the_law_and_marked_everywhere(client: httpx.AsyncClient) -> None:
    form = {"draft": DRAFT, "lots": json.dumps({"lots": [IRON]}), "on": "2026-03-01"}
    text = said(await sent(client, "/standards/draft", data=form))
    assert "This is a draft. It decides nothing" in text
    assert "1 of 1 lots would change" in text
    assert "Pass · ≤ 2 %" in text
    assert "Fail · ≤ 1 %" in text
    broken = {**form, "draft": DRAFT.replace("foreign_material", "foreign_materials")}
    faults = said(await sent(client, "/standards/draft", 400, data=broken))
    assert "clauses/1/rule/limit/property" in faults
    assert "foreign_material" in faults
    for missing in ({**form, "draft": ""}, {**form, "lots": ""}, {**form, "lots": "{"}, {**form, "against": "x"}):
        answer = await client.post("/standards/draft", data=missing, headers=HTML)
        assert answer.status_code in {400, 404}
        assert "IRON" not in answer.text
    table = "material,form,foreign_material [%]\nmetals.ferrous,loose,1.5\n"
    uploaded = {"draft_file": ("d.yaml", DRAFT.encode()), "lots_file": ("l.csv", table.encode())}
    assert "1 lots" in said(await sent(client, "/standards/draft", files=uploaded))


async def test_a_form_of_another_site_is_refused_here_too(client: httpx.AsyncClient) -> None:
    foreign = await client.post("/standards/judge", data=FLAKE, headers={**HTML, "Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 403
