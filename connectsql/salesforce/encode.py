"""Values on the wire, both ways, with nothing rounded.

A Decimal is written digit for digit and a fractional number is read as Decimal: a float
in between would change amounts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from json.encoder import encode_basestring_ascii
from typing import Any

from connectsql.describe.literals import timestamp


def dumps(value: Any) -> bytes:
    """Return ``value`` as JSON.

    Takes None, bool, int, float, Decimal, str, datetime, date, time, mappings with string
    keys, lists and tuples. Raises TypeError for other types, ValueError for NaN and infinity.
    """
    return _text(value).encode("ascii")


def loads(content: bytes) -> Any:
    """Return the value of a JSON text; raises ValueError where it is not JSON."""
    return json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)


def _text(value: Any) -> str:
    write = _WRITERS.get(type(value)) or _writer_of_a_kind(value)
    return write(value)


def _writer_of_a_kind(value: Any) -> Callable[[Any], str]:
    """Return the writer for a subclass of a known type, such as a StrEnum."""
    for kind, write in _WRITERS.items():
        if isinstance(value, kind):
            return write
    raise TypeError(f"a {type(value).__name__} cannot be sent to Salesforce")


def _object(value: Mapping[Any, Any]) -> str:
    return "{" + ", ".join([f"{_key(name)}: {_text(item)}" for name, item in value.items()]) + "}"


def _array(value: Iterable[Any]) -> str:
    return "[" + ", ".join(map(_text, value)) + "]"


def _key(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a JSON key must be a string, not {type(name).__name__}")
    return encode_basestring_ascii(name)


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is not a number Salesforce knows")
    return format(value, "f")


def _clock(value: time) -> str:
    if value.tzinfo is not None:
        raise ValueError("a time of day with a zone cannot be sent to Salesforce")
    return f'"{value.isoformat(timespec="milliseconds")}Z"'


# A bool is an int and a datetime is a date: each stands before the other.
_WRITERS: dict[type, Callable[[Any], str]] = {
    str: encode_basestring_ascii,
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    int: int.__repr__,
    Decimal: _number,
    float: lambda value: _number(Decimal(repr(value))),
    datetime: lambda value: f'"{timestamp(value)}"',
    date: lambda value: f'"{value.isoformat()}"',
    time: _clock,
    dict: _object,
    list: _array,
    tuple: _array,
    Mapping: _object,
}


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
