"""Transaction certificates: a body certifies grams of a lot for a buyer, never above its inputs times the yield."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import Actor
from foundation.errors import Conflict, Invalid, NotFound, Refusal
from foundation.registry import Organisation
from standards.catalogue import Catalogue
from standards.custody import LotModel
from standards.materials import taxonomy
from standards.trade.certifying import InputCertificate, Shipment, decide
from traceability.certificates.balance import ADMIT, CANCEL, DRAW, INPUT, ISSUE, RESTORE, TAKE
from traceability.certificates.reading import transactions
from traceability.certificates.scopes import CERTIFIER, LONGEST, Standing, standing_scope
from traceability.certificates.tables import CertifiedLotRow, TransactionRow
from traceability.identifiers import canonical_key
from traceability.ledger.claiming import check_model
from traceability.preparing import fact, id_of
from traceability.recalls.reading import recalled
from traceability.refusals import LotRecalled
from traceability.sequencing.commands import Accepted, Command, IndexOf, Write
from traceability.sequencing.sequencer import Sequencer
from traceability.tables import EntryRow, EventRow, LotRow

MOST_INPUTS: Final = 50


class NotCertifiable(Refusal):
    """The scope certificate does not stand for this shipment, or more was asked than may still be certified."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "NOT_CERTIFIABLE"


@dataclass(frozen=True, slots=True)
class Inputs:
    """What went into a lot: grams by transaction certificate received, and reclaimed grams that the body verified."""

    scope: int
    lot: str
    yield_share: Decimal
    received: Mapping[int, int]
    reclaimed_grams: int = 0


@dataclass(frozen=True, slots=True)
class Issue:
    """A transaction certificate as it is asked for; `buyer` and `site` by URI."""

    scope: int
    number: str
    lot: str
    buyer: str
    site: str
    grams: int
    shipped_on: date
    edition: str | None = None
    custody: LotModel | None = None


async def _issuing(record: AsyncSession, actor: Actor, scope: int) -> Standing:
    """The scope certificate, where the actor is its body. Raises NotFound."""
    actor.must("capture")
    found = await standing_scope(record, scope)
    if found.row.body_id != actor.organisation_id or CERTIFIER not in actor.organisation_roles:
        raise NotFound("You have no such certificate to act on.", field="scope", value=scope)
    if found.evidence != "certifier":
        raise Conflict("Confirm the scope certificate first.", field="scope", value=scope)
    return found


async def _lot(record: AsyncSession, holder: int, uri: str) -> LotRow:
    """A lot that the certificate's holder made or has had. Raises NotFound."""
    lot = await record.scalar(select(LotRow).where(LotRow.uri == canonical_key(uri)))
    had = select(EntryRow.lot_id).where(EntryRow.holder == holder).limit(1)
    if lot is None or (await record.scalar(had.where(EntryRow.lot_id == lot.id))) is None:
        raise NotFound("The certificate's holder had no such lot.", field="lot", value=uri)
    return lot


async def admit_inputs(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, inputs: Inputs, moment: datetime
) -> Accepted:
    """State what went into a lot and the yield; more may be added at the same yield.

    Raises NotFound, Invalid, or Conflict for a paper that is cancelled, used up, of another buyer, scheme or lot, or
    for another yield than was stated before.
    """
    scope = await _issuing(record, actor, inputs.scope)
    lot = await _lot(record, scope.row.holder_id, inputs.lot)
    grams = [*inputs.received.values(), *([inputs.reclaimed_grams] if inputs.reclaimed_grams else [])]
    if not grams or min(grams) <= 0 or len(grams) > MOST_INPUTS:
        raise Invalid("Name what went in.", field="received", fix=f"Name 1 to {MOST_INPUTS} inputs, each above 0 g.")
    if not 0 < inputs.yield_share <= 1:
        raise Invalid(
            "A yield lies above 0 and not above 1.", field="yield_share", value=str(inputs.yield_share),
            fix="State what comes out per gram that goes in.",
        )  # fmt: skip
    document = {
        "type": "CertifiedInputs", "scope": inputs.scope, "lot": lot.uri, "yield": str(inputs.yield_share),
        "received": {str(number): amount for number, amount in inputs.received.items()},
        "reclaimedGrams": inputs.reclaimed_grams, "by": actor.organisation_uri, "time": moment.isoformat(),
    }  # fmt: skip
    told = fact("certificate", document, id_of("certificate", document), actor, moment, sequencer.controls.version)
    made = await _grams_of(record, lot, scope.row.holder_id)
    other = Conflict("Another yield was stated for this lot.", field="yield_share", value=str(inputs.yield_share))
    writes = [Write(ADMIT, (lot.id, inputs.scope, made, sum(grams), inputs.yield_share), other)]
    for source, amount in inputs.received.items():
        spent = Conflict(
            "This certificate cannot be drawn on for that lot.", field="received", value=source,
            fix="Name one that stands, with grams left, of this scheme and buyer, for a lot that went in.",
        )  # fmt: skip
        writes.append(Write(DRAW, (lot.id, amount, source, inputs.scope), spent))
        writes.append(Write(INPUT, (IndexOf(), lot.id, inputs.scope, source, amount), spent))
    if inputs.reclaimed_grams:
        writes.append(Write(INPUT, (IndexOf(), lot.id, inputs.scope, None, inputs.reclaimed_grams), other))
    return (await sequencer.submit(Command((told,), tuple(writes)))).accepted[0]


async def _grams_of(record: AsyncSession, lot: LotRow, holder: int) -> int:
    """All that this holder ever had of the lot: what it made, or what it was handed by the weight that stands."""
    wanted = select(func.sum(EntryRow.grams)).where(EntryRow.lot_id == lot.id, EntryRow.grams > 0)
    if lot.organisation_id == holder:
        wanted = wanted.where(EntryRow.event_index == lot.created_index)
    else:
        agreed = exists().where(EventRow.index == EntryRow.event_index, EventRow.kind == "amended")
        handed = agreed.where(EventRow.biz_step.in_(["receiving", "accepting"]))
        wanted = select(func.sum(EntryRow.grams)).where(
            EntryRow.lot_id == lot.id, EntryRow.holder == holder, EntryRow.account == "stock",
            or_(and_(EntryRow.grams > 0, ~agreed), handed),
        )  # fmt: skip
    grams = await record.scalar(wanted)
    if not grams:
        raise NotFound("The certificate's holder had no such lot.", field="lot", value=lot.uri)
    return int(grams)


async def issue(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, catalogue: Catalogue, asked: Issue, moment: datetime
) -> Accepted:
    """Certify grams of a lot for a buyer.

    Raises NotFound, Invalid, LotRecalled, CustodyOverstated, NotCertifiable with every reason, or Conflict where the
    number is known.
    """
    scope = await _issuing(record, actor, asked.scope)
    lot = await _lot(record, scope.row.holder_id, asked.lot)
    buyer = await record.scalar(select(Organisation).where(Organisation.uri == asked.buyer))
    if buyer is None or buyer.id == scope.row.holder_id:
        raise NotFound("No such buyer takes part.", field="buyer", value=asked.buyer)
    twice = Conflict("You have issued this number already.", field="number", value=asked.number)
    if await transactions(
        record, TransactionRow.body_id == actor.organisation_id, TransactionRow.number == asked.number
    ):
        raise twice
    if asked.grams <= 0:
        raise Invalid("A shipment has a mass above zero.", field="grams", value=asked.grams, fix="State its grams.")
    check_model(asked.custody, LotModel(lot.custody) if lot.custody else None, lot.uri)
    known = await _certifiable(record, lot, asked)
    _must_be_certifiable(scope, catalogue, lot, known, asked)
    document = {
        "type": "TransactionCertificate", "scope": asked.scope, "number": asked.number, "lot": lot.uri,
        "buyer": buyer.uri, "site": asked.site, "grams": asked.grams, "shippedOn": str(asked.shipped_on),
        "edition": asked.edition, "by": actor.organisation_uri,
    } | ({"custody": asked.custody.value} if asked.custody else {})  # fmt: skip
    told = fact("certificate", document, id_of("certificate", document), actor, moment, sequencer.controls.version)
    # what was read may be old by now: the rows decide, in the transaction that writes the fact
    gone = NotCertifiable("Somebody else certified it meanwhile.", field="grams", reasons=["VOLUME_EXCEEDS_AVAILABLE"])
    row = (
        IndexOf(), asked.scope, actor.organisation_id, asked.number, lot.id, scope.row.holder_id, buyer.id,
        asked.site, asked.grams, asked.shipped_on, moment, asked.custody,
    )  # fmt: skip
    taking = Write(TAKE, (lot.id, asked.scope, asked.grams), gone)
    return (await sequencer.submit(Command((told,), (taking, Write(ISSUE, row, twice))))).accepted[0]


async def _certifiable(record: AsyncSession, lot: LotRow, asked: Issue) -> CertifiedLotRow:
    """What is known of a lot that nobody called back. Raises LotRecalled, or Conflict where nothing went in."""
    if await recalled(record, [lot.id]):
        raise LotRecalled(
            "This lot is under a recall.", field="lot", value=asked.lot, fix="Wait until the recall is over."
        )
    known = await record.get(CertifiedLotRow, (lot.id, asked.scope))
    if known is None:
        raise Conflict("State first what went into the lot.", field="lot", value=asked.lot)
    return known


def _must_be_certifiable(
    scope: Standing, catalogue: Catalogue, lot: LotRow, known: CertifiedLotRow, asked: Issue
) -> None:
    """The rules' own decision over what was read. Raises NotCertifiable with every reason."""
    decision = decide(
        scope.rule, taxonomy(catalogue), Shipment(asked.shipped_on, lot.material, asked.site, asked.grams),
        [InputCertificate(known.input_grams, "issued")], [known.certified], known.yield_share, asked.edition,
    )  # fmt: skip
    left = min(decision.available_grams, known.lot_grams - known.certified)
    reasons = decision.reasons or (("VOLUME_EXCEEDS_AVAILABLE",) if asked.grams > left else ())
    if reasons:
        raise NotCertifiable(
            f"This cannot be certified: {', '.join(reasons)}.", field="grams", value=asked.grams,
            fix="Ask for what is left, inside the scope certificate.", reasons=list(reasons), available_grams=left,
        )  # fmt: skip


async def cancel(
    record: AsyncSession, sequencer: Sequencer, actor: Actor, number: int, statement: str, moment: datetime
) -> Accepted:
    """Cancel a transaction certificate; its grams may be certified again.

    Raises NotFound for another body's, Invalid, or Conflict where it is cancelled or was drawn on.
    """
    actor.must("capture")
    said, row = statement.strip(), await record.get(TransactionRow, number)
    if not 0 < len(said) <= LONGEST or "\x00" in said:
        raise Invalid("Say why.", field="statement", value=said[:80], fix=f"Write 1 to {LONGEST} characters.")
    if row is None or row.body_id != actor.organisation_id:
        raise NotFound("You issued no such certificate.", field="certificate", value=number)
    over = Conflict("It is cancelled already, or its buyer drew on it.", field="certificate", value=number)
    if row.cancelled_index is not None:
        raise over
    document: dict[str, Any] = {
        "type": "TransactionCertificateCancelled", "certificate": number, "statement": said,
        "by": actor.organisation_uri, "time": moment.isoformat(),
    }  # fmt: skip
    told = fact("certificate", document, id_of("certificate", document), actor, moment, sequencer.controls.version)
    writes = (
        Write(CANCEL, (IndexOf(), number), over), Write(RESTORE, (row.lot_id, row.scope, row.grams), over),
    )  # fmt: skip
    return (await sequencer.submit(Command((told,), writes))).accepted[0]
