"""Locks of a change of the schema: one change at a time, and none that makes others wait long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg

from connectsql.database.connection import Connection, translate
from connectsql.database.queries import query
from connectsql.errors import DatabaseError

LOCK_TIMEOUT = 3.0  # seconds: who waits for a lock makes others wait behind it
ATTEMPTS = 5  # of the whole transaction, where an application holds a lock
QUEUEING = "waiting for another apply"
IN_THE_WAY = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
_DEPENDED_ON = (psycopg.errors.FeatureNotSupported, psycopg.errors.DependentObjectsStillExist)
OWNER = "do it as the role that owns the database and these objects (superuser is not needed)"
Result = TypeVar("Result")


def prepare(connection: Connection, lock_timeout: float) -> None:
    """Set up the transaction of a change, and wait for the other one that is at work.

    ``lock_timeout`` in seconds. Raises LockNotAvailable where the other does not end in time.
    """
    timeout = f"{int(lock_timeout * 1000)}ms"
    connection.execute("SELECT set_config('lock_timeout', %s, true)", (timeout,))
    connection.execute("SET LOCAL client_min_messages TO warning")
    # Computed columns name functions: nobody's own come before Postgres'.
    connection.execute("SET LOCAL search_path TO pg_catalog, pg_temp")
    connection.execute("SET LOCAL statement_timeout TO 0")
    connection.execute(query("serialise_applies"))


def patiently(
    connection: Connection,
    schema: str,
    attempt: Callable[[list[str]], Result],
    *,
    done: str,
    lock_timeout: float,
) -> Result:
    """Return what ``attempt`` does in its own transaction; step back and try again for a lock.

    ``attempt`` keeps in its argument what it is doing. ``done`` says in an error what did not
    happen: "applied". Raises DatabaseError, with who holds the lock, when it gives up.
    """
    for number in range(1, ATTEMPTS + 1):
        doing = ["preparing"]
        try:
            return attempt(doing)
        except IN_THE_WAY as error:
            if number == ATTEMPTS:
                raise _given_up(connection, schema, doing[0], done, lock_timeout) from error
    raise AssertionError("unreachable")


def _given_up(
    connection: Connection, schema: str, doing: str, done: str, lock_timeout: float
) -> DatabaseError:
    if doing == QUEUEING:
        found = connection.execute(query("applying")).fetchall()
        connection.rollback()
        who = f" (process {found[0][0]})" if found else ""
        return DatabaseError(
            f"nothing was {done}: another apply is at work on this database{who}",
            hint="wait for its end and try again",
        )
    return DatabaseError(
        f"nothing was {done}: {ATTEMPTS} times an application held a lock for "
        f"{lock_timeout:g} s or longer, while doing: {doing}",
        hint=f"end the long transaction and try again{_holders(connection, schema)}",
    )


def _holders(connection: Connection, schema: str) -> str:
    """Name who holds locks right now: after the last attempt that is who held them before."""
    rows = connection.execute(query("lock_holders"), {"schema": schema}).fetchall()
    connection.rollback()
    held = [
        f"process {process} on {table} ({', '.join(one for one in (name, state) if one)})"
        for process, name, state, table in rows
    ]
    return f"; locks are held by {', '.join(held)}".replace(" ()", "") if held else ""


@contextmanager
def told(doing: list[str], done: str) -> Iterator[None]:
    """Turn what Postgres refuses into our error; a lock that was not to be had is the caller's."""
    try:
        yield
    except IN_THE_WAY:
        raise
    except psycopg.Error as error:
        failure = translate(error, f"doing: {doing[0]}")
        failure.hint = f"nothing was {done}"
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            failure.hint = f"{OWNER}: nothing was {done}"
        if isinstance(error, psycopg.errors.UniqueViolation):
            failure.hint = f"a value stands in several rows: mend them first; nothing was {done}"
        if isinstance(error, _DEPENDED_ON) and error.diag.message_detail:
            # Names of what depends on it, no values.
            failure.hint = (
                f"{error.diag.message_detail}; drop that, try again, and make it again: "
                f"nothing was {done}"
            )
        raise failure from error
