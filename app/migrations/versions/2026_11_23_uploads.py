"""Files that wait for their confirmation

Revision ID: 2026_11_23_uploads
Revises: 2026_11_23_label_reports
"""

from app.migrations import scripts

revision = "2026_11_23_uploads"
down_revision = "2026_11_23_label_reports"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("12_uploads.sql")
