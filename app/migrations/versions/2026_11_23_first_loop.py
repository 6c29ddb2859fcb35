"""The first loop: registry, record, market, declarations

Revision ID: 2026_11_23_first_loop
Revises:
"""

from pathlib import Path

from alembic import op

revision = "2026_11_23_first_loop"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    op.execute("SELECT 1")  # opens the transaction: the scripts below go past SQLAlchemy's own begin
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    for file in sorted(SQL.glob("0?_*.sql")):
        script = file.read_text(encoding="utf-8")
        driver.run_async(lambda raw, script=script: raw.execute(script))
