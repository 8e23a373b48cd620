"""A plan as a file of SQL, to be reviewed, or run by psql in place of ``apply``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from psycopg import sql

from connectsql import __version__
from connectsql.compiler import render
from connectsql.compiler.ddl import text
from connectsql.compiler.model import Desired
from connectsql.compiler.names import dollar_quoted, quoted
from connectsql.compiler.plan import Change, Plan

_BEGIN = """\
BEGIN;

SET LOCAL client_encoding = 'UTF8';
SET LOCAL client_min_messages = warning;
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '3s';
SET LOCAL search_path = pg_catalog, pg_temp;
SELECT pg_advisory_xact_lock(hashtextextended('connectsql.apply', 0));"""
_GUARD = """
BEGIN
    IF (SELECT fingerprint FROM connectsql.connection WHERE schema_name = {schema})
        IS DISTINCT FROM {since}
    THEN
        RAISE EXCEPTION 'the schema is not as this file expects it: something else was applied'
            USING HINT = 'Plan again.';
    END IF;
END
"""
_UNLIMITED = "SET statement_timeout = 0;\nSET lock_timeout = 0;"


def as_sql(plan: Plan, desired: Desired) -> str:
    """Return the whole plan: a transaction, then what cannot run in one."""
    together = [one for one in plan.changes if not one.concurrently]
    alone = [one for one in plan.changes if one.concurrently]
    head = (
        f"-- Planned by connectsql {__version__} for schema {text(quoted(desired.schema))}.\n"
        + "".join(f"-- {one.what}: {one.text}\n" for one in plan.notes)
    )
    sections = [head.rstrip()]
    if together:
        history = remember(desired, plan)
        begin = _begin(desired.schema, plan.since)
        sections += [begin, *_explained(together), history, "COMMIT;"]
    if alone:
        sections += [f"-- One by one, outside of a transaction.\n{_UNLIMITED}", *_explained(alone)]
    return "\n\n".join(sections) + "\n"


def back_as_sql(plan: Plan, desired: Desired) -> str:
    """Return what undoes the plan, last things first, as far as that can be."""
    if not plan.changes:
        return f"-- Nothing to undo in schema {text(quoted(desired.schema))}.\n"
    steps = [one for one in reversed(plan.changes) if one.reverse]
    head = (
        f"-- The way back from a plan for schema {text(quoted(desired.schema))}.\n"
        "-- Values that were cut or dropped do not come back. Afterwards "
        "the\n-- agent serves the earlier config."
    )
    undone = [f"-- undo: {one.comment}\n{one.reverse}" for one in steps]
    restore = f"-- the books as they were\n{plan.restore}"
    begin = _begin(desired.schema, render.fingerprint(desired))
    lines = [f"undo: {one.comment}" for one in steps]
    history = _history(desired.schema, plan.since or "", "\n".join(undone), lines)
    return "\n\n".join([head, begin, *undone, restore, history, "COMMIT;"]) + "\n"


def _begin(schema: str, since: str | None) -> str:
    """Return the head of the transaction: as ``apply`` has it, and only upon what was planned."""
    if since is None:  # the books are not there yet
        return _BEGIN
    guard = sql.SQL(_GUARD).format(schema=sql.Literal(schema), since=sql.Literal(since))
    return f"{_BEGIN}\n\nDO {dollar_quoted(text(guard))};"


def described(change: Change) -> str:
    """Return a change in one line, its hazards behind it."""
    hazards = ", ".join(sorted(change.hazards))
    return f"{change.comment} [{hazards}]" if hazards else change.comment


def checksum(changes: Iterable[Change]) -> str:
    """Return what identifies the statements of a plan."""
    return _checksum("\n".join(one.sql for one in changes))


def remember(desired: Desired, plan: Plan) -> str:
    """Return the statement that writes a plan into the history."""
    statements = "\n".join(one.sql for one in plan.changes)
    lines = [described(one) for one in plan.changes]
    return _history(desired.schema, render.fingerprint(desired), statements, lines)


def _checksum(statements: str) -> str:
    return hashlib.sha256(statements.encode()).hexdigest()


def _history(schema: str, fingerprint: str, statements: str, changes: list[str]) -> str:
    return text(
        sql.SQL(
            "INSERT INTO connectsql.history\n"
            "    (schema_name, version, fingerprint, checksum, changes)\n"
            "VALUES ({}, {}, {}, {}, {});"
        ).format(
            sql.Literal(schema),
            sql.Literal(__version__),
            sql.Literal(fingerprint),
            sql.Literal(_checksum(statements)),
            sql.Literal(changes),
        )
    )


def _explained(changes: Sequence[Change]) -> list[str]:
    return [f"-- {described(one)}\n{one.sql}" for one in changes]
