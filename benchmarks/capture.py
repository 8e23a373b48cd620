"""What capturing costs those who write: applications, and the agent itself.

Tables of 30 mapped columns and one that is the application's own: without triggers, with
``log: changes``, with ``log: full``, and with the usual design of ``usual.sql``. The last is so
slow that it is compared on a small table, with one without triggers that is as small.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

from psycopg import sql

from benchmarks import bulk, one_row, wide
from benchmarks.bulk import Size
from benchmarks.figures import Figure
from benchmarks.ground import Ground
from benchmarks.tables import BARE, CHANGES, FEW, FULL, NAMES, USUAL, Tables
from benchmarks.times import Times
from connectsql.compiler.model import Table
from connectsql.database.connection import Connection, connect, connect_agent


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Rows of tables and of statements, both for the usual design, too, and transactions."""

    held: int = 1_000_000
    rows: int = 50_000
    usual_held: int = 2_000
    usual_rows: int = 400
    transactions: int = 200
    repetitions: int = 5


QUICK = Sizes(held=2_000, rows=1_000, usual_held=60, usual_rows=20, transactions=5, repetitions=2)

_TARGETS = {
    ("INSERT", CHANGES): "bulk insert",
    ("COPY", CHANGES): "bulk insert",
    ("UPDATE of one column", CHANGES): "bulk update",
    ("UPDATE that changes nothing", CHANGES): "no change",
    ("UPDATE of an unmapped column", CHANGES): "no change",
    ("INSERT", FULL): "full insert",
    ("COPY", FULL): "full insert",
    ("UPDATE of one column", FULL): "full update",
    ("agent's INSERT", CHANGES): "agent write",
    ("agent's UPDATE", CHANGES): "agent write",
    ("agent's INSERT", FULL): "agent write",
    ("agent's UPDATE", FULL): "agent write",
}


def measure(ground: Ground, *, quick: bool = False) -> Iterator[Figure]:
    """Yield what bulk statements and one-row transactions cost with capture."""
    yield from compare(ground, QUICK if quick else Sizes())


def compare(ground: Ground, sizes: Sizes) -> Iterator[Figure]:
    """Yield the figures for these sizes."""
    with ExitStack() as stack:
        desired = wide.desired(ground.folder, list(NAMES.items()))
        database = stack.enter_context(ground.database(desired))
        application = stack.enter_context(connect(database, autocommit=True))
        agent = stack.enter_context(connect_agent(database))
        tables = Tables(application, agent, desired)
        _install_usual(application, tables.of(USUAL))
        single = one_row.times(
            tables,
            rows=sizes.held,
            transactions=sizes.transactions,
            repetitions=sizes.repetitions,
        )
        few = Size(held=sizes.usual_held, rows=sizes.usual_rows, repetitions=sizes.repetitions)
        small = bulk.times(tables, [FEW, USUAL], few)
        many = Size(held=sizes.held, rows=sizes.rows, repetitions=sizes.repetitions)
        large = bulk.times(tables, [BARE, CHANGES, FULL], many)
    yield from _bulk_figures(large, small, sizes.rows)
    yield from _one_row_figures(single)


def _install_usual(connection: Connection, table: Table) -> None:
    text: LiteralString = Path(__file__).with_name("usual.sql").read_text(encoding="utf-8")
    name = {"schema": sql.Identifier(table.schema), "table": sql.Identifier(table.name)}
    connection.execute(sql.SQL(text).format(**name))


def _bulk_figures(large: Times, small: Times, rows: int) -> Iterator[Figure]:
    for what in bulk.OPERATIONS:
        bare = large.of(what, BARE, factor=1e6 / rows)
        yield Figure(name=f"{what}, {BARE}", unit="µs/row", repetitions=bare)
        for who, times, to in ((CHANGES, large, BARE), (FULL, large, BARE), (USUAL, small, FEW)):
            yield Figure(
                name=f"{what}, {who}",
                unit="x",
                repetitions=times.ratios(what, who, to),
                target=_TARGETS.get((what, who)),
            )


def _one_row_figures(single: Times) -> Iterator[Figure]:
    for what in one_row.OPERATIONS:
        bare = single.of(what, BARE, factor=1e6)
        yield Figure(name=f"one-row {what}, {BARE}", unit="µs", repetitions=bare)
        for who in (CHANGES, FULL, USUAL):
            pairs = zip(single.of(what, who, factor=1e6), bare, strict=True)
            yield Figure(
                name=f"one-row {what}, added by {who}",
                unit="µs",
                repetitions=[one - other for one, other in pairs],
                target="one row" if who == CHANGES else None,
            )
