"""The ledger never creates, loses or double-claims a gram: rules, refusals, and a state machine with an oracle."""

from collections import defaultdict
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from foundation.errors import Refusal
from standards.catalogue import load
from traceability.controls import controls_of
from traceability.ledger.book import STOCK, TRANSIT, Book, Entry, Unbalanced, check_sum
from traceability.ledger.entering import enter
from traceability.ledger.movements import (
    Arrival,
    Departure,
    ErrorDeclared,
    Movement,
    NewLot,
    Part,
    Receipt,
    Rejection,
    Shipment,
    StockTake,
    Transformation,
    Unmoved,
)
from traceability.ledger.origins import Kind, Origin, Origins, Pool
from traceability.ledger.outcomes import COUNTED, HELD, RECORDED, Entered, Speaker, Surroundings
from traceability.ledger.refusals import NotTheSender
from traceability.refusals import BalanceExceeded, DoubleClaim, Incomplete, LotTaken, MassCreated, UnknownLot

CONTROLS = controls_of(load())
DAY = datetime(2026, 6, 1, tzinfo=UTC).date()
A, B = Speaker(1, None, "JP"), Speaker(2, None, "TH")
PARTIES = {"party:1": 1, "party:2": 2}


def new(
    lot: str, grams: int, material: str | None = "plastics.pet", form: str | None = "bale", country: str = "JP"
) -> NewLot:
    return NewLot(lot, grams, material, form, None, "post", "JP")


def around(**kwargs: object) -> Surroundings:
    told = {"day": DAY, "on": DAY, "moment": datetime(2026, 6, 1, tzinfo=UTC), "parties": PARTIES, "reserved": {}}
    return Surroundings(**told | kwargs)  # type: ignore[arg-type]


def do(book: Book, movement: Movement, who: Speaker = A, **kwargs: object) -> Entered:
    return enter(book, movement, who, around(**kwargs), CONTROLS)


def stocked(grams: int = 1_000_000) -> Book:
    book = Book()
    do(book, Arrival("collected", (new("bale", grams),)))
    return book


def test_an_arrival_is_two_entries_that_sum_to_zero() -> None:
    book = Book()
    entered = do(book, Arrival("collected", (new("bale", 5),)))
    assert entered.entries == (Entry("bale", 1, STOCK, 5), Entry(None, 1, "collected", -5))
    assert book.position("bale", 1).free == 5


def test_a_lot_without_material_or_form_is_refused_by_name() -> None:
    with pytest.raises(Incomplete, match="no form") as refused:
        do(Book(), Arrival("collected", (new("bale", 5, form=None),)))
    assert refused.value.facts["lot"] == "bale"


def test_another_material_under_a_known_identity_is_refused() -> None:
    with pytest.raises(LotTaken):
        do(stocked(), Arrival("collected", (new("bale", 5, material="plastics.pe.hd"),)))


def test_another_organisation_cannot_add_to_a_lot() -> None:
    with pytest.raises(LotTaken):
        do(stocked(), Arrival("collected", (new("bale", 5),)), B)


def test_a_transformation_states_loss_and_what_is_unstated() -> None:
    book = stocked(1_000)
    made = Transformation((Part("bale", 1_000),), (new("flake", 700, None, "flake"),), (("residue:process", 200),))
    entered = do(book, made)
    assert Entry(None, 1, "loss:unstated", 100) in entered.entries
    assert book.position("bale", 1).total == 0
    assert book.position("flake", 1).free == 700
    assert book.lots["flake"].material == "plastics.pet"


def test_mass_created_is_refused_beyond_what_scales_allow() -> None:
    within = Transformation((Part("bale", 1_000_000),), (new("flake", 1_005_000, None, "flake"),), ())
    entered = do(stocked(), within)
    assert Entry(None, 1, "adjustment", -5_000) in entered.entries
    beyond = Transformation((Part("bale", 1_000_000),), (new("flake", 1_005_001, None, "flake"),), ())
    with pytest.raises(MassCreated) as refused:
        do(stocked(), beyond)
    assert refused.value.facts["surplus_grams"] == 5_001


def test_a_refused_transformation_leaves_the_book_as_it_was() -> None:
    book = stocked(1_000)
    do(book, Arrival("collected", (new("other", 10),)))
    with pytest.raises(BalanceExceeded):
        do(book, Transformation((Part("bale", 600), Part("other", 11)), (new("flake", 500, None, "flake"),), ()))
    assert book.position("bale", 1).free == 1_000
    assert "flake" not in book.lots


def test_an_unknown_input_of_a_transformation_is_refused() -> None:
    with pytest.raises(UnknownLot):
        do(Book(), Transformation((Part("nowhere", 1),), (new("flake", 1, "plastics.pet", "flake"),), ()))


@pytest.mark.parametrize("movement", [Shipment("party:2", (Part("x", 1),), ()), Departure("placed", (Part("x", 1),))])
def test_wholly_unknown_items_are_recorded_without_entries(movement: Movement) -> None:
    assert do(stocked(), movement) == Entered(RECORDED, reasons=("unknown_items",))


def test_what_is_shipped_is_in_transit_until_the_receiver_weighs_it() -> None:
    book = stocked(1_000_000)
    do(book, Shipment("party:2", (Part("bale", 400_000),), ()))
    assert book.position("bale", 1).free == 600_000
    assert book.position("bale", 2, TRANSIT).free == 400_000
    entered = do(book, Receipt((Part("bale", 399_000),), {}), B)
    assert Entry(None, 2, "transit:difference", 1_000) in entered.entries
    assert book.position("bale", 2).free == 399_000
    assert book.position("bale", 2, TRANSIT).total == 0


def test_a_receipt_far_from_the_senders_weight_is_held() -> None:
    book = stocked(10_000_000)
    do(book, Shipment("party:2", (Part("bale", 10_000_000),), ()))
    assert do(book, Receipt((Part("bale", 9_499_999),), {}), B).outcome == HELD
    assert book.position("bale", 2).total == 0
    flagged = do(book, Receipt((Part("bale", 9_500_000),), {}), B)
    assert (flagged.outcome, flagged.flags) == (COUNTED, ("RECEIPT_MISMATCH",))


def test_a_rejection_goes_back_to_the_sender() -> None:
    book = stocked(1_000)
    do(book, Shipment("party:2", (Part("bale", 400),), ()))
    with pytest.raises(NotTheSender):
        do(book, Rejection("party:1", (Part("bale", 400),)), B, sent={"bale": 399})
    do(book, Rejection("party:1", (Part("bale", 400),)), B, sent={"bale": 400})
    assert book.position("bale", 1).free == 1_000


def test_shipping_takes_what_is_reserved_for_this_paper_first() -> None:
    book = stocked(1_000)
    book.reserve("bale", 1, 800)
    with pytest.raises(BalanceExceeded):
        do(book, Shipment("party:2", (Part("bale", 500),), ()))
    entered = do(book, Shipment("party:2", (Part("bale", 500),), ()), reserved={"bale": 800})
    assert entered.consumed == (Part("bale", 500),)
    assert (book.position("bale", 1).free, book.position("bale", 1).reserved) == (200, 300)


def test_the_second_claim_on_the_same_grams_is_refused() -> None:
    book = stocked(1_000)
    book.claim("bale", 1, "content", 700)
    with pytest.raises(DoubleClaim) as refused:
        book.claim("bale", 1, "content", 301)
    assert refused.value.facts["claimable_grams"] == 300
    book.claim("bale", 1, "epr", 1_000)  # another purpose takes the same grams


def test_claims_follow_the_grams_through_sale_and_transformation() -> None:
    book = stocked(1_000)
    book.claim("bale", 1, "content", 700)
    do(book, Shipment("party:2", (Part("bale", 600),), ()))
    assert book.position("bale", 1).claimed[1] == 400  # unclaimed grams left first
    do(book, Receipt((Part("bale", 600),), {}), B)
    assert book.position("bale", 2).claimed[1] == 300
    do(book, Transformation((Part("bale", 600),), (new("flake", 500, None, "flake"),), ()), B)
    with pytest.raises(DoubleClaim):
        book.claim("flake", 2, "content", 201)
    book.claim("flake", 2, "content", 200)


def test_a_count_moves_nothing_and_flags_a_difference() -> None:
    assert do(stocked(1_000), StockTake((Part("bale", 999),))).flags == ("STOCK_DIFFERS",)
    assert do(stocked(1_000), StockTake((Part("bale", 1_000),))).flags == ()


def test_a_correction_reverses_and_a_consumed_lot_holds_it() -> None:
    book = stocked(1_000)
    entries = (Entry("bale", 1, STOCK, 1_000), Entry(None, 1, "collected", -1_000))
    assert do(book, ErrorDeclared("e"), reversal=entries).outcome == COUNTED
    assert book.position("bale", 1).total == 0
    consumed = stocked(1_000)
    do(consumed, Departure("placed", (Part("bale", 1),)))
    assert do(consumed, ErrorDeclared("e"), reversal=entries) == Entered(HELD, reasons=("ALREADY_CONSUMED",))
    assert consumed.position("bale", 1).free == 999


def test_what_is_held_for_its_second_lot_leaves_the_first_as_it_was() -> None:
    book = stocked(1_000)
    made = Transformation((Part("bale", 1_000),), (new("one", 500, None, "flake"), new("two", 500, None, "flake")), ())
    entries = do(book, made).entries
    do(book, Departure("placed", (Part("two", 1),)))
    assert do(book, ErrorDeclared("e"), reversal=entries).outcome == HELD
    assert book.position("one", 1).free == 500
    do(book, Shipment("party:2", (Part("one", 500), Part("two", 400)), ()))
    assert do(book, Receipt((Part("one", 500), Part("two", 1_000_000)), {}), B).outcome == HELD
    assert book.position("one", 2, TRANSIT).free == 500
    assert book.position("one", 2).total == 0


def test_entries_that_do_not_sum_to_zero_are_our_own_fault() -> None:
    with pytest.raises(Unbalanced):
        check_sum([Entry("bale", 1, STOCK, 1)])
    with pytest.raises(Unbalanced):
        check_sum([Entry("bale", 1, STOCK, 1), Entry(None, 1, "nowhere", -1)])


def test_unmoved_says_why() -> None:
    assert do(Book(), Unmoved("containment_only")) == Entered(RECORDED, reasons=("containment_only",))


@given(
    st.lists(st.tuples(st.sampled_from(["JP", "TH", "VN"]), st.integers(1, 10**9)), min_size=1, max_size=5), st.data()
)
def test_origins_are_carried_exactly(sources: list[tuple[str, int]], data: st.DataObject) -> None:
    drawn = sum(grams for _, grams in sources)
    grams = data.draw(st.integers(1, drawn))
    pool = Pool((Kind(Origin(country, "post"), False), part) for country, part in sources)
    blend = Origins.sum((kind.origin, part) for kind, part in pool.take(grams))
    assert blend.total == grams
    by_country: dict[str, int] = defaultdict(int)
    for country, part in sources:
        by_country[country] += part
    for origin, part in blend.grams:
        assert abs(part * drawn - grams * by_country[origin.country]) < drawn
    assert blend.recycled(grams) == (0, grams)
    assert Origins.from_json(blend.to_json()) == blend


def test_equal_proportions_are_equal_origins() -> None:
    one = Origins(((Origin("JP", "post"), 2), (Origin("TH", "post"), 4)))
    other = Origins(((Origin("TH", "post"), 2_000), (Origin("JP", "post"), 1_000)))
    assert one.shares == other.shares


class Ledger(RuleBasedStateMachine):
    """Whatever happens in whatever order: mass is conserved, nothing is negative, claims never exceed what is held."""

    lots = Bundle("lots")

    @initialize()
    def start(self) -> None:
        self.book = Book()
        self.entries: list[Entry] = []
        self.made = 0
        self.claimed: dict[int, int] = defaultdict(int)

    def name(self) -> str:
        self.made += 1
        return f"lot{self.made}"

    def attempt(self, movement: Movement, who: Speaker) -> bool:
        before = dict(self.book.positions)
        try:
            self.entries += do(self.book, movement, who).entries
        except Refusal:
            assert self.book.positions == before
            return False
        return True

    @rule(target=lots, grams=st.integers(1, 2_000_000), who=st.sampled_from([A, B]))
    def arrive(self, grams: int, who: Speaker) -> str:
        lot = self.name()
        assert self.attempt(Arrival("collected", (new(lot, grams),)), who)
        return lot

    @rule(lot=lots, grams=st.integers(1, 2_000_000), who=st.sampled_from([A, B]))
    def ship(self, lot: str, grams: int, who: Speaker) -> None:
        self.attempt(Shipment("party:2" if who is A else "party:1", (Part(lot, grams),), ()), who)

    @rule(lot=lots, by=st.integers(-20_000, 20_000), who=st.sampled_from([A, B]))
    def receive(self, lot: str, by: int, who: Speaker) -> None:
        sent = self.book.position(lot, who.organisation, TRANSIT).free
        if sent + by > 0:
            self.attempt(Receipt((Part(lot, sent + by),), {}), who)

    @rule(target=lots, one=consumes(lots), two=lots, share=st.integers(1, 1_100), who=st.sampled_from([A, B]))
    def transform(self, one: str, two: str, share: int, who: Speaker) -> object:
        drawn = {lot: self.book.position(lot, who.organisation).free for lot in (one, two)}
        parts = tuple(Part(lot, grams) for lot, grams in drawn.items() if grams)
        gave = sum(drawn.values()) * share // 1_000
        if not parts or not gave:
            return one
        lot = self.name()
        made = self.attempt(Transformation(parts, (new(lot, gave, "plastics.pet", "flake"),), ()), who)
        return multiple(one, lot) if made else one

    @rule(lot=lots, grams=st.integers(1, 2_000_000), who=st.sampled_from([A, B]))
    def reserve(self, lot: str, grams: int, who: Speaker) -> None:
        try:
            self.book.reserve(lot, who.organisation, grams)
        except Refusal:
            return

    @rule(lot=lots, grams=st.integers(1, 2_000_000), who=st.sampled_from([A, B]))
    def claim(self, lot: str, grams: int, who: Speaker) -> None:
        try:
            self.book.claim(lot, who.organisation, "content", grams)
        except Refusal:
            return
        self.claimed[1] += grams

    @invariant()
    def mass_is_conserved(self) -> None:
        check_sum(self.entries)
        held: dict[tuple[str, int, str], int] = defaultdict(int)
        for entry in self.entries:
            if entry.lot is not None:
                held[entry.lot, entry.holder, entry.account] += entry.grams
        for key, position in self.book.positions.items():
            assert held[key.lot, key.holder, key.account] == position.total
            assert position.free >= 0
            assert position.reserved >= 0
            assert all(0 <= claim <= position.total for claim in position.claimed)

    @invariant()
    def claims_never_exceed_what_came_in(self) -> None:
        held = sum(position.claimed[1] for position in self.book.positions.values())
        assert held <= self.claimed[1]


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
