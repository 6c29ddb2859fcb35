"""Lots over HTTP: holdings, passports, genealogy, measurements, certificates."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from litestar import get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromQuery, JSONBody
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import PUBLIC, SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import Invalid
from standards.catalogue import Catalogue
from traceability.evidence import Certificate, Measurement, certify, measure
from traceability.genealogy.lineage import Related, lineage
from traceability.holdings import Holding, holdings
from traceability.http.cases import shown_finding
from traceability.http.epcis import told
from traceability.ledger.origins import Content
from traceability.passport import Passport, find, passport
from traceability.sequencing.sequencer import Sequencer
from traceability.tree.checkpoint import Verifier


class In(BaseModel):
    """What a client sends: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MeasurementIn(In):
    """A laboratory's result or an own test: an exact `value` in `unit`, or `words` for what is told (a colour)."""

    lot: str
    property: str
    value: Decimal | None = None
    unit: str | None = None
    words: str | None = None
    sampled_on: date
    evidence: Literal["E1", "E2", "E3", "E4", "E5"] = "E1"
    comparator: Literal["=", "<", ">"] = "="
    method: str | None = None
    condition: str | None = None
    uncertainty: Decimal | None = None
    laboratory: str | None = None


class CertificateIn(In):
    """A certificate of a lot, or of the organisation's scope."""

    standard: str
    kind: Literal["scope", "transaction", "test_report", "declaration"]
    number: str = Field(min_length=1)
    issuer: str = Field(min_length=1)
    materials: tuple[str, ...]
    valid_from: date
    valid_to: date
    lot: str | None = None
    facility_id: int | None = None
    document_sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


def shown_holding(held: Holding) -> dict[str, Any]:
    """A holding as JSON, masses in grams."""
    return {
        "lot": held.lot, "material": held.material, "form": held.form, "custody": held.custody,
        "madeOn": held.made_on.isoformat(), "account": held.account, "freeGrams": held.free,
        "reservedGrams": held.reserved, "origins": held.origins.to_json(),
        "recycledContent": shown_content(held.origins.content(held.free + held.reserved)) if held.origins.total else {},
        "claimedGrams": {"epr": held.claimed_epr, "content": held.claimed_content, "credit": held.claimed_credit},
    }  # fmt: skip


def shown_content(content: Content) -> dict[str, int]:
    """What a lot is, by ISO 14021, in grams; what an account says of it stands apart, and the unknown is told."""
    return {
        "preConsumerGrams": content.pre, "postConsumerGrams": content.post, "virginGrams": content.virgin,
        "unknownGrams": content.unknown, "massBalancePreConsumerGrams": content.booked_pre,
        "massBalancePostConsumerGrams": content.booked_post,
    }  # fmt: skip


@get("/api/v1/holdings", opt={"access": SIGNED_IN})
async def get_holdings(
    transaction: Given[AsyncSession],
    actor: Given[Actor],
    account: FromQuery[Literal["stock", "transit"]] = "stock",
) -> list[dict[str, Any]]:
    """What the organisation holds (stock), or what is on its way to it (transit)."""
    return [shown_holding(each) for each in await holdings(transaction, actor.organisation_id, account=account)]


def shown_passport(told_lot: Passport) -> dict[str, Any]:
    """A passport as JSON: what this reader may see; dates to the month where the day is withheld."""
    day = (lambda d: d.isoformat()) if told_lot.exact_day else (lambda d: f"{d:%Y-%m}")
    proof = told_lot.proof
    return {
        "lot": told_lot.lot, "material": told_lot.material, "form": told_lot.form, "custody": told_lot.custody,
        "massBalanceScheme": told_lot.scheme, "grams": told_lot.grams,
        "made": day(told_lot.made_on), "country": told_lot.country, "maker": told_lot.maker,
        "makerRoles": list(told_lot.maker_roles), "humanCode": told_lot.human_code, "state": told_lot.checks.state,
        "checks": {
            "signature": told_lot.checks.signature, "inLog": told_lot.checks.in_log,
            "notRevoked": told_lot.checks.not_revoked, "issuerKnown": told_lot.checks.issuer_known,
            "labelNotCloned": told_lot.checks.label_not_cloned,
        },
        "countriesOfCollection": [{"country": country, "grams": grams} for country, grams in told_lot.countries],
        "recycledContent": shown_content(told_lot.content),
        "stages": [
            {"depth": s.depth, "bizStep": s.biz_step, "material": s.material, "form": s.form, "country": s.country,
             "lots": s.lots, "from": day(s.first_day), "to": day(s.last_day), "organisation": s.organisation,
             "grams": s.grams, "leafIndex": s.event_index}
            for s in told_lot.stages
        ],
        "complete": told_lot.complete,
        "labelFinding": shown_finding(told_lot.finding) if told_lot.finding else None,
        **_shown_certificates(told_lot),
        "measurements": [
            {"property": m.property, "value": None if m.value is None else str(m.value),
             "comparator": m.comparator, "unit": m.unit, "words": m.words,
             "method": m.method, "evidence": m.evidence, "sampledOn": m.sampled_on.isoformat()}
            for m in told_lot.measurements
        ],
        "proof": None if proof is None else {
            "leafIndex": proof.index, "treeSize": proof.size, "leaf": proof.leaf.decode(),
            "hashes": [each.hex() for each in proof.path], "checkpoint": proof.note,
        },
    }  # fmt: skip


def _shown_certificates(told_lot: Passport) -> dict[str, Any]:
    """What was stated to certify the lot, and the certificates of the record with how each stands today."""
    return {
        "certificates": [
            {"standard": c.standard, "kind": c.kind, "number": c.number, "issuer": c.issuer,
             "validFrom": str(c.valid_from), "validTo": str(c.valid_to)} for c in told_lot.certificates
        ],
        "standing": [
            {"kind": p.kind, "scheme": p.scheme, "number": p.number, "body": p.body, "state": p.state,
             "confirmed": p.confirmed, "validFrom": str(p.valid_from), "validTo": p.valid_to and str(p.valid_to)}
            for p in told_lot.papers
        ],
    }  # fmt: skip


@get("/api/v1/passport", opt={"access": PUBLIC})
async def get_passport(
    record: Given[AsyncSession],
    actor: Given[Actor | None],
    verifiers: Given[Sequence[Verifier]],
    catalogue: Given[Catalogue],
    clock: Given[Clock],
    lot: FromQuery[str | None] = None,
    token: FromQuery[str | None] = None,
) -> dict[str, Any]:
    """One lot told backwards, as far as this reader may see."""
    if lot is None and token is None:
        raise Invalid("Which lot?", field="lot", fix="State lot=<its identity> or token=<from its label>.")
    row = await find(record, token=token, uri=lot)
    return shown_passport(await passport(record, row, actor, verifiers, catalogue, clock().date()))


def _shown_related(each: Related) -> dict[str, Any]:
    return {
        "depth": each.depth, "material": each.material, "form": each.form, "country": each.country, "lot": each.lot,
        "organisation": each.organisation, "madeOn": each.made_on.isoformat() if each.made_on else None,
        "grams": each.grams, "leafIndex": each.leaf_index,
    }  # fmt: skip


@get("/api/v1/genealogy", opt={"access": SIGNED_IN})
async def get_genealogy(
    record: Given[AsyncSession], actor: Given[Actor], verifiers: Given[Sequence[Verifier]], catalogue: Given[Catalogue],
    clock: Given[Clock], lot: FromQuery[str],
) -> dict[str, Any]:  # fmt: skip
    """The first lots that a lot came from (their grams add up to its own), what was made of it, and who holds it."""
    row = await find(record, uri=lot)
    seen = await passport(record, row, actor, verifiers, catalogue, clock().date())
    told = await lineage(record, row, actor, seen.reader)
    return {
        "lot": lot, "grams": told.grams, "complete": told.complete,
        "sources": [_shown_related(each) for each in told.sources],
        "made": [_shown_related(each) for each in told.made],
        "held": [{"organisation": e.organisation, "lot": e.lot, "grams": e.grams} for e in told.held],
    }  # fmt: skip


@post("/api/v1/measurements", opt={"access": May("capture")})
async def post_measurement(
    transaction: Given[AsyncSession],
    sequencer: Given[Sequencer],
    actor: Given[Actor],
    catalogue: Given[Catalogue],
    clock: Given[Clock],
    data: JSONBody[MeasurementIn],
) -> dict[str, Any]:
    """Record a measurement of a lot."""
    measured = Measurement(**data.model_dump())
    return told(await measure(transaction, sequencer, actor, catalogue, measured, clock()))


@post("/api/v1/certificates", opt={"access": May("capture")})
async def post_certificate(
    transaction: Given[AsyncSession],
    sequencer: Given[Sequencer],
    actor: Given[Actor],
    clock: Given[Clock],
    data: JSONBody[CertificateIn],
) -> dict[str, Any]:
    """Record a certificate."""
    stated = data.model_dump()
    digest = stated.pop("document_sha256")
    certificate = Certificate(**stated, document_sha256=bytes.fromhex(digest) if digest else None)
    return told(await certify(transaction, sequencer, actor, certificate, clock()))


ROUTES: Final = [
    get_holdings, get_passport, get_genealogy, post_measurement, post_certificate,
]  # fmt: skip
