"""Statements of many rows, one table after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import LiteralString

from psycopg import sql

from benchmarks import wide
from benchmarks.tables import OWN_COLUMN, Tables
from benchmarks.times import Times, in_turn
from connectsql.database.connection import Connection

INSERT: LiteralString = "INSERT INTO {table} ({columns}) SELECT {columns} FROM source"
UPDATE: LiteralString = "UPDATE {table} SET {changed} = 'changed ' || id WHERE {range}"
NOTHING: LiteralString = "UPDATE {table} SET {changed} = {changed} WHERE {range}"
UNMAPPED: LiteralString = "UPDATE {table} SET {own} = 'note ' || id WHERE {range}"
AGENT_UPDATE: LiteralString = """
    UPDATE {table} AS t SET ({columns}, _hc_lastop, _hc_err) = ROW ({staged}, 'SYNCED', NULL)
    FROM source AS s WHERE t.id = s.number + {first} AND {range}
"""
AGENT_INSERT: LiteralString = """
    INSERT INTO {table} (sfid, {columns}, _hc_lastop) SELECT sfid, {columns}, 'SYNCED' FROM source
"""
COPY: LiteralString = "COPY {table} (sfid, {columns}) FROM STDIN"


@dataclass(frozen=True, kw_only=True)
class Size:
    """Rows that a table holds, rows of a statement, repetitions."""

    held: int
    rows: int
    repetitions: int


def times(tables: Tables, whos: Sequence[str], size: Size) -> Times:
    """Return the times of every operation on these tables.

    Each statement takes the next rows of its table, begins behind a checkpoint, and leaves the
    table tidied up: what one costs is not for another to pay.
    """
    wide.make_source(tables.application, size.held)
    for who in whos:
        tables.fill(who)
    wide.make_source(tables.application, size.rows, after=size.held)
    taken = Times()
    turns = count()
    for repetition in range(size.repetitions):
        for what, operation in OPERATIONS.items():
            first = next(turns) * size.rows % size.held
            for who in in_turn(whos, repetition):
                run = Run(tables=tables, who=who, first=first, size=size)
                tables.application.execute("CHECKPOINT")
                operation(run, what, taken)
                tables.tidy(who)
    return taken


@dataclass(frozen=True, kw_only=True)
class Run:
    """One statement to be measured: on which table, from which row on."""

    tables: Tables
    who: str
    first: int
    size: Size

    def composed(self, text: LiteralString) -> sql.Composed:
        """Fill in a statement."""
        bounds = sql.SQL("id > {} AND id <= {}").format(self.first, self.first + self.size.rows)
        return sql.SQL(text).format(
            table=self.tables.name(self.who),
            columns=wide.names(),
            staged=wide.names("s"),
            changed=sql.Identifier(wide.CHANGED),
            own=sql.Identifier(OWN_COLUMN),
            first=self.first,
            range=bounds,
        )


Operation = Callable[[Run, str, Times], None]


def _statement(text: LiteralString, *, as_agent: bool = False) -> Operation:
    def operation(run: Run, what: str, taken: Times) -> None:
        connection = run.tables.agent if as_agent else run.tables.application
        composed = run.composed(text)
        with taken.taken(what, run.who):
            connection.execute(composed)

    return operation


def _adding(operation: Operation) -> Operation:
    """Take the rows away again that were added."""

    def adding(run: Run, what: str, taken: Times) -> None:
        operation(run, what, taken)
        run.tables.remove_behind(run.who, run.size.held)

    return adding


def _copy(run: Run, what: str, taken: Times) -> None:
    data = _bytes(run.tables.application)
    composed = run.composed(COPY)
    cursor = run.tables.application.cursor()
    with taken.taken(what, run.who), cursor.copy(composed) as copy:
        copy.write(data)


def _bytes(connection: Connection) -> bytes:
    columns = sql.SQL("COPY (SELECT sfid, {} FROM source) TO STDOUT").format(wide.names())
    with connection.cursor().copy(columns) as copy:
        return b"".join(bytes(part) for part in copy)


OPERATIONS: dict[str, Operation] = {
    "INSERT": _adding(_statement(INSERT)),
    "COPY": _adding(_copy),
    "UPDATE of one column": _statement(UPDATE),
    "UPDATE that changes nothing": _statement(NOTHING),
    "UPDATE of an unmapped column": _statement(UNMAPPED),
    "agent's UPDATE": _statement(AGENT_UPDATE, as_agent=True),
    "agent's INSERT": _adding(_statement(AGENT_INSERT, as_agent=True)),
}
