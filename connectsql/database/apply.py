"""Executes a plan: all of it or nothing, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager

import psycopg
from psycopg.pq import TransactionStatus

from connectsql.compiler import diff
from connectsql.compiler.model import Desired
from connectsql.compiler.plan import Change, Hazard, Plan
from connectsql.compiler.plan_text import checksum, described, remember
from connectsql.database.connection import Connection, translate
from connectsql.database.inspect import installed
from connectsql.database.locks import LOCK_TIMEOUT, QUEUEING, patiently, prepare, told
from connectsql.errors import DatabaseError, UsageError

EVERY = frozenset(Hazard)


def plan(connection: Connection, desired: Desired, *, prune: bool = False) -> Plan:
    """Return what ``apply`` would do; nothing is changed."""
    with connection.transaction():
        # What stands is then spelled with its schema, as the way back needs it.
        connection.execute("SET LOCAL search_path TO pg_catalog, pg_temp")
        return diff.plan(desired, installed(connection, desired.schema), prune=prune)


def apply(
    connection: Connection,
    desired: Desired,
    *,
    allow: Set[Hazard] = EVERY,
    prune: bool = False,
    shown: Plan | None = None,
    lock_timeout: float = LOCK_TIMEOUT,
) -> Plan:
    """Bring the database to what is desired, in one transaction, and return what was done.

    Waits shortly for another ``apply``. Where an application holds a lock for longer than
    ``lock_timeout`` seconds it steps back and tries again, then gives up with nothing applied.
    Raises UsageError for a hazard that is not in ``allow``, and DatabaseError where there is
    something to do that is not what was ``shown``. Indexes that are to be built concurrently
    follow after the transaction. An empty plan: there was nothing to do.
    """

    def attempt(doing: list[str]) -> Plan:
        with told(doing, "applied"), connection.transaction():
            doing[0] = QUEUEING
            prepare(connection, lock_timeout)
            doing[0] = "planning"
            made = plan(connection, desired, prune=prune)
            _refuse_other(made, shown)
            refuse_hazards(made, allow)
            _execute(connection, desired, made, doing)
        return made

    done = patiently(connection, desired.schema, attempt, done="applied", lock_timeout=lock_timeout)
    _alone(connection, [one for one in done.changes if one.concurrently])
    return done


def _execute(connection: Connection, desired: Desired, made: Plan, doing: list[str]) -> None:
    for change in made.changes:
        if not change.concurrently:
            doing[0] = change.comment
            connection.execute(change.sql.encode())
    if made.changes:
        connection.execute(remember(desired, made).encode())


def _refuse_other(made: Plan, shown: Plan | None) -> None:
    if shown and made.changes and checksum(made.changes) != checksum(shown.changes):
        raise DatabaseError(
            "nothing was applied: the database has changed since its plan was shown",
            hint="apply again, and look at the plan that is shown then",
        )


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
    """Run what cannot run in a transaction, statement by statement, however long it takes."""
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
    """Without limits of time: what waits here blocks nobody who writes."""
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        connection.commit()
    before = connection.autocommit
    connection.autocommit = True
    try:
        connection.execute("SET statement_timeout TO 0; SET lock_timeout TO 0")
        yield
    finally:
        if not connection.closed:
            connection.execute("RESET statement_timeout; RESET lock_timeout")
            connection.autocommit = before
