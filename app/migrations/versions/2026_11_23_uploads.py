"""Files that wait for their confirmation

Revision ID: 2026_11_23_uploads
Revises: 2026_11_23_label_reports
"""

from pathlib import Path

from alembic import op

revision = "2026_11_23_uploads"
down_revision = "2026_11_23_label_reports"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "12_uploads.sql"


def upgrade() -> None:
    op.execute("SELECT 1")  # opens the transaction: the script below goes past SQLAlchemy's own begin
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    script = SQL.read_text(encoding="utf-8")
    driver.run_async(lambda raw: raw.execute(script))
