"""A lot with a GS1 key is one lot, however its key is spelled: opened, used, found, traced, claimed; events stay."""

from typing import Any

import asyncpg
import httpx
import pytest

from tests.conftest import BASE, PET, Firm, World
from tests.test_capture import accepted, balance, refusal
from traceability import composing
from traceability.eventhash import event_hash
from traceability.identifiers import check_digit, lot_uri, new_token
from traceability.ledger.interpretation import REPROCESSING


def spellings(number: int) -> tuple[str, str, str]:
    """A new batch under three names: canonical, EPC URN, another host's Digital Link."""
    body = f"0950600{number:06d}"
    gtin, batch = body + check_digit(body), f"B-{number}"
    return (
        f"https://id.gs1.org/01/{gtin}/10/{batch}",
        f"urn:epc:class:lgtin:950600.0{number:06d}.{batch}",
        f"https://tags.brand.example/r/01/{gtin}/22/X/10/{batch}?17=270101",
    )


async def opened(world: World, firm: Firm, name: str, grams: int = 5_000_000) -> None:
    making = composing.Making(name, grams, PET, "bale", "post", "JP")
    accepted(await world.capture(firm, composing.opening(world.at(firm), making)))


async def test_what_was_opened_under_one_name_is_used_under_the_others(world: World, owner: asyncpg.Connection) -> None:
    firm, buyer = await world.firm("recycler"), await world.firm("manufacturer")
    canonical, urn, link = spellings(1)
    await opened(world, firm, urn)
    flake = spellings(2)
    made = composing.Making(flake[2], 2_000_000, PET, "flake")
    event = composing.transformed(world.at(firm), REPROCESSING, {link: 2_500_000}, [made], {})
    done = accepted(await world.capture(firm, event))
    assert done.outcome == "counted"
    assert await balance(owner, canonical, firm.actor.organisation_id) == (2_500_000, 0)
    assert await balance(owner, flake[0], firm.actor.organisation_id) == (2_000_000, 0)
    parties = firm.actor.organisation_uri, buyer.actor.organisation_uri
    accepted(await world.capture(firm, composing.shipped(world.at(firm), *parties, {flake[1]: 2_000_000})))
    weighed = {flake[0]: (2_000_000, 1_999_000)}
    accepted(await world.capture(buyer, composing.received(world.at(buyer), *parties, weighed)))
    assert await balance(owner, flake[0], buyer.actor.organisation_id) == (1_999_000, 0)
    assert await owner.fetchval("SELECT count(*) FROM lot WHERE uri = ANY($1)", [*spellings(1), *flake]) == 2


async def test_more_than_there_is_leaves_under_no_name(world: World) -> None:
    firm = await world.firm("recycler")
    canonical, urn, link = spellings(3)
    await opened(world, firm, canonical)
    parts = {urn: 3_000_000, link: 2_000_001}
    made = composing.Making(lot_uri(BASE, new_token()), 3_600_000, PET, "flake")
    refused = refusal(await world.capture(firm, composing.transformed(world.at(firm), REPROCESSING, parts, [made], {})))
    assert refused.code == "INSUFFICIENT_BALANCE"
    another = await world.firm("recycler")
    making = composing.Making(link, 1_000, PET, "bale")
    taken = refusal(await world.capture(another, composing.opening(world.at(another), making)))
    assert taken.code == "LOT_TAKEN"


async def test_facts_about_a_lot_of_its_own_names_are_read_under_any(world: World, owner: asyncpg.Connection) -> None:
    """Our extension may state material and form under another spelling than the quantity's."""
    firm = await world.firm("recycler")
    canonical, urn, link = spellings(4)
    bale = await world.stock(firm, 5_000_000)
    made = composing.Making(urn, 3_600_000, PET, "flake")
    event = composing.transformed(world.at(firm), REPROCESSING, {bale: 5_000_000}, [made], {})
    told = event.get("junkan:lots") or event.get("ilmd", {}).get("junkan:lots")
    assert told
    told[0]["junkan:lot"] = link
    accepted(await world.capture(firm, event))
    assert await owner.fetchval("SELECT form FROM lot WHERE uri = $1", canonical) == "flake"


@pytest.mark.parametrize("name", range(3))
async def test_it_is_found_traced_measured_and_claimed_under_any_name(
    client: httpx.AsyncClient, world: World, name: int
) -> None:
    firm = await world.firm("manufacturer")
    names = spellings(10 + name)
    await opened(world, firm, names[(name + 1) % 3])
    made = composing.Making(lot_uri(BASE, new_token()), 700_000, PET, "flake")
    accepted(
        await world.capture(
            firm, composing.transformed(world.at(firm), REPROCESSING, {names[(name + 2) % 3]: 1_000_000}, [made], {})
        )
    )
    asked, headers = names[name], {**firm.bearer, "Accept": "application/json"}

    async def send(path: str, body: dict[str, Any]) -> httpx.Response:
        return await client.post(path, json=body, headers={**headers, "Idempotency-Key": new_token()})

    told = (await client.get("/api/v1/passport", params={"lot": asked}, headers=headers)).json()
    assert told["lot"] == names[0]
    forward = await client.get("/api/v1/genealogy", params={"lot": asked}, headers=headers)
    assert made.lot in [each["lot"] for each in forward.json()["made"]]
    body = {"lot": asked, "purpose": "content", "grams": 3_000_000, "jurisdiction": "JP"}
    assert (await send("/api/v1/claims", body)).status_code == 201
    again = await send("/api/v1/claims", {**body, "lot": names[(name + 1) % 3], "grams": 1_000_001})
    assert (again.status_code, again.json()["code"]) == (409, "DOUBLE_CLAIM")
    measured = {"lot": asked, "property": "moisture", "value": "0.4", "unit": "%", "sampled_on": "2026-01-05"}
    assert (await send("/api/v1/measurements", measured)).status_code == 201
    listed = {"lot": asked, "price": "500", "currency": "JPY", "smallest_grams": 1_000_000, "incoterm": "FCA"}
    offered = await send("/api/v1/listings", listed)
    assert (offered.status_code, offered.json().get("lot")) == (201, names[0]), offered.text
    found = await client.get("/epcis/events", params={"MATCH_anyEPCClass": asked}, headers=headers)
    assert len(found.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 2


async def test_events_stay_as_they_were_received_and_keep_their_own_hash(
    client: httpx.AsyncClient, world: World, owner: asyncpg.Connection
) -> None:
    firm = await world.firm("recycler")
    _, _, link = spellings(5)
    making = composing.Making(link, 5_000, PET, "bale")
    event = composing.opening(world.at(firm), making)
    done = accepted(await world.capture(firm, event))
    body = await owner.fetchval("SELECT body FROM event_payload WHERE index = $1", done.index)
    assert link in body
    digest = await owner.fetchval("SELECT encode(event_hash, 'hex') FROM event WHERE index = $1", done.index)
    assert digest in event_hash(event, list(composing.CONTEXT))


async def test_a_token_of_ours_names_one_lot_whatever_host_stands_before_it(
    world: World, owner: asyncpg.Connection
) -> None:
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    lot = await world.stock(firm, 1_000)
    elsewhere = lot.replace(BASE, "https://elsewhere.example")
    for who in (firm, other):
        event = composing.opening(world.at(who), composing.Making(elsewhere, 1_000, PET, "bale"))
        assert refusal(await world.capture(who, event)).code == "LOT_TAKEN"
    fresh = new_token()
    both = [
        composing.opening(world.at(firm), composing.Making(f"https://{host}.example/id/{fresh}", 1_000, PET, "bale"))
        for host in "ab"
    ]
    captured = await world.capture(firm, *both)
    assert [each.code for each in captured.events] == ["LOT_TAKEN"] * 2  # type: ignore[union-attr]
    assert (await world.capture(firm, both[1])).success  # what was refused left nothing behind
