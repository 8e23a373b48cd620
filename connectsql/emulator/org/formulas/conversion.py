"""Between what a field stores and what formulas know."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connectsql.emulator.org import clock
from connectsql.emulator.org.formulas.functions import text, truth
from connectsql.emulator.org.schema import NUMERIC, Field


def typed(field: Field, stored: Any, *, null_is_zero: bool) -> Any:
    """Return a stored value as formulas know it; a percent is a part of one."""
    if field.type in NUMERIC:
        if stored is None:
            return Decimal(0) if null_is_zero else None
        number = Decimal(str(stored))
        return number / 100 if field.type == "percent" else number
    if field.type == "boolean":
        return bool(stored)
    if stored is not None and field.type == "date":
        return date.fromisoformat(stored)
    if stored is not None and field.type == "datetime":
        return datetime.fromisoformat(stored).astimezone(UTC)
    return stored


def fitting(field: Field, value: Any) -> Any:
    """Return what a formula field stores of a result. Raises for one of the wrong kind."""
    if field.type == "boolean":
        return int(truth(value))
    if value is None or value == "":
        return None
    if field.type in NUMERIC:
        return _fitting_number(field, value)
    if field.type == "date":
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    if field.type == "datetime":
        return clock.stamp(value.astimezone(UTC))
    shown = text(value)
    return (shown[: field.length] if field.length else shown) or None


def _fitting_number(field: Field, value: Any) -> float | int:
    number = Decimal(str(value)) if isinstance(value, int | float) else value
    if field.type == "percent":
        number *= 100
    places = 0 if field.type == "int" else field.scale
    rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return int(rounded) if field.type == "int" else float(rounded)
