"""The ends of the record: releases of holds, correctives of held declarations, who answers for a key

Revision ID: 2026_11_23_record_ends
Revises: 2026_11_23_epcis_queries
"""

from pathlib import Path

from alembic import op

revision = "2026_11_23_record_ends"
down_revision = "2026_11_23_epcis_queries"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "10_record_ends.sql"


def upgrade() -> None:
    op.execute("SELECT 1")  # opens the transaction: the script below goes past SQLAlchemy's own begin
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    script = SQL.read_text(encoding="utf-8")
    driver.run_async(lambda raw: raw.execute(script))
