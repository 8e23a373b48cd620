"""Values on the wire, both ways, with nothing rounded.

A Decimal is written digit for digit and a fractional number is read as Decimal: a float
in between would change amounts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any


def dumps(value: Any) -> bytes:
    """Return ``value`` as JSON.

    Takes None, bool, int, float, Decimal, str, datetime, date, time, mappings with string
    keys, lists and tuples. Raises TypeError for other types, ValueError for NaN and infinity.
    """
    return _text(value).encode("ascii")


def loads(content: bytes) -> Any:
    """Return the value of a JSON text; raises ValueError where it is not JSON."""
    return json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)


def timestamp(moment: datetime) -> str:
    """Return ``moment`` in UTC as ``2026-01-01T00:00:00.000Z``, cut to milliseconds.

    A datetime without a zone is taken as UTC, which is what Salesforce means by one.
    """
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)}: {_text(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    return _scalar(value)


def _key(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a JSON key must be a string, not {type(name).__name__}")
    return json.dumps(name)


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        return _number(Decimal(repr(value))) if math.isfinite(value) else _refuse_constant(value)
    if value is None or isinstance(value, str | int):
        return json.dumps(value)
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, datetime):
        return f'"{timestamp(value)}"'
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    if isinstance(value, time):
        return f'"{_clock(value)}"'
    raise TypeError(f"a {type(value).__name__} cannot be sent to Salesforce")


def _number(value: Decimal) -> str:
    return format(value, "f") if value.is_finite() else _refuse_constant(value)


def _clock(value: time) -> str:
    if value.tzinfo is not None:
        raise ValueError("a time of day with a zone cannot be sent to Salesforce")
    return value.isoformat(timespec="milliseconds") + "Z"


def _refuse_constant(value: object) -> str:
    raise ValueError(f"{value} is not a number Salesforce knows")
