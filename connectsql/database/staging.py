"""Records from Salesforce on their way into a mapped table: COPY into a stage, then merge.

The reader's pages and the writer's read-back take the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg import Cursor, sql

from connectsql.compiler.model import Column, Table
from connectsql.compiler.names import shorten
from connectsql.config.model import RemoteDeletes
from connectsql.database.connection import Connection, errors
from connectsql.database.queries import Queries

Record = Mapping[str, Any]  # values by the field's path, "Id" among them
Stamps = dict[str, str | None]  # the sfids of rows, each with the row's SystemModstamp


@dataclass(frozen=True, kw_only=True)
class Merged:
    """What a merge did: rows changed, and records held back for the next time."""

    changed: int
    held: int = 0


class Staging:
    """The way into one mapped table, on one connection."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self.table = table
        self._queries = Queries(**_parts(table))
        self._stands = False

    def merge(self, records: Iterable[Record]) -> Merged:
        """Store records as the org has them: new rows, changed rows, deleted rows.

        Runs in one transaction of its own. A row with changes that Salesforce has not got yet
        is left alone. Held back, to be read again, is a record whose row an application is
        changing at this moment, and one that may be an insert of ours, still on its way and
        without an identifier to know it by.
        """
        with self._staged(records, f"storing records in {self.table.name}"):
            if self.table.mapping.partitioned:
                self._run("serialise_inserts")
            changed = self._change("link_by_identifier") if self.table.identifier else 0
            locked = self._ids("lock_matches")
            held = self._count("matches") - len(locked)
            settled = self._settled(locked)
            if self.table.has_isdeleted:
                changed += self._change("remove_deleted", ids=settled)
            changed += self._change("refresh", ids=settled)
            if self._count("blind_inserts_on_their_way"):
                held += self._count("unmatched")
            else:
                changed += self._change("insert_new", leaving=self._ids("leaving"))
            return Merged(changed=changed, held=held)

    def refresh(self, records: Iterable[Record]) -> int:
        """Take over what Salesforce made of our own write; rows that are gone stay gone.

        A row that an application is changing at this moment is left to it: its change will be
        sent, and read back in turn.
        """
        with self._staged(records, f"reading back rows of {self.table.name}"):
            return self._change("refresh", ids=self._settled(self._ids("lock_matches")))

    def linked_rows(self) -> Stamps:
        """Return all rows that have a record, but for those kept of a deleted one."""
        with errors(f"reading the ids of {self.table.name}"):
            return dict(self._run("linked_rows").fetchall())

    def rows_of(self, sfids: list[str]) -> Stamps:
        """Return the rows of these records."""
        with errors(f"reading the ids of {self.table.name}"):
            return dict(self._run("rows_of", sfids=sfids).fetchall())

    def remove(self, rows: Stamps) -> Merged:
        """Remove rows whose records do not match the mapping's filter.

        Left alone is a row with changes that Salesforce has not got yet. Held back is one that
        an application is changing at this moment, or that was refreshed since it was found.
        """
        sfids, stamps = list(rows), list(rows.values())
        with errors(f"removing rows of {self.table.name}"), self._connection.transaction():
            locked = self._ids("lock_unmatched", sfids=sfids, stamps=stamps)
            held = len(self._ids("rows_of", sfids=sfids)) - len(locked)
            changed = self._change("remove_unmatched", ids=self._settled(locked))
            return Merged(changed=changed, held=held)

    @contextmanager
    def _staged(self, records: Iterable[Record], doing: str) -> Iterator[None]:
        """Open a transaction in which the stage holds the records."""
        with errors(doing):
            if not self._stands:
                # Outside of the transaction: a stage that is rolled back does not stand.
                self._run("create_stage")
                self._stands = True
            with self._connection.transaction():
                self._fill(records)
                yield

    def _fill(self, records: Iterable[Record]) -> None:
        paths = self.table.select
        with (
            self._connection.cursor() as cursor,
            cursor.copy(self._queries["fill_stage"]) as copy,
        ):
            for record in records:
                copy.write_row([as_text(record[path]) for path in paths])
        self._run("analyze_stage")

    def _settled(self, locked: list[Any]) -> list[Any]:
        """Return those of the rows that have nothing to send."""
        waiting = set(self._ids("waiting", ids=locked, entries=[]))
        return [id_ for id_ in locked if id_ not in waiting]

    def _ids(self, name: str, **parameters: Any) -> list[Any]:
        return [row[0] for row in self._run(name, **parameters).fetchall()]

    def _change(self, name: str, **parameters: Any) -> int:
        return self._run(name, **parameters).rowcount

    def _count(self, name: str) -> int:
        row = self._run(name).fetchone()
        return int(row[0]) if row else 0

    def _run(self, name: str, **parameters: Any) -> Cursor[Any]:
        every = {"table": self.table.name, **parameters}
        return self._connection.execute(self._queries[name], every)


def as_text(value: Any) -> str | None:
    """Return a JSON value of Salesforce's in the form COPY takes.

    Timestamps come in UTC with an offset, which Postgres reads (and ``timestamp`` columns
    ignore). A NUL character, which Postgres cannot store, is dropped.
    """
    if value is None or isinstance(value, str):
        return value if not value or "\x00" not in value else value.replace("\x00", "")
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def _parts(table: Table) -> dict[str, sql.Composable]:
    names = [column.name for column in table.columns]
    log = sql.Identifier(table.schema, "_trigger_log")
    identifier = table.identifier
    deleted = sql.SQL("s.isdeleted" if table.has_isdeleted else "false")
    kept = table.mapping.remote_deletes is RemoteDeletes.KEEP
    return {
        "log": log,
        "table": sql.Identifier(table.schema, table.name),
        "called": sql.Literal(f"{table.schema}.{table.name}"),
        "unless_known": sql.SQL(
            "" if table.mapping.partitioned else "ON CONFLICT (sfid) DO NOTHING"
        ),
        "stage": sql.Identifier("pg_temp", shorten(f"connectsql_stage_{table.name}")),
        "definitions": sql.SQL(", ").join(_definition(column) for column in table.columns),
        "columns": sql.SQL(", ").join(sql.Identifier(name) for name in names),
        "staged": sql.SQL(", ").join(sql.Identifier("s", name) for name in names),
        "current": sql.SQL(", ").join(sql.Identifier("t", name) for name in names),
        "deleted": deleted,
        "removed": sql.SQL("false") if kept else deleted,
        "kept": sql.SQL("coalesce(isdeleted, false)" if kept and table.has_isdeleted else "false"),
        "identifier": sql.Identifier(identifier.name) if identifier else sql.SQL("sfid"),
        "same_identifier": sql.SQL("t.{0} = s.{0}").format(sql.Identifier(identifier.name))
        if identifier
        else sql.SQL("false"),
        "blind": sql.SQL("coalesce(t.{}::text, '') = ''").format(sql.Identifier(identifier.name))
        if identifier
        else sql.SQL("true"),
    }


def _definition(column: Column) -> sql.Composable:
    type_text = sql.SQL(column.type)
    return sql.SQL("{} {}").format(sql.Identifier(column.name), type_text)
