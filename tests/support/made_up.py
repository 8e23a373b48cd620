"""Values that an application could have written, by what the describe says of a field."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

_BY_TYPE: dict[str, Any] = {
    "boolean": True,
    "int": 7,
    "date": date(2024, 2, 29),
    "datetime": datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
    "time": time(12, 30),
    "email": "made.here@example.com",
    "url": "https://example.com/made",
    "phone": "+41 44 000 00 00",
}


def value(field: dict[str, Any], text: str) -> Any:
    """Return a value for a field of a describe: ``text`` where it holds text."""
    options = [one["value"] for one in field["picklistValues"] if one.get("active", True)]
    if options:
        return options[0]
    if field["type"] in ("double", "currency", "percent"):
        return Decimal("7.25") if field["scale"] else Decimal(7)
    return _BY_TYPE.get(field["type"], text[: field["length"]])


def as_record(told: Any) -> Any:
    """Return a value of a row as the org's JSON has it."""
    if isinstance(told, datetime):
        return told.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    if isinstance(told, time):
        return told.strftime("%H:%M:%S.000Z")
    return told.isoformat() if isinstance(told, date) else told
