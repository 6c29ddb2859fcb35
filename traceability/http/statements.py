"""Statements over HTTP: what a lot's maker or holder says of it, what it may say, and taking it back."""

from typing import Any, Final

from litestar import get, post
from litestar.di import NamedDependency as Given
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import BaseModel, ConfigDict, StrictBool, StrictStr
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from foundation.errors import NotFound
from standards.catalogue import Catalogue
from traceability.http.epcis import told
from traceability.http.evaluations import own_lot
from traceability.sequencing.sequencer import Sequencer
from traceability.statements import Saying, sayable, state, statements, withdraw


class StatementIn(BaseModel):
    """Something said of a lot: true or false, or the word that is the value (of an attribute, a claimed grade)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    lot: str
    name: str
    value: StrictBool | StrictStr


@post("/api/v1/statements", opt={"access": May("capture")})
async def post_statement(
    transaction: Given[AsyncSession],
    sequencer: Given[Sequencer],
    actor: Given[Actor],
    catalogue: Given[Catalogue],
    clock: Given[Clock],
    data: JSONBody[StatementIn],
) -> dict[str, Any]:
    """State something of a lot that the organisation made or holds; what it said before under this name is replaced."""
    saying = Saying(data.lot, data.name, data.value)
    return told(await state(transaction, sequencer, actor, catalogue, saying, clock()))


@post("/api/v1/statements/{index:int}/withdrawal", opt={"access": May("capture")})
async def post_withdrawal(
    transaction: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    index: FromPath[int],
) -> dict[str, Any]:  # fmt: skip
    """Take back a statement of the organisation, by its leaf index."""
    return told(await withdraw(transaction, sequencer, actor, index, clock()))


@get("/api/v1/statements", opt={"access": SIGNED_IN})
async def get_statements(
    transaction: Given[AsyncSession], record: Given[AsyncSession], actor: Given[Actor], catalogue: Given[Catalogue],
    lot: FromQuery[str],
) -> dict[str, Any]:  # fmt: skip
    """What stands of a lot that the organisation made or holds, and what standards ask to be said of such a lot."""
    try:
        row = await own_lot(transaction, record, actor, lot)
    except NotFound:
        raise NotFound("You have no such lot.", field="lot", value=lot, fix="Check the lot's identity.") from None
    standing = [
        {"leafIndex": each.fact_index, "name": each.name, "value": each.words if each.said is None else each.said,
         "statedOn": each.stated_on.isoformat(), "own": each.organisation_id == actor.organisation_id}
        for each in await statements(record, row.id)
    ]  # fmt: skip
    asked = {name: list(values) for name, values in sayable(catalogue, row.material).items()}
    return {"lot": row.uri, "statements": standing, "asked": asked}


ROUTES: Final = [post_statement, post_withdrawal, get_statements]
