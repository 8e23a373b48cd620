"""Columns of values as JSON texts, and as a person would write them.

A whole column is turned into text at once: that is what makes large pages quick.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from json.encoder import encode_basestring
from typing import Any

from connectsql.emulator.org.schema import NUMERIC
from connectsql.emulator.soql.bound import Aggregate, Column, Formatted, Operand
from connectsql.emulator.soql.operands import type_of

Writer = Callable[[Sequence[Any]], list[str]]

_PLAIN = frozenset({"id", "reference", "date", "datetime", "time"})


def writer(operand: Operand) -> Writer:
    """Return the function that gives the JSON of an operand's values."""
    if isinstance(operand, Formatted):
        return _formatted(operand.operand)
    kind = type_of(operand)
    if kind in _PLAIN:
        return _plain
    if kind == "boolean":
        return _booleans
    return _numbers if kind in NUMERIC else texts


def texts(values: Sequence[Any]) -> list[str]:
    """Return the JSON of texts."""
    quote = encode_basestring
    return ["null" if value is None else quote(value) for value in values]


def _plain(values: Sequence[Any]) -> list[str]:
    """Return the JSON of texts that have nothing to escape."""
    return ["null" if value is None else f'"{value}"' for value in values]


def _booleans(values: Sequence[Any]) -> list[str]:
    return ["null" if value is None else "true" if value else "false" for value in values]


def _numbers(values: Sequence[Any]) -> list[str]:
    return ["null" if value is None else repr(value) for value in values]


def _formatted(operand: Operand) -> Writer:
    kind = type_of(operand)
    inner = operand.operand if isinstance(operand, Aggregate) else operand
    scale = inner.field.scale if isinstance(inner, Column) else 2
    shown = _FORMATS.get(kind, _as_it_is)

    def write(values: Sequence[Any]) -> list[str]:
        return texts([None if value is None else shown(value, scale) for value in values])

    return write


def _as_it_is(value: Any, _: int) -> str:
    return str(value)


def _datetime(value: str, _: int) -> str:
    moment = datetime.fromisoformat(value)
    return f"{moment.month}/{moment.day}/{moment.year}, {_clock(moment.time())}"


def _date(value: str, _: int) -> str:
    day = date.fromisoformat(value)
    return f"{day.month}/{day.day}/{day.year}"


def _clock(moment: time) -> str:
    return moment.strftime("%I:%M %p").removeprefix("0")


_FORMATS: dict[str, Callable[[Any, int], str]] = {
    "boolean": lambda value, _: "true" if value else "false",
    "int": lambda value, _: f"{value:,}",
    "double": lambda value, scale: f"{value:,.{scale}f}",
    "percent": lambda value, scale: f"{value:,.{scale}f}%",
    "currency": lambda value, scale: f"${value:,.{scale}f}",
    "date": _date,
    "datetime": _datetime,
    "time": lambda value, _: _clock(time.fromisoformat(value.removesuffix("Z"))),
}
