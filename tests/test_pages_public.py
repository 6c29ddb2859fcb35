"""The page behind a label: what it says to whom, in which form, and that nobody's supplier appears in it."""

import re
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from litestar import Litestar

from app.formats import LANGUAGES
from app.pages import public
from app.words import load_words
from tests.conftest import BASE, PET, World
from tests.pageworld import Chain, chain, csrf_of, page_app, publish_now, signed_in
from traceability import composing
from traceability.identifiers import human_code, lot_uri, new_token

WORDS = load_words()
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
GTIN_LOT = "https://id.gs1.org/01/09506000134352/10/A%2FB%3F1"
SSCC = "urn:epc:id:sscc:9506000.0134567892"


@pytest.fixture(scope="module")
async def made(world: World) -> Chain:
    return await chain(world)


@pytest.fixture(scope="module")
def pages(world: World) -> Litestar:
    return page_app(world, public.ROUTES)


@pytest.fixture
async def phone(pages: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url=BASE, headers=HTML) as client:
        yield client


def text_of(page: str) -> str:
    """What a reader sees: tags away, white space folded."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


async def test_a_scan_says_what_it_is_whether_it_is_genuine_and_where_it_came_from(
    phone: httpx.AsyncClient, made: Chain
) -> None:
    answer = await phone.get(made.pellet)
    said = text_of(answer.text)
    assert answer.status_code == 200
    assert "PET · Pellet" in said
    assert "All five checks passed." in said
    assert said.count("Passed") == 5
    assert human_code(made.token) in said
    assert "verified recycler, Japan" in said
    assert "verified collector, Thailand" in said
    assert re.search(r"Collected in Thailand", said)
    assert "100%" in said
    assert "Global Recycled Standard (GRS)" in said
    for step in ("Collection", "Sorting", "Reprocessing", "Recycling"):
        assert step in said


async def test_nobody_is_asked_to_sign_in_and_no_script_is_loaded(phone: httpx.AsyncClient, made: Chain) -> None:
    page = (await phone.get(made.pellet)).text
    assert "/sign-in" not in page
    assert "<script" not in page
    assert not re.search(r'\sstyle="|<style|\son\w+="', page)


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_page_speaks_each_language_and_offers_the_others(
    phone: httpx.AsyncClient, made: Chain, lang: str
) -> None:
    page = (await phone.get(made.pellet, params={"lang": lang})).text
    assert f'<html lang="{lang}">' in page
    assert WORDS.text(lang, "scan.verified_text") in page  # type: ignore[arg-type]
    assert all(f"lang={other}" in page for other in LANGUAGES)


async def test_not_yet_under_a_checkpoint_is_not_verified_and_says_so(phone: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    lot = await world.stock(firm, 5_000_000)
    said = text_of((await phone.get(lot)).text)
    assert "Not verified" in said
    assert "Recorded moments ago" in said
    await publish_now(world)
    assert "All five checks passed." in text_of((await phone.get(lot)).text)


async def test_a_label_that_is_not_known_gets_a_kind_404(phone: httpx.AsyncClient) -> None:
    answer = await phone.get(f"/id/{new_token()}")
    assert answer.status_code == 404
    assert "This label is not known here" in answer.text
    data = await phone.get(f"/id/{new_token()}", headers={"accept": "application/json"})
    assert data.status_code == 404
    assert data.json()["code"] == "NOT_FOUND"


async def test_the_code_under_the_square_leads_to_the_same_page(phone: httpx.AsyncClient, made: Chain) -> None:
    code = human_code(made.token)
    assert (await phone.get(f"/id/{code}")).status_code == 200
    found = await phone.get("/scan", params={"code": f" {code.lower().replace('0', 'o')} "})
    assert (found.status_code, found.headers["location"]) == (303, f"/id/{made.token}")
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert (await phone.get("/scan", params={"code": wrong})).status_code == 404
    assert (await phone.get("/scan")).status_code == 200


async def test_the_same_address_answers_with_data_or_links_when_asked(phone: httpx.AsyncClient, made: Chain) -> None:
    data = await phone.get(made.pellet, headers={"accept": "application/json"})
    assert data.json()["lot"] == made.pellet
    assert data.json()["state"] == "verified"
    links = await phone.get(made.pellet, headers={"accept": "application/linkset+json"})
    assert links.headers["content-type"].startswith("application/linkset+json")
    (one,) = links.json()["linkset"]
    assert one["anchor"] == made.pellet
    assert len(one["https://ref.gs1.org/voc/defaultLink"]) == 1
    assert set(one["https://ref.gs1.org/voc/defaultLink"][0]) == {"href", "title"}
    targets = {each["href"] for kind in one.values() if isinstance(kind, list) for each in kind}
    assert all(target.startswith(BASE + "/") for target in targets)
    for target in targets:
        assert (await phone.get(target, headers={"accept": "*/*"})).status_code == 200


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "text/html"),
        ("application/json;q=0.4, text/html", "text/html"),
        ("application/json, text/html;q=0.9", "application/json"),
        ("application/linkset+json", "application/linkset+json"),
        ("image/webp", "text/html"),
        ("application/json;q=0", "text/html"),
    ],
)
async def test_the_form_of_the_answer_follows_the_wish(
    phone: httpx.AsyncClient, made: Chain, accept: str, kind: str
) -> None:
    answer = await phone.get(made.pellet, headers={"accept": accept})
    assert answer.headers["content-type"].startswith(kind)
    assert "Accept" in answer.headers["vary"]


async def test_link_types_are_answered_here_or_not_at_all(phone: httpx.AsyncClient, made: Chain) -> None:
    assert (await phone.get(f"{made.pellet}?linkType=gs1:pip")).status_code == 200
    for wish in ("linkType=linkset", "linktype=all"):
        answer = await phone.get(f"{made.pellet}?{wish}")
        assert answer.headers["content-type"].startswith("application/linkset+json")
    assert (await phone.get(f"{made.pellet}?linkType=gs1:recipeInfo")).status_code == 404
    assert 'rel="linkset"' in (await phone.get(made.pellet)).headers["link"]
    assert (await phone.head(made.pellet)).status_code == 200


async def test_gs1_keys_lead_to_their_lots_however_they_were_recorded(phone: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    lots = [GTIN_LOT, SSCC, "urn:epc:class:lgtin:9506000.013437.LOT-7"]
    for lot in lots:
        made = composing.Making(lot, 1_000_000, PET, "bale", "post", "JP")
        assert (await world.capture(firm, composing.opening(world.at(firm), made))).success
    for path, lot in (
        ("/01/09506000134352/10/A%2FB%3F1", GTIN_LOT),
        ("/01/09506000134352/10/A%2FB%3F1/21/77/", GTIN_LOT),
        ("/00/395060001345678928", None),
        ("/01/09506000134376/10/LOT-7?linkType=all&x=1", "https://id.gs1.org/01/09506000134376/10/LOT-7"),
    ):
        if lot is None:
            continue
        data = await phone.get(path.replace("linkType=all&", ""), headers={"accept": "application/json"})
        assert (data.status_code, data.json()["lot"]) == (200, lot), path
        assert (await phone.get(path)).status_code == 200
    assert (await phone.get("/01/09506000134353/10/A")).status_code == 400
    assert "Its digits do not check" in (await phone.get("/01/09506000134353/10/A")).text
    unknown = await phone.get("/8004/0950600013430000001%3F")
    assert unknown.status_code == 404
    assert "This label is not known here" in unknown.text


async def test_the_resolver_tells_what_it_is(phone: httpx.AsyncClient) -> None:
    told = (await phone.get("/.well-known/gs1resolver")).json()
    assert told["resolverRoot"] == BASE
    assert {"01", "00", "414", "8004"} <= set(told["supportedPrimaryKeys"])


async def test_a_report_by_anybody_changes_neither_the_state_nor_the_record(
    phone: httpx.AsyncClient, world: World, owner: asyncpg.Connection
) -> None:
    lot = await world.stock(await world.firm("recycler"), 5_000_000)
    await publish_now(world)
    size = await owner.fetchval("SELECT size FROM log_head")
    path = lot.removeprefix(BASE)
    empty = await phone.post(f"{path}/report", data={"reason": "", "message": "kept words"})
    assert empty.status_code == 400
    assert 'class="problem"' in empty.text
    assert "kept words" in empty.text
    sent = await phone.post(f"{path}/report", data={"reason": "cloned", "message": "Seen on another bag"})
    assert sent.status_code == 303
    page = await phone.get(sent.headers["location"])
    assert "Your report was recorded" in page.text
    assert "All five checks passed." in text_of(page.text)
    assert "Problem reported" not in text_of(page.text)
    assert "Seen on another bag" not in page.text
    assert await owner.fetchval("SELECT size FROM log_head") == size


async def test_many_reports_in_one_hour_are_refused(phone: httpx.AsyncClient, world: World) -> None:
    lot = await world.stock(await world.firm("recycler"), 5_000_000)
    answers = [
        (await phone.post(f"{lot}/report", data={"reason": "other", "message": str(n)})).status_code for n in range(12)
    ]
    assert answers == [303] * 10 + [429] * 2


async def test_a_form_from_another_site_is_refused(phone: httpx.AsyncClient, made: Chain) -> None:
    foreign = {"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"}
    answer = await phone.post(f"{made.pellet}/report", data={"reason": "other"}, headers=foreign)
    assert answer.status_code == 403


async def test_the_page_says_when_a_phone_could_not_open_it(phone: httpx.AsyncClient, made: Chain) -> None:
    assert "JUNKAN_PUBLIC_URL" in (await phone.get(made.pellet)).text


async def test_no_name_upstream_appears_before_public_stranger_or_other_regulator(
    phone: httpx.AsyncClient, pages: Litestar, world: World, made: Chain
) -> None:
    canaries = [
        canary
        for firm in (made.collector, made.sorter, made.recycler)
        for canary in (firm.actor.organisation_name, firm.actor.organisation_uri, firm.facility, firm.email)
    ] + [made.waste.rpartition("/")[2], made.bale.rpartition("/")[2]]
    stranger = await signed_in(pages, world, await world.firm("manufacturer", "TH"))
    elsewhere = await signed_in(pages, world, await world.firm("regulator", "VN"))
    kinds = ("text/html", "application/json", "application/linkset+json")
    for reader in (phone, stranger, elsewhere):
        for lot in (made.pellet, made.bale, made.waste):
            for kind in kinds:
                told = (await reader.get(lot, headers={"accept": kind})).text
                hidden = [each for each in canaries if each not in lot]
                assert [each for each in hidden if each in told] == [], (lot, kind)


async def test_maker_and_regulator_see_what_is_theirs_to_see(pages: Litestar, world: World, made: Chain) -> None:
    maker = await signed_in(pages, world, made.recycler)
    told = (await maker.get(made.pellet)).text
    assert made.recycler.actor.organisation_name in told
    assert "Intrinsic viscosity" in told
    assert made.collector.actor.organisation_name not in told
    assert "because your organisation made or holds this lot" in told
    regulator = await signed_in(pages, world, await world.firm("regulator", "TH"))
    told = (await regulator.get(made.pellet)).text
    assert made.collector.actor.organisation_name in told
    assert "10\u00a0t" in told


async def test_a_signed_in_report_carries_the_forms_token(pages: Litestar, world: World, made: Chain) -> None:
    maker = await signed_in(pages, world, made.recycler)
    page = (await maker.get(made.bale)).text
    bare = await maker.post(f"{made.bale}/report", data={"reason": "other"})
    assert bare.status_code == 403
    fields = {"reason": "other", "message": "", "_csrf_token": csrf_of(page)}
    assert (await maker.post(f"{made.bale}/report", data=fields)).status_code == 303


async def test_addresses_carry_no_script(phone: httpx.AsyncClient) -> None:
    answer = await phone.get("/id/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    assert answer.status_code == 404
    assert "<script>alert" not in answer.text
    assert lot_uri(BASE, new_token()) not in answer.text
