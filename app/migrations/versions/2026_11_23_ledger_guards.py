"""The log without gaps, entries at once, balances by their entries: kept by the database itself

Revision ID: 2026_11_23_ledger_guards
Revises: 2026_11_23_delivery_failures
"""

from app.migrations import scripts

revision = "2026_11_23_ledger_guards"
down_revision = "2026_11_23_delivery_failures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("34_ledger_guards.sql")
