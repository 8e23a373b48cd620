"""Opens connections to Postgres and turns its errors into ours, at this edge only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from connectsql.errors import DatabaseBusy, DatabaseError, DatabaseUnreachable

Connection = psycopg.Connection[Any]

CONNECT_TIMEOUT = 10  # seconds
OLDEST_SERVER = 140000  # CREATE OR REPLACE TRIGGER came with 14


def connect(database: str, *, autocommit: bool = False) -> Connection:
    """Connect as ``connectsql apply`` does, with the caller's own settings.

    Raises DatabaseUnreachable, which never shows the password.
    """
    try:
        connection = psycopg.connect(
            database,
            autocommit=autocommit,
            connect_timeout=CONNECT_TIMEOUT,
            application_name="connectsql",
        )
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(
            f"cannot connect to Postgres ({describe(database)}): {_why_not_connected(error)}",
            hint="is it running, and is --database (or DATABASE_URL) right?",
        ) from error
    except psycopg.ProgrammingError as error:
        raise DatabaseUnreachable(
            "the database is not given as a URL or as key=value pairs",
            hint="postgresql://user@host:5432/name",
        ) from error
    if connection.info.server_version < OLDEST_SERVER:
        version = connection.info.server_version // 10000
        connection.close()
        raise DatabaseError(f"Postgres {version} is too old", hint="use Postgres 14 or newer")
    return connection


def connect_agent(database: str) -> Connection:
    """Connect as the agent: its writes are not captured, and it gives way to applications.

    ``lock_timeout`` stays below Postgres' deadlock_timeout of 1 s, so that in a deadlock with
    an application it is the agent that is turned back, and tries again.
    """
    connection = connect(database, autocommit=True)
    for name, value in (
        ("xmlbinary", "hex"),
        ("connectsql.agent", "on"),
        ("timezone", "UTC"),
        ("datestyle", "ISO, YMD"),
        ("extra_float_digits", "1"),
        # Most parameters are lists, of one element or of a thousand: no one plan fits both.
        ("plan_cache_mode", "force_custom_plan"),
        ("lock_timeout", "700ms"),
        ("application_name", "connectsql agent"),
    ):
        connection.execute("SELECT set_config(%s, %s, false)", (name, value))
    return connection


def describe(database: str) -> str:
    """Return where a database is, for messages: host, port and name, nothing secret."""
    try:
        parts = conninfo_to_dict(database)
    except psycopg.ProgrammingError:
        return "unreadable address"
    host, port = parts.get("host") or "local socket", parts.get("port") or 5432
    return f"{host}:{port}/{parts.get('dbname') or parts.get('user') or ''}"


@contextmanager
def errors(doing: str, hint: str = "") -> Iterator[None]:
    """Turn psycopg's errors into ours; ``doing`` says what was being done.

    ``hint`` is for a role that lacks a right.
    """
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        failure = translate(error, doing)
        failure.hint = hint
        raise failure from error
    except psycopg.Error as error:
        raise translate(error, doing) from error


# The last is what a row gives that somebody has just moved to another partition.
_BUSY = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)


def translate(error: psycopg.Error, doing: str) -> DatabaseError:
    """Return our error for one of psycopg's."""
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return DatabaseUnreachable(f"the connection to Postgres was lost while {doing}")
    if isinstance(error, _BUSY):
        return DatabaseBusy(f"an application holds a lock that was needed for {doing}")
    if (error.sqlstate or "").startswith(("57P", "08")):
        return DatabaseUnreachable(f"Postgres closed the connection while {doing}")
    return DatabaseError(f"Postgres refused, while {doing}: {reason(error)}")


def _why_not_connected(error: psycopg.OperationalError) -> str:
    """Return the last attempt's reason, without the address and without libpq's own hint."""
    lines = str(error).strip().splitlines()
    attempts = [line for line in lines if " failed: " in line] or lines[:1]
    return attempts[-1].rpartition(" failed: ")[2].removeprefix("FATAL:").strip()


def reason(error: psycopg.Error) -> str:
    """Return Postgres' words without field values: data errors (class 22) quote them."""
    diagnosis = error.diag
    words = diagnosis.message_primary or type(error).__name__
    if (error.sqlstate or "").startswith("22"):
        words = f"{type(error).__name__} ({error.sqlstate})"
    places = [one for one in (diagnosis.table_name, diagnosis.column_name) if one]
    return f"{words} [{'.'.join(places)}]" if places else words
