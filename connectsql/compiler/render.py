"""The desired schema as SQL text: what a DBA reads, and what ``apply`` executes.

The same input gives the same bytes. Everything composed goes through psycopg.sql.
"""

from __future__ import annotations

import hashlib

from psycopg import sql

from connectsql import __version__
from connectsql.compiler.model import Column, Desired, Index, Table, Trigger
from connectsql.compiler.names import quoted
from connectsql.errors import CompileError
from connectsql.resources import read_text

_DOLLAR_TAG = "$connectsql$"

_COLUMN = sql.SQL("    {name} {type}")
_APPLICATIONS = sql.SQL("\n    WHEN (public.get_xmlbinary()::text = 'base64')")
_NOT_THE_AGENT = sql.SQL(
    "\n    WHEN (current_setting('connectsql.agent', true) IS DISTINCT FROM 'on')"
)


def script(desired: Desired) -> str:
    """Return the whole SQL for one connection, as one transaction that ends with its record."""
    parts = [
        "-- Compiled by connectsql. One transaction; running it again changes nothing.",
        "BEGIN;",
        body(desired).rstrip(),
        record(desired),
        "COMMIT;",
    ]
    return "\n\n".join(parts) + "\n"


def body(desired: Desired) -> str:
    """Return the SQL without BEGIN, COMMIT and the record of the installation."""
    parts = [runtime(desired)]
    parts.extend(paragraph for table in desired.tables for paragraph in definition(table))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def runtime(desired: Desired) -> str:
    """Return the hand-written part of ``sql/`` with the schema and the key type filled in."""
    schema = text(sql.Identifier(desired.schema))
    if _DOLLAR_TAG in schema:
        raise CompileError(f"a schema's name cannot contain {_DOLLAR_TAG}")
    connection = read_text("sql", "connection.sql").split("\n\n", 1)[1]
    connection = connection.replace('\'"{schema}".', "'" + schema.replace("'", "''") + ".")
    connection = connection.replace('"{schema}"', text(quoted(desired.schema)))
    connection = connection.replace('"{key}"', desired.key_type)
    return f"{read_text('sql', 'connectsql.sql').strip()}\n\n{connection}"


def fingerprint(desired: Desired) -> str:
    """Return what identifies this compiled SQL: the agent serves only what was applied."""
    return hashlib.sha256(body(desired).encode()).hexdigest()


def record(desired: Desired) -> str:
    """Return the statement that notes what was applied."""
    return text(
        sql.SQL(
            "INSERT INTO connectsql.connection (schema_name, fingerprint, version)\n"
            "VALUES ({schema}, {fingerprint}, {version})\n"
            "ON CONFLICT (schema_name) DO UPDATE\n"
            "SET fingerprint = excluded.fingerprint, version = excluded.version,\n"
            "    applied_at = now(), applied_by = current_user;"
        ).format(
            schema=sql.Literal(desired.schema),
            fingerprint=sql.Literal(fingerprint(desired)),
            version=sql.Literal(__version__),
        )
    )


def definition(table: Table) -> list[str]:
    """Return the SQL of one mapped table, as paragraphs; the first creates it."""
    return [
        text(_create(table)),
        "\n".join(text(_column_comment(table, column)) for column in table.columns),
        "\n".join(text(_create_index(table, index)) for index in table.indexes),
        *(create_trigger(table, trigger) for trigger in table.triggers),
    ]


def add_column(table: Table, column: Column) -> str:
    """Return the statement that adds a column to a table that stands already."""
    return text(
        sql.SQL("ALTER TABLE {table} ADD COLUMN {name} {type};").format(
            table=qualified(table), name=quoted(column.name), type=_raw(column.type)
        )
    )


def drop_trigger(schema: str, table: str, trigger: str) -> str:
    """Return the statement that removes a trigger of ours that is no longer wanted."""
    return text(
        sql.SQL("DROP TRIGGER {trigger} ON {schema}.{table};").format(
            trigger=quoted(trigger), schema=quoted(schema), table=quoted(table)
        )
    )


def qualified(table: Table) -> sql.Composable:
    """Return ``schema.table``."""
    return sql.SQL("{}.{}").format(quoted(table.schema), quoted(table.name))


def text(composed: sql.Composable) -> str:
    """Return composed SQL as text; it needs no connection."""
    return composed.as_string(None)


def _raw(type_text: str) -> sql.SQL:
    return sql.SQL(type_text)


def _create(table: Table) -> sql.Composable:
    columns = [_COLUMN.format(name=quoted(one.name), type=_raw(one.type)) for one in table.columns]
    serial = "bigserial" if table.key_type == "bigint" else "serial"
    return sql.SQL(
        "CREATE TABLE IF NOT EXISTS {table} (\n{columns},\n"
        "    sfid varchar(18) COLLATE pg_catalog.{collation},\n"
        "    id {serial} PRIMARY KEY,\n"
        "    _hc_lastop varchar(32),\n"
        "    _hc_err text\n);"
    ).format(
        table=qualified(table),
        columns=sql.SQL(",\n").join(columns),
        collation=quoted(table.sfid_collation),
        serial=_raw(serial),
    )


def _column_comment(table: Table, column: Column) -> sql.Composable:
    label = column.field.label
    if column.lookup:
        label = f"{column.lookup.label}: {label}"
    comment = f"{label}. {column.field.help_text}" if column.field.help_text else label
    return sql.SQL("COMMENT ON COLUMN {table}.{column} IS {comment};").format(
        table=qualified(table), column=quoted(column.name), comment=sql.Literal(comment)
    )


def _create_index(table: Table, index: Index) -> sql.Composable:
    return sql.SQL("CREATE {unique}INDEX IF NOT EXISTS {name} ON {table} ({column});").format(
        unique=sql.SQL("UNIQUE ") if index.unique else sql.SQL(""),
        name=quoted(index.name),
        table=qualified(table),
        column=quoted(index.column),
    )


def create_trigger(table: Table, trigger: Trigger) -> str:
    """Return the statement that makes a trigger, or replaces the one of that name."""
    transition: sql.Composable = sql.SQL("")
    if trigger.transition_table:
        transition = sql.SQL("\n    REFERENCING NEW TABLE AS {}").format(
            quoted(trigger.transition_table)
        )
    statement = sql.SQL(
        "CREATE OR REPLACE TRIGGER {name}\n"
        "    {timing} ON {table}{transition}\n"
        "    FOR EACH {level}{condition}\n"
        "    EXECUTE FUNCTION {schema}.{function}({arguments});"
    ).format(
        name=quoted(trigger.name),
        timing=_raw(trigger.timing),
        table=qualified(table),
        transition=transition,
        level=_raw(trigger.level),
        condition=_APPLICATIONS if trigger.applications_only else _NOT_THE_AGENT,
        schema=quoted(table.schema),
        function=quoted(trigger.function),
        arguments=sql.SQL(", ").join(sql.Literal(one) for one in trigger.arguments),
    )
    return text(statement)
