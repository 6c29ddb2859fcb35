"""The recycler's pages as a recycler uses them: no JavaScript, what was typed is kept, every page in two languages."""

import re
from urllib.parse import quote, unquote

import httpx
import pytest

from tests.conftest import PASSWORD, Firm, World

FIELD = re.compile(r'name="_csrf_token" value="([0-9a-f]+)"')


async def signed_in(client: httpx.AsyncClient, firm: Firm) -> str:
    """Sign in; answers the session's form token."""
    answer = await client.post("/sign-in", data={"email": firm.email, "password": PASSWORD})
    assert answer.status_code == 303
    page = await client.get("/record/opening")
    found = FIELD.search(page.text)
    assert found
    return found[1]


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


async def opening(client: httpx.AsyncClient, token: str, mass: str = "12.5", unit: str = "t") -> str:
    data = {"_csrf_token": token, "material": "plastics.pet", "form": "bale", "grams": mass, "grams_unit": unit}
    answer = await client.post("/record/opening", data=data)
    assert answer.status_code == 303, answer.text
    return unquote(answer.headers["location"].partition("uri=")[2])


async def test_opening_stock_is_stated_corrected_processed_tested_and_listed(
    client: httpx.AsyncClient, firm: Firm
) -> None:
    token = await signed_in(client, firm)
    bale = await opening(client, token)
    page = (await client.get(f"/stock/lot?uri={quote(bale, safe='')}")).text
    assert "12.5" in page
    correct = re.search(r"/record/correct/(\d+)", page)
    assert correct
    done = await client.post(correct[0], data={"_csrf_token": token, "grams": "11", "grams_unit": "t"})
    assert done.status_code == 303
    data = {
        "_csrf_token": token, "step": "reprocessing", "lot0": bale, "input0": "11", "input0_unit": "t",
        "material": "plastics.pet", "form": "flake", "grams": "7900", "grams_unit": "kg", "residue": "2",
        "residue_unit": "t",
    }  # fmt: skip
    made = await client.post("/record/transformation", data=data)
    assert made.status_code == 303, made.text
    flake = unquote(made.headers["location"].partition("uri=")[2])
    test = {
        "_csrf_token": token,
        "lot": flake,
        "property": "bulk_density",
        "value": "300",
        "evidence": "E2",
        "day": "2026-01-05",
    }
    tested = await client.post("/evidence/measurement", data={**test, "day": "2026-01-05"})
    assert tested.status_code == 303, tested.text
    paper = {
        "_csrf_token": token, "standard": "te-grs", "kind": "scope", "number": f"N-{firm.actor.organisation_id}",
        "issuer": "A body", "from": "2026-01-01", "to": "2026-12-31", "lot": flake,
    }  # fmt: skip
    certified = await client.post("/evidence/certificate", data=paper)
    assert certified.status_code == 303, certified.text
    lot = (await client.get(f"/stock/lot?uri={quote(flake, safe='')}")).text
    assert "7.9" in lot
    offer = {
        "_csrf_token": token, "lot": flake, "price": "820", "currency": "USD", "smallest": "1", "smallest_unit": "t",
        "incoterm": "FCA",
    }  # fmt: skip
    listed = await client.post("/listings/new", data=offer)
    assert (listed.status_code, listed.headers["location"]) == (303, "/listings")
    assert "820" in (await client.get("/listings")).text
    labels = (await client.get(f"/labels?lot={quote(flake, safe='')}")).text
    assert "<svg" in labels
    assert "127.0.0.1:8000" in labels  # and it says that a phone cannot open it
    passport = await client.get(f"/id/{flake.rpartition('/')[2]}")
    assert passport.status_code == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [({"grams": ""}, 400), ({"form": ""}, 400), ({"material": "unobtainium"}, 400), ({"day": "2569-01-01"}, 400)],
)
async def test_a_bad_form_comes_back_with_what_was_typed(
    client: httpx.AsyncClient, firm: Firm, change: dict[str, str], status: int
) -> None:
    token = await signed_in(client, firm)
    data = {"_csrf_token": token, "material": "plastics.pet", "form": "bale", "grams": "77", "grams_unit": "kg"}
    answer = await client.post("/record/opening", data={**data, **change})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert 'value="77"' in answer.text or change.get("grams") == ""


async def test_another_firms_lot_is_not_shown(client: httpx.AsyncClient, world: World, firm: Firm) -> None:
    theirs = await world.stock(await world.firm("recycler"), 5_000)
    await signed_in(client, firm)
    answer = await client.get(f"/stock/lot?uri={quote(theirs, safe='')}")
    assert answer.status_code == 404


async def test_a_form_without_its_token_is_refused(client: httpx.AsyncClient, firm: Firm) -> None:
    await signed_in(client, firm)
    answer = await client.post("/record/opening", data={"grams": "1"})
    assert answer.status_code == 403


@pytest.mark.parametrize("lang", ["en", "ja", "th"])
async def test_every_page_opens_in_its_readers_language(client: httpx.AsyncClient, firm: Firm, lang: str) -> None:
    token = await signed_in(client, firm)
    lot = await opening(client, token)
    named = quote(lot, safe="")
    paths = (
        "/", "/stock", "/record", "/record/collected", "/record/opening", "/record/transformation", "/evidence",
        "/listings", "/offers", "/market", "/trades", "/claims", "/declarations", f"/stock/lot?uri={named}",
        f"/listings/new?lot={named}",
    )  # fmt: skip
    for path in paths:
        answer = await client.get(path, params={"lang": lang} if "?" not in path else None)
        assert answer.status_code == 200, (path, answer.text[:500])
        assert "<h1>" in answer.text


async def test_a_producer_declares_and_corrects(client: httpx.AsyncClient, world: World) -> None:
    producer = await world.firm("producer")
    token = await signed_in(client, producer)
    data = {"_csrf_token": token, "year": "2025", "material": "plastics.pet", "category": "household", "grams": "40"}
    first = await client.post("/declarations", data={**data, "grams_unit": "t"})
    assert first.status_code == 303, first.text
    world.clock.forward(seconds=1)
    again = await client.post("/declarations", data={**data, "grams_unit": "t"})
    assert again.status_code == 409
    index = re.search(r"/events/(\d+)", (await client.get("/declarations")).text)
    assert index
    fixed = await client.post("/declarations", data={**data, "grams": "41", "grams_unit": "t", "supersedes": index[1]})
    assert fixed.status_code == 303, fixed.text
