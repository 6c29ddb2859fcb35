"""Probing: what each guard must refuse (or hide), tried in a transaction of which nothing stays."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import yaml

from tests.guards.catalogue import CHECK, DELETE, FOREIGN, RIGHT, TRUNCATE, UNIQUE, UPDATE, WALL, Guard

HERE = Path(__file__).parent
FIRST, SECOND = 100, 101
STRANGER = 3
ELSE = "refused by something else"
PARTITIONED = ("event", "event_payload")
NOWHERE = {"bigint": "-1", "integer": "-1", "text": "'nowhere'"}
Row = Mapping[str, str]


def _read(name: str) -> Any:
    return yaml.safe_load((HERE / name).read_text("utf-8"))


ROWS: dict[str, Row] = _read("rows.yaml")
CHECKS: dict[str, dict[str, dict[str, Any]]] = _read("checks.yaml")
PROBES: dict[str, dict[str, Any]] = _read("probes.yaml")


@dataclass(frozen=True)
class Probe:
    """`before` is done by the owner; then `tried`, as `role` of `organisation`, must fail and its error tell `refused`,
    or, where that is None, answer `answer`. `without`: other guards that stand before this one, taken away as well.
    """

    tried: str
    before: Sequence[str] = ()
    refused: str | None = None
    answer: Any = None
    role: str = ""
    organisation: int | None = None
    scope: str = ""
    without: Sequence[str] = field(default=())


def inserted(table: str, n: int, **columns: str) -> str:
    """The statement that adds the sample row number `n`, with these columns instead of its own."""
    row = {name: text.format(n=n) for name, text in {**ROWS[table], **columns}.items()}
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(row.values())})"


def probe_of(guard: Guard, types: Mapping[tuple[str, str], str]) -> Probe | None:
    """How this guard is tried; None where nobody has said it, which a test refuses."""
    if guard.key in PROBES:
        return Probe(**PROBES[guard.key])
    if guard.kind == RIGHT:
        asked = f"has_table_privilege('{guard.function}', '{guard.table}', '{guard.command}')"
        return Probe(f"SELECT {asked}", answer=False)
    if guard.function == "junkan_only_grows":
        return _grows(guard)
    return _of_row(guard, types) if guard.table in ROWS else None


def _of_row(guard: Guard, types: Mapping[tuple[str, str], str]) -> Probe | None:
    """What follows from the table's sample row: one that is wrong, one too many, one that refers to nothing, one that a
    stranger counts."""
    table = guard.table
    if guard.kind == CHECK:
        wrong = dict(CHECKS.get(table, {}).get(guard.name, {}))
        without = wrong.pop("without", ())
        return Probe(inserted(table, FIRST, **wrong), refused=guard.name, without=without) if wrong else None
    if guard.kind == UNIQUE:
        row = {"id": str(FIRST), **ROWS[table]}  # where the database gives the number, it is said all the same
        same = {name: row[name].format(n=FIRST) for name in guard.columns}
        told = "_pkey" if table in PARTITIONED else guard.name  # a partition's key has a name of its own
        return Probe(inserted(table, SECOND, **same), (inserted(table, FIRST, **same),), told)
    if guard.kind == FOREIGN:
        lost = {name: NOWHERE[types[table, name]] for name in guard.columns}
        return Probe(inserted(table, FIRST, **lost), refused=guard.name)
    if guard.kind == WALL or guard.command in ("SELECT", "ALL"):
        before, counted = (inserted(table, FIRST),), f"SELECT count(*) FROM {table}"
        return Probe(counted, before, answer=0, role="junkan_app", organisation=STRANGER)
    return None


def _grows(guard: Guard) -> Probe | None:
    """The record only grows: no update, no delete, no truncate."""
    table = guard.table
    if guard.when & TRUNCATE:
        return Probe(f"TRUNCATE {table} CASCADE", refused=f"TRUNCATE on {table} is refused")
    if table not in ROWS:
        return None
    column, value = next(iter(ROWS[table].items()))
    row, which = (inserted(table, FIRST),), f"{table}.{column} = {value.format(n=FIRST)}"
    if guard.when & UPDATE:
        return Probe(f"UPDATE {table} SET {column} = {column} WHERE {which}", row, f"UPDATE on {table}")
    assert guard.when & DELETE
    return Probe(f"DELETE FROM {table} WHERE {which}", row, f"DELETE on {table}")


def unused(found: Sequence[Guard]) -> list[str]:
    """What the data say of guards and tables that are not there (any more)."""
    keys, tables = {each.key for each in found}, {each.table for each in found}
    said = [*PROBES, *(f"{table}.{name}" for table, checks in CHECKS.items() for name in checks)]
    return [key for key in said if key not in keys] + [table for table in ROWS if table not in tables]


@dataclass(frozen=True)
class Tried:
    """What became of one guard: `kept`, what happened instead of its refusal; `gone`, what happens without it."""

    guard: Guard
    kept: str | None
    gone: str | None

    @property
    def fault(self) -> str | None:
        """Why this guard is not proved, or None. A table and those that refer to it are truncated together: of these
        each trigger refuses its own, and the next one's speaks where it is gone."""
        if self.kept is not None:
            return f"{self.guard.key} does not do what it must: {self.kept}"
        if self.gone is None:
            return f"{self.guard.key} may go and nothing changes"
        if self.gone.startswith(ELSE) and not self.guard.when & TRUNCATE:
            return f"{self.guard.key} may go, and then it is {self.gone}"
        return None


async def tried(connection: asyncpg.Connection, guard: Guard, probe: Probe, every: Mapping[str, Guard]) -> Tried:
    """The probe with the guard, and with it alone taken away (and those that stand before it, both times)."""
    behind = [every[key].removal for key in probe.without]
    kept = await _answered(connection, probe, behind)
    return Tried(guard, kept, await _answered(connection, probe, [*behind, guard.removal]))


async def column_types(connection: asyncpg.Connection) -> dict[tuple[str, str], str]:
    rows = await connection.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public'"
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def prepared(connection: asyncpg.Connection) -> None:
    """The rows that the probes stand on, in an empty migrated database."""
    await connection.execute((HERE / "base.sql").read_text("utf-8"))


@asynccontextmanager
async def _undone(connection: asyncpg.Connection) -> AsyncIterator[None]:
    wrapped = connection.transaction()
    await wrapped.start()
    try:
        yield
    finally:
        await wrapped.rollback()


async def _answered(connection: asyncpg.Connection, probe: Probe, gone: Sequence[str]) -> str | None:
    """None where the guard does what it must; else what happened instead. `gone` are removals of guards."""
    async with _undone(connection):
        for removal in gone:
            await connection.execute(removal)
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in probe.before:
            await connection.execute(statement)
        if probe.role:
            who = "" if probe.organisation is None else str(probe.organisation)
            await connection.execute(
                "SELECT set_config('junkan.organisation', $1, true), set_config('junkan.scope', $2, true)",
                who, probe.scope,
            )  # fmt: skip
            await connection.execute(f"SET LOCAL ROLE {probe.role}")
        try:
            answer = await connection.fetchval(probe.tried)
        except asyncpg.PostgresError as refused:
            told = f"{getattr(refused, 'constraint_name', None) or ''} {refused.sqlstate} {refused}"
            if probe.refused is not None and probe.refused in told:
                return None
            return f"{ELSE}: {told.strip()}"
        if probe.refused is None and answer == probe.answer:
            return None
        return "nothing refused it" if probe.refused is not None else f"answered {answer!r}, not {probe.answer!r}"
