"""What capturing needs of a table beside its triggers: a default, and functions of its own.

Comparing two rows column by column costs a fraction of what comparing them as hstore does, so
these functions name the columns. What they do is written in sql/.
"""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from connectsql.compiler.ddl import qualified, text
from connectsql.compiler.model import Column, Kind, Part, Table
from connectsql.compiler.names import dollar_quoted, quoted
from connectsql.compiler.triggers import logger_function, marking_trigger, status_function
from connectsql.config.model import LogLevel
from connectsql.resources import read_text

# What no trigger captures, since none fires, waits for nobody.
MARKED = sql.SQL(
    "CASE WHEN current_setting('xmlbinary') <> 'base64' THEN 'SYNCED' "
    "WHEN current_setting('session_replication_role') <> 'replica' THEN 'PENDING' END"
)

_VALUE = sql.SQL("CASE WHEN {new} IS DISTINCT FROM {old} THEN hstore({name}, {value})::text END")
_BYTES = sql.SQL('{}::text COLLATE "C"')
_TEXTS = ("varchar", "text")
_NOTHING = sql.SQL("false")


def capturing_parts(table: Table) -> Iterator[Part]:
    """Yield what has to stand before the triggers of a table are made."""
    if table.mapping.log is LogLevel.FULL or not table.mapping.writable:
        return
    yield _default(table)
    yield _status(table)
    if not table.mapping.row_by_row:
        yield _logger(table)


def _default(table: Table) -> Part:
    """An insert is marked by a default: that costs a tenth of what a trigger does."""
    form = sql.SQL("ALTER TABLE {} ALTER COLUMN _hc_lastop {};")
    target = qualified(table.schema, table.name)
    default = sql.SQL("SET DEFAULT {}").format(MARKED)
    return Part(
        kind=Kind.DEFAULT,
        name="_hc_lastop",
        create=text(form.format(target, default)),
        drop=text(form.format(target, sql.SQL("DROP DEFAULT"))),
    )


def _status(table: Table) -> Part:
    name = status_function(table)
    return _function(table, name, "status.sql", changed=_changed(table, "NEW", "OLD"))


def _logger(table: Table) -> Part:
    name = logger_function(table)
    sent = [table.by_name[one] for one in table.sent]
    return _function(
        table,
        name,
        "logger.sql",
        log=qualified(table.schema, "_trigger_log"),
        table_name=sql.Literal(table.name),
        marking=sql.Literal(marking_trigger(table)),
        columns=sql.SQL(", ").join(sql.Literal(one.name) for one in sent),
        values=sql.SQL(",\n        ").join(map(_value, sent)) if sent else sql.SQL("NULL"),
        changed=_changed(table, "n", "o"),
    )


def _function(table: Table, name: str, file: str, **more: sql.Composable) -> Part:
    """Fill in a file of one function. Its body is quoted anew: a column may be called anything."""
    function = qualified(table.schema, name)
    head, body, tail = (
        text(sql.SQL(part).format(function=function, **more))
        for part in read_text("sql", file).rsplit("$connectsql$", 2)
    )
    drop = sql.SQL("DROP FUNCTION IF EXISTS {}();").format(function)
    return Part(
        kind=Kind.FUNCTION,
        name=name,
        create=f"{head}{dollar_quoted(body)}{tail}".strip(),
        drop=text(drop),
    )


def _changed(table: Table, new: str, old: str) -> sql.Composable:
    """Return the condition that a row differs in what is sent."""
    if not table.sent:
        return _NOTHING
    form = sql.SQL("ROW({}) IS DISTINCT FROM ROW({})")
    return form.format(
        *(
            sql.SQL(", ").join(_compared(row, table.by_name[one]) for one in table.sent)
            for row in (new, old)
        )
    )


def _value(column: Column) -> sql.Composable:
    """Return a changed column's entry of the log. hstore writes t and f for a boolean."""
    value = sql.SQL("{}::text").format(_of("n", column.name))
    if column.type == "boolean":
        value = sql.SQL("left({}, 1)").format(value)
    return _VALUE.format(
        new=_compared("n", column),
        old=_compared("o", column),
        name=sql.Literal(column.name),
        value=value,
    )


def _compared(row: str, column: Column) -> sql.Composable:
    """Return a column for comparing: text by its bytes, whatever a DBA has made of its type.

    To citext, or with another collation, what Salesforce is to be told would be no change; json
    cannot be compared at all.
    """
    value = _of(row, column.name)
    return _BYTES.format(value) if column.type.startswith(_TEXTS) else value


def _of(row: str, column: str) -> sql.Composable:
    return sql.SQL("{}.{}").format(sql.SQL(row), quoted(column))
