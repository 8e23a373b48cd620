"""Statements of many rows, one table after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import LiteralString

from psycopg import sql

from benchmarks import wide
from benchmarks.tables import OWN_COLUMN, Tables
from benchmarks.times import Times, in_turn
from connectsql.database.connection import Connection

INSERT: LiteralString = "INSERT INTO {table} ({columns}) SELECT {columns} FROM source"
UPDATE: LiteralString = "UPDATE {table} SET {changed} = 'changed ' || id"
NOTHING: LiteralString = "UPDATE {table} SET {changed} = {changed}"
UNMAPPED: LiteralString = "UPDATE {table} SET {own} = 'note ' || id"
AGENT_UPDATE: LiteralString = """
    UPDATE {table} AS t SET ({columns}, _hc_lastop, _hc_err) = ROW ({staged}, 'SYNCED', NULL)
    FROM source AS s WHERE t.sfid = s.sfid
"""
AGENT_INSERT: LiteralString = """
    INSERT INTO {table} (sfid, {columns}, _hc_lastop) SELECT sfid, {columns}, 'SYNCED' FROM source
"""
COPY: LiteralString = "COPY {table} (sfid, {columns}) FROM STDIN"


def times(tables: Tables, whos: Sequence[str], rows: int, repetitions: int) -> Times:
    """Return the times of every operation on these tables."""
    wide.make_source(tables.application, rows)
    taken = Times()
    for repetition in range(repetitions):
        tables.application.execute("CHECKPOINT")
        for what, (prepare, run) in OPERATIONS.items():
            for who in in_turn(whos, repetition):
                prepare(tables, who)
                run(tables, who, what, taken)
    return taken


Prepare = Callable[[Tables, str], None]
Run = Callable[[Tables, str, str, Times], None]


def _empty(tables: Tables, who: str) -> None:
    tables.empty(who)
    tables.tidy(who)


def _tidy(tables: Tables, who: str) -> None:
    tables.tidy(who)


def _statement(text: LiteralString, *, as_agent: bool = False) -> Run:
    def run(tables: Tables, who: str, what: str, taken: Times) -> None:
        connection = tables.agent if as_agent else tables.application
        composed = _composed(text, tables.name(who))
        with taken.taken(what, who):
            connection.execute(composed)

    return run


def _copy(tables: Tables, who: str, what: str, taken: Times) -> None:
    data = _bytes(tables.application)
    composed = _composed(COPY, tables.name(who))
    cursor = tables.application.cursor()
    with taken.taken(what, who), cursor.copy(composed) as copy:
        copy.write(data)


def _bytes(connection: Connection) -> bytes:
    with connection.cursor().copy("COPY source TO STDOUT") as copy:
        return b"".join(bytes(part) for part in copy)


def _composed(text: LiteralString, table: sql.Identifier) -> sql.Composed:
    return sql.SQL(text).format(
        table=table,
        columns=wide.names(),
        staged=wide.names("s"),
        changed=sql.Identifier(wide.CHANGED),
        own=sql.Identifier(OWN_COLUMN),
    )


# In this order: COPY brings the sfids that updates of synced rows have, and the agent's update
# undoes the application's.
OPERATIONS: dict[str, tuple[Prepare, Run]] = {
    "INSERT": (_empty, _statement(INSERT)),
    "COPY": (_empty, _copy),
    "UPDATE of one column": (_tidy, _statement(UPDATE)),
    "UPDATE that changes nothing": (_tidy, _statement(NOTHING)),
    "UPDATE of an unmapped column": (_tidy, _statement(UNMAPPED)),
    "agent's UPDATE": (_tidy, _statement(AGENT_UPDATE, as_agent=True)),
    "agent's INSERT": (_empty, _statement(AGENT_INSERT, as_agent=True)),
}
