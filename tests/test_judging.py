"""What the record knows of a lot, as the standards see it: nothing assumed, nobody's own word taken for another's."""

from datetime import date
from decimal import Decimal

import pytest

from standards.catalogue import load
from standards.conformity import Evidence, Verdict, judge
from traceability.judging import applicable, known_lot, known_standards, origin_of
from traceability.ledger.origins import Origin, Origins
from traceability.tables import CertificateRow, MeasurementRow

CATALOGUE = load()
DAY = date(2026, 11, 23)
POST = Origins.of(9_000_000, "JP", "post")
HALF = Origins(((Origin("JP", "post"), 1), (Origin("TH", "virgin"), 2)))


def result(name: str, value: str, unit: str, level: str = "E3") -> MeasurementRow:
    return MeasurementRow(
        id=1, fact_index=1, lot_id=1, organisation_id=1, property=name, value=Decimal(value), comparator="=", unit=unit,
        method=None, condition=None, uncertainty=None, laboratory=None, evidence=level, sampled_on=DAY,
    )  # fmt: skip


def paper(kind: str, organisation: int = 7) -> CertificateRow:
    return CertificateRow(
        id=1, fact_index=1, organisation_id=organisation, lot_id=1, facility_id=None, standard="te-grs", kind=kind,
        number="N", issuer="A body", materials=[], document_sha256=None, valid_from=date(2026, 1, 1),
        valid_to=date(2026, 12, 31),
    )  # fmt: skip


def test_the_ledger_states_the_recycled_share_and_rounds_it_down() -> None:
    lot = known_lot("plastics.pet", "flake", HALF, [], [])
    (share,) = lot.measurements
    assert (share.property, share.value, share.evidence) == ("recycled_content", Decimal("33.33"), Evidence.E1)


def test_a_stated_share_goes_before_the_ledgers_and_unknown_origins_state_none() -> None:
    lot = known_lot("plastics.pet", "flake", POST, [result("recycled_content", "40", "%", "E4")], [])
    assert [each.value for each in lot.measurements] == [Decimal(40)]
    unknown = Origins(((Origin("JP", "post"), 1), (Origin("ZZ", "unknown"), 1)))
    assert known_lot("plastics.pet", "flake", unknown, [], []).measurements == ()


@pytest.mark.parametrize(
    ("origins", "named"),
    [
        (POST, "post_consumer"), (Origins.of(1, "JP", "pre"), "pre_consumer"),
        (Origins.of(1, "JP", "virgin"), "virgin"), (Origins.of(1, "JP", "unknown"), None), (HALF, None),
    ],
)  # fmt: skip
def test_an_origin_is_named_only_where_all_grams_have_it(origins: Origins, named: str | None) -> None:
    assert origin_of(origins) == named


def test_recycled_content_is_declared_by_what_the_record_keeps() -> None:
    said = judge(
        known_standards(CATALOGUE)["iso-14021-recycled-content"], known_lot("plastics.pet", "flake", POST, [], []), DAY
    )
    assert said.verdict is Verdict.CONFORMING


def test_a_certificate_that_its_holder_entered_is_the_holders_word_until_a_body_enters_it() -> None:
    grs = known_standards(CATALOGUE)["te-grs"]
    share, papers = result("recycled_content", "95", "%", "E4"), [paper("scope"), paper("transaction")]
    own = judge(grs, known_lot("plastics.pet", "flake", POST, [share], papers), DAY)
    assert own.verdict is Verdict.INCOMPLETE
    assert {each.reason for each in own.missing} == {"EVIDENCE_TOO_LOW"}
    confirmed = judge(grs, known_lot("plastics.pet", "flake", POST, [share], papers, bodies={7}), DAY)
    assert confirmed.verdict is Verdict.CONFORMING
    assert confirmed.expires_on == date(2027, 1, 1)


def test_only_standards_that_speak_of_the_material_and_form_are_offered() -> None:
    pet = applicable(CATALOGUE, "plastics.pet", "flake")
    assert "en-15348" in pet
    assert "rema-hms" not in pet
    assert "en-15348" not in applicable(CATALOGUE, "plastics.pet", "bale")
