"""Evidence in words: properties that are told, statements of makers and holders

Revision ID: 2026_11_23_evidence_texts
Revises: 2026_11_23_record_ends
"""

from pathlib import Path

from alembic import op

revision = "2026_11_23_evidence_texts"
down_revision = "2026_11_23_record_ends"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "16_evidence_texts.sql"


def upgrade() -> None:
    op.execute("SELECT 1")  # opens the transaction: the script below goes past SQLAlchemy's own begin
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    script = SQL.read_text(encoding="utf-8")
    driver.run_async(lambda raw: raw.execute(script))
