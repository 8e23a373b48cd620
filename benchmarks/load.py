"""The initial load of a table, beside COPY of the same rows into the same table.

The table has every field of the emulated org's Account that has a column. The org runs in a
process of its own; what it needs for its answers is measured too, and is part of the load.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, LiteralString

from psycopg import sql

from benchmarks import wide
from benchmarks.figures import Figure
from benchmarks.ground import Ground, org
from benchmarks.times import Times, in_turn
from connectsql.agent.reader import Reader
from connectsql.compiler.draft import draft
from connectsql.compiler.model import Desired, Table
from connectsql.compiler.resolve import resolve
from connectsql.config.model import Access
from connectsql.database.connection import Connection, connect_agent
from connectsql.database.staging import Staging
from connectsql.describe.model import Org, SObject
from connectsql.salesforce import soql
from connectsql.salesforce.record import flatten
from connectsql.salesforce.rest import Rest
from connectsql.salesforce.session import Session

OBJECT = "Account"
LOAD = "initial load"
MERGE = "pages at hand, into the table"
ORG = "the org's answers alone"
COPY = "COPY"


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Records of the org."""

    records: int = 20_000
    repetitions: int = 5


QUICK = Sizes(records=2_000, repetitions=2)


def measure(ground: Ground, *, quick: bool = False) -> Iterator[Figure]:
    """Yield what loading costs, as a whole and in its parts."""
    sizes = QUICK if quick else Sizes()
    taken = Times()
    with ExitStack() as stack:
        running = stack.enter_context(org({OBJECT: sizes.records}))
        session = stack.enter_context(running.session())
        desired = _desired(session)
        database = stack.enter_context(ground.database(desired))
        loading = _Loading(stack.enter_context(connect_agent(database)), desired, session)
        ways = {
            LOAD: loading.load,
            MERGE: loading.merge,
            ORG: loading.ask,
            COPY: loading.copy,
        }
        for repetition in range(sizes.repetitions):
            for way in in_turn(list(ways), repetition):
                loading.empty()
                with taken.taken("load", way):
                    ways[way]()
    yield from _figures(taken, sizes.records)


def _figures(taken: Times, records: int) -> Iterator[Figure]:
    yield Figure(
        name=f"{LOAD} of {records:,} records, against COPY",
        unit="x",
        repetitions=[1 / ratio for ratio in taken.ratios("load", LOAD, COPY)],
        target="load",
    )
    yield Figure(
        name=f"of it: {MERGE}, against COPY",
        unit="x",
        repetitions=[1 / ratio for ratio in taken.ratios("load", MERGE, COPY)],
    )
    yield Figure(
        name=f"of it: {ORG}, share of the time",
        unit="x",
        repetitions=taken.ratios("load", ORG, LOAD),
    )
    for way in (LOAD, MERGE, ORG, COPY):
        speed = [records / seconds for seconds in taken.of("load", way)]
        yield Figure(name=way, unit="rows/s", repetitions=speed)


def _desired(session: Session) -> Desired:
    described = SObject.from_describe(Rest(session).describe(OBJECT))
    config = draft("connectsql.yaml", [described])
    mapping = replace(config.mappings[0], access=Access.READ_WRITE, upsert_field="ExternalId__c")
    return resolve(replace(config, mappings=(mapping,)), Org((described,))).desired


class _Loading:
    """The ways into the table; before each it is emptied."""

    def __init__(self, connection: Connection, desired: Desired, session: Session) -> None:
        self._connection = connection
        self._desired = desired
        self._session = session
        self._table: Table = desired.tables[0]
        self._pages: list[list[dict[str, Any]]] = self.ask()
        self.load()
        self._data = self._copy_out()

    def empty(self) -> None:
        """Start anew."""
        self._do("TRUNCATE {table} RESTART IDENTITY")
        self._connection.execute("DELETE FROM connectsql.mapping")
        self._connection.execute("CHECKPOINT")

    def load(self) -> None:
        """Let the agent's reader load the table."""
        reader = Reader(
            self._connection,
            self._desired,
            self._session,
            lookback=timedelta(seconds=300),
        )
        read = reader.read(self._table)
        assert read.loaded

    def merge(self) -> None:
        """Do the database's part of it alone."""
        staging = Staging(self._connection, self._table)
        for page in self._pages:
            staging.merge(flatten(record, self._table.select) for record in page)

    def ask(self) -> list[list[dict[str, Any]]]:
        """Do the org's part of it alone."""
        query = soql.select(self._table.select, self._table.object.name, order_by=["Id"])
        return [page.records for page in Rest(self._session).query_pages(query)]

    def copy(self) -> None:
        """COPY the same bytes."""
        statement = self._composed("COPY {table} ({columns}) FROM STDIN")
        with self._connection.cursor().copy(statement) as copy:
            copy.write(self._data)

    def _copy_out(self) -> bytes:
        statement = self._composed("COPY {table} ({columns}) TO STDOUT")
        with self._connection.cursor().copy(statement) as copy:
            return b"".join(bytes(part) for part in copy)

    def _do(self, statement: LiteralString) -> None:
        self._connection.execute(self._composed(statement))

    def _composed(self, statement: LiteralString) -> sql.Composed:
        names = [*self._table.by_name, "sfid", "_hc_lastop"]
        return sql.SQL(statement).format(
            table=wide.identifier(self._table),
            columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        )
