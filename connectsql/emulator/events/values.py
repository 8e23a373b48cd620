"""The values of fields in change events: Avro types, and moments as milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from functools import lru_cache
from typing import Any

from connectsql.emulator.org.clock import milliseconds
from connectsql.emulator.org.schema import NUMBERS, Field

Convert = Callable[[Any], Any]

_TYPES = {
    "boolean": "boolean",
    "int": "int",
    "date": "long",
    "datetime": "long",
    "time": "long",
}
_MEANINGS = {
    "boolean": "Boolean",
    "int": "Integer",
    "double": "Double",
    "currency": "Currency",
    "percent": "Percent",
    "date": "DateOnly",
    "datetime": "DateTime",
    "time": "TimeOnly",
    "picklist": "DynamicEnum",
    "multipicklist": "MultiEnum",
    "email": "Email",
    "phone": "Phone",
    "url": "Url",
    "encryptedstring": "EncryptedText",
}
_LONGEST_PLAIN_TEXT = 255


def avro_type(field: Field) -> str:
    """Return the Avro type of a field that is not compound."""
    return "double" if field.type in NUMBERS else _TYPES.get(field.type, "string")


def meaning(field: Field) -> str:
    """Return what a schema says of a field: ``Data:Currency``, ``ForeignKey:EntityId``."""
    if field.type == "reference":
        return "ForeignKey:EntityId"
    if field.name == "CreatedDate":
        return "CreatedDate:DateTime"
    if field.type == "textarea" and field.length > _LONGEST_PLAIN_TEXT:
        return "Data:StringPlusClob"
    return f"Data:{_MEANINGS.get(field.type, 'Text')}"


def converter(field: Field) -> Convert | None:
    """Return what turns a stored value, not null, into that in an event; None: nothing does."""
    return float if field.type in NUMBERS else _CONVERTERS.get(field.type)


@lru_cache(maxsize=4096)
def _datetime(value: str) -> int:
    return milliseconds(datetime.fromisoformat(value))


@lru_cache(maxsize=4096)
def _date(value: str) -> int:
    return milliseconds(datetime.fromisoformat(value).replace(tzinfo=UTC))


@lru_cache(maxsize=4096)
def _time(value: str) -> int:
    at = time.fromisoformat(value.removesuffix("Z"))
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1000 + at.microsecond // 1000


_CONVERTERS: dict[str, Convert] = {
    "boolean": bool,
    "date": _date,
    "datetime": _datetime,
    "time": _time,
}
