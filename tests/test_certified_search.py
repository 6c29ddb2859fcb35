"""A buyer finds what a scheme's certificate covers today: by site and material, by its body's own account, by day."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.pages import market
from foundation.registry import register_facility
from tests.conftest import Firm, World
from tests.pageworld import page_app, signed_in
from tests.test_certificates import acted, body, holder, scoped, stated

__all__ = ["body", "holder"]


async def listed(client: httpx.AsyncClient, world: World, firm: Firm, material: str = "plastics.pet") -> int:
    lot = await world.stock(firm, 1_000_000, material=material)
    terms = {"lot": lot, "price": "900", "currency": "USD", "smallest_grams": 1_000, "incoterm": "FCA", "standards": []}
    answer = await client.post("/api/v1/listings", json=terms, headers=firm.bearer)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


async def found(client: httpx.AsyncClient, by: Firm, **wanted: Any) -> set[int]:
    answer = await client.get("/api/v1/listings", params={"limit": 100, **wanted}, headers=by.bearer)
    assert answer.status_code == 200, answer.text
    assert sum(answer.json()["byCountry"].values()) == len(answer.json()["listings"])
    return {each["id"] for each in answer.json()["listings"]}


@pytest.fixture
async def buyer(world: World) -> Firm:
    return await world.firm("manufacturer")


async def test_only_what_the_schemes_certificate_covers_by_maker_site_and_material_is_found(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm, buyer: Firm
) -> None:
    pet, pp = await listed(client, world, holder), await listed(client, world, holder, "plastics.pp")
    elsewhere = await listed(client, world, await world.firm("recycler", "TH", "Asia/Bangkok"))
    before = await found(client, buyer, scheme="grs")
    await scoped(client, body, stated(holder, body, "SC-1"))
    assert await found(client, buyer, scheme="grs") - before == {pet}
    assert {pet, pp, elsewhere} <= await found(client, buyer)
    assert not {pet, pp, elsewhere} & await found(client, buyer, scheme="rcs")
    assert pet not in await found(client, buyer, scheme="grs", material="plastics.pp")


async def test_a_site_that_the_certificate_does_not_name_is_not_found(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm, buyer: Firm
) -> None:
    offered, actor = await listed(client, world, holder), holder.actor
    async with world.process.database.begin(actor.organisation_id) as session:
        other = await register_facility(
            session, organisation_id=actor.organisation_id, uri=f"{holder.facility}-second", name="Second plant",
            country=actor.country, time_zone="Asia/Bangkok", moment=world.clock(),
        )  # fmt: skip
        elsewhere = other.uri
    await scoped(client, body, stated(holder, body, "SC-1", sites=[elsewhere]))
    assert offered not in await found(client, buyer, scheme="grs")


async def test_a_holders_own_word_finds_nothing_until_its_body_confirms(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm, buyer: Firm
) -> None:
    offered = await listed(client, world, holder)
    scope = await scoped(client, holder, stated(holder, body, "SC-1"))
    assert offered not in await found(client, buyer, scheme="grs")
    assert await acted(client, body, scope, "confirmed", world.clock().date()) == 201
    assert offered in await found(client, buyer, scheme="grs")


@pytest.mark.parametrize("act", ["suspended", "withdrawn"])
async def test_what_its_body_takes_away_is_found_no_more_from_that_day_on(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm, buyer: Firm, act: str
) -> None:
    offered = await listed(client, world, holder)
    await scoped(client, body, stated(holder, body, "SC-2", scheme="rcs"))
    scope = await scoped(client, body, stated(holder, body, "SC-1"))
    assert await acted(client, body, scope, act, world.clock().date() + timedelta(days=1)) == 201
    assert offered in await found(client, buyer, scheme="grs")
    world.clock.forward(days=1)
    assert offered not in await found(client, buyer, scheme="grs")
    assert offered in await found(client, buyer, scheme="rcs")


async def test_a_certificate_that_has_run_out_finds_nothing(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm, buyer: Firm
) -> None:
    offered, today = await listed(client, world, holder), world.clock().date()
    await scoped(client, body, stated(holder, body, "SC-1", valid_to=str(today)))
    assert offered in await found(client, buyer, scheme="grs")
    world.clock.forward(days=1)
    assert offered not in await found(client, buyer, scheme="grs")


async def test_a_transaction_certificate_finds_its_lot_for_those_who_may_know_of_it_alone(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm, buyer: Firm
) -> None:
    offered = await listed(client, world, holder)
    lot = (await client.get(f"/api/v1/listings/{offered}", headers=holder.bearer)).json()["lot"]
    scope = await scoped(client, body, stated(holder, body, "SC-1"))
    path = f"/api/v1/scope-certificates/{scope}"
    inputs = {"lot": lot, "yield_share": "1", "reclaimed_grams": 1_000_000}
    assert (await client.post(f"{path}/inputs", json=inputs, headers=body.bearer)).status_code == 201
    kind = {"scheme": "grs", "certificate": "transaction"}
    assert offered not in await found(client, buyer, **kind)
    asked = {"number": "TC-1", "lot": lot, "buyer": buyer.actor.organisation_uri, "site": holder.facility,
             "grams": 1_000_000, "shipped_on": str(world.clock().date())}  # fmt: skip
    assert (await client.post(f"{path}/transactions", json=asked, headers=body.bearer)).status_code == 201
    for firm in (buyer, holder):
        assert offered in await found(client, firm, **kind)
    assert offered not in await found(client, await world.firm("manufacturer"), **kind)


@pytest.mark.parametrize(("wrong", "status"), [({"scheme": "GRS 4"}, 400), ({"certificate": "letter"}, 422)])
async def test_what_is_no_scheme_and_no_kind_of_certificate_is_refused_by_name(
    client: httpx.AsyncClient, buyer: Firm, wrong: dict[str, str], status: int
) -> None:
    answer = await client.get("/api/v1/listings", params=wrong, headers=buyer.bearer)
    assert answer.status_code == status
    assert next(iter(wrong)) in answer.text


async def test_the_page_offers_the_schemes_of_the_record_and_narrows_by_one(
    client: httpx.AsyncClient, world: World, holder: Firm, body: Firm, buyer: Firm
) -> None:
    browser = await signed_in(page_app(world, market.ROUTES), world, buyer)
    kept = await listed(client, world, holder)
    other = await listed(client, world, await world.firm("recycler", "TH", "Asia/Bangkok"))
    await scoped(client, body, stated(holder, body, "SC-1"))
    page = await browser.get("/market?scheme=grs")
    assert page.status_code == 200
    assert '<option value="grs" selected>GRS</option>' in page.text
    assert f'href="/market/{kept}"' in page.text
    assert f'href="/market/{other}"' not in page.text
    wrong = await browser.get("/market?scheme=grs&certificate=letter")
    assert wrong.status_code == 400
