"""Custody: claims only weaken, recycled grams are never made, and recycled content follows the published cases."""

from decimal import Decimal
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standards.catalogue import load
from standards.custody import (
    CustodyError,
    CustodyModel,
    Input,
    Source,
    allows_mixing,
    may_weaken,
    recycled_content_of_blend,
    weakest,
)
from standards.exactyaml import read
from standards.quantities import grams_of
from standards.recycledcontent import Component, ContentClass, ContentError, recycled_content
from tests.shared import REFERENCE_DATA, needs_shared

models = st.sampled_from(list(CustodyModel))
PHYSICAL = [model for model in CustodyModel if model is not CustodyModel.BOOK_AND_CLAIM]


@st.composite
def inputs(draw: st.DrawFn) -> Input:
    grams = draw(st.integers(1, 10**9))
    post = draw(st.integers(0, grams))
    return Input(grams, draw(models), draw(st.integers(0, grams - post)), post)


# --- models


def test_the_closed_sets_of_models_and_classes_are_those_of_the_catalogue() -> None:
    catalogue = load()
    for name, closed in (("custody-models", CustodyModel), ("content-classes", ContentClass)):
        listed = [item["code"] for item in catalogue.document("code-list", name).data["codes"]]
        assert sorted(listed) == sorted(closed)
    listed = [item["code"] for item in catalogue.document("code-list", "custody-models").data["codes"]]
    assert listed == list(CustodyModel)


def test_a_claim_may_stay_or_weaken_and_never_strengthen() -> None:
    for strong, weak in pairwise(CustodyModel):
        assert may_weaken(strong, weak)
        assert not may_weaken(weak, strong)
    for model in CustodyModel:
        assert may_weaken(model, model)


def test_identity_is_lost_by_mixing_two_lots() -> None:
    one, other = (Source(name, "plant", CustodyModel.IDENTITY_PRESERVED) for name in ("a", "b"))
    assert allows_mixing(CustodyModel.IDENTITY_PRESERVED, [one])
    refused = allows_mixing(CustodyModel.IDENTITY_PRESERVED, [one, other])
    assert (refused.allowed, refused.reason) == (False, "IDENTITY_LOST")
    assert allows_mixing(CustodyModel.SEGREGATED, [one, other])


def test_segregated_lots_share_claims_and_scope() -> None:
    claims = frozenset({"post_consumer"})
    one = Source("a", "plant", CustodyModel.SEGREGATED, claims, "certificate 1")
    assert allows_mixing(
        CustodyModel.SEGREGATED, [one, Source("b", "plant", CustodyModel.SEGREGATED, claims, "certificate 1")]
    )
    for other in (
        Source("b", "plant", CustodyModel.SEGREGATED, claims, "certificate 2"),
        Source("b", "plant", CustodyModel.SEGREGATED, frozenset(), "certificate 1"),
    ):
        assert allows_mixing(CustodyModel.SEGREGATED, [one, other]).reason == "CLAIMS_DIFFER"
        assert allows_mixing(CustodyModel.CONTROLLED_BLENDING, [one, other])


def test_no_lot_is_made_of_book_and_claim() -> None:
    source = Source("a", "plant", CustodyModel.SEGREGATED)
    assert allows_mixing(CustodyModel.BOOK_AND_CLAIM, [source]).reason == "NO_PHYSICAL_LOT"


def test_mixing_under_a_model_takes_only_lots_held_as_strictly() -> None:
    for model, held in product(PHYSICAL, CustodyModel):
        allowed = allows_mixing(model, [Source("a", "plant", held)]).allowed
        assert allowed is may_weaken(held, model)


# --- grams


@given(st.lists(inputs(), min_size=1, max_size=6))
def test_a_mix_carries_exactly_the_recycled_grams_of_its_physical_inputs(parts: list[Input]) -> None:
    blend = recycled_content_of_blend(parts)
    assert blend.grams == sum(part.grams for part in parts)
    assert blend.model == weakest([part.model for part in parts])
    booked = CustodyModel.BOOK_AND_CLAIM
    assert blend.post_grams == sum(part.post_grams for part in parts if part.model is not booked)
    assert blend.booked_post_grams == sum(part.post_grams for part in parts if part.model is booked)
    assert 0 <= blend.recycled_share <= 1


@given(st.lists(inputs(), min_size=1, max_size=4), st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
def test_outputs_never_carry_more_recycled_mass_than_went_in_nor_than_they_weigh(
    parts: list[Input], made: list[int]
) -> None:
    blend = recycled_content_of_blend(parts)
    outputs = blend.outputs(made)
    assert [output.grams for output in outputs] == made
    assert sum(output.pre_grams for output in outputs) <= blend.pre_grams
    assert sum(output.post_grams for output in outputs) <= blend.post_grams
    for output in outputs:
        assert output.pre_grams + output.post_grams <= output.grams
        if sum(made) <= blend.grams:
            assert abs(output.post_grams * blend.grams - output.grams * blend.post_grams) <= blend.grams


@given(inputs(), st.integers(0, 10**9))
def test_book_and_claim_never_raises_the_physical_content(part: Input, grams: int) -> None:
    certificate = Input(part.grams, CustodyModel.BOOK_AND_CLAIM, 0, part.grams)
    virgin = Input(grams, CustodyModel.SEGREGATED, 0, 0)
    assert recycled_content_of_blend([certificate, virgin]).recycled_share == 0


@pytest.mark.parametrize("numbers", [(100, 60, 41), (-1, 0, 0), (10, -1, 5)])
def test_more_recycled_than_mass_is_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(CustodyError) as refused:
        Input(numbers[0], CustodyModel.SEGREGATED, numbers[1], numbers[2])
    assert refused.value.code == "CONTENT_ABOVE_MASS"


def test_a_mix_of_nothing_has_no_share() -> None:
    with pytest.raises(CustodyError):
        recycled_content_of_blend([Input(0, CustodyModel.SEGREGATED, 0, 0)])


# --- recycled content (ISO 14021)


def component(item: dict[str, Any]) -> Component:
    return Component(
        item["name"],
        ContentClass(item["class"]),
        grams_of(Decimal(item["mass_kg"]), "kg"),
        item.get("origin_evidence", "E0") >= "E1",
        Decimal(item.get("recycled_pct", 0)),
        Decimal(item.get("post_consumer_pct", 0)),
    )


@needs_shared
def test_recycled_content_follows_every_published_case() -> None:
    file = REFERENCE_DATA / "material-standards/cases/recycled-content.yaml"
    cases = read(file.read_text("utf-8"))[0]["cases"]
    assert len(cases) >= 5
    for case in cases:
        declared = Decimal(case["declared_pct"]) if "declared_pct" in case else None
        found = recycled_content([component(item) for item in case["components"]], declared)
        assert {
            "recycled_content_pct": str(found.recycled_pct),
            "post_consumer_pct": str(found.post_consumer_pct),
            "pre_consumer_pct": str(found.pre_consumer_pct),
            "excluded": [list(pair) for pair in found.excluded],
            "flags": list(found.flags),
        } == case["expected"], case["id"]


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_share_is_cut_and_never_rounded_up(recycled: int, virgin: int) -> None:
    parts = [Component("r", ContentClass.POST_CONSUMER, recycled, True), Component("v", ContentClass.VIRGIN, virgin)]
    found = recycled_content(parts).recycled_pct
    assert found * (recycled + virgin) <= 100 * recycled < (found + Decimal("0.01")) * (recycled + virgin)


@pytest.mark.parametrize("content", [ContentClass.POST_CONSUMER, ContentClass.PRE_CONSUMER, ContentClass.UNKNOWN])
def test_material_without_evidence_of_origin_counts_zero(content: ContentClass) -> None:
    found = recycled_content([Component("x", content, 1000), Component("v", ContentClass.VIRGIN, 1000)])
    assert (found.recycled_pct, found.excluded) == (Decimal("0.00"), (("x", "NO_ORIGIN_EVIDENCE"),))


@pytest.mark.parametrize("shares", [(101, 0), (50, 51), (50, -1)])
def test_a_compound_with_impossible_shares_is_refused(shares: tuple[int, int]) -> None:
    with pytest.raises(ContentError, match="compound"):
        Component("compound", ContentClass.RECYCLATE_BLEND, 10, True, Decimal(shares[0]), Decimal(shares[1]))


@pytest.mark.parametrize(
    ("declared", "flags"),
    [("33.33", ()), ("33.3333", ()), ("33.34", ("DECLARED_ABOVE_COMPUTED",)), ("0", ())],
)
def test_a_declared_share_is_measured_against_the_exact_one(declared: str, flags: tuple[str, ...]) -> None:
    parts = [Component("r", ContentClass.PRE_CONSUMER, 1, True), Component("v", ContentClass.VIRGIN, 2)]
    found = recycled_content(parts, Decimal(declared))
    assert (found.recycled_pct, found.pre_consumer_pct, found.flags) == (Decimal("33.33"), Decimal("33.33"), flags)


def test_everything_left_out_is_named_in_the_order_of_the_components_and_stays_in_the_total() -> None:
    left_out = [
        Component("rework", ContentClass.SAME_PROCESS_REWORK, 100, True),
        Component("by-product", ContentClass.BY_PRODUCT, 100, True),
        Component("somebody's", ContentClass.UNKNOWN, 100, True),
        Component("black", ContentClass.ADDITIVE, 100),
    ]
    found = recycled_content([*left_out, Component("r", ContentClass.POST_CONSUMER, 100, True)])
    assert found.recycled_pct == Decimal("20.00")
    assert found.excluded == (
        ("rework", "SAME_PROCESS"), ("by-product", "BY_PRODUCT"), ("somebody's", "NO_ORIGIN_EVIDENCE"),
    )  # fmt: skip


def test_a_product_without_mass_has_no_content() -> None:
    with pytest.raises(ContentError, match="without mass"):
        recycled_content([])
