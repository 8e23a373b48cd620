"""Executes a plan: all of it or nothing, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus

from connectsql.compiler import diff
from connectsql.compiler.model import Desired
from connectsql.compiler.plan import Change, Hazard, Plan
from connectsql.compiler.plan_text import described, remember
from connectsql.database.connection import Connection, translate
from connectsql.database.inspect import installed
from connectsql.database.queries import query
from connectsql.errors import DatabaseError, UsageError

LOCK_TIMEOUT = 3.0  # seconds: who waits for a lock makes others wait behind it
ATTEMPTS = 5  # of the whole transaction, where an application holds a lock
EVERY = frozenset(Hazard)
_IN_THE_WAY = (psycopg.errors.FeatureNotSupported, psycopg.errors.DependentObjectsStillExist)


def plan(connection: Connection, desired: Desired, *, prune: bool = False) -> Plan:
    """Return what ``apply`` would do; nothing is changed."""
    return diff.plan(desired, installed(connection, desired.schema), prune=prune)


def apply(
    connection: Connection,
    desired: Desired,
    *,
    allow: Set[Hazard] = EVERY,
    prune: bool = False,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Plan:
    """Bring the database to what is desired, in one transaction, and return what was done.

    Waits for another ``apply``. Where an application holds a lock for longer than
    ``lock_timeout`` seconds it steps back and tries again, then gives up with nothing applied.
    Raises UsageError for a hazard that is not in ``allow``. Indexes that are to be built
    concurrently follow after the transaction. An empty plan: there was nothing to do.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            done = _together(connection, desired, allow, prune=prune, lock_timeout=lock_timeout)
            break
        except psycopg.errors.LockNotAvailable as error:
            if attempt == ATTEMPTS:
                raise DatabaseError(
                    f"nothing was applied: {ATTEMPTS} times an application held a lock for "
                    f"{lock_timeout:g} s or longer ({error.diag.message_primary})",
                    hint="end the long transaction on that table and apply again",
                ) from error
    _alone(connection, [one for one in done.changes if one.concurrently])
    return done


def _together(
    connection: Connection,
    desired: Desired,
    allow: Set[Hazard],
    *,
    prune: bool,
    lock_timeout: float,
) -> Plan:
    doing = ["preparing"]
    with _told(doing), connection.transaction():
        timeout = f"{int(lock_timeout * 1000)}ms"
        connection.execute("SELECT set_config('lock_timeout', %s, true)", (timeout,))
        connection.execute("SET LOCAL client_min_messages TO warning")
        # Computed columns name functions: nobody's own come before Postgres'.
        connection.execute("SET LOCAL search_path TO pg_catalog, pg_temp")
        connection.execute("SET LOCAL statement_timeout TO 0")
        connection.execute(query("serialise_applies"))
        made = plan(connection, desired, prune=prune)
        refuse_hazards(made, allow)
        for change in made.changes:
            if not change.concurrently:
                doing[0] = change.comment
                connection.execute(change.sql.encode())
        if made.changes:
            connection.execute(remember(desired, made).encode())
    return made


@contextmanager
def _told(doing: list[str]) -> Iterator[None]:
    """Turn what Postgres refuses into our error; a lock that was not to be had is the caller's."""
    try:
        yield
    except psycopg.errors.LockNotAvailable:
        raise
    except psycopg.Error as error:
        failure = translate(error, f"doing: {doing[0]}")
        failure.hint = "nothing was applied"
        if isinstance(error, _IN_THE_WAY) and error.diag.message_detail:
            # Names of what depends on it, no values.
            failure.hint = (
                f"{error.diag.message_detail}; drop that, apply, and make it again: "
                "nothing was applied"
            )
        raise failure from error


def refuse_hazards(made: Plan, allow: Set[Hazard]) -> None:
    """Raise UsageError where a change may do what was not allowed by name."""
    refused = [one for one in made.changes if one.hazards - allow]
    if refused:
        missing = sorted({hazard for one in refused for hazard in one.hazards - allow})
        raise UsageError(
            "nothing was applied: these changes have hazards that were not allowed\n  "
            + "\n  ".join(described(one) for one in refused),
            hint="allow them with " + " ".join(f"--allow-hazard {one}" for one in missing),
        )


def _alone(connection: Connection, changes: Iterable[Change]) -> None:
    """Run what cannot run in a transaction, statement by statement."""
    for change in changes:
        try:
            with _autocommit(connection):
                connection.execute(change.sql.encode())
        except psycopg.Error as error:
            failure = translate(error, f"doing: {change.comment}")
            failure.hint = "all else was applied; mend the cause and apply again"
            raise failure from error


@contextmanager
def _autocommit(connection: Connection) -> Iterator[None]:
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        connection.commit()
    before = connection.autocommit
    connection.autocommit = True
    try:
        yield
    finally:
        connection.autocommit = before
