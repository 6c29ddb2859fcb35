"""Borders by their laws: the stricter view prevails, the unknown never permits, days have two sides, sums are exact."""

import dataclasses
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.crossings.answers import lines, shown
from app.crossings.shapes import FactsIn
from app.words import load_words
from standards.borders import (
    FACTS,
    OPERATIONS,
    Answer,
    BorderLawError,
    Borders,
    Crossing,
    CrossingError,
    Input,
    Kind,
    Lot,
    Outcome,
    Route,
    Source,
    Value,
    Worth,
    borders,
    check,
)
from standards.borders.deadlines import is_working_day, last_day
from standards.borders.facts import FOUND
from standards.borders.gates import Gate, cautious
from standards.borders.gates import answer as strictest
from standards.borders.rules import Due, in_force
from standards.borders.truth import Truth, both, either
from standards.catalogue import CatalogueError, load, read_catalogue
from standards.dated import Reference
from standards.materials import Taxonomy, taxonomy

CATALOGUE = Path(__file__).resolve().parents[1] / "standards/catalogue"
WORDS = load_words()
STATES = ("JP", "TH", "MY", "VN", "ID", "PH", "SG", "CN", "KR", "US", "DE", "PL", "CH", "GB", "BR")
DAY = date(2026, 11, 24)
# Facts by which somebody opens a gate; all others only describe the lot.
HANDS = ("end_of_waste", "conforms", "consents", "permits", "confirmed")
DESCRIBING = tuple(name for name, kind in FACTS.items() if kind in {Kind.YES_NO, Kind.NUMBER})
TURNS = (
    date(2021, 1, 1),
    date(2025, 1, 1),
    date(2026, 5, 21),
    date(2026, 11, 21),
    date(2027, 5, 21),
    date(2027, 11, 21),
)


@cache
def known() -> tuple[Borders, Taxonomy]:
    catalogue = load()
    return borders(catalogue), taxonomy(catalogue)


def asked(crossing: Crossing) -> Answer:
    return check(*known(), crossing)


days = st.sampled_from([turn + timedelta(days=by) for turn in TURNS for by in (-1, 0)] + [DAY, date(2019, 6, 3)])
states = st.sampled_from(STATES)
numbers = st.decimals(0, 100, places=1)
some_states = st.lists(states, max_size=3, unique=True).map(tuple)
GATES = ("national_import", "entry", "procedure", "contamination", "rule:eu-green-to-listed", "rule:my-sirim", "tariff")
in_hand = st.fixed_dictionaries(
    {},
    optional={
        "end_of_waste": some_states,
        "conforms": st.just(("eu-eow-333-2011-fe", "eu-eow-715-2013-cu")),
        "consents": some_states,
        "permits": st.just(("vn_environmental_permit", "jp_import_approval", "sirim_approval")),
        "confirmed": st.lists(st.sampled_from(GATES), unique=True).map(tuple),
    },
)
described = st.fixed_dictionaries(
    {},
    optional={
        **{name: st.booleans() for name in DESCRIBING if FACTS[name] is Kind.YES_NO},
        **{name: numbers for name in DESCRIBING if FACTS[name] is Kind.NUMBER},
        "polymers": st.lists(
            st.sampled_from(["plastics.pe", "plastics.pp", "plastics.pet", "plastics.ps"]), min_size=1, unique=True
        ).map(tuple),
        "collected_in": st.lists(states, min_size=1, max_size=2, unique=True).map(tuple),
        "recycled_in": st.lists(states, min_size=1, max_size=2, unique=True).map(tuple),
        "processes": st.just(("washing", "extrusion")),
    },
)


@st.composite
def routes(draw: st.DrawFn) -> Route:
    exporting, importing, *transit = draw(st.lists(states, min_size=2, max_size=4, unique=True))
    operation = draw(st.none() | st.sampled_from(["R3", "R4", "R5", *sorted(OPERATIONS)]))
    return Route(exporting, importing, tuple(transit), operation)


@st.composite
def crossings(draw: st.DrawFn) -> Crossing:
    words = known()[1]
    material = draw(st.sampled_from(sorted(words.materials)) | st.sampled_from(["plastics.pet", "plastics.mixed"]))
    form = draw(st.sampled_from(sorted(words.forms)))
    origin = draw(st.none() | st.sampled_from(["post_consumer", "pre_consumer"]))
    lot = Lot(material, form, origin, {**draw(described), **draw(in_hand)})
    return Crossing(lot, draw(routes()), draw(days))


@st.composite
def prepared(draw: st.DrawFn) -> Crossing:
    """A crossing by somebody who has every consent, permit and confirmation that was asked for, and often the facts."""
    crossing = draw(crossings())
    if draw(st.booleans()):
        plain: dict[str, Value] = {
            "hazardous": False, "single_polymer": True, "almost_free": True, "contamination_percent": Decimal("0.5"),
            "mixed_with_other_waste": False, "non_paper_percent": Decimal(0), "non_plastic_percent": Decimal(0),
        }  # fmt: skip
        crossing = knowing(crossing, **{**plain, **crossing.lot.facts})
    for _ in range(3):
        wanted: dict[str, tuple[str, ...]] = {}
        for code in asked(crossing).missing:
            kind, _, subject = code.partition(":")
            if kind in HANDS:
                held = wanted.get(kind, crossing.lot.facts.get(kind, ()))
                wanted[kind] = (*(held if isinstance(held, tuple) else ()), subject)
        crossing = knowing(crossing, **wanted)
    return crossing


def knowing(crossing: Crossing, **facts: Value) -> Crossing:
    """The same with these facts stated too."""
    return dataclasses.replace(crossing, lot=dataclasses.replace(crossing.lot, facts={**crossing.lot.facts, **facts}))


def without(crossing: Crossing, *names: str) -> Crossing:
    left = {name: value for name, value in crossing.lot.facts.items() if name not in names}
    return dataclasses.replace(crossing, lot=dataclasses.replace(crossing.lot, facts=left))


# --- what is unknown permits nothing


@given(crossings())
def test_of_a_lot_of_which_nothing_is_known_nothing_is_allowed_over_a_border(crossing: Crossing) -> None:
    assert asked(without(crossing, *FACTS)).outcome is not Outcome.ALLOWED


@settings(max_examples=150)
@given(prepared(), described)
def test_what_is_allowed_with_fewer_facts_is_not_shut_by_more_of_them(
    crossing: Crossing, more: Mapping[str, Value]
) -> None:
    """Turned round: leaving a fact out never makes allowed what is not allowed with it."""
    further = {name: value for name, value in more.items() if name not in crossing.lot.facts}
    assume(asked(crossing).outcome is Outcome.ALLOWED)
    assert asked(knowing(crossing, **further)).outcome is Outcome.ALLOWED


@settings(max_examples=150)
@given(prepared(), st.sampled_from(HANDS))
def test_consents_permits_and_confirmations_only_ever_open(crossing: Crossing, hand: str) -> None:
    order = [Outcome.FORBIDDEN, Outcome.NEEDS_DATA, Outcome.NEEDS_CONSENT, Outcome.ALLOWED]
    less, more = asked(without(crossing, hand)).outcome, asked(crossing).outcome
    assert more is less or order.index(more) > order.index(less)


@given(crossings())
def test_an_answer_that_waits_says_for_what_and_no_other_does(crossing: Crossing) -> None:
    answer = asked(crossing)
    waiting = answer.outcome in {Outcome.NEEDS_DATA, Outcome.NEEDS_CONSENT}
    assert bool(answer.missing) == waiting
    for gate in answer.gates:
        if gate.outcome in {Outcome.NEEDS_DATA, Outcome.NEEDS_CONSENT}:
            assert gate.missing, gate
        if gate.decides and gate.outcome is Outcome.FORBIDDEN:
            assert gate.sources, gate


@given(crossings())
def test_the_strictest_deciding_gate_is_the_answer(crossing: Crossing) -> None:
    answer = asked(crossing)
    deciding = {gate.outcome for gate in answer.gates if gate.decides} - {Outcome.NOTED}
    order = [Outcome.FORBIDDEN, Outcome.NEEDS_DATA, Outcome.NEEDS_CONSENT, Outcome.ALLOWED]
    assert deciding <= set(order)
    assert answer.outcome is next(each for each in order if each in deciding)
    assert not {gate.outcome for gate in answer.gates if not gate.decides} & {
        Outcome.FORBIDDEN, Outcome.NEEDS_CONSENT, Outcome.ALLOWED,
    }  # fmt: skip


def test_where_no_gate_decides_nothing_is_allowed() -> None:
    assert strictest(()) is Outcome.NEEDS_DATA
    assert strictest([Gate("status:JP", Outcome.NOTED, "waste_unknown")]) is Outcome.NEEDS_DATA
    assert strictest([Gate("origin:rcep", Outcome.YES, "cth", decides=False)]) is Outcome.NEEDS_DATA


@pytest.mark.parametrize(("certainty", "status"), [("unverified", "adopted"), ("verified", "draft")])
def test_a_permission_by_an_unsure_rule_waits_for_its_confirmation_a_ban_by_one_holds(
    certainty: Any, status: Any
) -> None:
    source = Source(Reference("A rule", "https://example.org"), certainty, status=status)
    opened, shut = (
        Gate("rule:x", outcome, "allowed", sources=(source,)) for outcome in (Outcome.ALLOWED, Outcome.FORBIDDEN)
    )
    waiting = cautious(opened, frozenset())
    assert (waiting.outcome, waiting.missing) == (Outcome.NEEDS_DATA, ("confirmed:rule:x",))
    assert cautious(opened, frozenset({"rule:x"})) == opened
    assert cautious(shut, frozenset()) == shut


# --- the stricter view prevails


@given(crossings(), some_states)
def test_it_is_a_product_only_where_both_ends_say_so(crossing: Crossing, accepting: tuple[str, ...]) -> None:
    ends = {crossing.route.exporting, crossing.route.importing}
    answer = asked(knowing(without(crossing, "conforms"), end_of_waste=accepting))
    assert answer.waste == (not ends <= set(accepting))


@given(crossings(), states)
def test_one_more_end_that_says_nothing_never_makes_a_product(crossing: Crossing, other: str) -> None:
    accepted = crossing.lot.facts.get("end_of_waste", ())
    assume(isinstance(accepted, tuple) and other not in accepted and other != crossing.route.exporting)
    route = dataclasses.replace(crossing.route, importing=other)
    answer = asked(dataclasses.replace(without(crossing, "conforms"), route=route))
    assert answer.waste


@given(crossings())
def test_a_product_is_under_no_entry_and_no_procedure_and_waste_is_under_some_or_asks(crossing: Crossing) -> None:
    answer = asked(crossing)
    codes = {gate.code for gate in answer.gates}
    assert ("entry" in codes) == answer.waste
    assert (answer.governed is None) == (not answer.waste)


TRUTHS = st.builds(Truth, st.sampled_from([True, False, None]))


@given(st.lists(TRUTHS, max_size=5), st.data())
def test_learning_what_was_unknown_never_changes_an_answer(parts: list[Truth], data: st.DataObject) -> None:
    learned = [
        part if part.holds is not None else data.draw(st.sampled_from([part, Truth(True), Truth(False)]))
        for part in parts
    ]
    for combined in (both, either):
        before, after = combined(parts).holds, combined(learned).holds
        assert before is None or before == after
    opposites = [part.negated for part in parts]
    assert both(parts).negated.holds == either(opposites).holds


# --- days


def sources(thing: object) -> Iterator[Source]:
    """Every source in a value of the rule book."""
    if isinstance(thing, Source):
        yield thing
    elif dataclasses.is_dataclass(thing):
        for field in dataclasses.fields(thing):
            yield from sources(getattr(thing, field.name))
    elif isinstance(thing, Mapping):
        for value in thing.values():
            yield from sources(value)
    elif isinstance(thing, tuple):
        for value in thing:
            yield from sources(value)


def test_every_rule_has_two_sides_to_its_days_and_a_source_to_open() -> None:
    found = list(sources(known()[0]))
    assert len(found) > 100
    for source in found:
        assert source.reference.title
        assert source.reference.href.startswith(("https://", "http://")), source
        adopted = source.status == "adopted"
        if source.since:
            assert not in_force(source, source.since - timedelta(days=1))
            assert in_force(source, source.since) == adopted
        if source.until:
            assert in_force(source, source.until) == adopted
            assert not in_force(source, source.until + timedelta(days=1))


def test_members_join_and_leave_on_a_day() -> None:
    bodies = known()[0].bodies
    assert bodies["eu"].member("GB", date(2020, 1, 31)).holds
    assert bodies["eu"].member("GB", date(2020, 2, 1)).holds is False
    assert bodies["eu"].member("HR", date(2013, 6, 30)).holds is None  # not known so far back, which is not "no"
    assert bodies["eu"].member("HR", date(2013, 7, 1)).holds
    assert bodies["oecd"].member("JP", DAY).holds
    assert bodies["oecd"].member("TH", DAY).holds is False
    assert bodies["asean"].member("TH", DAY).holds
    assert bodies["rcep"].member("JP", date(2021, 12, 31)).holds is False
    assert bodies["rcep"].member("JP", date(2022, 1, 1)).holds


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(1, 30), st.booleans())
def test_working_days_are_counted_between_and_end_on_one(anchor: date, count: int, before: bool) -> None:
    day = last_day(Due("departure", days=count, working=True, before=before), anchor)
    assert is_working_day(day)
    assert (day < anchor) == before
    step = timedelta(days=-1 if before else 1)
    passed, at = 0, anchor
    while at != day:
        at += step
        passed += is_working_day(at)
    assert passed == count


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.integers(1, 5))
def test_a_year_later_is_the_same_day_or_the_one_before(anchor: date, years: int) -> None:
    day = last_day(Due("receipt", years=years), anchor)
    assert day.year == anchor.year + years
    assert (day.month, day.day) in {(anchor.month, anchor.day), (2, 28)}
    assert last_day(Due("receipt", years=1), date(2024, 2, 29)) == date(2025, 2, 28)


# --- origin, exactly

amounts = st.decimals(Decimal("0.01"), 1_000_000, places=2)


def made_of(fob: Decimal, foreign: Decimal, hs: str = "391590") -> Answer:
    facts: dict[str, Value] = {
        "hs_code": "391590", "collected_in": ("DE",), "recycled_in": ("TH",), "processes": ("washing",),
    }  # fmt: skip
    worth = Worth(fob, (Input(hs, foreign, "DE"),))
    return asked(Crossing(Lot("plastics.pet", "flake", None, facts), Route("TH", "VN"), DAY, worth=worth))


def atiga(answer: Answer) -> Any:
    return next(each for each in answer.origins if each.agreement.id == "atiga")


@given(amounts, amounts)
def test_a_regional_value_content_of_forty_percent_is_exactly_that(fob: Decimal, foreign: Decimal) -> None:
    found = atiga(made_of(fob, foreign))
    share = 1 - Fraction(foreign) / Fraction(fob)
    assert found.rvc == share
    assert found.available == (share >= Fraction(2, 5))


@given(amounts, amounts, st.integers(1, 10**6))
def test_the_currency_of_the_values_changes_nothing(fob: Decimal, foreign: Decimal, rate: int) -> None:
    one, other = atiga(made_of(fob, foreign)), atiga(made_of(fob * rate, foreign * rate))
    assert (one.available, one.rvc) == (other.available, other.rvc)


@given(amounts, amounts, amounts)
def test_more_foreign_value_never_gives_origin(fob: Decimal, foreign: Decimal, more: Decimal) -> None:
    if not atiga(made_of(fob, foreign)).available:
        assert not atiga(made_of(fob, foreign + more)).available


def test_values_that_nobody_states_are_missing_not_zero() -> None:
    facts: dict[str, Value] = {"collected_in": ("DE",), "recycled_in": ("TH",), "processes": ("washing",)}
    crossing = Crossing(Lot("plastics.pet", "flake", None, facts), Route("TH", "VN"), DAY)
    for worth in (None, Worth(Decimal(100))):
        found = atiga(asked(dataclasses.replace(crossing, worth=worth)))
        assert (found.available, found.missing) == (None, ("fob", "inputs"))


# --- what nobody can know is refused


@pytest.mark.parametrize(
    ("lot", "route", "field"),
    [
        (Lot("plastics.unheard", "flake"), Route("TH", "JP"), "lot.material"),
        (Lot("plastics.pet", "cloud"), Route("TH", "JP"), "lot.form"),
        (Lot("plastics.pet", "flake", "found"), Route("TH", "JP"), "lot.origin"),
        (Lot("plastics.pet", "flake", None, {"colour": "blue"}), Route("TH", "JP"), "lot.facts.colour"),
        (Lot("plastics.pet", "flake", None, {"hazardous": "no"}), Route("TH", "JP"), "lot.facts.hazardous"),
        (Lot("plastics.pet", "flake", None, {"contamination_percent": Decimal(101)}), Route("TH", "JP"),
         "lot.facts.contamination_percent"),
        (Lot("plastics.pet", "flake", None, {"density_g_cm3": Decimal("NaN")}), Route("TH", "JP"),
         "lot.facts.density_g_cm3"),
        (Lot("plastics.pet", "flake", None, {"polymers": ("plastics.unheard",)}), Route("TH", "JP"),
         "lot.facts.polymers"),
        (Lot("plastics.pet", "flake", None, {"consents": ("Japan",)}), Route("TH", "JP"), "lot.facts.consents"),
        (Lot("plastics.pet", "flake"), Route("th", "JP"), "route"),
        (Lot("plastics.pet", "flake"), Route("TH", "JP", ("Laos",)), "route"),
        (Lot("plastics.pet", "flake"), Route("TH", "JP", (), "R14"), "route.operation"),
    ],
)  # fmt: skip
def test_what_nobody_can_know_is_refused_with_field_and_remedy(lot: Lot, route: Route, field: str) -> None:
    with pytest.raises(CrossingError) as refused:
        asked(Crossing(lot, route, DAY))
    assert refused.value.field == field
    assert refused.value.sentence
    assert refused.value.fix


def test_days_stand_in_their_order() -> None:
    lot, route = Lot("plastics.pet", "flake"), Route("TH", "JP")
    for arrival, recovered in ((DAY - timedelta(days=1), None), (DAY, DAY - timedelta(days=1))):
        with pytest.raises(CrossingError):
            asked(Crossing(lot, route, DAY, arrival, recovered))
    asked(Crossing(lot, route, DAY, DAY, DAY))


# --- the data, and the words for all of it


def test_the_schema_the_room_and_the_door_know_the_same_facts() -> None:
    schema = json.loads((CATALOGUE / "schema/border-law.json").read_text("utf-8"))
    assert set(schema["$defs"]["fact"]["enum"]) == {*FACTS, *FOUND}
    assert set(FactsIn.model_fields) == set(FACTS)


BROKEN = [
    ("jurisdictions/th/borders/th-scrap.yaml", "effect: forbidden", "effect: forbiden", "effect", None),
    ("jurisdictions/th/borders/th-scrap.yaml", "direction: import", "direction: inward", "direction", None),
    ("agreements/oecd.yaml", "certainty: secondary", "certainty: sure", "certainty", None),
    ("jurisdictions/jp/borders/jp-basel-act.yaml", "from: 2021-01-01", "from: 2021-13-01", "2021-13-01", "YYYY-MM-DD"),
    ("agreements/basel.yaml", "fact: hazardous", "fact: hazardus", "fact", None),
    ("agreements/atiga.yaml", "percent_of_fob: 10", "percent_of_fob: 110", "percent_of_fob", None),
    ("agreements/rcep.yaml", "certainty: unverified", "certainty: unverified, colour: blue", "colour", None),
]


@pytest.mark.parametrize(("path", "old", "new", "key", "fix"), BROKEN, ids=lambda each: str(each)[:40])
def test_a_fault_in_the_data_names_file_line_key_and_remedy(
    tmp_path: Path, path: str, old: str, new: str, key: str, fix: str | None
) -> None:
    shelf = shutil.copytree(CATALOGUE, tmp_path / "catalogue")
    text = (shelf / path).read_text("utf-8")
    assert old in text
    (shelf / path).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(CatalogueError) as refused:
        read_catalogue(shelf)
    (problem, *_) = refused.value.problems
    assert problem.path.endswith(path)
    assert problem.line == text[: text.index(old)].count("\n") + 1
    assert key in f"{problem.key} {problem.sentence}"
    assert fix is None or fix in problem.fix
    assert problem.fix


@pytest.mark.parametrize(
    ("path", "old", "new", "told"),
    [
        ("agreements/basel.yaml", "source: ", "source: nowhere-", "nowhere-"),
        ("jurisdictions/jp/borders/jp-basel-act.yaml", "material: [plastics.pet]", "material: [plastics.pit]", "pit"),
        ("jurisdictions/th/borders/th-scrap.yaml", "binds: {state: TH}", "binds: {body: siam}", "siam"),
        ("jurisdictions/eu/borders/eu-1013-2006.yaml", "until: 2026-05-20", "until: 1999-05-20", "ends on 1999-05-20"),
    ],
)
def test_a_rule_about_what_nobody_knows_is_refused_with_its_file(
    tmp_path: Path, path: str, old: str, new: str, told: str
) -> None:
    shelf = shutil.copytree(CATALOGUE, tmp_path / "catalogue")
    text = (shelf / path).read_text("utf-8")
    assert old in text
    (shelf / path).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(BorderLawError, match=told) as refused:
        borders(read_catalogue(shelf))
    assert path in str(refused.value)


@settings(max_examples=40)
@given(crossings())
def test_every_answer_can_be_told_in_every_language(crossing: Crossing) -> None:
    answer = asked(crossing)
    for lang in ("en", "ja", "id", "th", "vi", "ms", "fil"):
        speech = WORDS.speech(lang)  # type: ignore[arg-type]
        said = shown(speech, answer, "digest")
        assert all(gate["says"] and gate["title"] for gate in said["gates"])
        assert all(each["says"] != each["code"] or ":" not in each["code"] for each in said["missing"])
        assert "{" not in "".join(lines(speech, answer))


def test_every_fact_paper_and_event_has_a_name() -> None:
    book = known()[0]
    papers = {each.paper for regime in book.regimes for one in regime.procedures for each in one.papers}
    papers |= {each.paper for each in book.papers} | {each.paper for each in book.movements if each.paper}
    papers |= {proof for agreement in book.agreements for proof in agreement.proofs}
    assert len(papers) > 25
    for group, codes in (
        ("crossing_fact", {*FACTS, "operation", "fob", "inputs", "origin"}),
        ("crossing_paper", papers),
    ):
        for code in codes:
            assert WORDS.has(f"{group}.{code}"), f"{group}.{code}"
    for regime in book.regimes:
        for paper in (each for one in regime.procedures for each in one.papers):
            assert WORDS.has(f"crossing_by.{paper.by}")
            assert all(WORDS.has(f"crossing_event.{due.anchor}") for due in paper.dues)
