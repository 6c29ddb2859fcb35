"""Recalls: lots that are called back, everything made of them, and what their holders answer

Revision ID: 2026_11_23_recalls
Revises: 2026_11_23_record_ends
"""

from app.migrations import scripts

revision = "2026_11_23_recalls"
down_revision = "2026_11_23_record_ends"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("22_recalls.sql")
