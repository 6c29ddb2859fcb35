"""The ends of the record: releases of holds, correctives of held declarations, who answers for a key

Revision ID: 2026_11_23_record_ends
Revises: 2026_11_23_epcis_queries
"""

from app.migrations import scripts

revision = "2026_11_23_record_ends"
down_revision = "2026_11_23_epcis_queries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("10_record_ends.sql")
