"""Which triggers a mapped table gets: how its changes reach the trigger log."""

from __future__ import annotations

from collections.abc import Sequence

from connectsql.compiler.model import Column, Trigger
from connectsql.compiler.names import shorten
from connectsql.config.model import LogLevel, Mapping


def triggers(mapping: Mapping, columns: Sequence[Column]) -> tuple[Trigger, ...]:
    """Return the triggers of a mapping, by its log level and access."""
    if mapping.log is LogLevel.FULL:
        return _full(mapping)
    return _changes(mapping, columns) if mapping.writable else ()


def names(table: str) -> tuple[str, ...]:
    """Return every trigger name that any log level uses on this table."""
    kinds = ("status_trigger", "logtrigger", "loginsert")
    return tuple(shorten(f"hc_{table}_{kind}") for kind in kinds)


def _full(mapping: Mapping) -> tuple[Trigger, ...]:
    status, log, _ = names(mapping.table)
    return (
        Trigger(
            name=status,
            timing="BEFORE INSERT OR UPDATE",
            level="ROW",
            function="mark_full",
            applications_only=False,
        ),
        Trigger(
            name=log,
            timing="AFTER INSERT OR DELETE OR UPDATE"
            if mapping.sends_deletes
            else "AFTER INSERT OR UPDATE",
            level="ROW",
            function="capture_full",
            arguments=(mapping.access.value,),
        ),
    )


def _changes(mapping: Mapping, columns: Sequence[Column]) -> tuple[Trigger, ...]:
    status, log, inserts = names(mapping.table)
    sent = tuple(column.name for column in columns if column.writable)
    return (
        Trigger(
            name=status,
            timing="BEFORE INSERT OR UPDATE",
            level="ROW",
            function="mark_changes",
            arguments=sent,
        ),
        Trigger(
            name=inserts,
            timing="AFTER INSERT",
            level="STATEMENT",
            function="capture_inserts",
            transition_table="inserted",
        ),
        Trigger(
            name=log,
            timing="AFTER UPDATE OR DELETE" if mapping.sends_deletes else "AFTER UPDATE",
            level="ROW",
            function="capture_changes",
            arguments=sent,
        ),
    )
