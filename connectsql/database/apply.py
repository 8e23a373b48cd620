"""Executes a plan: all of it or nothing, one at a time."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from connectsql.compiler.diff import Change, changes
from connectsql.compiler.model import Desired
from connectsql.database.connection import Connection, translate
from connectsql.database.inspect import installed
from connectsql.errors import DatabaseError

LOCK_TIMEOUT = "10s"


def apply(connection: Connection, desired: Desired) -> list[Change]:
    """Bring the database to what is desired, in one transaction, and return what was done.

    Waits for another ``apply``; gives up, with nothing applied, where an application holds a
    lock for longer than 10 s. An empty list: there was nothing to do.
    """
    doing = "preparing"
    try:
        with connection.transaction():
            connection.execute("SELECT set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
            connection.execute("SET LOCAL client_min_messages TO warning")
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended('connectsql.apply', 0))"
            )
            plan = changes(desired, installed(connection, desired.schema))
            for change in plan:
                doing = change.comment
                connection.execute(change.sql.encode())
    except psycopg.errors.LockNotAvailable as error:
        raise DatabaseError(
            f"nothing was applied: waited {LOCK_TIMEOUT} for a lock, while doing: {doing}",
            hint="end the long transaction on that table and apply again",
        ) from error
    except psycopg.Error as error:
        failure = translate(error, f"doing: {doing}")
        failure.hint = "nothing was applied"
        raise failure from error
    return plan


def describe(plan: Sequence[Change]) -> list[str]:
    """Return one line for each step, for people."""
    return [change.comment for change in plan]
