"""The market: what is listed is held and judged, offers reserve once, goods are told by events, strangers see none."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import text

from foundation.database import Scope
from marketplace.listings import free_grams, listing, searchable
from marketplace.tables import TradeRow
from marketplace.trades import Line, goods_of, trade
from standards.properties import properties
from tests.conftest import BASE, Firm, World
from traceability import composing
from traceability.evidence import Measurement, measure
from traceability.ledger.interpretation import REJECTING
from traceability.tables import MeasurementRow

KG = 1_000
TONNE = 1_000_000
AsApp = Callable[..., Awaitable[asyncpg.Connection]]
Json = dict[str, Any]


class Client:
    """A firm's machine client: what it sends is sent with its key, what it gets must have the status it expects."""

    def __init__(self, http: httpx.AsyncClient, firm: Firm) -> None:
        self.http, self.firm = http, firm

    async def get(self, path: str, expect: int = 200, **params: Any) -> Any:
        answer = await self.http.get(f"/api/v1{path}", params=params, headers=self.firm.bearer)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def post(self, path: str, body: Json | None = None, expect: int = 201) -> Any:
        answer = await self.http.post(f"/api/v1{path}", json=body or {}, headers=self.firm.bearer)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None

    async def delete(self, path: str, expect: int = 204) -> Any:
        answer = await self.http.delete(f"/api/v1{path}", headers=self.firm.bearer)
        assert answer.status_code == expect, answer.text
        return answer.json() if answer.content else None


@pytest.fixture
async def seller(client: httpx.AsyncClient, world: World) -> Client:
    return Client(client, await world.firm("recycler", "TH", "Asia/Bangkok"))


@pytest.fixture
async def buyer(client: httpx.AsyncClient, world: World) -> Client:
    return Client(client, await world.firm("manufacturer"))


@pytest.fixture
async def stranger(client: httpx.AsyncClient, world: World) -> Client:
    return Client(client, await world.firm("manufacturer", "VN", "Asia/Ho_Chi_Minh"))


def terms(lot: str, **changed: Any) -> Json:
    body = {
        "lot": lot, "price": "118500.50", "currency": "JPY", "smallest_grams": 500 * KG, "incoterm": "FCA",
        "description": "Hot-washed", "standards": [],
    }  # fmt: skip
    return {**body, **changed}


async def listed(world: World, seller: Client, grams: int = 10 * TONNE, form: str = "flake", **changed: Any) -> Json:
    """A new lot of the seller's, listed."""
    lot = await world.stock(seller.firm, grams, form)
    made: Json = await seller.post("/listings", terms(lot, **changed))
    return made


async def agreed(world: World, seller: Client, buyer: Client, grams: int = 4 * TONNE) -> str:
    """A trade of so much of a lot of ten tonnes; answers the end of its reference."""
    offered = await listed(world, seller)
    bought = await buyer.post(f"/listings/{offered['id']}/buy", {"grams": grams})
    return str(bought["reference"]).rpartition("/")[2]


def at(client: Client, **more: Any) -> Json:
    return {"facility_id": client.firm.facility_id, **more}


async def goods(client: Client, token: str) -> Json:
    told: Json = (await client.get(f"/trades/{token}"))["goods"]
    return told


async def held(client: Client, lot: str, account: str = "stock") -> tuple[int, int]:
    rows = [each for each in await client.get("/holdings", account=account) if each["lot"] == lot]
    return (rows[0]["freeGrams"], rows[0]["reservedGrams"]) if rows else (0, 0)


# Listings


async def test_a_listing_shows_what_the_ledger_says_is_free_now(world: World, seller: Client, buyer: Client) -> None:
    offered = await listed(world, seller)
    assert (await buyer.get(f"/listings/{offered['id']}"))["freeGrams"] == 10 * TONNE
    await buyer.post(f"/listings/{offered['id']}/buy", {"quantity": "1.25", "unit": "t"})
    assert (await buyer.get(f"/listings/{offered['id']}"))["freeGrams"] == 8_750 * KG
    assert offered["pricePerTonne"] == "118500.5"


async def test_only_what_one_holds_can_be_listed_and_only_once(world: World, seller: Client, stranger: Client) -> None:
    lot = await world.stock(seller.firm, TONNE)
    refused = await stranger.post("/listings", terms(lot), expect=404)
    unknown = await stranger.post("/listings", terms(f"{BASE}/id/nothing"), expect=404)
    assert refused["detail"] == unknown["detail"]
    first = await seller.post("/listings", terms(lot))
    assert (await seller.post("/listings", terms(lot), expect=409))["errors"][0]["fix"]
    await seller.delete(f"/listings/{first['id']}")
    await seller.post("/listings", terms(lot))


async def test_a_lot_all_of_which_is_reserved_is_not_listed(world: World, seller: Client, buyer: Client) -> None:
    offered = await listed(world, seller, TONNE)
    await buyer.post(f"/listings/{offered['id']}/buy", {"grams": TONNE})
    await seller.delete(f"/listings/{offered['id']}")
    await seller.post("/listings", terms(offered["lot"]), expect=409)


@pytest.mark.parametrize(
    ("wrong", "status", "field"),
    [
        ({"price": "-1"}, 400, "price"), ({"price": "1.00001"}, 400, "price"), ({"price": "1e11"}, 400, "price"),
        ({"price": 118500.5}, 422, "price"), ({"price": "NaN"}, 422, "price"), ({"currency": "YEN!"}, 422, "currency"),
        ({"currency": "XAU"}, 400, "currency"), ({"currency": "HRK"}, 400, "currency"),
        ({"description": "x" * 2_001}, 422, "description"), ({"incoterm": "DAT"}, 400, "incoterm"),
        ({"incoterm": "FREE"}, 400, "incoterm"), ({"smallest_grams": 11 * TONNE}, 400, "smallest_grams"),
        ({"smallest_grams": 0}, 422, "smallest_grams"), ({"description": "a\x00b"}, 400, "description"),
        ({"standards": ["no-such-standard"]}, 400, "standards"), ({"seller": 3}, 422, "seller"),
        ({"smallest_grams": None, "smallest": {"quantity": "0.0000001", "unit": "t"}}, 400, "quantity"),
        ({"smallest": {"quantity": "1", "unit": "t"}}, 422, ""),
    ],
)  # fmt: skip
async def test_wrong_terms_are_named_and_list_nothing(
    world: World, seller: Client, wrong: Json, status: int, field: str
) -> None:
    lot = await world.stock(seller.firm, 10 * TONNE)
    problem = await seller.post("/listings", terms(lot, **wrong), expect=status)
    assert field in str(problem["errors"][0]["pointer"])
    assert problem["errors"][0]["fix"]
    assert await seller.get("/listings/own") == []


async def test_the_seller_is_named_only_where_the_name_is_public(
    world: World, seller: Client, buyer: Client, owner: asyncpg.Connection
) -> None:
    offered = await listed(world, seller)
    shown = await buyer.get(f"/listings/{offered['id']}")
    assert shown["seller"] == "verified recycler, TH"
    assert seller.firm.actor.organisation_name not in str(shown)
    assert str(seller.firm.actor.organisation_uri) not in str(shown)
    await owner.execute("UPDATE organisation SET name_public = true WHERE id = $1", seller.firm.actor.organisation_id)
    assert (await buyer.get(f"/listings/{offered['id']}"))["seller"] == seller.firm.actor.organisation_name


async def test_a_withdrawn_listing_is_gone_for_others_and_cannot_be_bought(
    world: World, seller: Client, buyer: Client
) -> None:
    offered = await listed(world, seller)
    await buyer.delete(f"/listings/{offered['id']}", expect=404)
    await seller.delete(f"/listings/{offered['id']}")
    await seller.delete(f"/listings/{offered['id']}", expect=404)
    await buyer.get(f"/listings/{offered['id']}", expect=404)
    await buyer.post(f"/listings/{offered['id']}/buy", {"grams": TONNE}, expect=404)
    assert (await seller.get(f"/listings/{offered['id']}"))["freeGrams"] is None


async def _measured(world: World, firm: Firm, lot: str, name: str, value: str, unit: str, level: str = "E2") -> None:
    world.clock.forward(milliseconds=5)
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        stated = Measurement(lot, name, Decimal(value), unit, world.clock().date(), evidence=level)
        await measure(session, world.process.sequencer, firm.actor, world.process.catalogue, stated, world.clock())


async def test_a_listing_keeps_the_verdicts_of_its_day_with_what_is_missing(world: World, seller: Client) -> None:
    made = await listed(world, seller, standards=["en-15348", "jp-ferrous-unified"])
    en, ferrous = made["verdicts"]
    assert (en["standard"], en["verdict"]) == ("en-15348", "incomplete")
    assert "reported:moisture" in [want for each in en["missing"] for want in each["wants"]]
    assert ferrous["verdict"] == "out_of_scope"
    assert made["judgedOn"] == world.clock().date().isoformat()
    unasked = await listed(world, seller, standards=None)
    assert "en-15348" in [each["standard"] for each in unasked["verdicts"]]
    assert "out_of_scope" not in [each["verdict"] for each in unasked["verdicts"]]


async def test_a_laboratorys_result_counts_in_the_verdict_and_is_found_by_range(
    world: World, seller: Client, buyer: Client
) -> None:
    laboratory = await world.firm("laboratory")
    lot = await world.stock(seller.firm, TONNE, "flake")
    await _measured(world, laboratory, lot, "pvc", "0.0020", "%", "E3")
    await _measured(world, seller.firm, lot, "moisture", "0.3", "%")
    made = await seller.post("/listings", terms(lot, standards=["en-15348"]))
    wants = [want for each in made["verdicts"][0]["missing"] for want in each["wants"]]
    assert "reported:moisture" not in wants
    assert "reported:pvc" not in wants
    # 0.0020 % are 20 mg/kg, the unit of this property
    assert {"property": "pvc", "value": "20", "unit": "mg/kg"} in made["properties"]

    async def found(*ranges: str) -> bool:
        page = await buyer.get("/listings", range=list(ranges))
        return made["id"] in [each["id"] for each in page["listings"]]

    assert await found("pvc:..20", "moisture:0.3..")
    assert not await found("pvc:..19.999", "moisture:0.3..")
    assert not await found("pvc:20..", "intrinsic_viscosity:..")


def test_a_result_that_is_only_a_bound_is_not_found_by_range(world: World) -> None:
    known = properties(world.process.catalogue)
    unit = known["pvc"].unit

    def row(value: str, unit: str, comparator: str = "=") -> MeasurementRow:
        return MeasurementRow(property="pvc", value=Decimal(value), unit=unit, comparator=comparator)

    assert searchable([row("20", "mg/kg")], known) == {"pvc": (Decimal(20), unit)}
    assert searchable([row("20", "mg/kg"), row("5", "mg/kg", "<")], known) == {}
    assert searchable([row("20", "MPa")], known) == {}
    assert searchable([row("20", "MPa")]) == {"pvc": (Decimal(20), "MPa")}


# Search


async def test_search_narrows_by_material_country_price_and_text(world: World, client: httpx.AsyncClient) -> None:
    seller = Client(client, await world.firm("recycler", "PH", "Asia/Manila"))
    cheap = await listed(world, seller, price="90", currency="PHP", description="Clear, 100% bottle_grade")
    dear = await listed(world, seller, price="110", currency="PHP", form="pellet", description="Green")

    async def ids(**wanted: Any) -> list[int]:
        page = await seller.get("/listings", currency="PHP", **wanted)
        return [each["id"] for each in page["listings"]]

    assert await ids() == [dear["id"], cheap["id"]]
    assert await ids(sort="cheapest") == [cheap["id"], dear["id"]]
    assert await ids(sort="dearest") == [dear["id"], cheap["id"]]
    assert await ids(price_from="90", price_to="109.9999") == [cheap["id"]]
    assert await ids(material="plastics", form="pellet") == [dear["id"]]
    assert await ids(material="plast") == []
    assert await ids(text="100% BOTTLE_") == [cheap["id"]]
    assert await ids(text="%") == [cheap["id"]]
    assert await ids(country="JP") == []
    page = await seller.get("/listings", currency="PHP", country="JP")
    assert page["byCountry"] == {"PH": 2}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"price_to": "5"}, "currency"), ({"sort": "cheapest"}, "currency"), ({"range": "pvc:9..1"}, "pvc"),
        ({"range": "pvc"}, "range"), ({"range": "pvc:a..b"}, "range"), ({"range": "pvc:NaN.."}, "pvc"),
        ({"cursor": "abc"}, "cursor"), ({"cursor": "WyJuZXdlc3QiLCJ4IiwieCJd"}, "cursor"), ({"text": "\x00"}, "text"),
        ({"cursor": "WyJuZXdlc3QiLCIxIiwiOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkiXQ"}, "cursor"),
    ],
)  # fmt: skip
async def test_a_search_that_makes_no_sense_is_refused_by_name(buyer: Client, wrong: Json, field: str) -> None:
    problem = await buyer.get("/listings", expect=400, **wrong)
    assert problem["errors"][0]["pointer"] == field
    assert problem["errors"][0]["fix"]


@pytest.mark.parametrize("sort", ["newest", "cheapest", "dearest"])
async def test_pages_lose_and_repeat_nothing_while_listings_come_in(
    world: World, client: httpx.AsyncClient, sort: str
) -> None:
    seller = Client(client, await world.firm("recycler", "MY", "Asia/Kuala_Lumpur"))
    currency = {"newest": "MYR", "cheapest": "SGD", "dearest": "BND"}[sort]
    expected = [(await listed(world, seller, price=str(each % 3), currency=currency))["id"] for each in range(7)]
    seen: list[int] = []
    address = f"/api/v1/listings?currency={currency}&sort={sort}&limit=3"
    while address:
        answer = await client.get(address, headers=seller.firm.bearer)
        seen += [each["id"] for each in answer.json()["listings"]]
        address = answer.headers.get("link", "").partition("<")[2].partition(">")[0]
        if len(seen) == 3:  # it comes before what was seen, or would stand where a page was cut
            await listed(world, seller, price="0", currency="JPY" if sort != "newest" else currency)
    assert len(seen) == len(set(seen)) == 7
    assert set(seen) == set(expected)


# Offers


async def test_an_offer_is_accepted_and_its_grams_are_reserved(world: World, seller: Client, buyer: Client) -> None:
    offered = await listed(world, seller)
    bid = {"quantity": "2000", "unit": "kg", "price": "100000", "currency": "JPY", "message": "For preforms"}
    offer = await buyer.post(f"/listings/{offered['id']}/offers", bid)
    assert (offer["grams"], offer["state"]) == (2 * TONNE, "open")
    assert (await held(seller, offered["lot"])) == (10 * TONNE, 0)
    refused = await buyer.post(f"/offers/{offer['id']}/accept", expect=403)
    assert refused["code"] == "FORBIDDEN"
    reference = (await seller.post(f"/offers/{offer['id']}/accept"))["reference"]
    assert reference.startswith(f"{BASE}/trade/")
    assert await held(seller, offered["lot"]) == (8 * TONNE, 2 * TONNE)
    (told,) = await buyer.get("/trades")
    assert (told["grams"], told["pricePerTonne"], told["goods"]["state"]) == (2 * TONNE, "100000", "reserved")
    assert (await buyer.get(f"/offers/{offer['id']}"))["state"] == "accepted"
    await seller.post(f"/offers/{offer['id']}/accept", expect=409)
    await seller.post(f"/offers/{offer['id']}/decline", expect=409)


async def test_an_offer_for_what_was_sold_meanwhile_is_refused_and_stays_open(
    world: World, seller: Client, buyer: Client, stranger: Client
) -> None:
    offered = await listed(world, seller)
    bid = {"grams": 6 * TONNE, "price": "1", "currency": "JPY"}
    first = await buyer.post(f"/listings/{offered['id']}/offers", bid)
    second = await stranger.post(f"/listings/{offered['id']}/offers", bid)
    await seller.post(f"/offers/{first['id']}/accept")
    refused = await seller.post(f"/offers/{second['id']}/accept", expect=409)
    assert (refused["code"], refused["free_grams"]) == ("INSUFFICIENT_BALANCE", 4 * TONNE)
    assert (await stranger.get(f"/offers/{second['id']}"))["state"] == "open"
    assert await stranger.get("/trades") == []


async def test_each_side_takes_back_only_its_own_part_of_an_offer(world: World, seller: Client, buyer: Client) -> None:
    offered = await listed(world, seller)
    bid = {"grams": TONNE, "price": "1", "currency": "JPY"}
    one, two = [await buyer.post(f"/listings/{offered['id']}/offers", bid) for _ in range(2)]
    await buyer.post(f"/offers/{one['id']}/decline", expect=403)
    await seller.post(f"/offers/{one['id']}/withdraw", expect=403)
    await seller.post(f"/offers/{one['id']}/decline", expect=204)
    await buyer.post(f"/offers/{two['id']}/withdraw", expect=204)
    await seller.post(f"/offers/{two['id']}/accept", expect=409)
    assert [each["state"] for each in await seller.get("/offers")] == ["withdrawn", "declined"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"grams": 499 * KG}, 400), ({"currency": "USD"}, 400), ({"price": "-5"}, 400), ({"grams": 10**18}, 422),
        ({"grams": TONNE, "quantity": "1", "unit": "t"}, 422), ({"grams": None}, 400), ({"grams": True}, 422),
        ({"message": "\x00"}, 400), ({"price": 5.5}, 422),
    ],
)  # fmt: skip
async def test_a_wrong_offer_is_refused(world: World, seller: Client, buyer: Client, wrong: Json, status: int) -> None:
    offered = await listed(world, seller)
    bid = {"grams": TONNE, "price": "5", "currency": "JPY", **wrong}
    await buyer.post(f"/listings/{offered['id']}/offers", bid, expect=status)
    assert await seller.get("/offers") == []


async def test_nobody_buys_from_themselves(world: World, seller: Client) -> None:
    offered = await listed(world, seller)
    await seller.post(f"/listings/{offered['id']}/buy", {"grams": TONNE}, expect=403)
    await seller.post(
        f"/listings/{offered['id']}/offers", {"grams": TONNE, "price": "1", "currency": "JPY"}, expect=403
    )


async def test_offers_are_paged(world: World, seller: Client, buyer: Client) -> None:
    offered = await listed(world, seller)
    bid = {"grams": TONNE, "price": "1", "currency": "JPY"}
    made = [(await buyer.post(f"/listings/{offered['id']}/offers", bid))["id"] for _ in range(3)]
    answer = await buyer.http.get("/api/v1/offers", params={"limit": 2}, headers=buyer.firm.bearer)
    link = answer.headers["link"].partition("<")[2].partition(">")[0]
    rest = await buyer.http.get(link, headers=buyer.firm.bearer)
    assert [each["id"] for each in [*answer.json(), *rest.json()]] == made[::-1]
    assert "link" not in rest.headers


# Goods


async def test_goods_are_shipped_and_received_by_the_receivers_own_weight(
    world: World, seller: Client, buyer: Client
) -> None:
    token = await agreed(world, seller, buyer)
    lot = (await buyer.get(f"/trades/{token}"))["lot"]
    assert (await goods(buyer, token))["reservedGrams"] == 4 * TONNE
    await buyer.post(f"/trades/{token}/ship", at(buyer), expect=403)
    await seller.post(f"/trades/{token}/receive", at(seller), expect=403)
    await buyer.post(f"/trades/{token}/receive", at(buyer), expect=409)
    sent = (await seller.post(f"/trades/{token}/ship", at(seller)))["goods"]
    assert (sent["state"], sent["shippedGrams"], sent["inTransitGrams"]) == ("shipped", 4 * TONNE, 4 * TONNE)
    assert await held(seller, lot) == (6 * TONNE, 0)
    assert await held(buyer, lot, "transit") == (4 * TONNE, 0)
    got = (await buyer.post(f"/trades/{token}/receive", at(buyer, quantity="3.995", unit="t")))["goods"]
    assert (got["state"], got["receivedGrams"], got["inTransitGrams"]) == ("received", 3_995 * KG, 0)
    assert await held(buyer, lot) == (3_995 * KG, 0)
    assert await goods(seller, token) == got
    assert len(got["leafIndexes"]) == 2
    for step, who in (("ship", seller), ("receive", buyer), ("reject", buyer)):
        await who.post(f"/trades/{token}/{step}", at(who), expect=409)
    await seller.delete(f"/trades/{token}", expect=409)


async def test_rejected_goods_go_back_whole(world: World, seller: Client, buyer: Client) -> None:
    token = await agreed(world, seller, buyer)
    lot = (await buyer.get(f"/trades/{token}"))["lot"]
    await seller.post(f"/trades/{token}/ship", at(seller))
    told = (await buyer.post(f"/trades/{token}/reject", at(buyer)))["goods"]
    assert (told["state"], told["receivedGrams"], told["inTransitGrams"]) == ("rejected", 0, 0)
    assert await held(seller, lot) == (10 * TONNE, 0)
    assert await held(buyer, lot) == (0, 0)


async def test_goods_leave_in_parts_and_the_rest_is_given_back(world: World, seller: Client, buyer: Client) -> None:
    token = await agreed(world, seller, buyer)
    lot = (await buyer.get(f"/trades/{token}"))["lot"]
    await seller.post(f"/trades/{token}/close", expect=409)
    too_much = await seller.post(f"/trades/{token}/ship", at(seller, grams=4 * TONNE + 1), expect=409)
    assert too_much["reserved_grams"] == 4 * TONNE
    await seller.post(f"/trades/{token}/ship", at(seller, grams=1 * TONNE))
    await buyer.post(f"/trades/{token}/receive", at(buyer))
    told = (await seller.post(f"/trades/{token}/ship", at(seller, grams=2 * TONNE)))["goods"]
    assert (told["state"], told["reservedGrams"], told["inTransitGrams"]) == ("shipped", TONNE, 2 * TONNE)
    told = (await buyer.post(f"/trades/{token}/receive", at(buyer)))["goods"]
    assert (told["state"], told["receivedGrams"]) == ("received", 3 * TONNE)
    await seller.delete(f"/trades/{token}", expect=409)
    told = (await seller.post(f"/trades/{token}/close"))["goods"]
    assert (told["state"], told["reservedGrams"]) == ("received", 0)
    assert await held(seller, lot) == (7 * TONNE, 0)
    await buyer.post(f"/trades/{token}/close", expect=409)


async def test_two_hands_at_once_ship_once(world: World, seller: Client, buyer: Client) -> None:
    token = await agreed(world, seller, buyer)
    lot = (await buyer.get(f"/trades/{token}"))["lot"]

    async def ship(grams: int) -> int:
        body = at(seller, grams=grams)
        sent = await seller.http.post(f"/api/v1/trades/{token}/ship", json=body, headers=seller.firm.bearer)
        return sent.status_code

    weighed = [4 * TONNE - number * KG for number in range(5)]
    codes = await asyncio.gather(*(ship(grams) for grams in weighed))
    assert sorted(codes) == [201, 409, 409, 409, 409]
    sent = (await goods(buyer, token))["shippedGrams"]
    assert sent == weighed[codes.index(201)]
    assert await held(seller, lot) == (6 * TONNE, 4 * TONNE - sent)


async def test_a_cancelled_trade_frees_its_grams_once(world: World, seller: Client, buyer: Client) -> None:
    token = await agreed(world, seller, buyer)
    lot = (await buyer.get(f"/trades/{token}"))["lot"]
    await buyer.delete(f"/trades/{token}")
    assert (await goods(seller, token))["state"] == "cancelled"
    assert await held(seller, lot) == (10 * TONNE, 0)
    await seller.delete(f"/trades/{token}", expect=409)
    await seller.post(f"/trades/{token}/ship", at(seller), expect=409)
    assert await held(seller, lot) == (10 * TONNE, 0)


async def test_a_receipt_far_from_what_was_sent_is_held_and_the_goods_stay_on_their_way(
    world: World, seller: Client, buyer: Client
) -> None:
    token = await agreed(world, seller, buyer)
    await seller.post(f"/trades/{token}/ship", at(seller))
    told = (await buyer.post(f"/trades/{token}/receive", at(buyer, grams=TONNE)))["goods"]
    assert (told["state"], told["receivedGrams"], told["inTransitGrams"]) == ("shipped", 0, 4 * TONNE)


async def test_a_shipment_declared_erroneous_is_undone(world: World, seller: Client, buyer: Client) -> None:
    token = await agreed(world, seller, buyer)
    reference = f"{BASE}/trade/{token}"
    lot = (await buyer.get(f"/trades/{token}"))["lot"]
    parties = seller.firm.actor.organisation_uri, buyer.firm.actor.organisation_uri
    event = composing.shipped(world.at(seller.firm), *parties, {lot: 4 * TONNE}, (reference,))
    event["eventID"] = f"{reference}/by-hand"
    assert (await world.capture(seller.firm, event)).success
    assert (await goods(buyer, token))["state"] == "shipped"
    wrong = composing.wrong(event, event["eventID"], world.clock())
    assert (await world.capture(seller.firm, wrong)).success
    told = await goods(buyer, token)
    assert (told["state"], told["shippedGrams"], told["inTransitGrams"]) == ("reserved", 0, 0)


async def test_only_one_s_own_facility_ships(world: World, seller: Client, buyer: Client) -> None:
    token = await agreed(world, seller, buyer)
    await seller.post(f"/trades/{token}/ship", at(buyer), expect=403)
    await seller.post(f"/trades/{token}/fly", at(seller), expect=422)
    assert (await goods(seller, token))["state"] == "reserved"


async def test_events_of_others_that_name_a_trade_say_nothing_of_it(
    world: World, seller: Client, buyer: Client, stranger: Client
) -> None:
    token = await agreed(world, seller, buyer)
    reference = f"{BASE}/trade/{token}"
    lot = await world.stock(stranger.firm, 9 * TONNE)
    parties = stranger.firm.actor.organisation_uri, buyer.firm.actor.organisation_uri
    event = composing.shipped(world.at(stranger.firm), *parties, {lot: TONNE}, (reference,))
    assert (await world.capture(stranger.firm, event)).success
    told = await goods(buyer, token)
    assert (told["state"], told["leafIndexes"]) == ("reserved", [])


@pytest.mark.parametrize(
    ("state", "lines", "expected"),
    [
        ("agreed", [], "reserved"),
        ("cancelled", [], "cancelled"),
        ("agreed", [("shipping", 1, "stock", -9), ("shipping", 2, "transit", 9)], "shipped"),
        ("cancelled", [("shipping", 1, "stock", -9), ("shipping", 2, "transit", 9)], "shipped"),
        ("agreed", [("shipping", 2, "transit", 9), ("receiving", 2, "transit", -9), ("receiving", 2, "stock", 8)],
         "received"),
        ("agreed", [("shipping", 2, "transit", 9), (REJECTING, 2, "transit", -9), (REJECTING, 1, "stock", 9)],
         "rejected"),
        ("agreed", [("shipping", 7, "transit", 9)], "reserved"),
        ("agreed", [("shipping", 2, "transit", 9), ("shipping", 2, "transit", -9)], "reserved"),
    ],
)  # fmt: skip
def test_the_state_of_goods_follows_the_masses(
    world: World, state: str, lines: list[tuple[str, int, str, int]], expected: str
) -> None:
    row = TradeRow(seller=1, buyer=2, state=state)
    told = [
        Line(index, step, world.clock(), "counted", holder, account, grams)
        for index, (step, holder, account, grams) in enumerate(lines)
    ]
    assert goods_of(row, told).state == expected


# Walls


async def test_strangers_are_told_that_nothing_is_there(
    world: World, seller: Client, buyer: Client, stranger: Client
) -> None:
    token = await agreed(world, seller, buyer)
    offered = await listed(world, seller)
    offer = await buyer.post(f"/listings/{offered['id']}/offers", {"grams": TONNE, "price": "1", "currency": "JPY"})
    assert await stranger.get("/offers") == []
    assert await stranger.get("/trades") == []
    there = await stranger.get(f"/trades/{token}", expect=404)
    nowhere = await stranger.get("/trades/nothing", expect=404)
    assert there["detail"] == nowhere["detail"]
    await stranger.get(f"/offers/{offer['id']}", expect=404)
    for done in ("accept", "decline", "withdraw"):
        await stranger.post(f"/offers/{offer['id']}/{done}", expect=404)
    for step in ("ship", "receive", "reject"):
        await stranger.post(f"/trades/{token}/{step}", at(stranger), expect=404)
    await stranger.delete(f"/trades/{token}", expect=404)
    await stranger.post(f"/trades/{token}/close", expect=404)
    assert (await goods(buyer, token))["state"] == "reserved"


async def test_asking_what_is_free_of_a_listing_opens_nothing_else(
    world: World, seller: Client, buyer: Client, stranger: Client
) -> None:
    """The record's scope is left again at once: the same transaction sees no rows of others afterwards."""
    token = await agreed(world, seller, buyer)
    made = await listed(world, seller)
    async with world.process.database.begin(stranger.firm.actor.organisation_id) as session:
        row = await listing(session, made["id"])
        assert await free_grams(session, stranger.firm.actor, [row]) == {row.id: 10 * TONNE}
        assert (await session.execute(text("SELECT count(*) FROM balance"))).scalar_one() == 0
    async with world.process.database.begin(buyer.firm.actor.organisation_id) as session:
        told = await trade(session, buyer.firm.actor, f"{BASE}/trade/{token}")
        assert told.goods.reserved == 4 * TONNE
        assert (await session.execute(text("SELECT count(*) FROM event"))).scalar_one() == 0


async def test_raw_sql_as_the_runtime_role_sees_and_changes_nothing_of_others(
    world: World, seller: Client, buyer: Client, stranger: Client, as_app: AsApp
) -> None:
    offered = await listed(world, seller)
    await buyer.post(f"/listings/{offered['id']}/offers", {"grams": TONNE, "price": "1", "currency": "JPY"})
    await agreed(world, seller, buyer)
    for scope in Scope:
        other = await as_app(stranger.firm.actor.organisation_id, scope.value)
        for table in ("offer", "trade"):
            assert await other.fetchval(f"SELECT count(*) FROM {table}") == 0, (table, scope)
        assert await other.execute("UPDATE offer SET state = 'declined'") == "UPDATE 0"
        assert await other.execute("UPDATE listing SET state = 'withdrawn'") == "UPDATE 0"


def _offer(listing: int, seller: int, buyer: int, state: str = "open") -> str:
    return (
        "INSERT INTO offer (listing_id, seller, buyer, grams, price, currency, state, created_at)"
        f" VALUES ({listing}, {seller}, {buyer}, 1, 1, 'JPY', '{state}', now())"
    )


async def test_raw_sql_of_a_party_cannot_change_terms_or_accept(
    world: World, seller: Client, buyer: Client, stranger: Client, as_app: AsApp
) -> None:
    offered = await listed(world, seller)
    offer = await buyer.post(f"/listings/{offered['id']}/offers", {"grams": TONNE, "price": "1", "currency": "JPY"})
    ours, theirs = seller.firm.actor.organisation_id, buyer.firm.actor.organisation_id
    other = stranger.firm.actor.organisation_id
    for who, statement in (
        (ours, f"UPDATE offer SET price = 99 WHERE id = {offer['id']}"),
        (theirs, f"UPDATE offer SET grams = 1 WHERE id = {offer['id']}"),
        (ours, f"UPDATE offer SET state = 'accepted' WHERE id = {offer['id']}"),
        (theirs, f"UPDATE offer SET state = 'accepted' WHERE id = {offer['id']}"),
        (theirs, f"UPDATE offer SET state = 'declined' WHERE id = {offer['id']}"),
        (ours, f"UPDATE listing SET price = 1 WHERE id = {offered['id']}"),
        (ours, f"DELETE FROM listing WHERE id = {offered['id']}"),
        (ours, "UPDATE trade SET state = 'cancelled'"),
        (theirs, _offer(offered["id"], ours, theirs, "accepted")),
        (theirs, _offer(offered["id"], other, theirs)),
        (theirs, _offer(offered["id"], ours, other)),
        (other, f"INSERT INTO listing SELECT * FROM listing WHERE id = {offered['id']}"),
        (other, f"INSERT INTO listing_property VALUES ({offered['id']}, 'pvc', 1, 'mg/kg')"),
        (theirs, "INSERT INTO trade SELECT * FROM trade"),
        (theirs, "INSERT INTO reservation SELECT * FROM reservation"),
    ):
        connection = await as_app(who)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


async def test_nobody_lists_a_lot_of_others_by_raw_sql(
    world: World, seller: Client, stranger: Client, as_app: AsApp, owner: asyncpg.Connection
) -> None:
    lot = await world.stock(seller.firm, TONNE)
    number = await owner.fetchval("SELECT id FROM lot WHERE uri = $1", lot)
    connection = await as_app(stranger.firm.actor.organisation_id)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(
            "INSERT INTO listing (organisation_id, lot_id, lot_uri, material, form, country, price, currency,"
            " smallest_grams, incoterm, verdicts, judged_on, state, published_at)"
            " VALUES ($1, $2, $3, 'plastics.pet', 'bale', 'VN', 1, 'JPY', 1, 'FCA', '[]', $4, 'published', now())",
            stranger.firm.actor.organisation_id, number, lot, date(2026, 1, 1),
        )  # fmt: skip


async def test_a_reader_without_the_role_does_not_trade(
    world: World, client: httpx.AsyncClient, seller: Client, buyer: Client
) -> None:
    offered = await listed(world, seller)
    made = await client.post("/api/v1/keys", json={"name": "reader", "roles": ["read"]}, headers=buyer.firm.bearer)
    bearer = {"Authorization": f"Bearer {made.json()['key']}"}
    for path, body in (
        (f"/api/v1/listings/{offered['id']}/buy", {"grams": TONNE}),
        (f"/api/v1/listings/{offered['id']}/offers", {"grams": TONNE, "price": "1", "currency": "JPY"}),
    ):
        assert (await client.post(path, json=body, headers=bearer)).status_code == 403
    assert (await client.get(f"/api/v1/listings/{offered['id']}", headers=bearer)).status_code == 200
