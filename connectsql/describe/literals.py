"""Values as SOQL writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_ESCAPES: Final = {
    "\\": "\\\\",
    "'": "\\'",
    '"': '\\"',
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}


def quoted(text: str) -> str:
    """Return a text in SOQL's quotes.

    >>> quoted("O'Neill")
    "'O\\\\'Neill'"
    """
    return f"'{''.join(map(escaped, text))}'"


def escaped(char: str) -> str:
    """Return a character as it stands between quotes."""
    if char in _ESCAPES:
        return _ESCAPES[char]
    return f"\\u{ord(char):04X}" if ord(char) < 0x20 else char


def timestamp(moment: datetime) -> str:
    """Return ``moment`` in UTC as ``2026-01-01T00:00:00.000Z``, cut to milliseconds.

    A datetime without a zone is taken as UTC, which is what Salesforce means by one.
    """
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
