"""Balance: what may still be certified of a lot, kept by statements that change a row only where it stays within."""

from typing import Final

# A paper received is drawn on once: by its buyer, for a lot that is its lot or was made of it.
DRAW: Final = """
WITH RECURSIVE walk (lot_id) AS (
    SELECT $1::bigint
    UNION
    SELECT other.lot_id FROM walk
    JOIN entry mine ON mine.lot_id = walk.lot_id AND mine.transforms AND mine.grams > 0
    JOIN entry other ON other.event_index = mine.event_index AND other.transforms AND other.grams < 0
)
UPDATE transaction_certificate source SET used = used + $2
FROM scope_certificate theirs, scope_certificate ours
WHERE source.fact_index = $3 AND source.cancelled_index IS NULL AND source.used + $2 <= source.grams
    AND source.lot_id IN (SELECT lot_id FROM walk) AND theirs.fact_index = source.scope AND ours.fact_index = $4
    AND ours.scheme = theirs.scheme AND ours.holder_id = source.buyer_id
"""
ADMIT: Final = """
INSERT INTO certified_lot AS known (lot_id, scope, lot_grams, input_grams, yield_share)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (lot_id, scope) DO UPDATE SET input_grams = known.input_grams + EXCLUDED.input_grams
WHERE known.yield_share = EXCLUDED.yield_share
"""
INPUT: Final = "INSERT INTO certified_input (fact_index, lot_id, scope, source, grams) VALUES ($1, $2, $3, $4, $5)"
TAKE: Final = """
UPDATE certified_lot SET certified = certified + $3
WHERE lot_id = $1 AND scope = $2 AND certified + $3 <= least(lot_grams, floor(input_grams * yield_share))
    AND NOT EXISTS (SELECT FROM recalled_lot r WHERE r.lot_id = $1 AND r.open)
"""
ISSUE: Final = """
INSERT INTO transaction_certificate (fact_index, scope, body_id, number, lot_id, seller_id, buyer_id, site, grams,
    shipped_on, issued_at, custody)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING
"""
CANCEL: Final = """
UPDATE transaction_certificate SET cancelled_index = $1
WHERE fact_index = $2 AND cancelled_index IS NULL AND used = 0
"""
RESTORE: Final = "UPDATE certified_lot SET certified = certified - $3 WHERE lot_id = $1 AND scope = $2"
