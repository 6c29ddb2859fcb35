"""Delivery failures: when a subscription's message was last not taken, and why

Revision ID: 2026_11_23_delivery_failures
Revises: 2026_11_23_controls
"""

from app.migrations import scripts

revision = "2026_11_23_delivery_failures"
down_revision = "2026_11_23_controls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("32_delivery_failures.sql")
