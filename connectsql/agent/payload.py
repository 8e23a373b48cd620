"""A row's values become what Salesforce is sent. Pure: text of Postgres in, JSON values out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from connectsql.compiler.model import Column, Table


class Unsendable(Exception):
    """A value that Salesforce has no form for, such as an infinite date. Names the column."""


def for_insert(table: Table, values: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the body of a new record: every value that is set and may be.

    To Salesforce an empty text is no value.
    """
    filled = (one for one in table.columns if one.createable and values.get(one.name))
    return _body(filled, values)


def for_update(
    table: Table, values: Mapping[str, str | None], changed: frozenset[str] | None
) -> dict[str, Any]:
    """Return the body of an update: the changed columns that may be; None means all."""
    wanted = (
        column
        for column in table.columns
        if column.updateable
        and column.name in values
        and (changed is None or column.name in changed)
    )
    return _body(wanted, values)


def _body(columns: Iterable[Column], values: Mapping[str, str | None]) -> dict[str, Any]:
    """Return values by path. A parent named by external id takes the place of its lookup."""
    chosen = list(columns)
    body = {one.path: to_json(one, values[one.name]) for one in chosen if one.lookup is None}
    for column in chosen:
        if column.lookup is None:
            continue
        value = to_json(column, values[column.name])
        if value in (None, ""):
            body.setdefault(column.lookup.name, None)
        else:
            body.pop(column.lookup.name, None)
            body[_typed(column)] = value
    return body


def _typed(column: Column) -> str:
    """Return the path as a write names it: with the parent's object where several may be."""
    if column.lookup is None or not column.lookup.polymorphic:
        return column.path
    relationship, external_id = column.path.split(".")
    return f"{relationship}:{column.parent}.{external_id}"


def to_json(column: Column, text: str | None) -> Any:
    """Return a value as JSON has it. Raises Unsendable.

    A checkbox of Salesforce is ticked or not and refuses null.
    """
    kind = column.type.partition("(")[0]
    if text is None:
        return False if kind == "boolean" else None
    convert = _CONVERT.get(kind)
    if convert is None:
        return text
    try:
        return convert(text)
    except (ValueError, InvalidOperation) as error:
        raise Unsendable(f"{column.name} holds a value that Salesforce has no form for") from error


def _boolean(text: str) -> bool:
    return text in ("t", "true")


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_CONVERT: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": int,
    "bigint": int,
    "numeric": _number,
    "double precision": _number,
    "date": date.fromisoformat,
    "timestamp without time zone": _moment,
    "timestamptz": _moment,
    "time": time.fromisoformat,
}
