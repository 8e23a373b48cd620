"""Time as the org writes it: UTC, ``2026-11-22T10:00:00.000+0000``.

Stamps are kept as this text: it sorts as the time does and is answered as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime

Clock = Callable[[], datetime]

_YEARS = range(1700, 4001)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATETIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)?",
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?Z?")


def system_clock() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """Return a moment in UTC to the second, as system fields have it."""
    return moment.isoformat(timespec="seconds")[:19] + ".000+0000"


def with_z(stamp: str) -> str:
    """Return a stamp as SOAP, CSV and XML have it, which end it with ``Z``."""
    return stamp.removesuffix("+0000") + "Z"


def milliseconds(moment: datetime) -> int:
    """Return a moment as the milliseconds since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def read_datetime(text: str) -> str | None:
    """Return a datetime in the org's own form, or None if the text is none.

    Without an offset it is UTC.
    """
    found = _DATETIME.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    milliseconds = (fraction or "0").ljust(3, "0")[:3]
    zone = "+00:00" if offset in (None, "Z") else offset
    iso = f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}.{milliseconds}000{zone}"
    try:
        moment = datetime.fromisoformat(iso).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + milliseconds + "+0000"


def read_date(text: str) -> str | None:
    """Return a date, or None if the text is none or names a day that never was."""
    try:
        return text if _DATE.fullmatch(text) and date.fromisoformat(text) else None
    except ValueError:
        return None


def read_time(text: str) -> str | None:
    """Return a time of day in the org's own form ``10:00:00.000Z``, or None."""
    found = _TIME.fullmatch(text)
    if not found:
        return None
    hour, minute, second, fraction = found.groups()
    try:
        moment = time(int(hour), int(minute), int(second or 0))
    except ValueError:
        return None
    return f"{moment:%H:%M:%S}.{(fraction or '0').ljust(3, '0')}Z"


def is_possible(known: str) -> bool:
    """Tell whether a date or datetime in the org's own form lies in the years that may be."""
    return int(known[:4]) in _YEARS


def http_date(moment: datetime) -> str:
    """Return a moment as HTTP headers have it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
