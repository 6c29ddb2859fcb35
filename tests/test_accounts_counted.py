"""Counting stock: what lies too far from the books is flagged by its scheme's tolerance, only where one is known."""

from datetime import UTC, date, datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.catalogue import load
from standards.trade.massbalance import schemes
from tests.conftest import Firm, World
from tests.pagework import Browser, said
from tests.test_accounts_captured import EU, KG, make, new, stock
from tests.test_custody_models import APART, CONTROLS, FIRM, around
from tests.test_custody_models import make as process
from tests.test_custody_models import new as lot
from tests.test_custody_models import stock as arrive
from traceability import composing
from traceability.events import parse_document
from traceability.ledger.book import Book
from traceability.ledger.entering import enter
from traceability.ledger.interpretation import movement_of
from traceability.ledger.movements import Part, StockTake, Unmoved
from traceability.ledger.outcomes import Entered
from traceability.sequencing.commands import Accepted

ISCC = "iscc-plus"
SCHEMES = schemes(load())
DAY = date(2026, 11, 2)
NO_MASS = Unmoved("no_mass")


def count(book: Book, lots: dict[str, int], facility: int | None = 7) -> Entered:
    speaker = FIRM if facility == FIRM.facility else type(FIRM)(FIRM.organisation, facility, FIRM.country)
    return enter(book, StockTake(tuple(Part(*each) for each in lots.items())), speaker, around(), CONTROLS)


def kept(scheme: str) -> Book:
    """A facility with an account under a scheme, and 1000 g of flake in two lots."""
    book = Book()
    arrive(book, "in", 2_000, APART)
    process(book, {"in": 1_000}, lot("one", 600), lot("two", 400), scheme=scheme)
    return book


# --- the rule


@given(st.integers(0, 10**12), st.integers(1, 10**12))
def test_the_tolerance_is_a_share_of_what_was_counted(book: int, counted: int) -> None:
    assert SCHEMES[ISCC].beyond(book, counted, DAY) is (abs(book - counted) > Fraction(5, 1_000) * counted)
    assert [SCHEMES[ISCC].beyond(each, 200, DAY) for each in (199, 201, 198, 202)] == [False, False, True, True]
    assert SCHEMES[EU].beyond(book, counted, DAY) is None, "not known, so nothing is decided"
    assert SCHEMES[ISCC].beyond(book, counted, date(1999, 12, 31)) is None, "nor before its first day"


# --- in the ledger


@pytest.mark.parametrize(
    ("counted", "flagged"),
    [
        ({"one": 600, "two": 395}, True), ({"one": 600, "two": 396}, False), ({"one": 600, "two": 400}, False),
        ({"one": 605, "two": 400}, False), ({"one": 606, "two": 400}, True),
        ({"one": 610, "two": 390}, False), ({"one": 610}, True),
        ({"one": 0}, True), ({"one": 0, "two": 400}, True),
    ],
)  # fmt: skip
def test_lots_of_a_material_are_counted_together_against_their_books(counted: dict[str, int], flagged: bool) -> None:
    entered = count(kept(ISCC), counted)
    assert ("BOOK_STOCK_DEVIATION" in entered.flags) is flagged
    assert ("STOCK_DIFFERS" in entered.flags) is (counted != {"one": 600, "two": 400})
    assert (entered.outcome, entered.entries) == ("recorded", ())
    if flagged:
        (found,) = entered.findings
        book = sum({"one": 600, "two": 400}[each] for each in counted)
        assert (found.control, found.response) == ("C44", "FLAG")
        assert (found.limit, found.measured, found.subject) == (book, sum(counted.values()), "plastics.pet~iscc-plus")


def test_without_an_account_there_or_a_known_tolerance_nothing_is_decided() -> None:
    assert count(kept(EU), {"one": 1}).flags == ("STOCK_DIFFERS",)
    assert count(kept(ISCC), {"one": 1}, facility=8).flags == ("STOCK_DIFFERS",)
    bare = Book()
    arrive(bare, "in", 1_000, APART)
    assert count(bare, {"in": 1}).flags == ("STOCK_DIFFERS",)


# --- in the record


def test_a_lot_that_is_gone_is_counted_as_nothing_and_nothing_is_moved_of_it() -> None:
    at = composing.At(datetime(2026, 11, 2, 3, tzinfo=UTC), "https://plant.example/1", ZoneInfo("Asia/Tokyo"))
    gone = composing.departed(at, "stock_taking", {"https://id.example/one": 0})
    for action, movement in (("OBSERVE", StockTake((Part("https://id.example/one", 0),))), ("DELETE", NO_MASS)):
        (each,) = parse_document(composing.document([gone | {"action": action}], at.moment)).events
        assert each.event is not None
        assert movement_of(each.event) == movement


@pytest.fixture
async def firm(world: World) -> Firm:
    return await world.firm("recycler")


def taken(world: World, firm: Firm, lots: dict[str, int]) -> composing.Composed:
    event = composing.departed(world.at(firm), "stock_taking", lots)
    return event | {"action": "OBSERVE", "disposition": "in_progress"}


async def test_a_count_beyond_the_tolerance_is_flagged_told_and_taken_back(
    world: World, firm: Firm, client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    waste = await stock(world, firm, 1_000 * KG, "post", "segregated")
    for scheme in (ISCC, EU):
        assert isinstance(await make(world, firm, {waste: 100 * KG}, new(80 * KG), scheme=scheme), Accepted)
    browser = Browser(client)
    await browser.sign_in(firm)
    page = said(await browser.open("/accounts"))
    assert "Books may differ from a count by 0.5% of it." in page
    assert "How far books may differ from a count is not known, so no count is judged." in page
    assert "counted" not in page
    event = taken(world, firm, {waste: 700 * KG})
    (near, off) = (await world.capture(firm, taken(world, firm, {waste: 799 * KG}), event)).events
    assert isinstance(near, Accepted)
    assert isinstance(off, Accepted)
    assert near.flags == ("STOCK_DIFFERS",)
    assert set(off.flags) == {"STOCK_DIFFERS", "BOOK_STOCK_DEVIATION"}
    told = (await client.get("/api/v1/accounts", headers=firm.bearer)).json()["accounts"]
    mine = {each["scheme"]: each for each in told}
    assert mine[ISCC]["stockTolerance"] == {"percentOfCount": "0.5", "certainty": "secondary"}
    assert mine[ISCC]["countsBeyondTolerance"] == [
        {
            "leafIndex": off.index, "day": world.at(firm).moment.astimezone(firm.zone).date().isoformat(),
            "bookGrams": 800 * KG, "countedGrams": 700 * KG,
        }
    ]  # fmt: skip
    assert (mine[EU]["stockTolerance"], mine[EU]["countsBeyondTolerance"]) == (None, [])
    page = await browser.open("/accounts")
    assert "counted 700 kg, by the books 800 kg" in said(page)
    assert f'href="/events/{off.index}"' in page
    assert "Count and books differ too much" in said(await browser.open(f"/events/{off.index}"))
    assert (await world.capture(firm, composing.wrong(event, off.event_id, world.clock()))).success
    assert "counted 700 kg" not in said(await browser.open("/accounts"))
