"""Custody in the ledger: a model never strengthens, no kind of grams is made, no strict account goes below zero."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundation.errors import Refusal
from standards.catalogue import load
from standards.custody import LotModel
from traceability.controls import controls_of
from traceability.ledger.accounts import AccountKey, Grams
from traceability.ledger.book import Book
from traceability.ledger.claiming import check_claim
from traceability.ledger.entering import enter
from traceability.ledger.movements import Arrival, ErrorDeclared, NewLot, Part, Transformation
from traceability.ledger.origins import Consumer, Content, Origin
from traceability.ledger.outcomes import COUNTED, HELD, Entered, Speaker, Surroundings
from traceability.refusals import (
    AboveAverage,
    AccountClosed,
    AccountOverdrawn,
    ContentMismatch,
    CustodyOverstated,
    Incomplete,
    LotTaken,
    UnknownWord,
)

CONTROLS = controls_of(load())
PET, EU, ISCC = "plastics.pet", "eu-2026-1425", "iscc-plus"
DAY = date(2026, 11, 2)
FIRM = Speaker(1, 7, "JP")
WHOLE, APART = LotModel.IDENTITY_PRESERVED, LotModel.SEGREGATED
BLEND, ROLLING, CREDIT = LotModel.CONTROLLED_BLENDING, LotModel.MASS_BALANCE_ROLLING, LotModel.MASS_BALANCE_CREDIT


def moment_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


def around(on: date = DAY, **kwargs: object) -> Surroundings:
    told = {"day": max(on, DAY), "on": on, "moment": moment_of(on), "parties": {}, "reserved": {}}
    return Surroundings(**told | kwargs)  # type: ignore[arg-type]


def new(
    lot: str, grams: int, model: str | None = None, consumer: Consumer = "post", credited: Grams | None = None
) -> NewLot:
    return NewLot(lot, grams, PET, "flake", model, consumer, "JP", credited or Grams())


def stock(book: Book, lot: str, grams: int, model: str | None = None, consumer: Consumer = "post") -> None:
    enter(book, Arrival("collected", (new(lot, grams, model, consumer),)), FIRM, around(), CONTROLS)


def make(book: Book, inputs: dict[str, int], *outputs: NewLot, scheme: str | None = None, on: date = DAY) -> Entered:
    movement = Transformation(tuple(Part(*each) for each in inputs.items()), outputs, (), scheme)
    return enter(book, movement, FIRM, around(on), CONTROLS)


def content(book: Book, lot: str) -> Content:
    origins = book.lots[lot].origins
    return origins.content(origins.total)


# --- models


def test_what_nobody_states_is_not_stated() -> None:
    book = Book()
    stock(book, "bale", 100)
    make(book, {"bale": 100}, new("flake", 90))
    assert (book.lots["bale"].custody, book.lots["flake"].custody) == (None, None)


@pytest.mark.parametrize(
    ("models", "stated", "strongest", "reason"),
    [
        ([None], BLEND, "none", "NOT_STATED"),
        ([APART, None], APART, "controlled_blending", "NOT_STATED"),
        ([APART, APART], WHOLE, "segregated", "CUSTODY_STRENGTHENED"),
        ([WHOLE, WHOLE], WHOLE, "segregated", "IDENTITY_LOST"),
        ([BLEND], APART, "controlled_blending", "CUSTODY_STRENGTHENED"),
        ([CREDIT], BLEND, "mass_balance", "CUSTODY_STRENGTHENED"),
        ([APART, ROLLING], BLEND, "mass_balance", "CUSTODY_STRENGTHENED"),
    ],
)
def test_a_model_stronger_than_its_inputs_is_refused_with_the_strongest_that_is_right(
    models: list[LotModel | None], stated: LotModel, strongest: str, reason: str
) -> None:
    book = Book()
    for number, model in enumerate(models):
        stock(book, f"in{number}", 100, model)
    with pytest.raises(CustodyOverstated) as refused:
        make(book, {f"in{number}": 100 for number in range(len(models))}, new("out", 100, stated))
    told = refused.value
    assert (told.code, told.field, told.value) == ("CUSTODY_OVERSTATED", "custody", stated.value)
    assert (told.facts["strongest"], told.facts["reason"], told.facts["lot"]) == (strongest, reason, "out")
    assert "out" not in book.lots
    assert book.position("in0", 1).free == 100


@pytest.mark.parametrize(
    ("models", "stated"),
    [([WHOLE], WHOLE), ([WHOLE], APART), ([WHOLE, WHOLE], APART), ([APART, None], BLEND), ([BLEND, WHOLE], BLEND)],
)
def test_a_model_may_stay_or_weaken(models: list[LotModel | None], stated: LotModel) -> None:
    book = Book()
    for number, model in enumerate(models):
        stock(book, f"in{number}", 100, model)
    make(book, {f"in{number}": 100 for number in range(len(models))}, new("out", 100, stated))
    assert book.lots["out"].custody is stated


def test_parts_of_one_preserved_identity_join_again_and_others_do_not() -> None:
    book = Book()
    stock(book, "bale", 100, WHOLE)
    stock(book, "other", 100, WHOLE)
    make(book, {"bale": 100}, new("one", 40, WHOLE), new("two", 60, WHOLE))
    make(book, {"one": 40, "two": 60}, new("again", 100, WHOLE))
    assert book.lots["again"].source == "bale"
    with pytest.raises(CustodyOverstated):
        make(book, {"again": 50, "other": 50}, new("mixed", 100, WHOLE))


def test_segregated_lots_of_different_kinds_are_only_a_controlled_blend() -> None:
    book = Book()
    stock(book, "post", 100, APART, "post")
    stock(book, "pre", 100, APART, "pre")
    with pytest.raises(CustodyOverstated) as refused:
        make(book, {"post": 50, "pre": 50}, new("out", 100, APART))
    assert (refused.value.facts["reason"], refused.value.facts["strongest"]) == ("CLAIMS_DIFFER", "controlled_blending")
    make(book, {"post": 50, "pre": 50}, new("out", 100, BLEND))
    assert content(book, "out") == Content(pre=50, post=50)


def test_a_controlled_blend_carries_its_exact_share_and_what_is_not_stated_gives_nothing() -> None:
    book = Book()
    stock(book, "recycled", 300, APART, "post")
    stock(book, "virgin", 600, None, "virgin")
    stock(book, "said", 100, None, "post")
    make(book, {"recycled": 300, "virgin": 600, "said": 100}, new("out", 1_000, BLEND))
    assert content(book, "out") == Content(post=300, virgin=600, unknown=100)


def test_a_lot_is_made_under_one_model() -> None:
    book = Book()
    stock(book, "bale", 100, APART)
    with pytest.raises(LotTaken):
        stock(book, "bale", 100, None)


# --- content


def test_a_surplus_that_scales_allow_is_nothing_known() -> None:
    book = Book()
    stock(book, "bale", 1_000_000)
    make(book, {"bale": 1_000_000}, new("flake", 1_004_000))
    assert content(book, "flake") == Content(post=1_000_000, unknown=4_000)


def test_two_outputs_never_both_round_up() -> None:
    book = Book()
    stock(book, "post", 1)
    stock(book, "pre", 1, None, "pre")
    make(book, {"post": 1, "pre": 1}, new("one", 1), new("two", 1))
    both = [content(book, lot) for lot in ("one", "two")]
    assert (sum(each.post for each in both), sum(each.pre for each in both)) == (1, 1)


def test_draws_of_one_lot_together_take_what_it_was_made_of_and_a_correction_gives_it_back() -> None:
    book = Book()
    stock(book, "post", 20)
    stock(book, "virgin", 10, None, "virgin")
    make(book, {"post": 20, "virgin": 10}, new("mix", 30))
    for number in range(29):
        make(book, {"mix": 1}, new(f"out{number}", 1))
    wrong = make(book, {"mix": 1}, new("last", 1))
    totals = Counter[str]()
    for lot in (*(f"out{number}" for number in range(29)), "last"):
        totals.update(content(book, lot)._asdict())
    assert (totals["post"], totals["virgin"]) == (20, 10)
    last = content(book, "last")
    back = enter(book, ErrorDeclared("e"), FIRM, around(reversal=wrong.entries, undone=wrong.contents), CONTROLS)
    assert back.outcome == COUNTED
    make(book, {"mix": 1}, new("right", 1))
    assert content(book, "right") == last


# --- accounts


def account(book: Book, scheme: str = EU, first: date = date(2026, 10, 1)) -> tuple[Grams, Grams, Grams]:
    period = book.accounts.periods[AccountKey(7, PET, scheme)][first]
    return period.credited, period.claimed, period.closing


def credited(scheme: str = EU, grams: int = 100, on: date = DAY) -> Book:
    """A book whose account took over so many post-consumer grams."""
    book = Book()
    stock(book, "in", grams, APART)
    stock(book, "virgin", 1_000, None, "virgin")
    make(book, {"in": grams}, new("plain", grams), scheme=scheme, on=on)
    return book


def test_an_account_takes_over_what_its_lots_then_no_longer_tell() -> None:
    book = credited()
    assert account(book) == (Grams(post=100), Grams(), Grams(post=100))
    assert content(book, "plain") == Content(virgin=100)
    make(book, {"virgin": 500}, new("sold", 500, CREDIT, credited=Grams(post=80)), scheme=EU)
    assert account(book) == (Grams(post=100), Grams(post=80), Grams(post=20))
    assert content(book, "sold") == Content(virgin=420, booked_post=80)
    assert book.lots["sold"].origins.recycled(500) == (0, 0)


def test_more_than_the_account_holds_is_refused_with_what_it_holds() -> None:
    book = credited()
    with pytest.raises(AccountOverdrawn) as refused:
        make(book, {"virgin": 500}, new("sold", 500, CREDIT, credited=Grams(post=101)), scheme=EU)
    assert (refused.value.code, refused.value.field, refused.value.value) == ("NEGATIVE_BALANCE", "credited", 101)
    assert refused.value.facts["available_grams"] == 100
    assert account(book)[2] == Grams(post=100)
    with pytest.raises(AccountOverdrawn):
        make(book, {"virgin": 500}, new("sold", 500, CREDIT, credited=Grams(pre=1)), scheme=EU)


def test_what_is_physically_passed_on_is_not_taken_over() -> None:
    book = Book()
    stock(book, "in", 100, APART)
    make(book, {"in": 100}, new("apart", 60, APART), new("plain", 40), scheme=EU)
    assert account(book)[0] == Grams(post=40)
    assert content(book, "apart") == Content(post=60)


def test_content_that_was_claimed_already_gives_no_credit() -> None:
    book = Book()
    stock(book, "in", 100, APART)
    book.claim("in", 1, "content", 70)
    make(book, {"in": 100}, new("plain", 100), scheme=EU)
    assert account(book)[0] == Grams(post=30)
    assert book.position("plain", 1).claimed[1] == 70


def test_a_claim_on_a_mixed_lot_lies_on_its_recycled_grams_wherever_they_go() -> None:
    book = Book()
    stock(book, "post", 50, APART)
    stock(book, "virgin", 50, APART, "virgin")
    make(book, {"post": 50, "virgin": 50}, new("mix", 100, BLEND))
    book.claim("mix", 1, "content", 50)
    make(book, {"mix": 50}, new("plain", 50), scheme=EU)
    assert account(book)[:2] == (Grams(), Grams())
    assert (book.position("mix", 1).claimed[1], book.position("plain", 1).claimed[1]) == (25, 25)
    make(book, {"mix": 50}, new("one", 25, BLEND), new("two", 25, BLEND))
    assert [book.position(lot, 1).claimed[1] for lot in ("one", "two")] == [13, 12]
    for lot in ("one", "two"):
        book.claim(lot, 1, "content", 1)
        with pytest.raises(ContentMismatch):
            check_claim(book, lot, 1, "content", None)


def test_what_an_account_says_counts_in_accounts_of_its_own_scheme_only() -> None:
    book = credited(ISCC)
    make(book, {"virgin": 500}, new("sold", 500, CREDIT, credited=Grams(post=80)), scheme=ISCC)
    assert book.lots["sold"].scheme == ISCC
    make(book, {"sold": 250}, new("other", 250), scheme=EU)
    assert account(book)[0] == Grams()
    assert content(book, "other") == Content(virgin=210, unknown=40)
    make(book, {"sold": 250}, new("same", 250), scheme=ISCC)
    assert account(book, ISCC)[0] == Grams(post=140)


@pytest.mark.parametrize(("scheme", "credit"), [(EU, 100), (ISCC, 0), (None, 0)])
def test_a_mass_balance_lot_from_outside_counts_under_the_scheme_of_its_papers(scheme: str | None, credit: int) -> None:
    book = Book()
    lot = replace(new("bought", 100, CREDIT), scheme=scheme)
    enter(book, Arrival("collected", (lot,)), FIRM, around(), CONTROLS)
    assert content(book, "bought") == Content(booked_post=100)
    make(book, {"bought": 100}, new("plain", 100), scheme=EU)
    assert account(book)[0] == Grams(post=credit)


def test_a_lot_from_outside_claims_of_no_account() -> None:
    book = Book()
    with pytest.raises(Incomplete) as refused:
        lot = new("bought", 100, CREDIT, credited=Grams(post=1))
        enter(book, Arrival("collected", (lot,)), FIRM, around(), CONTROLS)
    assert (refused.value.field, "bought" in book.lots) == ("credited", False)


def test_what_was_only_stated_without_a_model_gives_no_credit() -> None:
    book = Book()
    stock(book, "in", 100)
    make(book, {"in": 100}, new("plain", 100), scheme=EU)
    assert account(book)[0] == Grams()
    assert content(book, "plain") == Content(post=100)


def test_booked_content_ends_where_no_account_takes_it_over() -> None:
    book = credited()
    make(book, {"virgin": 500}, new("sold", 500, CREDIT, credited=Grams(post=80)), scheme=EU)
    make(book, {"sold": 250}, new("plain2", 250))
    assert content(book, "plain2") == Content(virgin=210, unknown=40)
    make(book, {"sold": 250}, new("again", 250, CREDIT, credited=Grams(post=40)), scheme=EU)
    assert account(book)[2] == Grams(post=20)


def test_a_scheme_that_asks_at_the_end_lets_a_running_period_dip_and_no_later_one_begin() -> None:
    book = credited(ISCC)
    make(book, {"virgin": 500}, new("sold", 500, CREDIT, credited=Grams(post=150)), scheme=ISCC)
    assert account(book, ISCC)[2] == Grams(post=-50)
    with pytest.raises(AccountOverdrawn) as refused:
        make(book, {"virgin": 100}, new("later", 100), scheme=ISCC, on=date(2027, 1, 4))
    assert refused.value.facts["reason"] == "NEGATIVE_BALANCE_AT_PERIOD_END"
    with pytest.raises(AccountOverdrawn):
        movement = Transformation((Part("virgin", 1),), (new("x", 1, CREDIT, credited=Grams(post=1)),), (), ISCC)
        enter(book, movement, FIRM, around(day=date(2027, 1, 4)), CONTROLS)


@pytest.mark.parametrize(("scheme", "carried"), [(ISCC, Grams(post=100)), (EU, Grams())])
def test_a_period_hands_on_what_its_scheme_lets_it_and_is_closed_then(scheme: str, carried: Grams) -> None:
    book = credited(scheme)
    make(book, {"virgin": 100}, new("later", 100), scheme=scheme, on=date(2027, 1, 4))
    assert book.accounts.periods[AccountKey(7, PET, scheme)][date(2027, 1, 1)].opening == carried
    with pytest.raises(AccountClosed):
        make(book, {"virgin": 100}, new("late", 100), scheme=scheme, on=DAY)


def test_a_strict_claim_follows_the_inputs_that_are_booked() -> None:
    book = credited(on=DAY + timedelta(days=5))
    with pytest.raises(AccountOverdrawn) as refused:
        make(book, {"virgin": 100}, new("sold", 100, CREDIT, credited=Grams(post=1)), scheme=EU, on=DAY)
    assert refused.value.field == "eventTime"


def test_a_rolling_lot_has_at_most_the_average_share() -> None:
    book = Book()
    stock(book, "in", 100, APART)
    stock(book, "virgin", 900, None, "virgin")
    with pytest.raises(AboveAverage) as refused:
        make(book, {"in": 100, "virgin": 900}, new("out", 500, ROLLING, credited=Grams(post=51)), new("rest", 500),
             scheme=EU)  # fmt: skip
    assert refused.value.facts["most_grams"] == 50
    make(book, {"in": 100, "virgin": 900}, new("out", 500, ROLLING, credited=Grams(post=50)), new("rest", 500),
         scheme=EU)  # fmt: skip
    assert content(book, "out").booked_post == 50


def test_an_input_that_was_claimed_cannot_be_taken_back_and_one_after_the_last_claim_can() -> None:
    book = Book()
    stock(book, "in", 200, APART)
    stock(book, "virgin", 500, None, "virgin")
    first = make(book, {"in": 100}, new("a", 100), scheme=EU)
    make(book, {"virgin": 100}, new("sold", 100, CREDIT, credited=Grams(post=60)), scheme=EU)
    later = make(book, {"in": 100}, new("b", 100), scheme=EU, on=DAY + timedelta(days=1))

    def back(done: Entered, on: date) -> str:
        surroundings = around(on, reversal=done.entries, undone=done.contents)
        return enter(book, ErrorDeclared("e"), FIRM, surroundings, CONTROLS).outcome

    assert back(first, DAY) == HELD  # 40 would be left at the end, but at the claim there was nothing else
    assert account(book)[2] == Grams(post=140)
    assert back(later, DAY + timedelta(days=1)) == COUNTED
    assert account(book)[2] == Grams(post=40)
    assert content(book, "a") == Content(virgin=100)


def test_what_a_declaration_of_error_says_of_the_moment_frees_no_input_that_bore_a_claim() -> None:
    book = Book()
    stock(book, "in", 200, APART)
    stock(book, "virgin", 500, None, "virgin")
    first = make(book, {"in": 100}, new("a", 100), scheme=EU)
    make(book, {"virgin": 100}, new("sold", 100, CREDIT, credited=Grams(post=60)), scheme=EU)
    make(book, {"in": 100}, new("b", 100), scheme=EU, on=DAY + timedelta(days=1))
    late = around(DAY + timedelta(days=2), reversal=first.entries, undone=first.contents)
    assert enter(book, ErrorDeclared("e"), FIRM, late, CONTROLS).outcome == HELD


@pytest.mark.parametrize(
    ("output", "scheme", "kind"),
    [
        (new("out", 100, CREDIT, credited=Grams(post=1)), None, Incomplete),
        (new("out", 100, APART, credited=Grams(post=1)), EU, CustodyOverstated),
        (new("out", 100, None, credited=Grams(post=1)), EU, Incomplete),
        (new("out", 100, CREDIT, credited=Grams(post=101)), EU, Incomplete),
        (new("out", 100, CREDIT), "no-such", UnknownWord),
    ],
)
def test_a_claim_needs_a_scheme_a_model_and_mass(output: NewLot, scheme: str | None, kind: type[Refusal]) -> None:
    book = Book()
    stock(book, "virgin", 1_000, None, "virgin")
    with pytest.raises(kind):
        make(book, {"virgin": 100}, output, scheme=scheme)


def test_a_scheme_has_no_account_before_its_first_day() -> None:
    book = Book()
    stock(book, "virgin", 1_000, None, "virgin")
    with pytest.raises(Incomplete, match="no rules"):
        make(book, {"virgin": 100}, new("out", 100), scheme=EU, on=date(2026, 6, 29))


# --- chains


def claims(book: Book, lot: str, grams: int) -> None:
    """Claim recycled content of a lot whose maker stated a model, as far as that is let through."""
    if book.lots[lot].custody is not None:
        with suppress(Refusal), book.attempt():
            book.claim(lot, 1, "content", grams)
            check_claim(book, lot, 1, "content", None)


MODELS = st.sampled_from([None, *LotModel])
CONSUMERS: st.SearchStrategy[Consumer] = st.sampled_from(["post", "pre", "virgin", "unknown"])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_over_any_chain_no_kind_is_made_no_model_strengthens_and_no_strict_account_goes_below_zero(
    data: st.DataObject,
) -> None:
    book, born = Book(), Counter[str]()
    for number in range(data.draw(st.integers(1, 4))):
        split = tuple(data.draw(st.dictionaries(CONSUMERS, st.integers(1, 40), min_size=1, max_size=4)).items())
        several, grams = len({kind for kind, _ in split} - {"unknown"}) > 1, sum(part for _, part in split)
        model = data.draw(st.sampled_from([None, WHOLE, BLEND] if several else [None, WHOLE, APART, BLEND]))
        arrived = replace(new(f"in{number}", grams, model, "unknown"), split=split)
        enter(book, Arrival("collected", (arrived,)), FIRM, around(), CONTROLS)
        born.update(dict(split))
    drawn = 0
    for step in range(data.draw(st.integers(1, 12))):
        held = {uri: book.position(uri, 1).free for uri in book.lots if book.position(uri, 1).free}
        if not held:
            break
        chosen = data.draw(st.lists(st.sampled_from(sorted(held)), min_size=1, max_size=3, unique=True))
        inputs = {uri: data.draw(st.integers(1, held[uri])) for uri in chosen}
        left, outputs = sum(inputs.values()), []
        for number in range(data.draw(st.integers(1, 3))):
            if not left:
                break
            grams = data.draw(st.integers(1, left))
            left -= grams
            claimed = Grams(data.draw(st.integers(0, 3)), data.draw(st.integers(0, 9)))
            outputs.append(new(f"s{step}.{number}", grams, data.draw(MODELS), credited=claimed))
        claims(book, data.draw(st.sampled_from(sorted(held))), data.draw(st.integers(0, 20)))
        scheme = data.draw(st.sampled_from([None, EU, ISCC]))
        before = [book.lots[uri].custody for uri in inputs]
        try:
            make(book, inputs, *outputs, scheme=scheme)
        except Refusal:
            continue
        for output in outputs:
            model = book.lots[output.lot].custody
            if model is not None and not model.booked:
                stated = [each.model.rank for each in before if each is not None]
                assert stated
                assert model.model.rank >= max(stated)
        drawn += len(inputs)
    alive = Counter[str]()
    for uri in book.lots:
        free = book.position(uri, 1).free
        origins = book.lots[uri].origins
        gone = book.drawn.gone.get(uri, (0,) * len(origins.grams))
        rest = [grams - drawn for (_, grams), drawn in zip(origins.grams, gone, strict=True)]
        rest = [free] if len(rest) == 1 else rest
        assert sum(rest) == free
        assert min(rest) >= 0
        for (origin, _), grams in zip(origins.grams, rest, strict=True):
            alive[origin.consumer] += grams
    claimed = sum(each.claimed[1] for each in book.positions.values())
    for key, period in ((key, each) for key, mine in book.accounts.periods.items() for each in mine.values()):
        assert key.scheme == ISCC or not period.closing.short
        claimed += sum(period.closing)
        alive["post"] += period.closing.post
        alive["pre"] += period.closing.pre
    assert alive["post"] <= born["post"]
    assert alive["pre"] <= born["pre"]
    assert claimed <= born["post"] + born["pre"] + drawn  # a draw of a mixed lot rounds by less than a gram


def test_the_kinds_of_an_origin_are_told_apart_when_they_are_booked() -> None:
    assert Origin("JP", "post", booked=True) != Origin("JP", "post")
