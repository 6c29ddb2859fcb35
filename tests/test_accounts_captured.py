"""Custody and accounts through the whole pipeline: kept by the database, also when many claim at once."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import asyncpg
import pytest

from app.process import opened
from foundation.database import Urls
from foundation.errors import Refusal
from foundation.settings import Settings
from tests.conftest import BASE, PET, Firm, Hands, World
from traceability import composing
from traceability.capture import Door, capture
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import REPROCESSING
from traceability.refusals import AccountOverdrawn
from traceability.sequencing.booking import BOOK
from traceability.sequencing.commands import Accepted

EU = "eu-2026-1425"
KG = 1_000


def first(captured: object) -> Accepted | Refusal:
    return captured.events[0]  # type: ignore[attr-defined,no-any-return]


def new(grams: int, custody: str | None = None, **kwargs: object) -> composing.Making:
    return composing.Making(lot_uri(BASE, new_token()), grams, PET, "flake", custody=custody, **kwargs)  # type: ignore[arg-type]


async def stock(
    world: World, firm: Firm, grams: int, consumer: str, custody: str | None = None, split: dict[str, int] | None = None
) -> str:
    kinds = {"split": split} if split else {"consumer": consumer}
    made = replace(new(grams, custody, **kinds), form="bale", country="JP")
    assert (await world.capture(firm, composing.opening(world.at(firm), made))).success
    return made.lot


async def make(
    world: World, firm: Firm, inputs: dict[str, int], *outputs: composing.Making, scheme: str | None = None
) -> Accepted | Refusal:
    event = composing.transformed(world.at(firm), REPROCESSING, inputs, outputs, {}, scheme)
    return first(await world.capture(firm, event))


async def account(owner: asyncpg.Connection, firm: Firm) -> dict[str, int]:
    row = await owner.fetchrow(
        "SELECT credited_post, claimed_post, credited_pre, claimed_pre, through FROM mass_account"
        " WHERE facility_id = $1", firm.facility_id,
    )  # fmt: skip
    return dict(row) if row else {}


async def test_a_false_model_is_refused_and_a_right_one_kept(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("recycler")
    bale, other = [await stock(world, firm, 1_000 * KG, "post", "segregated") for _ in range(2)]
    refused = await make(world, firm, {bale: 500 * KG, other: 300 * KG}, new(750 * KG, "identity_preserved"))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.field, refused.value) == ("CUSTODY_OVERSTATED", "custody", "identity_preserved")
    assert refused.facts["strongest"] == "segregated"
    kept = new(750 * KG, "segregated")
    assert isinstance(await make(world, firm, {bale: 500 * KG, other: 300 * KG}, kept), Accepted)
    assert await owner.fetchval("SELECT custody FROM lot WHERE uri = $1", kept.lot) == "segregated"
    silent = new(450 * KG)
    assert isinstance(await make(world, firm, {bale: 500 * KG}, silent), Accepted)
    assert await owner.fetchval("SELECT custody FROM lot WHERE uri = $1", silent.lot) is None
    again = await make(world, firm, {silent.lot: 450 * KG}, new(400 * KG, "controlled_blending"))
    assert isinstance(again, Refusal)
    assert (again.code, again.facts["strongest"]) == ("CUSTODY_OVERSTATED", "none")


async def test_a_word_that_is_no_model_is_refused_with_those_that_are(world: World) -> None:
    firm = await world.firm("recycler")
    made = replace(new(100 * KG, "mass_balance"), consumer="post")
    refused = first(await world.capture(firm, composing.opening(world.at(firm), made)))
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.field) == ("UNKNOWN_WORD", "custody")
    assert "mass_balance_" in (refused.fix or "")


async def test_one_lot_drawn_bit_by_bit_gives_what_it_was_made_of(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("recycler")
    post, virgin = await stock(world, firm, 20, "post"), await stock(world, firm, 10, "virgin")
    mixed = new(30)
    blended = composing.transformed(world.at(firm), "commissioning", {post: 20, virgin: 10}, [mixed], {})
    assert (await world.capture(firm, blended)).success
    events = [composing.transformed(world.at(firm), "commissioning", {mixed.lot: 1}, [new(1)], {}) for _ in range(30)]
    for event in events[:10]:
        assert isinstance(first(await world.capture(firm, event)), Accepted)
    captured = await world.capture(firm, *events[10:])
    assert captured.success, captured
    told = await owner.fetch(
        "SELECT o->>'consumer' AS kind, sum((o->>'grams')::bigint) AS grams FROM lot, jsonb_array_elements(origins) o"
        " WHERE organisation_id = $1 AND uri = ANY($2) GROUP BY 1", firm.actor.organisation_id,
        [event["outputQuantityList"][0]["epcClass"] for event in events],
    )  # fmt: skip
    assert {row["kind"]: row["grams"] for row in told} == {"post": 20, "virgin": 10}


async def test_many_at_once_never_claim_more_than_the_account_holds(world: World, owner: asyncpg.Connection) -> None:
    """Without the check of the book, and without the database's, the account would be overdrawn here."""
    firm = await world.firm("recycler")
    waste = await stock(world, firm, 1_000 * KG, "post", "segregated")
    virgin = await stock(world, firm, 100_000 * KG, "virgin")
    taken = await make(world, firm, {waste: 1_000 * KG}, new(900 * KG), scheme=EU)
    assert isinstance(taken, Accepted)
    for round_ in range(1, 4):
        documents = []
        for _ in range(20):
            made = new(100 * KG, "mass_balance_credit", credited={"post": 30 * KG})
            event = composing.transformed(world.at(firm), REPROCESSING, {virgin: 130 * KG}, [made], {}, EU)
            documents.append(composing.document([event], world.clock()))
        done = await asyncio.gather(*(capture(world.door, firm.actor, each) for each in documents))
        answers = [first(each) for each in done]
        won = [each for each in answers if isinstance(each, Accepted)]
        assert all(isinstance(each, AccountOverdrawn) for each in answers if not isinstance(each, Accepted))
        held = await account(owner, firm)
        assert held["claimed_post"] <= held["credited_post"] == 900 * KG
        assert len(won) == (20 if round_ == 1 else 10 if round_ == 2 else 0)
    assert (await account(owner, firm))["claimed_post"] == 900 * KG
    told = await owner.fetchval(
        "SELECT fields->'junkan:bookings'->0->>'material' FROM event_payload WHERE index = $1", taken.index
    )
    assert told == PET


async def test_two_processes_on_one_account_claim_what_it_holds_and_no_gram_more(
    world: World, owner: asyncpg.Connection, settings: Settings, urls: Urls, clock: Hands
) -> None:
    """Each has a writer and a book of its own: only what both read under the log's lock keeps them apart."""
    firm = await world.firm("recycler")
    waste, virgin = (
        await stock(world, firm, 300 * KG, "post", "segregated"),
        await stock(world, firm, 9_000 * KG, "virgin"),
    )
    assert isinstance(await make(world, firm, {waste: 300 * KG}, new(250 * KG), scheme=EU), Accepted)
    async with opened(settings, urls, clock) as second:
        doors = (world.door, Door(second.database, second.sequencer, clock))

        async def claimed(door: Door) -> Accepted | Refusal:
            made = new(50 * KG, "mass_balance_credit", credited={"post": 20 * KG})
            event = composing.transformed(world.at(firm), REPROCESSING, {virgin: 60 * KG}, [made], {}, EU)
            return first(await capture(door, firm.actor, composing.document([event], world.clock())))

        answers = list[Accepted | Refusal]()
        for _ in range(4):  # the first eight all fit, whoever comes first; the second eight do not
            answers += await asyncio.gather(*(claimed(door) for _ in range(4) for door in doors))
    won = [each for each in answers if isinstance(each, Accepted)]
    assert all(isinstance(each, AccountOverdrawn) for each in answers if not isinstance(each, Accepted))
    assert {answers.index(each) % 2 for each in won} == {0, 1}, "both processes claimed"
    assert (len(won), (await account(owner, firm))["claimed_post"]) == (12, 240 * KG)


async def test_the_writer_stops_a_batch_that_would_overdraw_an_account_that_asks_at_its_end(
    world: World, owner: asyncpg.Connection
) -> None:
    """The rules refuse it before; were they wrong, the row itself would not be found, and nothing is written."""
    firm = await world.firm("recycler")
    waste = await stock(world, firm, 100 * KG, "post", "segregated")
    assert isinstance(await make(world, firm, {waste: 100 * KG}, new(80 * KG), scheme="iscc-plus"), Accepted)
    row = await owner.fetchrow("SELECT * FROM mass_account WHERE facility_id = $1", firm.facility_id)
    assert row is not None
    key = (row["facility_id"], row["material"], row["scheme"], row["first_day"])

    async def booked(claim: int, today: date) -> str:
        """The update alone, in a transaction that is taken back."""
        told = (*key, firm.actor.organisation_id, 0, 0, 0, claim, 0)
        values = (*key, 0, 0, 0, claim, 0, None, None, None, None)
        work = owner.transaction()
        await work.start()
        await owner.execute("INSERT INTO mass_booking VALUES (-1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", *told)
        done = str(await owner.execute(BOOK, today, *([value] for value in values)))
        await work.rollback()
        return done

    later = row["last_day"] + timedelta(days=1)
    assert await booked(80 * KG + 1, later) == "UPDATE 0"
    assert await booked(80 * KG, later) == "UPDATE 1"
    assert await booked(80 * KG + 1, row["last_day"]) == "UPDATE 1"


async def test_the_database_itself_refuses_an_account_below_zero(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("recycler")
    waste = await stock(world, firm, 100 * KG, "post", "segregated")
    await make(world, firm, {waste: 100 * KG}, new(80 * KG), scheme=EU)
    with pytest.raises(asyncpg.CheckViolationError, match="mass_account_never_negative"):
        await owner.execute(
            "UPDATE mass_account SET claimed_post = credited_post + 1, lowest_post = -1 WHERE facility_id = $1",
            firm.facility_id,
        )


async def test_an_account_is_the_sum_of_its_bookings(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("recycler")
    waste = await stock(world, firm, 100 * KG, "post", "segregated")
    await make(world, firm, {waste: 100 * KG}, new(80 * KG), scheme=EU)
    with pytest.raises(asyncpg.PostgresError, match="is not the sum of its bookings"):
        await owner.execute(
            "UPDATE mass_account SET credited_post = credited_post + 1 WHERE facility_id = $1", firm.facility_id
        )
    with pytest.raises(asyncpg.PostgresError, match="is not the sum of its bookings"):
        await owner.execute(
            "INSERT INTO mass_account (facility_id, material, scheme, first_day, last_day, organisation_id, strict,"
            " opening_pre, opening_post, credited_post)"
            " VALUES ($1, 'm', 's', '2026-10-01', '2026-12-31', 1, true, 0, 0, 7)", firm.facility_id,
        )  # fmt: skip


async def test_a_wrong_event_gives_its_booking_back_and_a_claimed_one_is_held(
    world: World, owner: asyncpg.Connection
) -> None:
    firm = await world.firm("recycler")
    waste = await stock(world, firm, 200 * KG, "post", "segregated")
    virgin = await stock(world, firm, 1_000 * KG, "virgin")
    made = new(80 * KG)
    event = composing.transformed(world.at(firm), REPROCESSING, {waste: 100 * KG}, [made], {}, EU)
    wrong = first(await world.capture(firm, event))
    assert isinstance(wrong, Accepted)
    assert (await account(owner, firm))["credited_post"] == 80 * KG
    back = first(await world.capture(firm, composing.wrong(event, wrong.event_id, world.clock())))
    assert isinstance(back, Accepted)
    assert back.outcome == "counted"
    assert await account(owner, firm) == dict.fromkeys(
        ("credited_post", "claimed_post", "credited_pre", "claimed_pre", "through"), 0
    )
    event = composing.transformed(world.at(firm), REPROCESSING, {waste: 100 * KG}, [new(80 * KG)], {}, EU)
    credited = first(await world.capture(firm, event))
    assert isinstance(credited, Accepted)
    sold = new(100 * KG, "mass_balance_credit", credited={"post": 60 * KG})
    assert isinstance(await make(world, firm, {virgin: 125 * KG}, sold, scheme=EU), Accepted)
    held = first(await world.capture(firm, composing.wrong(event, credited.event_id, world.clock())))
    assert isinstance(held, Accepted)
    assert (held.outcome, held.reasons) == ("held", ("ALREADY_CLAIMED",))
    assert (await account(owner, firm))["credited_post"] == 80 * KG


async def test_a_batch_that_states_nothing_asks_and_writes_nothing_of_it(world: World) -> None:
    firm = await world.firm("recycler")
    lots = [await stock(world, firm, 100 * KG, "post") for _ in range(3)]
    statements: list[str] = []
    pool = world.process.database.writer
    connections = [await pool.acquire() for _ in range(pool.get_max_size())]
    for connection in connections:
        connection.add_query_logger(lambda record: statements.append(record.query))
    for connection in connections:
        await pool.release(connection)
    await world.capture(
        firm,
        *(composing.transformed(world.at(firm), REPROCESSING, {lot: 100 * KG}, [new(80 * KG)], {}) for lot in lots),
    )
    assert any("lot" in each for each in statements)
    assert not [each for each in statements if "origin_draw" in each or "mass_" in each]
