"""Transaction certificates over HTTP: what went into a lot, what is certified of it for a buyer, and cancelling."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

from litestar import get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, JSONBody
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from standards.catalogue import Catalogue
from traceability.certificates.reading import transactions
from traceability.certificates.scopes import LONGEST
from traceability.certificates.tables import TransactionRow
from traceability.certificates.transactions import MOST_INPUTS, Inputs, Issue, admit_inputs, cancel, issue
from traceability.http.epcis import told
from traceability.ledger.claiming import model_of
from traceability.sequencing.sequencer import Sequencer

Grams = Annotated[int, Field(gt=0, lt=2**53, strict=True)]
Uri = Annotated[str, Field(min_length=1, max_length=2_000)]


class InputsIn(BaseModel):
    """What went into a lot: `received` is grams by transaction certificate; the yield is a decimal as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lot: Uri
    yield_share: Annotated[str, Field(pattern=r"^[01](\.[0-9]{1,9})?$")]
    received: Annotated[dict[int, Grams], Field(max_length=MOST_INPUTS)] = {}
    reclaimed_grams: Annotated[int, Field(ge=0, lt=2**53, strict=True)] = 0


class IssueIn(BaseModel):
    """What is certified of a lot, for whom, and when it was shipped from which site."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Annotated[str, Field(min_length=1, max_length=100)]
    lot: Uri
    buyer: Uri
    site: Uri
    grams: Grams
    shipped_on: date
    edition: Annotated[str, Field(max_length=50)] | None = None
    custody: Annotated[str, Field(max_length=50)] | None = None


class CancelIn(BaseModel):
    """Why it is cancelled."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    statement: Annotated[str, Field(min_length=1, max_length=LONGEST)]


def transaction_told(row: TransactionRow) -> dict[str, Any]:
    """A transaction certificate, as JSON."""
    return {
        "certificate": row.fact_index, "scope": row.scope, "number": row.number, "grams": row.grams,
        "usedGrams": row.used, "site": row.site, "shippedOn": row.shipped_on.isoformat(),
        "custody": row.custody,
        "status": "issued" if row.cancelled_index is None else "withdrawn", "cancelledBy": row.cancelled_index,
    }  # fmt: skip


@get("/api/v1/transaction-certificates", opt={"access": SIGNED_IN})
async def get_transactions(transaction: Given[AsyncSession]) -> dict[str, Any]:
    """Transaction certificates that the organisation issued, got as seller or holds as buyer, newest first."""
    return {"certificates": [transaction_told(each) for each in await transactions(transaction)]}


@post("/api/v1/scope-certificates/{index:int}/inputs", opt={"access": May("capture")})
async def post_inputs(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int], data: JSONBody[InputsIn],
) -> dict[str, Any]:  # fmt: skip
    """The body states what went into a lot, by certificate received or as reclaimed material that it verified."""
    inputs = Inputs(index, data.lot, Decimal(data.yield_share), data.received, data.reclaimed_grams)
    return told(await admit_inputs(record, sequencer, actor, inputs, clock()))


@post("/api/v1/scope-certificates/{index:int}/transactions", opt={"access": May("capture")})
async def post_transaction(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    catalogue: Given[Catalogue], index: FromPath[int], data: JSONBody[IssueIn],
) -> dict[str, Any]:  # fmt: skip
    """The body certifies grams of a lot for a buyer: inside the scope, never above inputs times the yield."""
    asked = Issue(
        index, data.number, data.lot, data.buyer, data.site, data.grams, data.shipped_on, data.edition,
        model_of(data.custody),
    )  # fmt: skip
    return told(await issue(record, sequencer, actor, catalogue, asked, clock()))


@post("/api/v1/transaction-certificates/{index:int}/cancel", opt={"access": May("capture")})
async def post_cancel(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int], data: JSONBody[CancelIn],
) -> dict[str, Any]:  # fmt: skip
    """Cancel it: its grams may be certified again."""
    return told(await cancel(record, sequencer, actor, index, data.statement, clock()))


ROUTES: Final = [get_transactions, post_inputs, post_transaction, post_cancel]
