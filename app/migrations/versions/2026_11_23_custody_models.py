"""Custody models: what a maker states of a lot's custody, what is drawn of its origins, and mass-balance accounts

Revision ID: 2026_11_23_custody_models
Revises: 2026_11_23_ledger_guards
"""

from app.migrations import scripts

revision = "2026_11_23_custody_models"
down_revision = "2026_11_23_ledger_guards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("40_custody_models.sql")
