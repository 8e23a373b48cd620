"""Queries put together from names that are checked and values that are quoted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal

from connectsql.describe.literals import quoted, timestamp

Value = str | int | bool | Decimal | datetime | date | None
Operator = Literal["=", "!=", "<", "<=", ">", ">="]

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*){0,5}")
_ORDER: Final = re.compile(r"(\S+)(?: (?:ASC|DESC))?(?: NULLS (?:FIRST|LAST))?")
_OPERATORS: Final = ("=", "!=", "<", "<=", ">", ">=")


def select(
    fields: Sequence[str],
    name: str,
    *,
    where: str = "",
    order_by: Sequence[str] = (),
    limit: int | None = None,
) -> str:
    """Return a query of object ``name``.

    ``where`` is made by the functions below; ``order_by`` holds fields, each with ``ASC`` or
    ``DESC`` and ``NULLS FIRST`` or ``NULLS LAST`` if wanted. Raises ValueError for anything
    that is not a name.
    """
    if not fields:
        raise ValueError(f"a query of {name} without a field")
    query = f"SELECT {', '.join(map(_name, fields))} FROM {_name(name)}"  # noqa: S608 - checked
    query += f" WHERE {where}" if where else ""
    query += f" ORDER BY {', '.join(map(_order, order_by))}" if order_by else ""
    return query + (f" LIMIT {limit:d}" if limit is not None else "")


def compare(field: str, operator: Operator, value: Value) -> str:
    """Return the condition ``field operator value``."""
    if operator not in _OPERATORS:
        raise ValueError(f"{operator!r} does not compare")
    return f"{_name(field)} {operator} {literal(value)}"


def one_of(field: str, values: Iterable[Value]) -> str:
    """Return the condition that ``field`` has one of ``values``; ValueError for none."""
    listed = ", ".join(map(literal, values))
    if not listed:
        raise ValueError(f"{field} of no value: there is nothing to query")
    return f"{_name(field)} IN ({listed})"


def both(*conditions: str) -> str:
    """Return the condition that all hold."""
    return _join("AND", conditions)


def either(*conditions: str) -> str:
    """Return the condition that at least one holds."""
    return _join("OR", conditions)


def literal(value: Value) -> str:
    """Return a value as SOQL writes it; datetimes in UTC, cut to milliseconds.

    >>> literal("O'Neill")
    "'O\\\\'Neill'"
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"{value} is not a number Salesforce knows")
    return format(value, "f" if isinstance(value, Decimal) else "d")


def _join(word: str, conditions: Sequence[str]) -> str:
    """Return the conditions joined; SOQL refuses AND beside OR without parentheses."""
    if not conditions:
        raise ValueError(f"nothing to join by {word}")
    if len(conditions) == 1:
        return conditions[0]
    return f" {word} ".join(f"({condition})" for condition in conditions)


def _order(term: str) -> str:
    found = _ORDER.fullmatch(term)
    if found is None:
        raise ValueError(f"{term!r} is not an order")
    _name(found[1])
    return term


def _name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a name in Salesforce")
    return text
