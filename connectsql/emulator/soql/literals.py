"""Types a value of a query by the field it is compared with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from connectsql.emulator.org import clock, ids
from connectsql.emulator.org.schema import NUMBERS, Field
from connectsql.emulator.soql import dates, errors
from connectsql.emulator.soql.syntax import Value

_BOOLEANS = {"true": True, "false": False}
_QUOTED = {"string"}


def typed(text: str, field: Field, value: Value) -> Any:
    """Return the value as the store keeps that field's values; None is null.

    A date literal gives the text of its span's start and end, as a tuple.
    """
    if value.kind == "word" and value.text.lower() == "null" and value.n is None:
        return None
    if field.type in ("date", "datetime"):
        return _temporal(text, field, value)
    if field.type in NUMBERS or field.type == "int":
        return float(_of_kind(text, field, value, "number").text)
    if field.type == "boolean":
        return _boolean(text, field, value)
    return _text(text, field, value)


def _text(text: str, field: Field, value: Value) -> str:
    known = _of_kind(text, field, value, "string").text
    if field.type in ("id", "reference"):
        return _id(text, field, value)
    return known


def _id(text: str, field: Field, value: Value) -> str:
    if value.text == "":
        return ""
    known = ids.normalise(value.text)
    if known is None:
        message = f"invalid ID field: {value.text}"
        raise _invalid_id(text, value, message)
    return known


def _invalid_id(text: str, value: Value, message: str) -> Exception:
    refusal = errors.invalid_field(text, value.at, message)
    refusal.code = "INVALID_QUERY_FILTER_OPERATOR"
    return refusal


def _boolean(text: str, field: Field, value: Value) -> bool:
    known = _BOOLEANS.get(value.text.lower()) if value.kind == "word" else None
    if known is None:
        raise _wrong_kind(text, field, value)
    return known


def _temporal(text: str, field: Field, value: Value) -> Any:
    if value.kind == "word":
        return _span(text, field, value)
    _of_kind(text, field, value, field.type)
    read = clock.read_date if field.type == "date" else clock.read_datetime
    known = read(value.text)
    if known is None:
        raise errors.malformed(text, value.at, f"Invalid date: {value.text}")
    return known


def _span(text: str, field: Field, value: Value) -> tuple[str, str]:
    try:
        found = dates.span(value.text, value.n, datetime.now(UTC).date())
    except (ValueError, OverflowError):
        raise errors.malformed(text, value.at, f"Invalid date literal: {value.text}") from None
    if found is None:
        raise _wrong_kind(text, field, value)
    start, end = (_day(field, day) for day in found)
    return start, end


def _day(field: Field, day: date) -> str:
    return day.isoformat() if field.type == "date" else f"{day.isoformat()}T00:00:00.000+0000"


def _of_kind(text: str, field: Field, value: Value, kind: str) -> Value:
    if value.kind != kind:
        raise _wrong_kind(text, field, value)
    return value


def _wrong_kind(text: str, field: Field, value: Value) -> Exception:
    quoted = "should be" if field.is_text or field.type in ("id", "reference") else "should not be"
    kinds = {"datetime": "dateTime", "id": "ID", "reference": "ID"}
    kind = kinds.get(field.type, "string" if field.is_text else field.type)
    message = (
        f"value of filter criterion for field '{field.name}' must be of type {kind} "
        f"and {quoted} enclosed in quotes"
    )
    return errors.invalid_field(text, value.at, message)
