"""Recalls: what is called back is called back with everything made of it, and blocked till it is over."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.database import Scope
from tests.conftest import BASE, Firm, World, with_key
from tests.pagework import Browser, hidden, said
from tests.pageworld import publish_now
from traceability import composing
from traceability.capture import Captured
from traceability.claims import claim
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import REPROCESSING
from traceability.recalls.calling import Answer, Call, answer_recall, end_recall, open_recall
from traceability.recalls.reading import recall
from traceability.refusals import LotRecalled
from traceability.sequencing.commands import Accepted, Claiming, Command, Reserve

AsApp = Callable[..., Awaitable[asyncpg.Connection]]
Json = dict[str, Any]


@pytest.fixture
async def maker(world: World) -> Firm:
    return await world.firm("recycler", "TH", "Asia/Bangkok")


@pytest.fixture
async def buyer(world: World) -> Firm:
    return await world.firm("manufacturer", "JP")


def reading(world: World) -> AbstractAsyncContextManager[AsyncSession]:
    return world.process.database.begin(None, Scope.RECORD)


async def turned(world: World, firm: Firm, lot: str, grams: int) -> tuple[str, Captured]:
    """This much of a lot becomes another lot of four fifths of the mass."""
    made = composing.Making(lot_uri(BASE, new_token()), grams * 4 // 5, "plastics.pet", "flake")
    captured = await world.capture(firm, composing.transformed(world.at(firm), REPROCESSING, {lot: grams}, [made], {}))
    assert captured.success, captured
    return made.lot, captured


async def handed(world: World, giver: Firm, taker: Firm, lot: str, grams: int) -> None:
    sent = composing.shipped(world.at(giver), giver.actor.organisation_uri, taker.actor.organisation_uri, {lot: grams})
    assert (await world.capture(giver, sent)).success
    got = composing.received(
        world.at(taker), giver.actor.organisation_uri, taker.actor.organisation_uri, {lot: (grams, grams)}
    )
    assert (await world.capture(taker, got)).success


async def opened(world: World, firm: Firm, *lots: str) -> int:
    world.clock.forward(milliseconds=5)
    async with reading(world) as record:
        call = Call(lots, "contaminated", "PVC above 2 % in the retained sample")
        return (await open_recall(record, world.process.sequencer, firm.actor, call, world.clock())).index


async def under(owner: asyncpg.Connection, index: int) -> set[str]:
    rows = await owner.fetch(
        "SELECT l.uri FROM recalled_lot r JOIN lot l ON l.id = r.lot_id WHERE r.recall = $1 AND r.open", index
    )
    return {row["uri"] for row in rows}


async def test_everything_made_of_it_before_and_after_is_called_back_and_nothing_else(
    world: World, owner: asyncpg.Connection, maker: Firm, buyer: Firm
) -> None:
    lot, other = await world.stock(maker, 9_000_000), await world.stock(maker, 1_000_000)
    flake, _ = await turned(world, maker, lot, 4_000_000)
    await handed(world, maker, buyer, flake, 3_000_000)
    pellet, _ = await turned(world, buyer, flake, 1_000_000)
    index = await opened(world, maker, lot)
    assert await under(owner, index) == {lot, flake, pellet}
    later, captured = await turned(world, buyer, pellet, 500_000)
    (accepted,) = captured.events
    assert getattr(accepted, "flags", ()) == ("RECALLED",)  # it moves, but not unseen
    aside, _ = await turned(world, maker, other, 100_000)
    assert await under(owner, index) == {lot, flake, pellet, later}
    assert aside not in await under(owner, index)


async def test_what_is_called_back_cannot_be_promised_or_claimed_until_that_is_over(
    world: World, maker: Firm, buyer: Firm
) -> None:
    lot = await world.stock(maker, 9_000_000)
    flake, _ = await turned(world, maker, lot, 4_000_000)
    index = await opened(world, maker, lot)
    reserve = Reserve("urn:trade:1", flake, maker.actor.organisation_id, buyer.actor.organisation_id, 1_000)
    with pytest.raises(LotRecalled):
        await world.process.sequencer.submit(Command((reserve,)))
    wanted = Claiming(flake, "content", 1_000, "JP", "bottle grade")
    number = maker.actor.organisation_id
    async with world.process.database.begin(number) as own:
        with pytest.raises(LotRecalled):
            await claim(own, world.process.sequencer, maker.actor, wanted, world.clock())
    async with reading(world) as record:
        await end_recall(record, world.process.sequencer, maker.actor, index, "The sample was swapped", world.clock())
    assert (await world.process.sequencer.submit(Command((reserve,)))).accepted == ()


async def test_a_promise_and_a_recall_at_the_same_time_are_decided_in_the_logs_order(
    world: World, owner: asyncpg.Connection, maker: Firm, buyer: Firm
) -> None:
    lot = await world.stock(maker, 9_000_000)

    async def promise(number: int) -> bool:
        reserve = Reserve(f"urn:race:{lot[-8:]}:{number}", lot, maker.actor.organisation_id,
                          buyer.actor.organisation_id, 1_000)  # fmt: skip
        try:
            await world.process.sequencer.submit(Command((reserve,)))
        except LotRecalled:
            return False
        return True

    before = [asyncio.create_task(promise(number)) for number in range(20)]
    index = await opened(world, maker, lot)
    after = await asyncio.gather(*(promise(number) for number in range(20, 40)))
    assert not any(after)
    kept = sum(await asyncio.gather(*before))
    like = f"urn:race:{lot[-8:]}:%"
    assert await owner.fetchval("SELECT count(*) FROM reservation WHERE reference LIKE $1", like) == kept
    assert await under(owner, index) == {lot}


async def test_a_correction_that_comes_after_the_lot_was_used_calls_it_back_until_it_is_cleared(
    world: World, owner: asyncpg.Connection, maker: Firm
) -> None:
    making = composing.Making(lot_uri(BASE, new_token()), 5_000_000, "plastics.pet", "bale", "post", "TH")
    lot, name = making.lot, f"urn:junkan:event:{new_token()}"
    arrived = composing.arrived(world.at(maker), making) | {"eventID": name}
    assert (await world.capture(maker, arrived)).success
    flake, _ = await turned(world, maker, lot, 4_000_000)
    captured = await world.capture(maker, composing.wrong(arrived, name, world.clock()))
    (held,) = captured.events
    assert isinstance(held, Accepted), held
    assert held.outcome == "held", held
    assert await under(owner, held.index) == {lot, flake}
    assert await owner.fetchval("SELECT reason FROM recall WHERE fact_index = $1", held.index) == "correction"


async def test_only_the_maker_or_an_authority_of_its_country_calls_back_and_ends_it(
    world: World, client: httpx.AsyncClient, maker: Firm, buyer: Firm
) -> None:
    lot = await world.stock(maker, 9_000_000)
    body = {"lots": [lot], "reason": "hazardous", "statement": "Brominated flame retardants found"}
    for firm in (buyer, await world.firm("regulator", "JP")):
        world.clock.forward(seconds=1)
        answer = await client.post("/api/v1/recalls", json=body, headers=firm.bearer)
        assert answer.status_code == 404, answer.text
    authority = await world.firm("regulator", "TH")
    done = await client.post("/api/v1/recalls", json=body, headers=authority.bearer)
    assert done.status_code == 201, done.text
    index = done.json()["leafIndex"]
    for firm, status in ((maker, 404), (authority, 201), (authority, 409)):
        world.clock.forward(seconds=1)
        ended = await client.post(f"/api/v1/recalls/{index}/end", json={"statement": "Cleared"}, headers=firm.bearer)
        assert ended.status_code == status, (firm.actor.country, ended.text)
    bad = await client.post("/api/v1/recalls", json={**body, "reason": "ugly"}, headers=authority.bearer)
    assert bad.status_code == 422, bad.text


async def test_each_reader_is_told_one_step_and_the_regulator_the_whole_chain(
    world: World, maker: Firm, buyer: Firm
) -> None:
    third, lot = await world.firm("manufacturer", "VN"), await world.stock(maker, 9_000_000)
    await handed(world, maker, buyer, lot, 6_000_000)
    flake, _ = await turned(world, buyer, lot, 4_000_000)
    await handed(world, buyer, third, flake, 3_000_000)  # of 3,200,000 that were made
    index = await opened(world, maker, lot)
    async with reading(world) as record:
        world.clock.forward(seconds=1)
        answer = Answer(index, flake, "quarantined", "In bay 4")
        await answer_recall(record, world.process.sequencer, third.actor, answer, world.clock())
    async with reading(world) as record:
        told = await recall(record, maker.actor, index)
        regulator = (await world.firm("regulator", "TH")).actor
        whole, mine = await recall(record, regulator, index), await recall(record, third.actor, index)
    named = {(each.organisation, each.grams, each.answer is not None) for each in told.holders}
    assert named == {
        (maker.actor.organisation_name, 3_000_000, False), (buyer.actor.organisation_name, 2_000_000, False),
        (None, 200_000, False), (None, 3_000_000, True),
    }  # fmt: skip
    assert {each.organisation for each in whole.holders} == {
        firm.actor.organisation_name for firm in (maker, buyer, third)
    }
    assert [each.organisation for each in mine.holders] == [third.actor.organisation_name]
    assert (whole.lots, whole.grams, whole.answered) == (2, 8_200_000, 1)


async def test_it_is_opened_answered_and_ended_by_page_and_every_scan_is_warned(
    app: Litestar, client: httpx.AsyncClient, world: World, maker: Firm, buyer: Firm
) -> None:
    lot = await world.stock(maker, 9_000_000)
    await handed(world, maker, buyer, lot, 6_000_000)
    await publish_now(world)
    async with browsing(app) as mine, browsing(app) as theirs:
        await mine.sign_in(maker)
        await theirs.sign_in(buyer)
        page = await mine.open("/recalls/open", lot=lot)
        wrong = await mine.send("/recalls/open", {**hidden(page), "step": "check", "statement": "kept"})
        assert wrong.status_code == 400
        assert "kept" in wrong.text
        check = await mine.check("/recalls/open", {**hidden(page), "reason": "contaminated", "statement": "PVC found"})
        done = await mine.commit("/recalls/open", check)
        assert done.status_code == 303
        here = done.headers["location"].partition("?")[0]
        shown = said(await mine.open(here))
        assert buyer.actor.organisation_name in shown
        assert "Waits for an answer" in shown
        assert "Recalled lots you hold: 1" in said(await theirs.open("/"))
        assert "Contaminated" in said(await theirs.open("/recalls"))
        scan = await client.get(lot, headers={"accept": "text/html"})
        assert "This lot is under a recall" in said(scan.text)
        assert maker.actor.organisation_name not in said(scan.text)
        form = {**hidden(await theirs.open(here)), "lot": lot, "answer": "returned", "statement": "On its way back"}
        assert (await theirs.commit(here, await theirs.check(here, form))).status_code == 303
        assert "Sent back" in said(await mine.open(here))
        form = {**hidden(await mine.open(here)), "what": "end", "statement": "All of it is back"}
        assert (await mine.commit(here, await mine.check(here, form))).status_code == 303
        assert "Over" in said(await mine.open(here))
    scan = await client.get(lot, headers={"accept": "text/html"})
    assert "under a recall" not in said(scan.text)


def browsing(app: Litestar) -> "_Browsing":
    return _Browsing(app)


class _Browsing:
    """A browser of its own, closed at the end."""

    def __init__(self, app: Litestar) -> None:
        hooks = {"request": [with_key]}
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE, event_hooks=hooks)

    async def __aenter__(self) -> Browser:
        await self.client.__aenter__()
        return Browser(self.client)

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()


async def test_the_database_keeps_recalls_as_they_are(
    world: World, owner: asyncpg.Connection, as_app: AsApp, maker: Firm
) -> None:
    lot = await world.stock(maker, 9_000_000)
    index = await opened(world, maker, lot)
    for statement in (
        f"UPDATE recall SET reason = 'other' WHERE fact_index = {index}",
        f"UPDATE recalled_lot SET named = false WHERE recall = {index}",
        f"DELETE FROM recalled_lot WHERE recall = {index}", f"DELETE FROM recall WHERE fact_index = {index}",
        "TRUNCATE recall CASCADE",
    ):  # fmt: skip
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(statement)
        assert refused.value.sqlstate == "JK001", statement
    async with reading(world) as record:
        await end_recall(record, world.process.sequencer, maker.actor, index, "Over", world.clock())
    with pytest.raises(asyncpg.PostgresError) as refused:
        await owner.execute(f"UPDATE recall SET closed_index = NULL WHERE fact_index = {index}")
    assert refused.value.sqlstate == "JK001"
    stranger = await as_app((await world.firm("recycler")).actor.organisation_id)
    for table in ("recall", "recall_answer"):
        assert await stranger.fetchval(f"SELECT count(*) FROM {table}") == 0
