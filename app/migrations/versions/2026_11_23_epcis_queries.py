"""EPCIS queries: what events say, indexed beside the record; named queries and their subscriptions

Revision ID: 2026_11_23_epcis_queries
Revises: 2026_11_23_witness
"""

from app.migrations import scripts

revision = "2026_11_23_epcis_queries"
down_revision = "2026_11_23_witness"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("14_epcis_queries.sql")
