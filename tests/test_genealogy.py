"""Genealogy: every gram of a lot came from somewhere, forward and back agree, and strangers' names stay theirs."""

import re
from fractions import Fraction

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import BASE, PET, Firm, World
from traceability import composing
from traceability.genealogy.attributing import Moved, attributed, in_grams
from traceability.identifiers import lot_uri, new_token
from traceability.ledger.interpretation import REPROCESSING


@st.composite
def histories(draw: st.DrawFn) -> list[Moved]:
    """Openings, splits, merges, losses, lots topped up again, in a random order."""
    held: dict[int, int] = {}
    moves: list[Moved] = []
    for event in range(draw(st.integers(1, 14))):
        full = [lot for lot, grams in held.items() if grams]
        if not full or draw(st.integers(0, 3)) == 0:
            lot, grams = draw(st.integers(0, 7)), draw(st.integers(1, 10_000))
            held[lot] = held.get(lot, 0) + grams
            moves.append(Moved(event, lot, grams, False))
            continue
        inputs = draw(st.lists(st.sampled_from(full), min_size=1, max_size=3, unique=True))
        drawn = {lot: draw(st.integers(1, held[lot])) for lot in inputs}
        left = sum(drawn.values()) - draw(st.integers(0, sum(drawn.values()) - 1))
        above = st.integers(max(inputs) + 1, max(inputs) + 6)  # nothing becomes its own ancestor
        outputs = draw(st.lists(above, min_size=1, max_size=3, unique=True))
        for lot, grams in drawn.items():
            held[lot] -= grams
            moves.append(Moved(event, lot, -grams, True))
        for lot in outputs:
            grams = left if lot == outputs[-1] else draw(st.integers(0, left))
            left -= grams
            if grams:
                held[lot] = held.get(lot, 0) + grams
                moves.append(Moved(event, lot, grams, True))
    return moves


@given(histories())
def test_every_gram_that_came_into_a_lot_has_its_first_lot(moves: list[Moved]) -> None:
    lots = {each.lot for each in moves}
    came = attributed(moves, lots)
    for lot in lots:
        expected = sum(each.grams for each in moves if each.lot == lot and each.grams > 0)
        assert sum(came.get(lot, {}).values(), Fraction()) == expected
        assert all(part >= 0 for part in came.get(lot, {}).values())


@given(histories())
def test_no_more_comes_out_of_a_first_lot_than_went_in(moves: list[Moved]) -> None:
    lots = {each.lot for each in moves}
    held = {lot: {origin: Fraction() for origin in lots} for lot in lots}
    came = attributed(moves, lots)
    first = {lot: sum(each.grams for each in moves if each.lot == lot and not each.transforms) for lot in lots}
    # What is in lots that were never drawn from again cannot be more than what first appeared.
    ends = [lot for lot in lots if not any(each.lot == lot and each.grams < 0 for each in moves)]
    for origin in lots:
        assert sum((came.get(lot, held[lot]).get(origin, Fraction()) for lot in ends), Fraction()) <= first[origin]


@given(histories(), st.data())
def test_forward_and_back_name_the_same_grams(moves: list[Moved], data: st.DataObject) -> None:
    """Replaying only what descends from one first lot gives the same share as replaying everything."""
    lots = {each.lot for each in moves}
    pure = [lot for lot in lots if not any(each.lot == lot and each.transforms and each.grams > 0 for each in moves)]
    origin = data.draw(st.sampled_from(sorted(pure)))
    down, grown = {origin}, True
    while grown:
        events = {each.event_index for each in moves if each.lot in down and each.grams < 0 and each.transforms}
        more = {each.lot for each in moves if each.event_index in events and each.transforms and each.grams > 0}
        grown, down = not more <= down, down | more
    below = down - {origin}
    whole, part = attributed(moves, lots), attributed(moves, below)
    for lot in below:
        assert part[lot].get(origin, Fraction()) == whole[lot].get(origin, Fraction())


@given(
    st.dictionaries(st.integers(0, 9), st.fractions(min_value=0, max_value=1000), min_size=1), st.integers(1, 10_000)
)
def test_whole_grams_add_up(parts: dict[int, Fraction], total: int) -> None:
    split = in_grams(parts, total)
    assert sum(split.values()) == (total if sum(parts.values()) else 0)


def test_a_lot_that_gives_more_than_it_holds_is_no_history() -> None:
    with pytest.raises(ValueError, match="cannot be drawn"):
        attributed([Moved(0, 1, 10, False), Moved(1, 1, -11, True), Moved(1, 2, 11, True)], {1, 2})


def test_a_mixture_gives_each_output_its_share() -> None:
    moves = [
        Moved(0, 1, 300, False), Moved(1, 2, 100, False),
        Moved(2, 1, -300, True), Moved(2, 2, -100, True), Moved(2, 3, 200, True), Moved(2, 4, 100, True),
        Moved(3, 3, -100, True), Moved(3, 5, 90, True),
    ]  # fmt: skip
    came = attributed(moves, {1, 2, 3, 4, 5})
    assert came[3] == {1: 150, 2: 50}
    assert came[4] == {1: 75, 2: 25}
    assert came[5] == {1: Fraction(135, 2), 2: Fraction(45, 2)}
    assert dict(in_grams(came[5], 90)) == {1: 68, 2: 22}


async def made_of(world: World, firm: Firm, drawn: dict[str, int], form: str, grams: int) -> str:
    """One lot made of these; what is missing is lost."""
    lot = lot_uri(BASE, new_token())
    making = composing.Making(lot, grams, PET, form, "post", firm.actor.country)
    event = composing.transformed(world.at(firm), REPROCESSING, drawn, [making], {})
    captured = await world.capture(firm, event)
    assert captured.success, captured
    return lot


async def test_the_page_and_the_interface_lead_every_gram_back_and_forward(
    world: World, client: httpx.AsyncClient
) -> None:
    maker, stranger = await world.firm("recycler"), await world.firm("recycler")
    first, second = await world.stock(maker, 300_000), await world.stock(maker, 100_000)
    flake = await made_of(world, maker, {first: 300_000, second: 100_000}, "flake", 360_000)
    pellet = await made_of(world, maker, {flake: 180_000}, "pellet", 171_000)
    told = (await client.get("/api/v1/genealogy", params={"lot": pellet}, headers=maker.bearer)).json()
    assert [(each["lot"], each["grams"]) for each in told["sources"]] == [(first, 128_250), (second, 42_750)]
    assert told["grams"] == 171_000
    told = (await client.get("/api/v1/genealogy", params={"lot": first}, headers=maker.bearer)).json()
    assert [(each["lot"], each["grams"]) for each in told["made"]] == [(flake, 270_000), (pellet, 128_250)]
    assert [(each["lot"], each["grams"]) for each in told["held"]] == [(flake, 135_000), (pellet, 128_250)]
    refused = await client.get("/api/v1/genealogy", params={"lot": first}, headers=stranger.bearer)
    assert refused.status_code == 404
    page = await client.get("/lineage", params={"lot": pellet}, headers={**maker.bearer, "Accept": "text/html"})
    assert page.status_code == 200
    assert [len(re.findall(mass, page.text)) > 0 for mass in (r"128\.25\skg", r"42\.75\skg", "75.0%")] == [True] * 3


async def test_a_buyer_sees_sources_without_names(world: World, client: httpx.AsyncClient) -> None:
    maker, buyer = await world.firm("recycler"), await world.firm("manufacturer")
    bale = await world.stock(maker, 100_000)
    flake = await made_of(world, maker, {bale: 100_000}, "flake", 90_000)
    parties = (maker.actor.organisation_uri, buyer.actor.organisation_uri)
    assert (await world.capture(maker, composing.shipped(world.at(maker), *parties, {flake: 90_000}))).success
    assert (
        await world.capture(buyer, composing.received(world.at(buyer), *parties, {flake: (90_000, 90_000)}))
    ).success
    told = (await client.get("/api/v1/genealogy", params={"lot": flake}, headers=buyer.bearer)).json()
    (source,) = told["sources"]
    assert (source["grams"], source["lot"], source["organisation"], source["country"]) == (90_000, None, None, "JP")
    assert maker.actor.organisation_name not in str(told)
    assert [(each["organisation"], each["grams"]) for each in told["held"]] == [(buyer.actor.organisation_name, 90_000)]
