"""Brings the tables of a data file in line with the objects that an org has."""

from __future__ import annotations

import sqlite3

from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.tables import (
    DELETED,
    columns_of,
    index_name,
    index_of,
    index_statement,
    is_indexed,
    quote,
)


def create_table(connection: sqlite3.Connection, sobject: SObject) -> None:
    """Make the table of an object, with the columns and indexes that are not there yet."""
    table, wanted = quote(sobject.name), columns_of(sobject)
    declared = ",".join(f"{quote(name)} {kind}" for name, kind in wanted.items())
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({declared})")
    rows = connection.execute(f"PRAGMA table_info({table})").fetchall()
    present = {row[1].lower() for row in rows}
    for name, kind in wanted.items():
        if name.lower() not in present:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {quote(name)} {kind}")
    for one in filter(is_indexed, sobject.stored):
        connection.execute(index_statement(sobject.name, one))


def drop_outdated(
    connection: sqlite3.Connection,
    old: SObject,
    new: SObject | None,
    emptied: tuple[str, str] | None,
) -> None:
    """Drop the table, columns and indexes of an object that are not as they have to be.

    ``new`` is what the object is to be, None if it is to go; ``emptied`` is the column, by
    object and field, that loses its values in any case.
    """
    table = quote(old.name)
    if new is None:
        connection.execute(f"DROP TABLE {table}")
        return
    columns = columns_of(new)
    for field in old.stored:
        known = new.field(field.name)
        outdated = field.name not in columns or (old.name, field.name) == emptied
        if outdated or known is None or index_of(old, field) != index_of(new, known):
            connection.execute(f"DROP INDEX IF EXISTS {quote(index_name(old.name, field))}")
        if outdated and field.name != DELETED:
            connection.execute(f"ALTER TABLE {table} DROP COLUMN {quote(field.name)}")
