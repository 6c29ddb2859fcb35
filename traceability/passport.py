"""The passport: one lot told backwards to collection, to one reader, with the proof that it is in the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import NotFound
from foundation.registry import Facility, Organisation
from standards.catalogue import Catalogue
from traceability.cases.reports import standing as standing_finding
from traceability.cases.reports import waiting
from traceability.certificates.papers import Paper, papers_of
from traceability.evidence import certificates, measurements
from traceability.genealogy.walking import Ancestor, trace
from traceability.history.standing import standing
from traceability.identifiers import canonical_key, human_code
from traceability.ledger.origins import Content, Origins
from traceability.proofs import Proved, prove
from traceability.recalls.reading import recalled
from traceability.stages import Stage, stages_of
from traceability.tables import (
    BalanceRow,
    CertificateRow,
    EventRow,
    LabelFindingRow,
    LotRow,
    MeasurementRow,
)
from traceability.tree.checkpoint import Verifier
from traceability.visibility import Field, Reader, sees

Check = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Checks:
    """The five questions of a scan, each yes, no or unknown."""

    signature: Check
    in_log: Check
    not_revoked: Check
    issuer_known: Check
    label_not_cloned: Check

    @property
    def state(self) -> Literal["verified", "not_verified", "problem"]:
        answers = (self.signature, self.in_log, self.not_revoked, self.issuer_known, self.label_not_cloned)
        if "no" in (self.not_revoked, self.label_not_cloned):
            return "problem"
        return "verified" if all(answer == "yes" for answer in answers) else "not_verified"


@dataclass(frozen=True, slots=True)
class Passport:
    """What is told about a lot; None where this reader may not be told. Days are exact only where DAY may be seen."""

    reader: Reader
    lot: str
    token: str | None
    human_code: str | None
    material: str
    form: str
    custody: str | None
    scheme: str | None
    grams: int
    made_on: date
    exact_day: bool
    country: str | None
    maker: str | None
    maker_roles: tuple[str, ...]
    countries: tuple[tuple[str, int], ...]
    content: Content
    stages: tuple[Stage, ...]
    complete: bool
    measurements: tuple[MeasurementRow, ...]
    certificates: tuple[CertificateRow, ...]
    papers: tuple[Paper, ...]
    checks: Checks
    proof: Proved | None
    finding: LabelFindingRow | None
    recalled: bool
    waiting: int | None  # reports of the label that nobody answered yet: for its issuer and its country's regulator


async def find(record: AsyncSession, *, token: str | None = None, uri: str | None = None) -> LotRow:
    """The lot behind a label, by its token or its URI in any spelling. Raises NotFound."""
    key = None if uri is None else canonical_key(uri)
    wanted = select(LotRow).where(LotRow.token == token if token is not None else LotRow.uri == key)
    lot = await record.scalar(wanted)
    if lot is None:
        raise NotFound("The record knows no such label.", field="lot", value=token or uri)
    return lot


async def reader_of(record: AsyncSession, lot: LotRow, actor: Actor | None, countries: set[str]) -> Reader:
    """How this person or key stands to the lot."""
    if actor is None:
        return Reader.PUBLIC
    if "regulator" in actor.organisation_roles:
        return Reader.REGULATOR if actor.country in countries else Reader.REGULATOR_ELSEWHERE
    if lot.organisation_id == actor.organisation_id:
        return Reader.PARTY
    held = select(BalanceRow.lot_id).where(BalanceRow.lot_id == lot.id, BalanceRow.holder == actor.organisation_id)
    return Reader.PARTY if (await record.execute(held)).first() else Reader.STRANGER


async def passport(
    record: AsyncSession, lot: LotRow, actor: Actor | None, verifiers: Sequence[Verifier], catalogue: Catalogue,
    today: date,
) -> Passport:  # fmt: skip
    """Tell one lot to one reader on a day. `record` is a transaction with the record scope; fields are withheld here.

    Who bought under a transaction certificate is its parties' business: who may not see events sees none of those.
    """
    descent = await trace(record, lot.id, "back")
    events = await _events(record, [each.created_index for each in descent.lots])
    places = await _countries(record, descent.lots)
    reader = await reader_of(record, lot, actor, set(places.values()))
    makers = await _makers(record, descent.lots)
    maker = makers[lot.organisation_id]
    stands = await standing(record, [each.lot_id for each in descent.lots])
    grams = {lot_id: each.grams for lot_id, each in stands.items()}
    origins, mass = Origins.from_json(lot.origins), grams.get(lot.id, 0)
    stand = stands.get(lot.id)
    proof = await prove(record, stand.event_index if stand else lot.created_index, verifiers)
    country = places.get(lot.id, maker.country)
    finding = await standing_finding(record, lot.id)
    called_back = bool(await recalled(record, [lot.id]))
    named = sees(reader, Field.MAKER) or maker.name_public
    found = await measurements(record, lot.id) if sees(reader, Field.MEASUREMENT) else []
    papers = (await papers_of(record, catalogue, [lot], today)).get(lot.id, ())
    return Passport(
        reader=reader, lot=lot.uri, token=lot.token, human_code=human_code(lot.token) if lot.token else None,
        material=lot.material, form=lot.form, custody=lot.custody, scheme=lot.scheme, grams=mass,
        made_on=lot.created_day, exact_day=sees(reader, Field.DAY), country=country,
        maker=maker.name if named else None, maker_roles=tuple(maker.roles),
        countries=_by_country(origins, mass), content=origins.content(mass) if origins.total else Content(),
        stages=stages_of(descent.lots, events, places, makers, grams, reader), complete=descent.complete,
        measurements=tuple(found),
        certificates=tuple(await certificates(record, lot.id, lot.organisation_id, lot.created_day)),
        papers=tuple(each for each in papers if each.kind == "scope" or sees(reader, Field.EVENTS)),
        checks=_checks(maker, proof, finding, revoked=stand is None or called_back), proof=proof, finding=finding,
        recalled=called_back,
        waiting=await waiting(record, lot.id) if _answers(lot, country, actor) else None,
    )  # fmt: skip


def _by_country(origins: Origins, mass: int) -> tuple[tuple[str, int], ...]:
    """Grams by country of collection, the largest first."""
    shares: dict[str, int] = {}
    for origin, part in origins.shared(mass):
        shares[origin.country] = shares.get(origin.country, 0) + part
    return tuple(sorted(shares.items(), key=lambda share: -share[1]))


async def _events(record: AsyncSession, indexes: list[int]) -> dict[int, EventRow]:
    rows = await record.scalars(select(EventRow).where(EventRow.index.in_(indexes)))
    return {row.index: row for row in rows}


async def _countries(record: AsyncSession, lots: Sequence[Ancestor]) -> dict[int, str]:
    """Country of the facility where each lot was made, by lot id."""
    wanted = {each.facility_id for each in lots if each.facility_id is not None}
    rows = await record.execute(select(Facility.id, Facility.country).where(Facility.id.in_(wanted)))
    countries = {row.id: row.country for row in rows}
    return {each.lot_id: countries[each.facility_id] for each in lots if each.facility_id in countries}


async def _makers(record: AsyncSession, lots: Sequence[Ancestor]) -> dict[int, Organisation]:
    rows = await record.scalars(select(Organisation).where(Organisation.id.in_({each.maker for each in lots})))
    return {row.id: row for row in rows}


def _answers(lot: LotRow, country: str, actor: Actor | None) -> bool:
    """Whether reports of this lot's label are this reader's to answer."""
    if actor is None:
        return False
    authority = "regulator" in actor.organisation_roles and actor.country == country
    return authority or lot.organisation_id == actor.organisation_id


def _checks(maker: Organisation, proof: Proved | None, finding: LabelFindingRow | None, *, revoked: bool) -> Checks:
    """What nobody found is not told: a report alone, by whoever, changes no answer."""
    return Checks(
        signature="unknown" if proof is None else ("yes" if proof.signature_valid else "no"),
        in_log="unknown" if proof is None else ("yes" if proof.included else "no"),
        not_revoked="no" if revoked else "yes",
        issuer_known="yes" if maker.roles else "no",
        label_not_cloned="no" if finding is not None and finding.finding == "cloned" else "yes",
    )
