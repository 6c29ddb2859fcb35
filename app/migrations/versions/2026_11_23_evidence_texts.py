"""Evidence in words: properties that are told, statements of makers and holders

Revision ID: 2026_11_23_evidence_texts
Revises: 2026_11_23_recalls
"""

from app.migrations import scripts

revision = "2026_11_23_evidence_texts"
down_revision = "2026_11_23_recalls"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("23_evidence_texts.sql")
