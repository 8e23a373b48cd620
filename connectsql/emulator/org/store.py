"""Where records live: SQLite, one table an object, in memory or in a file.

Values are kept as they are answered: stamps and dates as text, booleans as 0 and 1, numbers
as doubles. Whoever writes does so inside ``transaction()``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from connectsql.emulator.org import ids, text
from connectsql.emulator.org.schema import Field, Schema, SObject
from connectsql.emulator.org.tables import (
    DELETED,
    columns_of,
    fetch_statement,
    find_statement,
    insert_statement,
    quote,
    update_statement,
)
from connectsql.emulator.org.upkeep import create_table, drop_outdated

Row = dict[str, Any]


class Taken(Exception):
    """Another record, not deleted, has a value that must be unique."""


class Store:
    """The records of an org. One connection, used by one thread at a time."""

    def __init__(self, schema: Schema, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._writer = self._connection.cursor()
        self.learn(schema)
        self._numbers: dict[str, int] = {}
        self._dirty: set[str] = set()
        self._depth = 0
        self._there: set[str] = set()
        with self.transaction():
            self._prepare()

    def close(self) -> None:
        """Close the file. What was committed is in it."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block writes, or nothing of it when the block raises.

        Inside another transaction it is a savepoint: the outermost commits.
        """
        if self._depth:
            begin, undo, done = "SAVEPOINT s", "ROLLBACK TO s; RELEASE s", "RELEASE s"
        else:
            begin, undo, done = "BEGIN IMMEDIATE", "ROLLBACK", "COMMIT"
        self._connection.execute(begin)
        self._depth += 1
        try:
            yield
            if self._depth == 1:
                self._save_numbers()
            self._connection.execute(done)
        except BaseException:
            self._there.clear()
            if self._connection.in_transaction:  # else SQLite undid it: the disk is full
                for statement in undo.split("; "):
                    self._connection.execute(statement)
            raise
        finally:
            self._depth -= 1
        if not self._depth:
            self._there.clear()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._depth > 0

    def next_number(self, sequence: str) -> int:
        """Return the next number of a sequence; the first is 1. Numbers may be skipped."""
        number = self._numbers.get(sequence, 0) + 1
        self._numbers[sequence] = number
        self._dirty.add(sequence)
        return number

    def new_id(self, sobject: SObject) -> str:
        """Return the id for a new record."""
        return ids.make_id(sobject.key_prefix, self.next_number(sobject.name))

    def insert(self, sobject: SObject, rows: Iterable[Row]) -> None:
        """Add records. A row has the fields that have a value, its Id among them.

        Only what is not null is written: binding a null costs ten times as much as a text.
        Raises ``Taken`` for a value that must be unique and is not.
        """
        execute, table = self._writer.execute, sobject.name
        for row in rows:
            values = {name: value for name, value in row.items() if value is not None}
            try:
                execute(insert_statement(table, tuple(values)), tuple(values.values()))
            except sqlite3.IntegrityError as broken:
                raise Taken from broken

    def update(self, sobject: SObject, record_id: str, changes: Mapping[str, Any]) -> None:
        """Set some fields of a record. Raises ``Taken`` as ``insert`` does."""
        names = tuple([(name, value is None) for name, value in changes.items()])
        values = [value for value in changes.values() if value is not None]
        try:
            self._writer.execute(update_statement(sobject.name, names), (*values, record_id))
        except sqlite3.IntegrityError as broken:
            raise Taken from broken
        if DELETED in changes:
            self._there.discard(record_id)

    def remove(self, sobject: SObject, record_id: str) -> None:
        """Take a record away for good."""
        statement = f'DELETE FROM {quote(sobject.name)} WHERE "Id"=?'  # noqa: S608
        self._connection.execute(statement, (record_id,))
        self._there.discard(record_id)

    def fetch(self, sobject: SObject, record_id: str) -> Row | None:
        """Return a record, deleted or not, or None if there never was one."""
        found = self._connection.execute(self._fetches[sobject.name], (record_id,)).fetchone()
        return dict(zip(self._columns[sobject.name], found, strict=True)) if found else None

    def live(self, sobject: SObject, record_id: str) -> Row | None:
        """Return a record that is there and not deleted, or None."""
        row = self.fetch(sobject, record_id)
        return row if row and not row[DELETED] else None

    def is_deleted(self, sobject: SObject, record_id: str) -> bool | None:
        """Tell whether a record is deleted, or None if there never was one."""
        statement = f'SELECT "IsDeleted" FROM {quote(sobject.name)} WHERE "Id"=?'  # noqa: S608
        found = self._connection.execute(statement, (record_id,)).fetchone()
        return bool(found[0]) if found else None

    def is_there(self, sobject: SObject, record_id: str) -> bool | None:
        """Tell whether a record is there and not deleted, or None if there never was one.

        What was found to be there is remembered to the end of the transaction.
        """
        if record_id in self._there:
            return True
        deleted = self.is_deleted(sobject, record_id)
        if deleted is False and self._depth:
            self._there.add(record_id)
        return None if deleted is None else not deleted

    def find(self, sobject: SObject, field: Field, value: Any) -> list[str]:
        """Return the ids of the records, not deleted, whose field equals the value."""
        wanted = text.folded(value) if field.folds_case else value
        found = self._connection.execute(find_statement(sobject.name, field), (wanted,)).fetchall()
        return [row[0] for row in found]

    def rows(self, sobject: SObject, field: Field, value: Any) -> Iterator[Row]:
        """Return the records, not deleted, whose field equals the value."""
        for record_id in self.find(sobject, field, value):
            row = self.fetch(sobject, record_id)
            if row is not None:
                yield row

    def all_ids(self, sobject: SObject) -> list[str]:
        """Return the ids of all records that are not deleted."""
        return self.some_ids(sobject, -1)

    def some_ids(self, sobject: SObject, most: int = 1000) -> list[str]:
        """Return the ids of the first records that are not deleted."""
        table = quote(sobject.name)
        statement = f'SELECT "Id" FROM {table} WHERE "IsDeleted"=0 LIMIT {most:d}'  # noqa: S608
        return [row[0] for row in self._connection.execute(statement)]

    def stamped(
        self, sobject: SObject, stamp: Field, start: str, end: str, *, most: int
    ) -> list[str]:
        """Return the ids of records, not deleted, by a stamp: from ``start``, before ``end``."""
        column = quote(stamp.name)
        statement = (
            f'SELECT "Id" FROM {quote(sobject.name)} '  # noqa: S608
            f'WHERE {column}>=? AND {column}<? AND "IsDeleted"=0 ORDER BY {column}, "Id"'
        )
        return [row[0] for row in self.first(statement, (start, end), most=most)]

    def every_nth_id(self, sobject: SObject, n: int) -> list[str]:
        """Return the first id and each ``n``-th after it, deleted records counted."""
        statement = (
            'SELECT "Id" FROM (SELECT "Id", row_number() OVER (ORDER BY "Id") AS n '  # noqa: S608
            f'FROM {quote(sobject.name)}) WHERE (n - 1) % ? = 0 ORDER BY "Id"'
        )
        return [row[0] for row in self.first(statement, (n,))]

    def column(self, sobject: SObject, name: str) -> list[tuple[Any, str]]:
        """Return the value that each record, deleted or not, has in a field, and its id."""
        rows = self.first(f'SELECT {quote(name)}, "Id" FROM {quote(sobject.name)}')  # noqa: S608
        return [(value, record_id) for value, record_id in rows]

    def fill(self, sobject: SObject, name: str, values: Iterable[tuple[Any, str]]) -> None:
        """Set a field of records, told as ``column`` does. Raises ``Taken``."""
        self.many(update_statement(sobject.name, ((name, False),)), values)

    def count(self, sobject: SObject) -> int:
        """Return how many records are not deleted."""
        statement = f'SELECT count(*) FROM {quote(sobject.name)} WHERE "IsDeleted"=0'  # noqa: S608
        return int(self._connection.execute(statement).fetchone()[0])

    def first(
        self, statement: str, values: Sequence[Any] = (), *, most: int = -1
    ) -> list[tuple[Any, ...]]:
        """Return the first rows that a statement gives, at most so many; -1 is all of them."""
        with closing(self._connection.execute(statement, values)) as cursor:
            return cursor.fetchall() if most < 0 else cursor.fetchmany(most)

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Run a statement that gives no rows."""
        self._connection.execute(statement, values)

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row of values. Raises ``Taken`` as ``insert`` does."""
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.IntegrityError as broken:
            raise Taken from broken

    def keep(self, name: str, statement: str, values: Sequence[Any]) -> int:
        """Keep a statement's result, as it is now, under a name; return its number of rows."""
        self._connection.execute(f"CREATE TEMP TABLE {quote(name)} AS {statement}", values)
        counted = f"SELECT count(*) FROM temp.{quote(name)}"  # noqa: S608
        return int(self._connection.execute(counted).fetchone()[0])

    def kept(self, name: str, start: int, size: int) -> list[tuple[Any, ...]]:
        """Return ``size`` rows of a kept result from ``start`` on; the first is 0."""
        statement = f"SELECT * FROM temp.{quote(name)} WHERE rowid > ? AND rowid <= ?"  # noqa: S608
        return self._connection.execute(statement, (start, start + size)).fetchall()

    def forget(self, name: str) -> None:
        """Give up a kept result; a transaction that was undone may have taken it along."""
        self._connection.execute(f"DROP TABLE IF EXISTS temp.{quote(name)}")

    def reshape(self, schema: Schema, emptied: tuple[str, str] | None = None) -> None:
        """Hold the objects of another schema; ``emptied`` is a column to lose its values.

        Raises ``Taken`` where a field became unique and its values are not.
        """
        for old in self._schema.objects:
            drop_outdated(self._connection, old, schema.find(old.name), emptied)
        self.learn(schema)
        try:
            for sobject in schema.objects:
                create_table(self._connection, sobject)
        except sqlite3.IntegrityError as broken:
            raise Taken from broken

    def learn(self, schema: Schema) -> None:
        """Take a schema as the one that the tables are of."""
        self._schema = schema
        self._columns = {one.name: columns_of(one) for one in schema.objects}
        self._fetches = {
            name: fetch_statement(name, list(them)) for name, them in self._columns.items()
        }

    def _prepare(self) -> None:
        self._connection.execute(
            'CREATE TABLE IF NOT EXISTS "_sequence" (name TEXT PRIMARY KEY, number INTEGER)'
        )
        for sobject in self._schema.objects:
            create_table(self._connection, sobject)
        self._numbers = dict(self._connection.execute('SELECT name, number FROM "_sequence"'))

    def _save_numbers(self) -> None:
        changed = [(name, self._numbers[name]) for name in self._dirty]
        self._dirty.clear()
        self._connection.executemany('INSERT OR REPLACE INTO "_sequence" VALUES (?, ?)', changed)
