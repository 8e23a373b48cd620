"""Decides what each change becomes: a call of one kind, or nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectsql.agent.fold import Change
from connectsql.agent.payload import Unsendable, for_insert, for_update
from connectsql.compiler.model import Table
from connectsql.config.model import LogLevel
from connectsql.database.rows import Row

KINDS = ("upsert", "create", "update", "delete")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One record to write. ``kind`` is one of KINDS; ``body`` holds values by path.

    ``problem`` says why it cannot even be sent, where that is so.
    """

    kind: str
    change: Change
    body: dict[str, Any]
    sfid: str | None = None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """A change that needs no call, and why if that is not plain."""

    change: Change
    message: str | None = None


def decide(table: Table, change: Change, row: Row | None) -> Operation | Nothing:
    """Return what becomes of a change; ``row`` is the row as it stands, None where it is gone."""
    sfid = (row.sfid if row else None) or change.sfid
    if change.action == "DELETE":
        if sfid is None:
            return Nothing(change=change)
        return Operation(kind="delete", change=change, body={}, sfid=sfid)
    if row is None:
        return Nothing(change=change, message="the row is gone")
    try:
        return _update(table, change, row, sfid) if sfid else _insert(table, change, row)
    except Unsendable as error:
        return Operation(kind="update", change=change, body={}, sfid=sfid, problem=str(error))


def as_it_was(
    row: Row, change: Change, later: Iterable[tuple[int, Mapping[str, str | None]]]
) -> Row:
    """Return a row with what later changes did to it taken back.

    ``later`` are the ids and old values of changes that wait, the latest first.
    """
    values = dict(row.values)
    for id_, old in later:
        if id_ > max(change.ids):
            values.update(old)
    return replace(row, values=values)


def _update(table: Table, change: Change, row: Row, sfid: str) -> Operation | Nothing:
    body = for_update(table, _values(table, change, row), change.columns)
    if not body:
        return Nothing(change=change)
    return Operation(kind="update", change=change, body={"Id": sfid, **body}, sfid=sfid)


def _insert(table: Table, change: Change, row: Row) -> Operation:
    """A record that Salesforce has not got needs all of the row, whatever has changed."""
    values = _values(table, change, row) if change.action == "INSERT" else row.values
    body = for_insert(table, values)
    identified = table.identifier is not None and table.identifier.path in body
    return Operation(kind="upsert" if identified else "create", change=change, body=body)


def _values(table: Table, change: Change, row: Row) -> dict[str, str | None]:
    """Logged values where the log keeps them all; else the row as it stands."""
    if table.mapping.log is LogLevel.FULL and change.values is not None:
        return change.values
    return row.values
