"""Certificates: what a firm may certify and when, and what was certified of a lot for a buyer

Revision ID: 2026_11_23_certificates
Revises: 2026_11_23_evidence_texts
"""

from app.migrations import scripts

revision = "2026_11_23_certificates"
down_revision = "2026_11_23_evidence_texts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("24_certificates.sql")
