"""Scripts: how a migration runs SQL files as they are written."""

from pathlib import Path
from typing import Final

from alembic import op

SQL: Final = Path(__file__).parent / "sql"


def run(*names: str) -> None:
    """Run these files of `sql/` in the migration's own transaction."""
    op.execute("SELECT 1")  # opens the transaction: the scripts go past SQLAlchemy's own begin
    driver = op.get_bind().connection.dbapi_connection
    assert driver is not None
    for name in names:
        script = (SQL / name).read_text(encoding="utf-8")
        driver.run_async(lambda raw, script=script: raw.execute(script))
