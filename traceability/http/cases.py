"""Cases over HTTP: what was reported of the organisation's labels, and what it finds."""

from typing import Any, Final

from litestar import get, post
from litestar.di import NamedDependency as Given
from litestar.params import JSONBody
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from foundation.access import SIGNED_IN, Actor, May
from foundation.database import Clock
from traceability.cases.findings import LONGEST_STATEMENT, Found, Outcome, state_finding
from traceability.cases.reports import Case, cases
from traceability.http.epcis import told
from traceability.sequencing.sequencer import Sequencer
from traceability.tables import LabelFindingRow


class FindingIn(BaseModel):
    """What is found of a label; it answers the reports up to the id `seen`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lot: str
    finding: Outcome
    statement: str = Field(min_length=1, max_length=LONGEST_STATEMENT)
    seen: int = Field(default=0, ge=0, lt=2**63)


def shown_finding(row: LabelFindingRow) -> dict[str, Any]:
    """A finding as anybody may know it: without the words of whoever found it."""
    return {
        "finding": row.finding, "reports": row.reports, "byAuthority": row.authority,
        "foundOn": row.found_at.date().isoformat(), "leafIndex": row.fact_index,
    }  # fmt: skip


def _shown(case: Case) -> dict[str, Any]:
    return {
        "lot": case.lot.uri, "answered": case.answered,
        "waiting": [
            {"id": each.id, "reason": each.reason, "message": each.message, "reportedAt": each.reported_at.isoformat()}
            for each in case.waiting
        ],
        "finding": {**shown_finding(case.finding), "statement": case.finding.statement} if case.finding else None,
    }  # fmt: skip


@get("/api/v1/label-reports", opt={"access": SIGNED_IN})
async def get_label_reports(record: Given[AsyncSession], actor: Given[Actor]) -> list[dict[str, Any]]:
    """What was reported of the organisation's labels (to a regulator: of its country's), waiting ones first."""
    return [_shown(each) for each in await cases(record, actor)]


@post("/api/v1/label-findings", opt={"access": May("capture")})
async def post_label_finding(
    record: Given[AsyncSession], sequencer: Given[Sequencer], actor: Given[Actor], clock: Given[Clock],
    data: JSONBody[FindingIn],
) -> dict[str, Any]:  # fmt: skip
    """Answer the reports of a label: copies of it exist, or it is sound."""
    return told(await state_finding(record, sequencer, actor, Found(**data.model_dump()), clock()))


ROUTES: Final = [get_label_reports, post_label_finding]
