"""How a delivery is settled: conditions of listings and trades, and what each side found

Revision ID: 2026_11_23_settlement
Revises: 2026_11_23_certificates
"""

from app.migrations import scripts

revision = "2026_11_23_settlement"
down_revision = "2026_11_23_certificates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("25_settlement.sql")
