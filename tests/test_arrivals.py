"""Arrivals of several kinds: what its maker splits a lot into adds up to its grams, and is carried to the last one."""

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.errors import Refusal
from standards.custody import LotModel
from tests.conftest import BASE, PET, World
from tests.test_custody_models import APART, BLEND, CONTROLS, FIRM, WHOLE, around, content, make, new
from traceability import composing
from traceability.events import parse_document, parse_event
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.book import Book
from traceability.ledger.entering import enter
from traceability.ledger.interpretation import movement_of
from traceability.ledger.movements import Arrival, NewLot
from traceability.ledger.origins import Consumer, Content
from traceability.refusals import CustodyOverstated, Incomplete, LotTaken, SplitDiffers, UnitRefused

AT = composing.At(datetime(2026, 11, 2, 3, tzinfo=UTC), "https://plant.example/1", ZoneInfo("Asia/Tokyo"))
LOT, OTHER = "https://id.example/1", "https://id.example/2"
KG = 1_000
KINDS: st.SearchStrategy[Consumer] = st.sampled_from(["post", "pre", "virgin", "unknown"])


def row(kind: str, amount: object, unit: str = "GRM") -> dict[str, object]:
    return {"junkan:consumer": kind, "junkan:quantity": amount, "junkan:uom": unit}


def stated(ilmd: dict[str, object], *, lots: object = None, grams: tuple[int, ...] = (1_000,)) -> tuple[NewLot, ...]:
    """The lots that an event of this ilmd brings."""
    event = composing.arrived(AT, composing.Making(LOT, grams[0], PET, "bale"))
    event["quantityList"] = [composing.quantity(lot, each) for lot, each in zip((LOT, OTHER), grams, strict=False)]
    event["ilmd"] |= ilmd
    if lots is not None:
        event["junkan:lots"] = lots
    raw = json.dumps(event, default=float).encode()
    parsed = parse_event(raw, list(composing.CONTEXT)).event
    assert parsed is not None
    movement = movement_of(parsed)
    assert isinstance(movement, Arrival)
    return movement.lots


def arrive(book: Book, lot: str, split: dict[Consumer, int], model: LotModel | None = None) -> None:
    arrived = replace(new(lot, sum(split.values()), model, "unknown"), split=tuple(split.items()))
    enter(book, Arrival("collected", (arrived,)), FIRM, around(), CONTROLS)


# --- what an event says


def test_a_split_is_read_to_the_gram_and_summed_by_kind() -> None:
    (lot,) = stated({"junkan:split": [row("post", 300), row("virgin", 0.6, "KGM"), row("post", 100), row("pre", 0)]})
    assert lot.kinds == (("post", 400), ("virgin", 600))
    (one,) = stated({"junkan:consumer": "pre"})
    assert one.kinds == (("pre", 1_000),)


def test_what_is_said_of_a_lot_stands_before_what_is_said_of_all() -> None:
    own = [{"junkan:lot": OTHER, "junkan:split": [row("pre", 2), row("post", 3)]}]
    first, second = stated({"junkan:consumer": "virgin"}, lots=own, grams=(7, 5))
    assert (first.kinds, second.kinds) == ((("virgin", 7),), (("pre", 2), ("post", 3)))
    with pytest.raises(SplitDiffers) as refused:  # one split for two lots of different mass fits at most one
        stated({"junkan:split": [row("post", 7)]}, grams=(7, 5))
    assert refused.value.facts["lot"] == OTHER


@pytest.mark.parametrize(
    ("ilmd", "kind", "field"),
    [
        ({"junkan:split": [row("post", 999)]}, SplitDiffers, "junkan:split"),
        ({"junkan:split": [row("post", 999), row("pre", 2)]}, SplitDiffers, "junkan:split"),
        ({"junkan:split": []}, SplitDiffers, "junkan:split"),
        ({"junkan:split": "post"}, Incomplete, "junkan:split/0/consumer"),
        ({"junkan:split": [row("ocean", 1_000)]}, Incomplete, "junkan:split/0/consumer"),
        ({"junkan:split": [row("post", 1_001), row("pre", -1)]}, Incomplete, "junkan:split/1"),
        ({"junkan:split": [row("post", 0.5), row("pre", 999.5)]}, UnitRefused, "junkan:split/0/uom"),
        ({"junkan:split": [row("post", 1_000)], "junkan:consumer": "post"}, Incomplete, "junkan:consumer"),
    ],
)
def test_a_split_that_does_not_add_up_is_refused_where_it_stands(
    ilmd: dict[str, object], kind: type[Refusal], field: str
) -> None:
    with pytest.raises(kind) as refused:
        stated(ilmd)
    assert refused.value.field == field
    assert refused.value.fix
    if kind is SplitDiffers:
        assert refused.value.facts["grams"] == 1_000


@given(st.dictionaries(KINDS, st.integers(1, 10**12), min_size=1))
def test_what_is_composed_is_read_back(split: dict[Consumer, int]) -> None:
    event = composing.opening(AT, composing.Making(LOT, sum(split.values()), PET, "bale", "post", split=split))
    (each,) = parse_document(composing.document([event], AT.moment)).events
    assert each.event is not None
    movement = movement_of(each.event)
    assert isinstance(movement, Arrival)
    assert dict(movement.lots[0].split) == split


# --- in the ledger


def test_a_lot_of_several_kinds_is_not_segregated_and_its_identity_may_be_preserved() -> None:
    book = Book()
    with pytest.raises(CustodyOverstated) as refused:
        arrive(book, "mixed", {"post": 6, "virgin": 4}, APART)
    assert (refused.value.facts["strongest"], refused.value.facts["reason"]) == ("controlled_blending", "CLAIMS_DIFFER")
    arrive(book, "apart", {"post": 6, "unknown": 4}, APART)
    arrive(book, "whole", {"post": 6, "virgin": 4}, WHOLE)
    with pytest.raises(CustodyOverstated):
        make(book, {"whole": 5}, new("stronger", 5, APART))
    make(book, {"whole": 10}, new("blend", 10, BLEND))
    assert content(book, "blend") == Content(post=6, virgin=4)


def test_the_content_of_a_mass_balance_lot_is_booked_and_its_virgin_part_is_not() -> None:
    book = Book()
    arrive(book, "bought", {"post": 6, "pre": 1, "virgin": 3}, LotModel.MASS_BALANCE_CREDIT)
    assert content(book, "bought") == Content(virgin=3, booked_post=6, booked_pre=1)


def test_more_of_a_lot_is_of_the_same_proportions() -> None:
    book = Book()
    arrive(book, "lot", {"post": 2, "virgin": 4})
    arrive(book, "lot", {"virgin": 2, "post": 1})
    with pytest.raises(LotTaken):
        arrive(book, "lot", {"post": 4, "virgin": 2})
    assert book.position("lot", 1).free == 9


def test_an_output_states_no_split() -> None:
    book = Book()
    arrive(book, "in", {"post": 5, "virgin": 5})
    with pytest.raises(Incomplete) as refused:
        make(book, {"in": 10}, replace(new("out", 10), split=(("post", 10),)))
    assert refused.value.field == "split"


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(KINDS, st.integers(1, 60), min_size=1), st.data())
def test_over_any_draws_a_split_lot_gives_each_kind_to_the_gram(
    split: dict[Consumer, int], data: st.DataObject
) -> None:
    book, drawn = Book(), Counter[str]()
    arrive(book, "in", split)
    left, step = sum(split.values()), 0
    while left:
        grams, step = data.draw(st.integers(1, left)), step + 1
        make(book, {"in": grams}, new(f"out{step}", grams, None, "post"))
        for origin, part in book.lots[f"out{step}"].origins.grams:
            drawn[origin.consumer] += part
        left -= grams
        assert all(drawn[kind] <= most for kind, most in split.items())
        whole = sum(split.values())
        assert all(abs(drawn[kind] * whole - most * (whole - left)) < 2 * whole * step for kind, most in split.items())
    assert drawn == split


# --- in the record


async def test_a_split_is_kept_drawn_and_told(world: World, owner: asyncpg.Connection) -> None:
    firm = await world.firm("recycler")
    made = composing.Making(
        lot_uri(BASE, new_token()), 10 * KG, PET, "bale", country="JP", custody="controlled_blending",
        split={"post": 7 * KG, "virgin": 3 * KG},
    )  # fmt: skip
    assert (await world.capture(firm, composing.opening(world.at(firm), made))).success
    assert await kinds(owner, made.lot) == {"post": 7 * KG, "virgin": 3 * KG}
    outs = [composing.Making(lot_uri(BASE, new_token()), 5 * KG, PET, "flake") for _ in range(2)]
    for out in outs:  # in two batches: what the first drew is read again by the second
        event = composing.transformed(world.at(firm), "commissioning", {made.lot: 5 * KG}, [out], {})
        assert (await world.capture(firm, event)).success
    told = [await kinds(owner, out.lot) for out in outs]
    assert sum((Counter(each) for each in told), Counter()) == {"post": 7 * KG, "virgin": 3 * KG}
    wrong = composing.opening(world.at(firm), replace(made, lot=lot_uri(BASE, new_token()), grams=10 * KG + 1))
    (refused,) = (await world.capture(firm, wrong)).events
    assert isinstance(refused, SplitDiffers)
    assert (refused.value, refused.facts["grams"]) == (10 * KG, 10 * KG + 1)


async def kinds(owner: asyncpg.Connection, lot: str) -> dict[str, int]:
    rows: list[dict[str, Any]] = json.loads(await owner.fetchval("SELECT origins FROM lot WHERE uri = $1", lot))
    return {row["consumer"]: row["grams"] for row in rows}
