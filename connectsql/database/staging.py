"""Records from Salesforce on their way into a mapped table: COPY into a stage, then merge.

The reader's pages and the writer's read-back take the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from psycopg import sql

from connectsql.compiler.model import Column, Table
from connectsql.compiler.names import shorten
from connectsql.database.connection import Connection, errors
from connectsql.database.queries import Queries, query

Record = Mapping[str, Any]  # values by the field's path, "Id" among them


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
        is left alone. A record that may be one of our own inserts, still on its way and
        without an identifier to know it by, is held back: read it again.
        """
        with errors(f"storing records in {self.table.name}"), self._connection.transaction():
            self._stage(records)
            changed = self._link() if self.table.identifier else 0
            self._run("lock_matches")
            changed += self._run("remove_deleted") if self.table.has_isdeleted else 0
            changed += self._run("refresh")
            if self._own_inserts_on_their_way():
                return Merged(changed=changed, held=self._count("unmatched"))
            return Merged(changed=changed + self._run("insert_new"))

    def refresh(self, records: Iterable[Record]) -> int:
        """Take over what Salesforce made of our own write; rows that are gone stay gone."""
        with errors(f"reading back rows of {self.table.name}"), self._connection.transaction():
            self._stage(records)
            self._run("lock_matches")
            return self._run("refresh")

    def _stage(self, records: Iterable[Record]) -> None:
        if not self._stands:
            self._run("create_stage")
            self._stands = True
        paths = self.table.select
        with (
            self._connection.cursor() as cursor,
            cursor.copy(self._queries["fill_stage"]) as copy,
        ):
            for record in records:
                copy.write_row([as_text(record[path]) for path in paths])
        self._run("analyze_stage")

    def _link(self) -> int:
        return self._run("link_by_identifier")

    def _own_inserts_on_their_way(self) -> bool:
        return bool(self._count("blind_inserts_on_their_way"))

    def _run(self, name: str) -> int:
        return self._connection.execute(self._queries[name], {"table": self.table.name}).rowcount

    def _count(self, name: str) -> int:
        row = self._connection.execute(self._queries[name], {"table": self.table.name}).fetchone()
        return int(row[0]) if row else 0


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
    return {
        "log": log,
        "table": sql.Identifier(table.schema, table.name),
        "stage": sql.Identifier("pg_temp", shorten(f"connectsql_stage_{table.name}")),
        "definitions": sql.SQL(", ").join(_definition(column) for column in table.columns),
        "columns": sql.SQL(", ").join(sql.Identifier(name) for name in names),
        "staged": sql.SQL(", ").join(sql.Identifier("s", name) for name in names),
        "current": sql.SQL(", ").join(sql.Identifier("t", name) for name in names),
        "waiting": query("waiting", log=log),
        "deleted": sql.SQL("s.isdeleted" if table.has_isdeleted else "false"),
        "identifier": sql.Identifier(identifier.name) if identifier else sql.SQL("sfid"),
        "blind": sql.SQL("t.{} IS NULL").format(sql.Identifier(identifier.name))
        if identifier
        else sql.SQL("true"),
    }


def _definition(column: Column) -> sql.Composable:
    type_text = sql.SQL(column.type)
    return sql.SQL("{} {}").format(sql.Identifier(column.name), type_text)
