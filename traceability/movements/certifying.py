"""Certifying: what may be certified of a lot follows what both sides agree was received, not below what is."""

from typing import Final

from traceability.ledger.refusals import GoodsUsed
from traceability.movements.telling import Movement, Proposal
from traceability.sequencing.commands import Write

# One row where it may be, none where more is certified than would be left. A maker's lots are what was made of them.
FOLLOWS: Final = """
WITH basis AS (
    SELECT c.lot_id, c.scope, c.certified, c.lot_grams + $3 AS grams FROM certified_lot c
    JOIN scope_certificate s ON s.fact_index = c.scope JOIN lot l ON l.id = c.lot_id
    WHERE c.lot_id = $1 AND s.holder_id = $2 AND l.organisation_id <> s.holder_id
), moved AS (
    UPDATE certified_lot c SET lot_grams = b.grams FROM basis b
    WHERE (c.lot_id, c.scope) = (b.lot_id, b.scope) AND b.grams > 0 AND b.certified <= b.grams
)
SELECT 1 WHERE NOT EXISTS (SELECT FROM basis WHERE grams <= 0 OR certified > grams)
"""


def certified(told: Movement, proposal: Proposal) -> list[Write]:
    """What must hold of the receiver's transaction certificates, for each lot of which it received less or more."""
    lots = {each.lot_id: each.lot for each in told.goods}
    writes = []
    for row in proposal.figures:
        if row.received is None or row.received_was is None or row.received == row.received_was:
            continue
        lot, by = lots[row.lot_id], row.received - row.received_was
        refusal = GoodsUsed(
            f"More of lot {lot} is certified than would be left.", field="received_grams", value=row.received, lot=lot,
            side="receiver", fix="Have a transaction certificate cancelled first, or agree on a smaller change.",
        )  # fmt: skip
        writes.append(Write(FOLLOWS, (row.lot_id, told.receiver.id, by), refusal))
    return writes
