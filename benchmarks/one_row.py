"""Transactions of one row each, of a client that prepares its statements."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import count
from typing import Any, LiteralString

from psycopg import sql

from benchmarks import wide
from benchmarks.tables import BARE, CHANGES, FULL, USUAL, Tables
from benchmarks.times import Times, in_turn

_WHO = [BARE, CHANGES, FULL, USUAL]
_WARM_UP = 10  # transactions: at first, Postgres plans anew for each

INSERT: LiteralString = "INSERT INTO {table} ({columns}) VALUES ({values})"
UPDATE: LiteralString = "UPDATE {table} SET {changed} = %(changed)s WHERE sfid = %(sfid)s"
OPERATIONS = {"INSERT": INSERT, "UPDATE": UPDATE}


def times(tables: Tables, *, rows: int, transactions: int, repetitions: int) -> Times:
    """Return medians of repetitions; the tables take turns with every transaction."""
    wide.make_source(tables.application, rows)
    for who in _WHO:
        tables.fill(who)
    taken = Times()
    for what, text in OPERATIONS.items():
        writing = _Writing(tables, text, rows)
        writing.some(_WARM_UP)
        for _ in range(repetitions):
            single = writing.some(transactions)
            for who in _WHO:
                taken.note(what, who, single.median("", who))
    return taken


class _Writing:
    """One statement on each of the tables."""

    def __init__(self, tables: Tables, text: LiteralString, rows: int) -> None:
        self._application = tables.application
        self._statements = {who: _composed(text, tables.name(who)) for who in _WHO}
        self._rows = rows
        self._numbers = count(1)
        query = sql.SQL("SELECT {} FROM source LIMIT 1").format(wide.names())
        row = tables.application.execute(query).fetchone() or ()
        self._values: Mapping[str, Any] = dict(zip(wide.COLUMNS, row, strict=True))

    def some(self, transactions: int) -> Times:
        """Write so many times to each table."""
        single = Times()
        for number in (next(self._numbers) for _ in range(transactions)):
            own = {"sfid": wide.sfid(number % self._rows + 1), "changed": f"changed {number}"}
            values = {**self._values, **own}
            for who in in_turn(_WHO, number):
                began = time.perf_counter()
                self._application.execute(self._statements[who], values, prepare=True)
                single.note("", who, time.perf_counter() - began)
        return single


def _composed(text: LiteralString, table: sql.Identifier) -> sql.Composed:
    return sql.SQL(text).format(
        table=table,
        columns=wide.names(),
        values=sql.SQL(", ").join(map(sql.Placeholder, wide.COLUMNS)),
        changed=sql.Identifier(wide.CHANGED),
    )
