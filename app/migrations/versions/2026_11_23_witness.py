"""Witnessing: other logs cosigned, our own cosigned by others

Revision ID: 2026_11_23_witness
Revises: 2026_11_23_uploads
"""

from pathlib import Path

from alembic import op

revision = "2026_11_23_witness"
down_revision = "2026_11_23_uploads"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    op.execute("SELECT 1")  # opens the transaction: the script below goes past SQLAlchemy's own begin
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    script = (SQL / "15_witness.sql").read_text(encoding="utf-8")
    driver.run_async(lambda raw: raw.execute(script))
