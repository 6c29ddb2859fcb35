"""The first loop: registry, record, market, declarations

Revision ID: 2026_11_23_first_loop
Revises:
"""

from app.migrations import scripts

revision = "2026_11_23_first_loop"
down_revision = None
branch_labels = None
depends_on = None

FILES = (
    "01_roles.sql", "02_registry.sql", "03_record.sql", "04_guards.sql", "05_record_rights.sql", "06_market.sql",
    "07_reports.sql",
)  # fmt: skip


def upgrade() -> None:
    scripts.run(*FILES)
