"""Movements: what the two sides of a shipment propose, agree on, and ask the authority for

Revision ID: 2026_11_23_movements
Revises: 2026_11_23_archive
"""

from app.migrations import scripts

revision = "2026_11_23_movements"
down_revision = "2026_11_23_archive"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("44_movements.sql")
