"""The daybook: every balance is the sum of what was entered up to it, and nothing that was recorded is dropped."""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar

from foundation.access import Actor
from foundation.database import Scope
from foundation.registry import register_facility
from tests.conftest import BASE, PET, Firm, World
from tests.test_capture import accepted
from traceability import composing
from traceability.history.daybook import EVERYWHERE, NOWHERE, Line, Wanted, lines, sums
from traceability.history.releasing import Clearing, clear
from traceability.history.uncounted import left_out
from traceability.holdings import holdings
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import REPROCESSING

KG = 1_000
HDPE = "plastics.pe.hd"
EVER = (date(2020, 1, 1), date(2099, 12, 31))


async def second_site(world: World, firm: Firm, zone: str = "Asia/Tokyo") -> Firm:
    """The same firm, speaking of another facility of its own."""
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        place = await register_facility(
            session, organisation_id=firm.actor.organisation_id, uri=lot_uri(BASE, new_token()), name="Second site",
            country="JP", time_zone=zone, moment=world.clock(),
        )  # fmt: skip
    return replace(firm, facility=place.uri, facility_id=place.id)


def at(world: World, firm: Firm, days: int) -> composing.At:
    return composing.At(world.clock() - timedelta(days=days, seconds=1), firm.facility, firm.zone)


async def paged(world: World, wanted: Wanted, most: int) -> list[Line]:
    """All lines, a page at a time."""
    found: list[Line] = []
    async with world.process.database.begin(wanted.holder, Scope.RECORD) as session:
        while page := await lines(session, wanted, found[-1].at if found else None, most):
            found += page
    return found


async def free_of(world: World, firm: Firm, account: str = "stock") -> dict[str, int]:
    async with world.process.database.begin(firm.actor.organisation_id) as session:
        held = await holdings(session, firm.actor.organisation_id, account=account)
        return {each.lot: each.free for each in held}


async def walk(world: World, chance: random.Random, sites: list[Firm], other: Firm, steps: int) -> None:
    """Loads come, are processed, sent, weighed in or sent back, on days in any order, some late, some taken back."""
    one = sites[0]
    for _ in range(steps):
        site, days = chance.choice(sites), chance.choice([0, 1, 2, 5, 9, 20, 29, 33])
        here, mine = at(world, site, days), await free_of(world, one)
        parties = one.actor.organisation_uri, other.actor.organisation_uri
        coming = await free_of(world, other, "transit")
        act = chance.choice(
            ["receive", "reject", "receive"] if coming else ["arrive", "process", "ship", "ship", "wrong"]
        )
        lot = chance.choice(sorted(mine)) if mine else ""
        making = composing.Making(
            lot_uri(BASE, new_token()), chance.randint(1, 900) * KG, chance.choice([PET, HDPE]), "flake", "post"
        )
        if act in {"arrive", "wrong"}:
            event = {"eventID": f"urn:uuid:{new_token()}", **composing.arrived(here, making)}
            await world.capture(site, event)
            if act == "wrong":
                await world.capture(site, composing.wrong(event, event["eventID"], world.clock()))
        elif act == "process" and lot:
            drawn = chance.randint(1, mine[lot])
            out = composing.Making(making.lot, max(1, drawn * 7 // 10), making.material, "pellet")
            await world.capture(site, composing.transformed(here, REPROCESSING, {lot: drawn}, [out], {}))
        elif act == "ship" and lot:
            await world.capture(site, composing.shipped(here, *parties, {lot: chance.randint(1, mine[lot])}))
        elif act == "receive" and coming:
            back, sent = chance.choice(sorted(coming.items()))
            weighed = max(1, sent - chance.randint(0, sent // 200 + 1))
            await world.capture(other, composing.received(at(world, other, days), *parties, {back: (sent, weighed)}))
        elif act == "reject" and coming:
            back, sent = chance.choice(sorted(coming.items()))
            await world.capture(other, composing.rejected(at(world, other, days), *parties, {back: sent}))


async def entered(owner: asyncpg.Connection, holder: int) -> list[asyncpg.Record]:
    """Every entry of a holder's lots as the tables have it, by day and then in the order of the record."""
    return await owner.fetch(
        "SELECT e.event_day AS day, n.event_index AS index, n.lot_id AS lot, l.material, n.account, n.grams,"
        " CASE WHEN f.organisation_id = $1 THEN f.id ELSE 0 END AS place"
        " FROM entry n JOIN lot l ON l.id = n.lot_id JOIN event e ON e.index = n.event_index"
        " LEFT JOIN facility f ON f.id = e.facility_id WHERE n.holder = $1 ORDER BY 1, 2, 3",
        holder,
    )


@pytest.mark.parametrize("seed", range(4))
async def test_each_balance_is_the_sum_of_the_entries_up_to_it_and_the_last_is_what_is_held(
    world: World, owner: asyncpg.Connection, seed: int
) -> None:
    chance = random.Random(seed)
    firm, other = await world.firm("recycler"), await world.firm("compounder", "TH", "Asia/Bangkok")
    sites = [firm, await second_site(world, firm)]
    await walk(world, chance, sites, other, 60)
    for holder in (firm, other):
        number = holder.actor.organisation_id
        raw = await entered(owner, number)
        assert {row["account"] for row in raw if row["grams"] < 0} == ({"stock"} if holder is firm else {"transit"})
        days = sorted({row["day"] for row in raw})
        spans = [EVER, (chance.choice(days), chance.choice(days)), (days[-1], EVER[1])]
        places = [EVERYWHERE, NOWHERE, *(each.facility_id for each in sites)]
        for since, until in [(min(span), max(span)) for span in spans]:
            for material in ("", PET):
                for place in places:
                    wanted = Wanted(number, since, until, material, place)
                    await _held_against(world, wanted, raw, chance.choice([1, 3, 50]))
    held = sum((await free_of(world, firm)).values())
    everywhere = await paged(world, Wanted(firm.actor.organisation_id, *EVER), 50)
    assert everywhere[-1].balance == held
    assert everywhere[-1].on_the_way == sum((await free_of(world, firm, "transit")).values())


async def _held_against(world: World, wanted: Wanted, raw: list[asyncpg.Record], most: int) -> None:
    """The daybook against sums made by hand over all entries."""
    mine = [
        row for row in raw
        if (not wanted.material or row["material"] == wanted.material)
        and wanted.place in {EVERYWHERE, row["place"]}
    ]  # fmt: skip
    balances: dict[str, int] = defaultdict(int)
    expected: dict[tuple[Any, ...], tuple[int, int]] = {}
    for row in mine:
        balances[row["account"]] += row["grams"]
        expected[row["day"], row["index"], row["lot"]] = (balances["stock"], balances["transit"])
    found = await paged(world, wanted, most)
    told = {(each.at.day, each.at.index, each.at.lot): (each.balance, each.on_the_way) for each in found}
    within = {at: each for at, each in expected.items() if wanted.since <= at[0] <= wanted.until}
    assert told == within
    assert [each.at for each in found] == sorted(each.at for each in found)
    async with world.process.database.begin(wanted.holder, Scope.RECORD) as session:
        total = await sums(session, wanted)
    before = [each for at, each in expected.items() if at[0] < wanted.since]
    after = [each for at, each in expected.items() if at[0] <= wanted.until]
    assert total.before == (before[-1] if before else (0, 0))
    assert total.after == (after[-1] if after else (0, 0))
    assert total.after[0] - total.before[0] == total.came - total.went
    assert total.came == sum(each.stock for each in found if each.stock > 0)
    assert total.events == len({each.at.index for each in found})
    if wanted.place == EVERYWHERE:
        assert total.agrees


async def test_what_was_recorded_is_counted_or_left_out_with_its_reason(world: World) -> None:
    firm = await world.firm("recycler")
    colleague = await world.colleague(firm, "read", "clear")
    day = world.clock().astimezone(firm.zone).date()
    wanted = Wanted(firm.actor.organisation_id, day - timedelta(days=100), day)
    making = [composing.Making(lot_uri(BASE, new_token()), each * KG, PET, "bale", "post") for each in (900, 500, 70)]
    accepted(await world.capture(firm, composing.arrived(at(world, firm, 0), making[0])))
    late = accepted(await world.capture(firm, composing.arrived(at(world, firm, 40), making[1])))
    gone = accepted(await world.capture(firm, composing.arrived(at(world, firm, 50), making[2])))
    drawn = {making[0].lot: 100 * KG}
    out = composing.Making(lot_uri(BASE, new_token()), 99 * KG, PET, "flake")  # a yield that is not plausible
    made = composing.transformed(at(world, firm, 0), REPROCESSING, drawn, [out], {})
    held = accepted(await world.capture(firm, made))
    unknown = {lot_uri(BASE, new_token()): 8 * KG}
    accepted(await world.capture(firm, composing.departed(at(world, firm, 0), "destroying", unknown)))
    assert {late.outcome, gone.outcome, held.outcome} == {"held"}

    async def told(asked: Wanted = wanted) -> dict[tuple[str, str], tuple[int, int, int]]:
        async with world.process.database.begin(asked.holder, Scope.RECORD) as session:
            found = await left_out(session, asked)
        return {(each.state, each.reason): (each.events, each.came // KG, each.went // KG) for each in found}

    assert await told() == {
        ("held", "LATE_REPORT"): (2, 570, 0), ("held", "YIELD_IMPLAUSIBLE"): (1, 99, 100),
        ("recorded", "unknown_items"): (1, 0, 8),
    }  # fmt: skip
    assert ("held", "LATE_REPORT") not in await told(replace(wanted, since=day - timedelta(days=30)))
    assert await told(replace(wanted, material=HDPE)) == {("recorded", "unknown_items"): (1, 0, 8)}
    assert await told(replace(wanted, place=NOWHERE)) == {}
    await _clear(world, colleague.actor, late.index, "release")
    await _clear(world, colleague.actor, gone.index, "reject")
    after = await told()
    assert ("held", "LATE_REPORT") not in after
    assert after["rejected", "LATE_REPORT"] == (1, 70, 0)
    async with world.process.database.begin(firm.actor.organisation_id, Scope.RECORD) as session:
        counted = await sums(session, wanted)
    assert (counted.came, counted.went) == (1_400 * KG, 0)


async def _clear(world: World, actor: Actor, index: int, decision: Any) -> None:
    async with world.process.database.begin(actor.organisation_id) as session:
        await clear(session, world.door, actor, Clearing(index, decision, "Looked at."))


async def test_the_api_pages_and_shows_nobody_else_s_lines(app: Litestar, world: World) -> None:
    firm, other = await world.firm("recycler"), await world.firm("recycler")
    for grams in (1_000, 2_000, 4_000):
        await world.stock(firm, grams)
    theirs = await world.stock(other, 5_000_000)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        first = await client.get("/api/v1/ledger", params={"limit": "2"}, headers=firm.bearer)
        told = first.json()
        assert [each["balanceGrams"] for each in told["lines"]] == [1_000, 3_000]
        assert told["closing"] == {"stockGrams": 7_000, "inTransitGrams": 0}
        assert told["counted"] == {"events": 3, "inGrams": 7_000, "outGrams": 0}
        assert told["now"] == {"freeGrams": 7_000, "reservedGrams": 0, "inTransitGrams": 0}
        following = first.links["next"]["url"]
        second = await client.get(following, headers=firm.bearer)
        assert [each["balanceGrams"] for each in second.json()["lines"]] == [7_000]
        assert "next" not in second.links
        assert theirs not in first.text + second.text
        place = {"facility": firm.facility}
        assert len((await client.get("/api/v1/ledger", params=place, headers=firm.bearer)).json()["lines"]) == 3
        assert (await client.get("/api/v1/ledger", params=place, headers=other.bearer)).status_code == 404
        assert (await client.get("/api/v1/ledger")).status_code == 401
        wrong = [
            {"cursor": "2026-01-01"}, {"cursor": "soon.1.1"}, {"from": "2026-13-01"}, {"to": "x"}, {"limit": "0"},
            {"material": "a\x00b"}, {"from": "2026-02-01", "to": "2026-01-01"},
        ]  # fmt: skip
        for each in wrong:
            answer = await client.get("/api/v1/ledger", params=each, headers=firm.bearer)
            assert answer.status_code in {400, 422}, (each, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
