"""Takes connectsql out of a schema, and its core out of the database with the last schema."""

from __future__ import annotations

from psycopg import sql

from connectsql.compiler.plan import Change
from connectsql.compiler.uninstall import removal
from connectsql.database.connection import Connection, errors
from connectsql.database.inspect import installed
from connectsql.database.locks import LOCK_TIMEOUT, QUEUEING, patiently, prepare, told
from connectsql.database.queries import query
from connectsql.errors import DatabaseError, NotInstalled


def plan(connection: Connection, schema: str, *, drop_tables: bool = False) -> list[Change]:
    """Return what ``uninstall`` would do. Raises NotInstalled where there is nothing to undo."""
    found = installed(connection, schema)
    if found.fingerprint is None:
        raise NotInstalled(
            f"schema {schema} was never applied to this database", hint="there is nothing to do"
        )
    changes = list(removal(schema, found, drop_tables=drop_tables))
    with errors("counting the connections"):
        last = connection.execute(query("other_connections"), {"schema": schema}).fetchone()
    if last == (0,) and found.extension is None:
        core = Change(sql=query("drop_core").as_string(None), comment="drop the core")
        changes.append(core)
    return changes


def uninstall(
    connection: Connection,
    schema: str,
    *,
    drop_tables: bool = False,
    abandon: bool = False,
    lock_timeout: float = LOCK_TIMEOUT,
) -> list[Change]:
    """Remove connectsql from a schema in one transaction, and return what was done.

    Gives way to applications as ``apply`` does. Raises DatabaseError where an agent is at work,
    or where changes wait to be sent and are not to be abandoned.
    """

    def attempt(doing: list[str]) -> list[Change]:
        with told(doing, "removed"), connection.transaction():
            doing[0] = QUEUEING
            prepare(connection, lock_timeout)
            doing[0] = "planning"
            changes = plan(connection, schema, drop_tables=drop_tables)
            _refuse(connection, schema, abandon=abandon)
            for change in changes:
                doing[0] = change.comment
                connection.execute(change.sql.encode())
        return changes

    return patiently(connection, schema, attempt, done="removed", lock_timeout=lock_timeout)


def _refuse(connection: Connection, schema: str, *, abandon: bool) -> None:
    alive = connection.execute(query("living_agents"), {"schema": schema}).fetchall()
    if alive:
        places = ", ".join(f"{host} (process {process})" for host, process in alive)
        raise DatabaseError(
            f"nothing was removed: an agent is at work on {schema}: {places}", hint="stop it first"
        )
    log = sql.Identifier(schema, "_trigger_log")
    row = connection.execute(query("waiting_changes", log=log)).fetchone()
    waiting = row[0] if row else 0
    if waiting and not abandon:
        raise DatabaseError(
            f"nothing was removed: {waiting:,} changes wait to be sent to Salesforce",
            hint="run `connectsql agent --once`, or give them up with --abandon-changes",
        )
