"""Controls: what is registered of a facility and its owner, and what went through it day by day

Revision ID: 2026_11_23_controls
Revises: 2026_11_23_settlement
"""

from app.migrations import scripts

revision = "2026_11_23_controls"
down_revision = "2026_11_23_settlement"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("20_controls.sql")
