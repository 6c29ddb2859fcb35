"""Judging: what is known of a lot in the record, held against the standards of a day."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.registry import Organisation
from standards.catalogue import Catalogue
from standards.conformity import Evidence, HeldDocument, Judgement, Lot, Measurement, Qualifier, Standard
from standards.conformity.evaluation import Evaluation, evaluations
from standards.conformity.lots import Statement
from standards.conformity.shelf import Shelf, judge_lot, shelf_of
from standards.custody import LotModel
from standards.properties import Property
from traceability.certificates.papers import papers_of, standard_of
from traceability.evidence import certificates, measurements
from traceability.ledger.origins import Origins
from traceability.statements import GRADE, StatementRow, statements
from traceability.tables import CertificateRow, LotRow, MeasurementRow

# A certificate is a third party's word only where a certification body itself recorded it; else its holder's (E1).
BODIES: Final = "certifier"
ORIGINS: Final = {"post": "post_consumer", "pre": "pre_consumer", "virgin": "virgin"}
RECYCLED: Final = "recycled_content"
SCHEMES: Final = "te-"  # whose papers carry the same names, though one scheme's do not stand for another's
HUNDREDTHS: Final = 10_000  # of a percent: shares are rounded down, never up


@lru_cache(maxsize=4)
def known_standards(catalogue: Catalogue) -> dict[str, Standard]:
    """Every standard by id, read once for a catalogue."""
    return dict(shelf_of(catalogue).standards)


@lru_cache(maxsize=4)
def known_properties(catalogue: Catalogue) -> dict[str, Property]:
    """Every property by code, read once for a catalogue."""
    return dict(shelf_of(catalogue).properties)


def known_lot(
    material: str, form: str, origins: Origins, measured: Iterable[MeasurementRow],
    certified: Iterable[CertificateRow], *, custody: str | None = None, bodies: Collection[int] = (),
    stated: Sequence[StatementRow] = (),
) -> Lot:  # fmt: skip
    """A lot as the standards see it: only what is on record, nothing assumed.

    `bodies` are the ids of those who recorded certificates as certification bodies; of what was `stated` under one
    name, the last word is the attribute, while any that says no is heard. The ledger itself knows the
    recycled share and keeps its calculation; a share that somebody stated or measured goes before it.
    """
    results = tuple(_result(row) for row in measured)
    papers = [paper for row in certified for paper in _papers(row, bodies)]
    if not any(each.property == RECYCLED for each in results):
        results += _recycled(origins)
    papers.append(HeldDocument("recycled_content_calculation", Evidence.E1))
    words = {row.name: row.words if row.said is None else row.said for row in stated}
    grade = words.pop(GRADE, None)
    attributes = {name: value for name, value in words.items() if value is not None}
    if custody is not None:
        attributes["chain_of_custody"] = LotModel(custody).model.value
    return Lot(
        material, form, origin_of(origins), attributes, results,
        statements=tuple(
            Statement(row.name, row.said, Evidence.E1, row.stated_on) for row in stated if row.said is not None
        ),
        documents=tuple(papers), claimed_grade=str(grade) if grade else None,
    )  # fmt: skip


def origin_of(origins: Origins) -> str | None:
    """The one class of origin that all grams have (ISO 14021, 7.8); None where they differ or are not known."""
    kinds = {(origin.consumer, origin.booked) for origin, _ in origins.grams}
    kind, booked = kinds.pop() if len(kinds) == 1 else ("", True)
    return None if booked else ORIGINS.get(kind)


def _recycled(origins: Origins) -> tuple[Measurement, ...]:
    """The share that the chain shows, in percent; nothing where some of it came from who knows where."""
    if not origins.total or any(origin.consumer == "unknown" for origin, _ in origins.grams):
        return ()
    pre, post = origins.recycled(origins.total)
    share = Decimal((pre + post) * HUNDREDTHS // origins.total).scaleb(-2)
    return (Measurement(RECYCLED, share, "%", evidence=Evidence.E1),)


def _result(row: MeasurementRow) -> Measurement:
    value = row.words if row.value is None else row.value
    assert value is not None, "the database keeps a number or words"
    return Measurement(
        row.property, value, row.unit, Qualifier(row.comparator), row.uncertainty, row.method, row.condition,
        Evidence[row.evidence], row.sampled_on, row.laboratory,
    )  # fmt: skip


def _papers(row: CertificateRow, bodies: Collection[int]) -> Iterator[HeldDocument]:
    """A certificate under every name that a standard may ask for it by: its kind, its standard, both together."""
    names = {row.kind, row.standard, f"{row.kind}_certificate"}
    if row.standard.startswith("te-"):
        names.add(f"te_{row.kind}_certificate")
    level = Evidence.E4 if row.organisation_id in bodies else Evidence.E1
    for name in sorted(names):
        yield HeldDocument(name, level, "valid", row.valid_from, row.valid_from, row.valid_to, row.number)


def applicable(catalogue: Catalogue, material: str, form: str) -> dict[str, Standard]:
    """The standards whose scope holds this material and form, by id; drafts decide nothing and are left out."""
    return {each.id: each for each in shelf_of(catalogue).applicable(Lot(material, form))}


async def bodies_among(session: AsyncSession, rows: Sequence[CertificateRow]) -> frozenset[int]:
    """Which of those who recorded these certificates are certification bodies."""
    wanted = select(Organisation.id).where(
        Organisation.id.in_({row.organisation_id for row in rows}), Organisation.roles.contains([BODIES])
    )
    return frozenset(await session.scalars(wanted))


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A lot as the standards see it; a scheme's own standard sees that scheme's papers, and no other does."""

    lot: Lot
    of_scheme: Mapping[str, Lot]

    def seen_by(self, standard: str) -> Lot:
        """The lot with the papers that this standard reads."""
        return self.of_scheme.get(standard, self.lot)


async def lot_on_record(record: AsyncSession, catalogue: Catalogue, lot: LotRow, as_of: date) -> OnRecord:
    """A recorded lot as the standards see it on a day; `record` reads with the record scope, so that all counts."""
    certified = await certificates(record, lot.id, lot.organisation_id, as_of)
    bodies, measured = await bodies_among(record, certified), await measurements(record, lot.id)
    stated, origins = await statements(record, lot.id), Origins.from_json(lot.origins)
    papers = (await papers_of(record, catalogue, [lot], as_of)).get(lot.id, ())

    def known(rows: list[CertificateRow], more: tuple[HeldDocument, ...] = ()) -> Lot:
        seen = known_lot(
            lot.material, lot.form, origins, measured, rows, custody=lot.custody, bodies=bodies, stated=stated
        )
        return replace(seen, documents=(*seen.documents, *more)) if more else seen

    editions = {each.id: each.edition for each in known_standards(catalogue).values()}
    schemes = {row.standard for row in certified if row.standard.startswith(SCHEMES)}
    schemes |= {standard_of(each.scheme) for each in papers if each.whole}
    general = [row for row in certified if row.standard not in schemes]
    own = {
        standard: known(
            [*general, *(row for row in certified if row.standard == standard)],
            tuple(
                d
                for each in papers
                if each.whole and standard_of(each.scheme) == standard
                for d in each.documents(editions.get(standard, ""))
            ),
        )
        for standard in schemes
    }
    return OnRecord(known(general), own)


def _said(shelf: Shelf, known: OnRecord, as_of: date, chosen: Collection[str] | None) -> list[Judgement]:
    wanted = None if chosen is None else [code for code in shelf.standards if code in chosen]
    said = judge_lot(shelf, known.lot, as_of, chosen=wanted)
    return [
        judge_lot(shelf, known.of_scheme[each.standard], as_of, chosen=[each.standard])[0]
        if each.standard in known.of_scheme else each
        for each in said
    ]  # fmt: skip


async def judged(
    record: AsyncSession, catalogue: Catalogue, lot: LotRow, chosen: Collection[str] | None, as_of: date
) -> list[Judgement]:
    """What the chosen standards say of a lot on a day; with None, every one whose scope holds it.

    Whether the reader may be told is the caller's to know. A standard that the catalogue does not have is passed over.
    """
    return _said(shelf_of(catalogue), await lot_on_record(record, catalogue, lot, as_of), as_of, chosen)


async def evaluated(
    record: AsyncSession, catalogue: Catalogue, lot: LotRow, chosen: Collection[str] | None, as_of: date
) -> list[Evaluation]:
    """The same as snapshots: the standard by its bytes, every input by its hash; judging again makes others."""
    known = await lot_on_record(record, catalogue, lot, as_of)
    said = _said(shelf_of(catalogue), known, as_of, chosen)
    return [made for each in said for made in evaluations([each], known.seen_by(each.standard))]
