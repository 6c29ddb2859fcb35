"""Accounts, claims and certificates over HTTP: statements add up, pages follow, nobody states more than a lot has."""

from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest

from foundation.errors import Refusal
from tests.conftest import BASE, Firm, World
from tests.test_accounts_captured import EU, KG, PET, first, make, new, stock
from tests.test_certificates import scoped, stated
from tests.test_transaction_certificates import admitted
from traceability import composing
from traceability.identifiers import lot_uri, new_token
from traceability.sequencing.commands import Accepted

ISCC = "iscc-plus"


async def listed(client: httpx.AsyncClient, firm: Firm, **asked: Any) -> list[dict[str, Any]]:
    answer = await client.get("/api/v1/accounts", params=asked, headers=firm.bearer)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["accounts"])


@pytest.fixture
async def firm(world: World) -> Firm:
    """A firm with an account of 90 kg, 30 of them claimed, and a smaller one under another scheme."""
    firm = await world.firm("recycler")
    waste = await stock(world, firm, 200 * KG, "post", "segregated")
    virgin = await stock(world, firm, 10_000 * KG, "virgin")
    sold = new(100 * KG, "mass_balance_credit", credited={"post": 30 * KG})
    for inputs, output, scheme in (
        ({waste: 100 * KG}, new(90 * KG), EU), ({virgin: 130 * KG}, sold, EU), ({waste: 50 * KG}, new(45 * KG), ISCC),
    ):  # fmt: skip
        assert isinstance(await make(world, firm, inputs, output, scheme=scheme), Accepted)
    return firm


async def test_a_statement_adds_up_and_leads_to_its_events(
    client: httpx.AsyncClient, firm: Firm, owner: asyncpg.Connection
) -> None:
    (told,) = await listed(client, firm, scheme=EU)
    assert (told["facility"], told["material"], told["state"]) == (firm.facility, PET, "running")
    assert (told["neverNegative"], told["carriedOver"], told["lapsed"]) == ("at_any_event", None, None)
    post = {name: told[name]["postConsumerGrams"] for name in ("opening", "in", "claimed", "closing")}
    assert post == {"opening": 0, "in": 90 * KG, "claimed": 30 * KG, "closing": 60 * KG}
    asked = {"account": told["account"], "limit": 1}
    first = await client.get("/api/v1/accounts/bookings", params=asked, headers=firm.bearer)
    (booking,) = first.json()["bookings"]
    assert booking["in"]["postConsumerGrams"] == 90 * KG
    assert await owner.fetchval("SELECT kind FROM event WHERE index = $1", booking["leafIndex"]) == "epcis"
    following = await client.get(first.headers["Link"].split(">")[0][1:], headers=firm.bearer)
    assert [each["claimed"]["postConsumerGrams"] for each in following.json()["bookings"]] == [30 * KG]
    assert "Link" not in following.headers


async def test_accounts_are_paged_and_chosen_and_others_see_none(
    client: httpx.AsyncClient, firm: Firm, world: World
) -> None:
    first = await client.get("/api/v1/accounts", params={"limit": 1}, headers=firm.bearer)
    second = await client.get(first.headers["Link"].split(">")[0][1:], headers=firm.bearer)
    pages = [*first.json()["accounts"], *second.json()["accounts"]]
    assert [each["scheme"] for each in pages] == [EU, ISCC]
    assert "Link" not in second.headers
    assert len(await listed(client, firm, on=pages[0]["from"], facility=firm.facility, material=PET)) == 2
    assert await listed(client, firm, on="2020-01-01") == await listed(client, firm, material="paper") == []
    other = await world.firm("recycler")
    assert await listed(client, other) == []
    hidden = await client.get(
        "/api/v1/accounts/bookings", params={"account": pages[0]["account"]}, headers=other.bearer
    )
    assert hidden.json() == {"bookings": []}


@pytest.mark.parametrize(
    ("asked", "status", "field"),
    [({"on": "soon"}, 400, "on"), ({"cursor": "x"}, 400, "cursor"), ({"facility": "urn:none"}, 404, "facility")],
)
async def test_a_bad_question_is_told_its_field(
    client: httpx.AsyncClient, firm: Firm, asked: dict[str, str], status: int, field: str
) -> None:
    answer = await client.get("/api/v1/accounts", params=asked, headers=firm.bearer)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, field)


async def test_a_passport_tells_every_kind_and_the_unknown(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection
) -> None:
    firm = await world.firm("recycler")
    waste, other = await stock(world, firm, 300 * KG, "post", "segregated"), await stock(world, firm, 100 * KG, "post")
    virgin = await stock(world, firm, 600 * KG, "virgin")
    blend = new(1_000 * KG * 9 // 10, "controlled_blending")
    assert isinstance(await make(world, firm, {waste: 300 * KG, other: 100 * KG, virgin: 600 * KG}, blend), Accepted)
    told = (await client.get("/api/v1/passport", params={"lot": blend.lot})).json()
    assert told["custody"] == "controlled_blending"
    assert told["recycledContent"] == {
        "preConsumerGrams": 0, "postConsumerGrams": 270 * KG, "virginGrams": 540 * KG, "unknownGrams": 90 * KG,
        "massBalancePreConsumerGrams": 0, "massBalancePostConsumerGrams": 0,
    }  # fmt: skip
    page = await client.get(blend.lot, headers={"Accept": "text/html"})
    assert "Controlled blending" in page.text
    assert "90 kg (10.0%)" in page.text.replace("\u00a0", " ").replace("\u202f", " ")


async def test_a_lot_from_outside_tells_the_scheme_of_its_papers(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("compounder")
    bought = replace(new(100 * KG, "mass_balance_credit"), consumer="post", country="JP", scheme=ISCC)
    assert (await world.capture(firm, composing.opening(world.at(firm), bought))).success
    told = (await client.get("/api/v1/passport", params={"lot": bought.lot})).json()
    assert (told["custody"], told["massBalanceScheme"]) == ("mass_balance_credit", ISCC)
    assert told["recycledContent"]["massBalancePostConsumerGrams"] == 100 * KG
    page = await client.get(bought.lot, headers={"Accept": "text/html"})
    assert "ISCC PLUS mass balance" in page.text
    wrong = replace(bought, lot=lot_uri(BASE, new_token()), scheme="iscc")
    refused = first(await world.capture(firm, composing.opening(world.at(firm), wrong)))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.field, refused.value) == ("UNKNOWN_WORD", "scheme", "iscc")


async def test_nobody_states_the_bookings_that_the_record_commits_to(world: World) -> None:
    firm = await world.firm("recycler")
    event = composing.opening(world.at(firm), replace(new(KG), consumer="post")) | {"junkan:bookings": []}
    refused = first(await world.capture(firm, event))
    assert isinstance(refused, Refusal)
    assert refused.field == "/junkan:bookings"


def claiming(lot: str, grams: int, custody: str | None) -> dict[str, Any]:
    told = {"lot": lot, "purpose": "content", "grams": grams, "jurisdiction": "JP"}
    return told | ({"custody": custody} if custody else {})


@pytest.mark.parametrize(
    ("has", "states", "status", "strongest"),
    [
        ("segregated", "segregated", 201, None),
        ("segregated", "controlled_blending", 201, None),
        ("segregated", None, 201, None),
        ("segregated", "identity_preserved", 409, "segregated"),
        ("controlled_blending", "segregated", 409, "controlled_blending"),
        (None, "mass_balance_credit", 409, "none"),
    ],
)
async def test_a_claim_states_at_most_the_model_of_its_lot(
    client: httpx.AsyncClient, world: World, has: str | None, states: str | None, status: int, strongest: str | None
) -> None:
    firm = await world.firm("recycler")
    lot = await stock(world, firm, 100 * KG, "post", has)
    answer = await client.post("/api/v1/claims", json=claiming(lot, 10 * KG, states), headers=firm.bearer)
    assert answer.status_code == status, answer.text
    if status == 409:
        told = answer.json()
        assert (told["code"], told["errors"][0]["pointer"], told["strongest"]) == (
            "CUSTODY_OVERSTATED",
            "custody",
            strongest,
        )
        return
    (claimed,) = (await client.get("/api/v1/claims", headers=firm.bearer)).json()
    assert claimed["custody"] == states


async def test_of_a_lot_with_a_model_only_what_is_recycled_is_claimed(client: httpx.AsyncClient, world: World) -> None:
    firm = await world.firm("recycler")
    waste, virgin = await stock(world, firm, 50 * KG, "post", "segregated"), await stock(world, firm, 50 * KG, "virgin")
    blend = new(90 * KG, "controlled_blending")
    assert isinstance(await make(world, firm, {waste: 50 * KG, virgin: 50 * KG}, blend), Accepted)
    over = await client.post("/api/v1/claims", json=claiming(blend.lot, 45 * KG + 1, None), headers=firm.bearer)
    assert (over.status_code, over.json()["code"]) == (409, "CONTENT_MISMATCH")
    right = await client.post("/api/v1/claims", json=claiming(blend.lot, 45 * KG, None), headers=firm.bearer)
    assert right.status_code == 201, right.text


async def test_a_transaction_certificate_states_at_most_the_model_of_its_lot(
    client: httpx.AsyncClient, world: World
) -> None:
    seller, buyer, body = await world.firm("recycler"), await world.firm("compounder"), await world.firm("certifier")
    scope = await scoped(client, body, stated(seller, body))
    lot = await stock(world, seller, 1_000 * KG, "post", "controlled_blending")
    assert (await admitted(client, body, scope, lot, reclaimed_grams=1_000 * KG)).status_code == 201
    document = {
        "number": "T-1", "lot": lot, "buyer": buyer.actor.organisation_uri, "site": seller.facility, "grams": KG,
        "shipped_on": "2026-06-01", "custody": "segregated",
    }  # fmt: skip
    address = f"/api/v1/scope-certificates/{scope}/transactions"
    refused = await client.post(address, json=document, headers=body.bearer)
    assert (refused.status_code, refused.json()["code"]) == (409, "CUSTODY_OVERSTATED")
    right = await client.post(address, json=document | {"custody": "controlled_blending"}, headers=body.bearer)
    assert right.status_code == 201, right.text
    (told,) = (await client.get("/api/v1/transaction-certificates", headers=buyer.bearer)).json()["certificates"]
    assert told["custody"] == "controlled_blending"
