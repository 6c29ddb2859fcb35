"""The archive: months of payloads may leave the database, as acts of the log

Revision ID: 2026_11_23_archive
Revises: 2026_11_23_custody_models
"""

from app.migrations import scripts

revision = "2026_11_23_archive"
down_revision = "2026_11_23_custody_models"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("42_archive.sql")
