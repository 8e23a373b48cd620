"""Reads one value of a written record: its JSON type, its form, its limits.

``reader(field)`` builds the check of a field once; calling it costs no look-up. A reader
returns what is stored (None for null) or raises the refusal a real org would.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from connectsql.emulator.org import clock, ids
from connectsql.emulator.org.schema import NUMBERS, Field
from connectsql.emulator.wire.errors import Refusal, refuse_row

Reader = Callable[[Any], Any]

_EMAIL = re.compile(r"[^\s@,;<>()]+@[^\s@,;<>()]+\.[^\s@.,;<>()]+")
_TOKENS = {
    str: "VALUE_STRING",
    int: "VALUE_NUMBER_INT",
    float: "VALUE_NUMBER_FLOAT",
    bool: "VALUE_TRUE",
    dict: "START_OBJECT",
    list: "START_ARRAY",
    type(None): "VALUE_NULL",
}
_INT_MAX = 2**31 - 1


def reader(field: Field) -> Reader:
    """Return the function that reads this field's values."""
    maker = _MAKERS.get(field.type)
    if maker:
        return maker(field)
    return _number(field) if field.type in NUMBERS else _text(field)


def _text(field: Field) -> Reader:
    """Text of any sort: trimmed, empty is null, no longer than the field."""
    limit = field.length

    def read(value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str):
            raise _wrong_type("string", value)
        kept = value.strip()
        if limit and len(kept) > limit:
            message = f"{field.label}: data value too large: {kept} (max length={limit})"
            raise refuse_row("STRING_TOO_LONG", message, field.name)
        return kept or None

    return read


def _email(field: Field) -> Reader:
    """Read an address; an org keeps it in lower case."""
    text = _text(field)

    def read(value: Any) -> str | None:
        kept: str | None = text(value)
        if kept is not None and not _EMAIL.fullmatch(kept):
            message = f"{field.label}: invalid email address: {kept}"
            raise refuse_row("INVALID_EMAIL_ADDRESS", message, field.name)
        return kept and kept.lower()

    return read


def _picklist(field: Field) -> Reader:
    text = _text(field)
    if field.type == "multipicklist":
        return _multipicklist(field)
    if not field.restricted:
        return text
    option = _option(field)

    def read(value: Any) -> str | None:
        kept = text(value)
        return kept if kept is None else option(kept)

    return read


def _multipicklist(field: Field) -> Reader:
    """Read ``A;B``: each value once, in the order in which the describe lists them."""
    text = _text(field)
    option = _option(field)
    place = {option: number for number, option in enumerate(field.options)}

    def read(value: Any) -> str | None:
        kept = text(value)
        if kept is None:
            return None
        chosen = dict.fromkeys(option(part.strip()) for part in kept.split(";") if part.strip())
        return ";".join(sorted(chosen, key=lambda one: place.get(one, len(place)))) or None

    return read


def _option(field: Field) -> Callable[[str], str]:
    """Return what spells a value as its picklist does, and refuses one that it has not."""
    allowed = {option.casefold(): option for option in field.options}

    def option(value: str) -> str:
        if not field.restricted:
            return value
        known = allowed.get(value.casefold())
        if known is None:
            message = f"{field.label}: bad value for restricted picklist field: {value}"
            raise refuse_row("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, field.name)
        return known

    return option


def _number(field: Field) -> Reader:
    """Read a number; a string of digits will do.

    The API keeps all decimals, however few the field declares: only Salesforce's own pages
    round (help article 000387302).
    """
    limit = Decimal(10) ** (field.precision - field.scale) if field.precision else None

    def read(value: Any) -> float | None:
        if value is None or value == "":
            return None
        exact = _decimal(field.type, value)
        if limit is not None and abs(exact) >= limit:
            raise _out_of_range(field, value)
        return float(exact)

    return read


def _int(field: Field) -> Reader:
    limit = min(10**field.digits - 1, _INT_MAX) if field.digits else _INT_MAX

    def read(value: Any) -> int | None:
        if value is None or value == "":
            return None
        exact = _decimal("int", value)
        if exact != exact.to_integral_value():
            raise _wrong_type("int", value)
        if abs(exact) > limit:
            raise _out_of_range(field, value)
        return int(exact)

    return read


def _decimal(kind: str, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong_type(kind, value)
    try:
        exact = Decimal(str(value).strip())
    except InvalidOperation:
        raise _wrong_type(kind, value) from None
    if not exact.is_finite():
        raise _wrong_type(kind, value)
    return exact


def _boolean(field: Field) -> Reader:
    words = {"true": 1, "false": 0}

    def read(value: Any) -> int:
        if value is None:
            message = f"{field.label}: value not of required type: "
            raise refuse_row("INVALID_TYPE_ON_FIELD_IN_RECORD", message, field.name)
        if isinstance(value, bool):
            return int(value)
        known = words.get(value.lower()) if isinstance(value, str) else None
        if known is None:
            raise _wrong_type("boolean", value)
        return known

    return read


def _temporal(kind: str, parse: Callable[[str], str | None]) -> Callable[[Field], Reader]:
    def maker(field: Field) -> Reader:
        def read(value: Any) -> str | None:
            if value is None or value == "":
                return None
            known = parse(value) if isinstance(value, str) else None
            if known is None:
                raise _wrong_type(kind, value)
            if kind != "time" and not clock.is_possible(known):
                message = f"{field.label}: invalid date: {value}"
                raise refuse_row("FIELD_INTEGRITY_EXCEPTION", message, field.name)
            return known

        return read

    return maker


def _reference(field: Field) -> Reader:
    def read(value: Any) -> str | None:
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise _wrong_type("reference", value)
        known = ids.normalise(value.strip())
        if known is None:
            message = f"{field.label}: id value of incorrect type: {value}"
            raise refuse_row("MALFORMED_ID", message, field.name)
        return known

    return read


def _wrong_type(kind: str, value: Any) -> Refusal:
    token = _TOKENS[type(value)]
    shown = {"START_OBJECT": "{", "START_ARRAY": "["}.get(token, value)
    if isinstance(value, bool):
        token, shown = f"VALUE_{str(value).upper()}", str(value).lower()
    return Refusal(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {token} value {shown} "
        "or request may be missing a required field at [line:1, column:1]",
    )


def _out_of_range(field: Field, value: Any) -> Refusal:
    message = f"{field.label}: value outside of valid range on numeric field: {value}"
    return refuse_row("NUMBER_OUTSIDE_VALID_RANGE", message, field.name)


_MAKERS: dict[str, Callable[[Field], Reader]] = {
    "boolean": _boolean,
    "int": _int,
    "email": _email,
    "picklist": _picklist,
    "multipicklist": _picklist,
    "reference": _reference,
    "id": _reference,
    "date": _temporal("date", clock.read_date),
    "datetime": _temporal("datetime", clock.read_datetime),
    "time": _temporal("time", clock.read_time),
}
