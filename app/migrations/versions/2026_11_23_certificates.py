"""Certificates: what a firm may certify and when, and what was certified of a lot for a buyer

Revision ID: 2026_11_23_certificates
Revises: 2026_11_23_recalls
"""

from app.migrations import scripts

revision = "2026_11_23_certificates"
down_revision = "2026_11_23_recalls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("17_certificates.sql")
