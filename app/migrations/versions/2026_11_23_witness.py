"""Witnessing: other logs cosigned, our own cosigned by others

Revision ID: 2026_11_23_witness
Revises: 2026_11_23_uploads
"""

from app.migrations import scripts

revision = "2026_11_23_witness"
down_revision = "2026_11_23_uploads"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("15_witness.sql")
