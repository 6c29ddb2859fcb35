"""Every guard that the database has, read from PostgreSQL's own catalogue: a new one cannot be forgotten."""

from dataclasses import dataclass

import asyncpg

CHECK, UNIQUE, FOREIGN, TRIGGER = "check", "unique", "foreign key", "trigger"
POLICY, WALL, RIGHT = "policy", "wall", "right"
KINDS = {"c": CHECK, "u": UNIQUE, "p": UNIQUE, "f": FOREIGN}
TABLES = "c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'alembic_version'"
CONSTRAINTS = f"""
SELECT c.relname, k.contype::text, k.conname,
    ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u (n, o)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.n ORDER BY u.o)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE {TABLES} AND NOT c.relispartition AND k.contype IN ('c', 'u', 'p', 'f') ORDER BY 1, 3
"""
INDEXES = f"""
SELECT c.relname, i.indexrelid::regclass::text,
    ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u (n, o)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.n ORDER BY u.o)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE {TABLES} AND NOT c.relispartition AND i.indisunique
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY 1, 2
"""
TRIGGERS = f"""
SELECT c.relname, t.tgname, p.proname, t.tgtype FROM pg_trigger t
    JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE {TABLES} AND NOT t.tgisinternal AND t.tgparentid = 0 ORDER BY 1, 2
"""
POLICIES = """
SELECT tablename, policyname, cmd, coalesce(qual, with_check) = 'true' FROM pg_policies WHERE schemaname = 'public'
ORDER BY 1, 2
"""
WALLS = f"SELECT c.relname FROM pg_class c WHERE {TABLES} AND c.relrowsecurity AND NOT c.relispartition ORDER BY 1"
# What nobody who serves requests or sequences may do: the rights that the tables of the record do not give.
RECORD = (
    "SELECT DISTINCT c.relname FROM pg_class c JOIN pg_trigger t ON t.tgrelid = c.oid"
    + f"""
    JOIN pg_proc p ON p.oid = t.tgfoid AND p.proname = 'junkan_only_grows'
WHERE {TABLES} AND NOT c.relispartition ORDER BY 1"""
)
WITHHELD = (("junkan_app", "DELETE"), ("junkan_app", "TRUNCATE"), ("junkan_writer", "DELETE"),
            ("junkan_writer", "TRUNCATE"))  # fmt: skip
SEQUENCED = ("event", "event_payload", "event_key", "event_reference", "entry", "balance", "lot", "claim", "tile",
             "checkpoint", "log_head", "reservation")  # fmt: skip
DELETE, UPDATE, TRUNCATE = 8, 16, 32  # of pg_trigger.tgtype


@dataclass(frozen=True)
class Guard:
    """One guard. `columns`: of a key; `function`, `when`: of a trigger (tgtype); `command`: of a policy.

    Of a right that is withheld, `function` is the role and `command` the right.
    """

    kind: str
    table: str
    name: str
    removal: str
    columns: tuple[str, ...] = ()
    function: str = ""
    when: int = 0
    command: str = ""

    @property
    def key(self) -> str:
        return f"{self.table}.{self.name}"


async def guards(connection: asyncpg.Connection) -> list[Guard]:
    """All of them. A removal lets everybody through a policy, grants a right, and drops everything else."""
    found = []
    for table, kind, name, columns in await connection.fetch(CONSTRAINTS):
        removal = f"ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE"
        found.append(Guard(KINDS[kind], table, name, removal, tuple(columns)))
    for table, name, columns in await connection.fetch(INDEXES):
        found.append(Guard(UNIQUE, table, name, f"DROP INDEX {name}", tuple(columns)))
    for table, name, function, when in await connection.fetch(TRIGGERS):
        found.append(Guard(TRIGGER, table, name, f"DROP TRIGGER {name} ON {table}", function=function, when=when))
    for table, name, command, everybody in await connection.fetch(POLICIES):
        using = "" if command == "INSERT" else " USING (true)"
        check = "" if command in ("SELECT", "DELETE") else " WITH CHECK (true)"
        removal = f"DROP POLICY {name} ON {table}" if everybody else f"ALTER POLICY {name} ON {table}{using}{check}"
        found.append(Guard(POLICY, table, name, removal, command="EVERYBODY" if everybody else command))
    for (table,) in await connection.fetch(WALLS):
        found.append(Guard(WALL, table, "row_level_security", f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"))
    for (table,) in await connection.fetch(RECORD):
        found += [_withheld(table, role, right) for role, right in WITHHELD]
    found += [_withheld(table, "junkan_app", right) for table in SEQUENCED for right in ("INSERT", "UPDATE")]
    return found


def _withheld(table: str, role: str, right: str) -> Guard:
    name = f"no_{right.lower()}_by_{role.removeprefix('junkan_')}"
    return Guard(RIGHT, table, name, f"GRANT {right} ON {table} TO {role}", function=role, command=right)
