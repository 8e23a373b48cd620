"""Which triggers a mapped table gets: how its changes reach the trigger log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectsql.compiler.model import Table, Trigger
from connectsql.compiler.names import shorten
from connectsql.config.model import LogLevel

_KINDS = (
    "status_trigger", "statusinsert", "logtrigger", "loginsert", "logupdate", "logdelete",
    "truncate",
)  # fmt: skip
_INSERTED = (("NEW", "inserted"),)
_UPDATED = (("OLD", "old_rows"), ("NEW", "new_rows"))
_DELETED = (("OLD", "deleted"),)


def triggers(table: Table) -> tuple[Trigger, ...]:
    """Return the triggers of a table, by its mapping's log level and access."""
    if table.mapping.log is LogLevel.FULL:
        made = [*_full(table)]
    elif table.mapping.writable:
        made = [*_changes(table)]
    else:
        return ()
    if table.mapping.writable:
        made += _beside(table)
    return tuple(replace(one, always=table.mapping.replicated) for one in made)


def names(table: str) -> tuple[str, ...]:
    """Return every trigger name that any log level uses on this table."""
    return tuple(_name(table, kind) for kind in _KINDS)


def marking_trigger(table: Table) -> str:
    """Return the name of the trigger that marks the updated rows of a table."""
    return _name(table.name, "status_trigger")


def status_function(table: Table) -> str:
    """Return the name of the function that marks the updated rows of a table."""
    return shorten(f"hc_{table.name}_status")


def logger_function(table: Table) -> str:
    """Return the name of the function that logs the updates of a table's rows."""
    return shorten(f"hc_{table.name}_logger")


def _name(table: str, kind: str) -> str:
    return shorten(f"hc_{table}_{kind}")


def _full(table: Table) -> Iterator[Trigger]:
    yield Trigger(
        name=marking_trigger(table),
        timing="BEFORE INSERT OR UPDATE",
        level="ROW",
        function="mark_full",
        applications_only=False,
    )
    arguments = (table.name, table.mapping.access.value)
    # Updates are logged row by row even where that is slower: an application's row trigger may
    # change a row again, and only so does the later change stand behind the earlier one.
    single = ["UPDATE"]
    if table.mapping.partitioned or table.mapping.replicated:
        single.insert(0, "INSERT")
    else:
        yield Trigger(
            name=_name(table.name, "loginsert"),
            timing="AFTER INSERT",
            level="STATEMENT",
            function="capture_full_inserts",
            arguments=arguments,
            transition=_INSERTED,
        )
    yield Trigger(
        name=_name(table.name, "logtrigger"),
        timing=_after(table, *single),
        level="ROW",
        function="capture_full",
        arguments=arguments,
    )


def _changes(table: Table) -> Iterator[Trigger]:
    yield Trigger(
        name=marking_trigger(table),
        timing="BEFORE UPDATE",
        level="ROW",
        function=status_function(table),
    )
    yield Trigger(
        name=_name(table.name, "statusinsert"),
        timing="BEFORE INSERT",
        level="ROW",
        function="mark_inserts",
        condition="NEW._hc_lastop IS DISTINCT FROM 'PENDING' OR NEW._hc_err IS NOT NULL",
    )
    if table.mapping.row_by_row:
        yield Trigger(
            name=_name(table.name, "logtrigger"),
            timing=_after(table, "INSERT", "UPDATE"),
            level="ROW",
            function="capture_changes",
            arguments=(table.name, *table.sent),
        )
        return
    yield Trigger(
        name=_name(table.name, "loginsert"),
        timing="AFTER INSERT",
        level="STATEMENT",
        function="capture_inserts",
        transition=_INSERTED,
    )
    yield Trigger(
        name=_name(table.name, "logupdate"),
        timing="AFTER UPDATE",
        level="STATEMENT",
        function=logger_function(table),
        transition=_UPDATED,
    )
    if table.mapping.sends_deletes:
        yield Trigger(
            name=_name(table.name, "logdelete"),
            timing="AFTER DELETE",
            level="STATEMENT",
            function="capture_deletes",
            arguments=table.sent,
            transition=_DELETED,
        )


def _beside(table: Table) -> Iterator[Trigger]:
    if table.mapping.sends_deletes:
        yield Trigger(
            name=_name(table.name, "truncate"),
            timing="BEFORE TRUNCATE",
            level="STATEMENT",
            function="refuse_truncate",
        )


def _after(table: Table, *events: str) -> str:
    more = ("DELETE",) if table.mapping.sends_deletes else ()
    return f"AFTER {' OR '.join((*events, *more))}"
