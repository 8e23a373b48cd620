"""Mapped tables as the writer uses them: the rows to send, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from connectsql.compiler.model import Table
from connectsql.database.connection import Connection, errors
from connectsql.database.queries import Queries


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row to send: its values by column, in Postgres' text form as the log has them."""

    id: int
    sfid: str | None
    values: dict[str, str | None]


@dataclass(frozen=True, kw_only=True)
class Written:
    """A row whose record stands in Salesforce now."""

    id: int
    sfid: str | None
    lastop: str  # INSERTED or UPDATED


class Rows:
    """The rows of one mapped table."""

    def __init__(self, connection: Connection, table: Table) -> None:
        self._connection = connection
        self.table = table
        self._queries = Queries(
            log=sql.Identifier(table.schema, "_trigger_log"),
            table=sql.Identifier(table.schema, table.name),
            columns=sql.SQL(", ").join(
                sql.SQL("{}::text").format(sql.Identifier("t", one.name)) for one in table.columns
            ),
        )

    def to_send(self, ids: Sequence[int]) -> dict[int, Row]:
        """Return the rows that are still there, by id."""
        with errors(f"reading rows of {self.table.name}"):
            found = self._run("rows_to_send", ids=list(ids))
        names = [column.name for column in self.table.columns]
        return {
            row[0]: Row(id=row[0], sfid=row[1], values=dict(zip(names, row[2:], strict=True)))
            for row in found
        }

    def lock(self, ids: Sequence[int]) -> set[int]:
        """Lock rows until the transaction ends; those that others have locked are left out."""
        return {row[0] for row in self._run("lock_rows", ids=list(ids))} if ids else set()

    def existing(self, ids: Sequence[int]) -> set[int]:
        """Return those of the rows that are there."""
        return {row[0] for row in self._run("existing_rows", ids=list(ids))} if ids else set()

    def waiting(self, ids: Sequence[int], entries: Sequence[int]) -> set[int]:
        """Return those of the rows that have other changes to send than these entries."""
        return {row[0] for row in self._run("waiting", ids=list(ids), entries=list(entries))}

    def holders(self, sfids: Sequence[str]) -> dict[str, int]:
        """Return the rows that hold these sfids already."""
        return {row[0]: row[1] for row in self._run("holders", sfids=list(sfids))}

    def note_written(self, written: Sequence[Written], again: set[int]) -> set[int]:
        """Store sfids; return the rows that were there to take them.

        Rows in ``again`` have changed once more, and stay marked as they are.
        """
        if not written:
            return set()
        found = self._run(
            "note_written",
            ids=[one.id for one in written],
            sfids=[one.sfid for one in written],
            lastops=[one.lastop for one in written],
            again=[one.id in again for one in written],
        )
        return {row[0] for row in found}

    def note_refused(self, refused: Sequence[tuple[int, str]]) -> None:
        """Show in the rows why Salesforce refused them."""
        if not refused:
            return
        ids, messages = [one[0] for one in refused], [one[1] for one in refused]
        self._run("note_refused", ids=ids, messages=messages)

    def _run(self, name: str, **parameters: object) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(
            self._queries[name], {"table": self.table.name, **parameters}
        )
        return cursor.fetchall() if cursor.description else []
