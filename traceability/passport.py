"""The passport: one lot told backwards to collection, to one reader, with the proof that it is in the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import NotFound
from foundation.registry import Facility, Organisation
from traceability.cases.reports import standing as standing_finding
from traceability.cases.reports import waiting
from traceability.evidence import certificates, measurements
from traceability.genealogy.walking import Ancestor, trace
from traceability.history.standing import standing
from traceability.identifiers import canonical_key, human_code
from traceability.ledger.origins import Origins
from traceability.proofs import Proved, prove
from traceability.recalls.reading import recalled
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
STAGES: Final = 40


@dataclass(frozen=True, slots=True)
class Stage:
    """Lots of the chain that are alike: same step, form and country, the same number of transformations away."""

    depth: int
    biz_step: str
    material: str
    form: str
    country: str | None
    lots: int
    first_day: date
    last_day: date
    organisation: str | None
    grams: int | None
    event_index: int | None
    token: str | None


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
    custody: str
    grams: int
    made_on: date
    exact_day: bool
    country: str | None
    maker: str | None
    maker_roles: tuple[str, ...]
    countries: tuple[tuple[str, int], ...]
    pre_consumer: int
    post_consumer: int
    stages: tuple[Stage, ...]
    complete: bool
    measurements: tuple[MeasurementRow, ...]
    certificates: tuple[CertificateRow, ...]
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


async def passport(record: AsyncSession, lot: LotRow, actor: Actor | None, verifiers: Sequence[Verifier]) -> Passport:
    """Tell one lot to one reader. `record` is a transaction with the record scope; fields are withheld here."""
    descent = await trace(record, lot.id, "back")
    events = await _events(record, [each.created_index for each in descent.lots])
    places = await _countries(record, descent.lots)
    reader = await reader_of(record, lot, actor, set(places.values()))
    makers = await _makers(record, descent.lots)
    maker = makers[lot.organisation_id]
    stands = await standing(record, [each.lot_id for each in descent.lots])
    grams = {lot_id: each.grams for lot_id, each in stands.items()}
    origins = Origins.from_json(lot.origins)
    mass = grams.get(lot.id, 0)
    pre, post = origins.recycled(mass)
    shares: dict[str, int] = {}
    for origin, part in origins.shared(mass):
        shares[origin.country] = shares.get(origin.country, 0) + part
    stand = stands.get(lot.id)
    proof = await prove(record, stand.event_index if stand else lot.created_index, verifiers)
    country = places.get(lot.id, maker.country)
    finding = await standing_finding(record, lot.id)
    called_back = bool(await recalled(record, [lot.id]))
    named = sees(reader, Field.MAKER) or maker.name_public
    found = await measurements(record, lot.id) if sees(reader, Field.MEASUREMENT) else []
    return Passport(
        reader=reader, lot=lot.uri, token=lot.token, human_code=human_code(lot.token) if lot.token else None,
        material=lot.material, form=lot.form, custody=lot.custody, grams=mass,
        made_on=lot.created_day, exact_day=sees(reader, Field.DAY), country=country,
        maker=maker.name if named else None, maker_roles=tuple(maker.roles),
        countries=tuple(sorted(shares.items(), key=lambda share: -share[1])), pre_consumer=pre, post_consumer=post,
        stages=_stages(descent.lots, events, places, makers, grams, reader), complete=descent.complete,
        measurements=tuple(found),
        certificates=tuple(await certificates(record, lot.id, lot.organisation_id, lot.created_day)),
        checks=_checks(maker, proof, finding, revoked=stand is None or called_back), proof=proof, finding=finding,
        recalled=called_back,
        waiting=await waiting(record, lot.id) if _answers(lot, country, actor) else None,
    )  # fmt: skip


def _stages(
    lots: Sequence[Ancestor], events: dict[int, EventRow], places: dict[int, str], makers: dict[int, Organisation],
    grams: dict[int, int], reader: Reader,
) -> tuple[Stage, ...]:  # fmt: skip
    """Lots that are alike told as one, from collection to the lot itself."""
    groups: dict[tuple[int, str, str, str, str | None], list[Ancestor]] = {}
    for each in lots:
        event = events.get(each.created_index)
        step = (event.biz_step or "") if event is not None else ""
        groups.setdefault((each.depth, step, each.material, each.form, places.get(each.lot_id)), []).append(each)
    return tuple(
        _stage(key, members, makers, grams, reader)
        for key, members in sorted(groups.items(), key=lambda group: (-group[0][0], str(group[0])))
    )[-STAGES:]


def _stage(
    key: tuple[int, str, str, str, str | None], members: list[Ancestor], makers: dict[int, Organisation],
    grams: dict[int, int], reader: Reader,
) -> Stage:  # fmt: skip
    depth, step, material, form, country = key
    names = {makers[each.maker].name for each in members if _named(makers[each.maker], depth, reader)}
    open_here = sees(reader, Field.EVENTS) and (depth == 0 or sees(reader, Field.UPSTREAM))
    alone = members[0] if len(members) == 1 and open_here else None
    return Stage(
        depth=depth, biz_step=step, material=material, form=form, country=country, lots=len(members),
        first_day=min(each.made_on for each in members), last_day=max(each.made_on for each in members),
        organisation=names.pop() if len(names) == 1 else None,
        grams=sum(grams.get(each.lot_id, 0) for each in members) if sees(reader, Field.MASS_OF_STEP) else None,
        event_index=alone.created_index if alone else None, token=alone.token if alone else None,
    )  # fmt: skip


def _named(maker: Organisation, depth: int, reader: Reader) -> bool:
    if depth == 0:
        return maker.name_public or sees(reader, Field.MAKER)
    return maker.name_public or sees(reader, Field.UPSTREAM)


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
