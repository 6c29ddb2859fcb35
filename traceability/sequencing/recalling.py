"""Recalling: a batch's recalls as rows, those of held corrections too; what is cleared ends its recall."""

from collections.abc import Mapping
from typing import Final

from traceability.ledger.movements import ErrorDeclared
from traceability.ledger.outcomes import HELD
from traceability.sequencing.batch import Plan
from traceability.sequencing.commands import Recalling
from traceability.sequencing.loaded import Row
from traceability.sequencing.loading import Connection
from traceability.sequencing.standing import Standing

OPEN: Final = """
INSERT INTO recall (fact_index, organisation_id, authority, reason, statement, opened_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
NAME: Final = "INSERT INTO recalled_lot (recall, lot_id, named) SELECT $1, unnest($2::bigint[]), true"
FOLLOW: Final = """
INSERT INTO recalled_lot (recall, lot_id, named) SELECT n.recall, n.lot_id, false
FROM unnest($1::bigint[], $2::bigint[]) AS n (recall, lot_id) ON CONFLICT DO NOTHING
"""
END: Final = """
UPDATE recall r SET closed_index = n.index FROM unnest($1::bigint[], $2::bigint[]) AS n (recall, index)
WHERE r.fact_index = n.recall AND r.closed_index IS NULL
"""


async def write_recalls(connection: Connection, plan: Plan, ids: Mapping[str, int]) -> None:
    """After the batch's entries are there, for the database walks them to all that is made of a named lot."""
    for row in plan.rows:
        called = row.fact.recalling or _of_correction(plan, row)
        if called is not None:
            organisation = row.fact.speaker.organisation
            facts = (called.authority, called.reason, called.statement, plan.loaded.record_time)
            await connection.execute(OPEN, row.index, organisation, *facts)
            await connection.execute(NAME, row.index, [ids[lot] for lot in called.lots])
    if learnt := plan.loaded.recalled.learnt:
        recalls, lots = [recall for _, recall in learnt], [ids[lot] for lot, _ in learnt]
        await connection.execute(FOLLOW, recalls, lots)
    cleared = [(row.fact.releases, row.index) for row in plan.rows if row.fact.releases is not None]
    if cleared:
        await connection.execute(END, [held for held, _ in cleared], [index for _, index in cleared])


def _of_correction(plan: Plan, row: Row) -> Recalling | None:
    """A declaration of error that is held because its lots are used up already calls those lots back."""
    movement = row.fact.movement
    if not isinstance(movement, ErrorDeclared) or row.entered.outcome != HELD:
        return None
    stands = plan.loaded.reversals.get((row.fact.speaker.organisation, movement.event_id), Standing())
    gone = {
        each.lot for each in stands.entries
        if each.lot is not None and plan.loaded.book.position(each.lot, each.holder, each.account).free < each.grams
    }  # fmt: skip
    return Recalling(tuple(sorted(gone)), "correction", "", authority=False) if gone else None
