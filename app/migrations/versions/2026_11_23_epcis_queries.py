"""EPCIS queries: what events say, indexed beside the record; named queries and their subscriptions

Revision ID: 2026_11_23_epcis_queries
Revises: 2026_11_23_witness
"""

from pathlib import Path

from alembic import op

revision = "2026_11_23_epcis_queries"
down_revision = "2026_11_23_witness"
branch_labels = None
depends_on = None

SCRIPT = Path(__file__).parents[1] / "sql" / "14_epcis_queries.sql"


def upgrade() -> None:
    op.execute("SELECT 1")  # opens the transaction: the script goes past SQLAlchemy's own begin
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    script = SCRIPT.read_text(encoding="utf-8")
    driver.run_async(lambda raw: raw.execute(script))
