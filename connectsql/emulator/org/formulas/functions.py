"""The operators and functions of expressions, on values as formulas know them.

A value is None, a text, a ``Decimal``, a boolean, a date or a moment in UTC. Null makes a
number or date null, counts as nothing in text, and is false as a condition. What cannot be
computed raises: the formula's result is null then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from connectsql.emulator.org import clock

Function = Callable[..., Any]
CANNOT_BE_COMPUTED = (ArithmeticError, AttributeError, IndexError, TypeError, ValueError)
"""What functions raise: the result is null then."""

_DAY = Decimal(86400)


def truth(value: Any) -> bool:
    """Tell whether a value holds as a condition."""
    return value is True


def equal(left: Any, right: Any) -> bool:
    """Tell whether two values are equal; no text is the same as an empty one."""
    if isinstance(left, str) or isinstance(right, str):
        return text(left) == text(right)
    return bool(left == right)


def text(value: Any) -> str:
    """Return a value as text."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        plain = format(value, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}Z"
    return str(value)


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) or isinstance(right, str):
        return text(left) + text(right)
    if left is None or right is None:
        return None
    if isinstance(right, date):
        left, right = right, left
    return left + (_days(right) if isinstance(left, date) else right)


def _subtract(left: Any, right: Any) -> Any:
    if not isinstance(left, date):
        return left - right
    if not isinstance(right, date):
        return left - _days(right)
    span = left - right
    return Decimal(span.days) + (Decimal(span.seconds) / _DAY if span.seconds else 0)


def _days(number: Decimal) -> timedelta:
    return timedelta(seconds=int(number * _DAY))


def _power(left: Decimal, right: Decimal) -> Decimal:
    if abs(right) > 1000:
        raise OverflowError
    return left**right


def _unless_null(function: Function) -> Function:
    """Make a function null when any of its arguments is."""

    def call(*values: Any) -> Any:
        return None if None in values else function(*values)

    return call


def _in_order(test: Callable[[Any, Any], bool]) -> Function:
    return lambda left, right: left is not None and right is not None and test(left, right)


def _round(number: Decimal, digits: Decimal = Decimal(0)) -> Decimal:
    with localcontext() as context:
        context.prec = 60
        return number.quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP)


def _whole(rounding: str) -> Function:
    return lambda number: number.to_integral_value(rounding)


def _mod(number: Decimal, divisor: Decimal) -> Decimal:
    return number - divisor * (number / divisor).to_integral_value(ROUND_FLOOR)


def _mid(value: Any, start: Decimal, length: Decimal) -> str:
    first = max(int(start), 1) - 1
    return text(value)[first : first + max(int(length), 0)]


def _right(value: Any, length: Decimal) -> str:
    return text(value)[-int(length) :] if length >= 1 else ""


def _number(value: Any) -> Decimal:
    number = Decimal(text(value).strip())
    if not number.is_finite():
        raise ValueError(value)
    return number


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(text(value))


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    known = clock.read_datetime(text(value).replace(" ", "T", 1))
    if known is None:
        raise ValueError(value)
    return datetime.fromisoformat(known)


FUNCTIONS: dict[str, tuple[int, int, Function]] = {
    "+": (2, 2, _add),
    "-": (2, 2, _unless_null(_subtract)),
    "*": (2, 2, _unless_null(lambda left, right: left * right)),
    "/": (2, 2, _unless_null(lambda left, right: left / right)),
    "^": (2, 2, _unless_null(_power)),
    "&": (2, 2, lambda left, right: text(left) + text(right)),
    "=": (2, 2, equal),
    "<>": (2, 2, lambda left, right: not equal(left, right)),
    "<": (2, 2, _in_order(lambda left, right: left < right)),
    "<=": (2, 2, _in_order(lambda left, right: left <= right)),
    ">": (2, 2, _in_order(lambda left, right: left > right)),
    ">=": (2, 2, _in_order(lambda left, right: left >= right)),
    "NOT": (1, 1, lambda value: not truth(value)),
    "ISPICKVAL": (2, 2, equal),
    "TEXT": (1, 1, text),
    "VALUE": (1, 1, _unless_null(_number)),
    "ROUND": (1, 2, _unless_null(_round)),
    "ABS": (1, 1, _unless_null(abs)),
    "MIN": (1, 99, _unless_null(min)),
    "MAX": (1, 99, _unless_null(max)),
    "FLOOR": (1, 1, _unless_null(_whole(ROUND_FLOOR))),
    "CEILING": (1, 1, _unless_null(_whole(ROUND_CEILING))),
    "TRUNC": (1, 1, _unless_null(_whole(ROUND_DOWN))),
    "MOD": (2, 2, _unless_null(_mod)),
    "SQRT": (1, 1, _unless_null(lambda number: number.sqrt())),
    "LEN": (1, 1, lambda value: Decimal(len(text(value)))),
    "LEFT": (2, 2, lambda value, length: text(value)[: max(int(length), 0)]),
    "RIGHT": (2, 2, _right),
    "MID": (3, 3, _mid),
    "CASESAFEID": (1, 1, text),
    "UPPER": (1, 2, lambda value, *_: text(value).upper()),
    "LOWER": (1, 2, lambda value, *_: text(value).lower()),
    "TRIM": (1, 1, lambda value: text(value).strip()),
    "CONTAINS": (2, 2, lambda value, part: text(part) in text(value)),
    "BEGINS": (2, 2, lambda value, part: text(value).startswith(text(part))),
    "INCLUDES": (2, 2, lambda value, part: text(part) in text(value).split(";")),
    "SUBSTITUTE": (3, 3, lambda value, old, new: text(value).replace(text(old), text(new))),
    "BR": (0, 0, lambda: "\n"),
    "HYPERLINK": (2, 3, lambda url, shown, *_: text(shown)),
    "DATE": (3, 3, _unless_null(lambda *parts: date(*map(int, parts)))),
    "DATEVALUE": (1, 1, _unless_null(_date)),
    "DATETIMEVALUE": (1, 1, _unless_null(_moment)),
    "YEAR": (1, 1, _unless_null(lambda day: Decimal(day.year))),
    "MONTH": (1, 1, _unless_null(lambda day: Decimal(day.month))),
    "DAY": (1, 1, _unless_null(lambda day: Decimal(day.day))),
}
