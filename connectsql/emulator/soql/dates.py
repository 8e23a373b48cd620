"""Date literals: ``TODAY``, ``LAST_N_DAYS:7``, ``THIS_QUARTER``. Each is a span of days.

The fiscal year is that of the calendar, as in an org where nobody changed it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

Span = tuple[date, date]
"""The first day, and the first day that no longer belongs to it."""

_N_UNITS = re.compile(
    r"(LAST|NEXT)_N_(DAY|WEEK|MONTH|(?:FISCAL_)?(?:QUARTER|YEAR))S"
    r"|N_(DAY|WEEK|MONTH|(?:FISCAL_)?(?:QUARTER|YEAR))S_AGO"
)
_ONE_UNIT = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|(?:FISCAL_)?(?:QUARTER|YEAR))")
_SHIFTS = {"LAST": -1, "THIS": 0, "NEXT": 1}
_DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}


def span(literal: str, n: int | None, today: date) -> Span | None:
    """Return the days a literal stands for, or None where there is no such literal."""
    word = literal.upper()
    if n is not None:
        return _counted(word, n, today)
    if word in _DAYS:
        return _unit("DAY", today, _DAYS[word], 1)
    if word in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        return _counted(word.replace("90", "N"), 90, today)
    found = _ONE_UNIT.fullmatch(word)
    return _unit(found[2], today, _SHIFTS[found[1]], 1) if found else None


def _counted(word: str, n: int, today: date) -> Span | None:
    found = _N_UNITS.fullmatch(word)
    if not found:
        return None
    direction, unit, ago = found.groups()
    if ago:
        return _unit(ago, today, -n, 1)
    if direction == "NEXT":
        return _unit(unit, today, 1, n)
    first, end = _unit(unit, today, -n, n)
    return (first, end + timedelta(days=1)) if unit == "DAY" else (first, end)


def _unit(unit: str, today: date, shift: int, length: int) -> Span:
    """Return ``length`` units of the calendar, ``shift`` units from the one ``today`` is in."""
    unit = unit.removeprefix("FISCAL_")
    start = _start(unit, today)
    return _moved(unit, start, shift), _moved(unit, start, shift + length)


def _start(unit: str, day: date) -> date:
    if unit == "DAY":
        return day
    if unit == "WEEK":
        return day - timedelta(days=(day.weekday() + 1) % 7)
    if unit == "YEAR":
        return day.replace(month=1, day=1)
    month = day.month if unit == "MONTH" else (day.month - 1) // 3 * 3 + 1
    return day.replace(month=month, day=1)


def _moved(unit: str, day: date, count: int) -> date:
    if unit in ("DAY", "WEEK"):
        return day + timedelta(days=count * (7 if unit == "WEEK" else 1))
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[unit] * count
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
