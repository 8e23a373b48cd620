"""Statements about tables and columns, composed with psycopg.sql; all of them end with ``;``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from psycopg import sql

from connectsql.compiler.model import Column, Computed, Table, Twin
from connectsql.compiler.names import quoted

_FIRING = {"A": "ENABLE ALWAYS", "R": "ENABLE REPLICA", "D": "DISABLE"}
_COLUMN = sql.SQL("    {name} {type}")


def text(composed: sql.Composable) -> str:
    """Return composed SQL as text; it needs no connection."""
    return composed.as_string(None)


def raw(checked: str) -> sql.SQL:
    """Return a word that is no name: a type of the type table, a checked expression."""
    return sql.SQL(checked)


@lru_cache(maxsize=64)
def qualified(schema: str, name: str) -> sql.Composable:
    """Return ``schema.name``."""
    return raw(text(sql.SQL("{}.{}").format(quoted(schema), quoted(name))))


def create_table(table: Table) -> str:
    """Return the statement that makes a mapped table with its fields' columns and its own."""
    columns = [_COLUMN.format(name=quoted(one.name), type=raw(one.type)) for one in table.columns]
    statement = sql.SQL(
        "CREATE TABLE IF NOT EXISTS {table} (\n{columns},\n"
        "    sfid varchar(18) COLLATE pg_catalog.{collation},\n"
        "    id {serial} PRIMARY KEY,\n"
        "    _hc_lastop varchar(32),\n"
        "    _hc_err text\n);"
    )
    return text(
        statement.format(
            table=qualified(table.schema, table.name),
            columns=sql.SQL(",\n").join(columns),
            collation=quoted(table.sfid_collation),
            serial=raw("bigserial" if table.key_type == "bigint" else "serial"),
        )
    )


def drop_table(schema: str, name: str) -> str:
    """Return the statement that removes a table, if nothing depends on it."""
    return text(sql.SQL("DROP TABLE {};").format(qualified(schema, name)))


def add_column(schema: str, table: str, column: str, type_: str) -> str:
    """Return the statement that adds a column: a change of the catalog only."""
    statement = sql.SQL("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {type};")
    return text(
        statement.format(table=qualified(schema, table), name=quoted(column), type=raw(type_))
    )


def drop_column(schema: str, table: str, column: str) -> str:
    """Return the statement that removes a column, if nothing depends on it."""
    statement = sql.SQL("ALTER TABLE {} DROP COLUMN IF EXISTS {};")
    return text(statement.format(qualified(schema, table), quoted(column)))


def alter_type(schema: str, table: str, column: str, type_: str, using: str = "") -> str:
    """Return the statement that gives a column another type; ``using`` holds ``{}`` for it."""
    name = quoted(column)
    convert = sql.SQL(" USING {}").format(sql.SQL(using).format(name)) if using else sql.SQL("")
    statement = sql.SQL("ALTER TABLE {} ALTER COLUMN {} TYPE {}{};")
    return text(statement.format(qualified(schema, table), name, raw(type_), convert))


def widen_sequence(schema: str, sequence: str) -> str:
    """Return the statement that lets the sequence of a serial column count on as a bigint."""
    return text(
        sql.SQL("ALTER SEQUENCE IF EXISTS {} AS bigint;").format(qualified(schema, sequence))
    )


def trigger_again(schema: str, table: str, name: str, spelled: str) -> str:
    """Return what makes a trigger as ``connectsql.catalog()`` spelled it: when it fires, too."""
    definition, found, when = spelled.rpartition(" ENABLED ")
    if not found:
        return f"{spelled};"
    change = sql.SQL("ALTER TABLE {} {} TRIGGER {};")
    target = qualified(schema, table)
    return f"{definition};\n{text(change.format(target, raw(_FIRING[when]), quoted(name)))}"


def add_computed(table: Table, computed: Computed) -> str:
    """Return the statement that adds a column which Postgres computes."""
    statement = sql.SQL(
        "ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}\n    GENERATED ALWAYS AS ({}) STORED;"
    )
    return text(
        statement.format(
            qualified(table.schema, table.name),
            quoted(computed.name),
            raw(computed.type),
            raw(computed.expression),
        )
    )


def column_comments(table: Table) -> Iterator[tuple[str, str]]:
    """Yield each column of the table with what its comment says."""
    for column in table.columns:
        yield column.name, _meaning(column)
    for twin in table.twins:
        yield twin.name, _twins_meaning(table, twin)
    for computed in table.computed:
        yield computed.name, f"Computed: {computed.expression}"


def table_comment(table: Table) -> str:
    """Return what the comment of a mapped table says."""
    records = f"{table.object.label} ({table.object.name})"
    return f"{records} where {table.filter}" if table.filter else records


def comment(schema: str, table: str, column: str | None, words: str | None) -> str:
    """Return the statement that sets, or with None removes, the comment of a table or column."""
    name = qualified(schema, table)
    said = sql.Literal(words) if words is not None else sql.SQL("NULL")
    if column:
        return text(sql.SQL("COMMENT ON COLUMN {}.{} IS {};").format(name, quoted(column), said))
    return text(sql.SQL("COMMENT ON TABLE {} IS {};").format(name, said))


def _meaning(column: Column) -> str:
    label = column.field.label
    if column.lookup:
        label = f"{column.lookup.label}: {label}"
    return f"{label}. {column.field.help_text}" if column.field.help_text else label


def _twins_meaning(table: Table, twin: Twin) -> str:
    return f"{twin.field.label}: the id of its row in {table.schema}.{twin.parent}"
