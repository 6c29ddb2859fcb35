"""Reports of labels are answered by findings, which are facts of the log

Revision ID: 2026_11_23_label_reports
Revises: 2026_11_23_first_loop
"""

from app.migrations import scripts

revision = "2026_11_23_label_reports"
down_revision = "2026_11_23_first_loop"
branch_labels = None
depends_on = None


def upgrade() -> None:
    scripts.run("11_label_reports.sql")
