"""What a handler is, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal, not_found
from connectsql.emulator.wire.http import Answer, Call

Handler = Callable[[Org, Call], Answer]


def named_object(org: Org, call: Call) -> SObject:
    """Return the object that the path names, or raise the 404."""
    sobject = org.object(call.arguments["object"])
    if sobject is None:
        raise not_found()
    return sobject


def external_key(sobject: SObject, name: str) -> Field:
    """Return the field that addresses records from outside, or raise the 404."""
    field = sobject.field(name)
    if field is None or not (field.identifies or field.type == "id"):
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise Refusal("NOT_FOUND", message, status=404)
    return field


def since(call: Call, version: float) -> None:
    """Raise the 404 of a version that does not have the resource yet."""
    if call.version < version:
        raise not_found()


def listed(call: Call, name: str) -> list[str]:
    """Return the elements of a query parameter, which commas part."""
    return [one.strip() for one in call.params.get(name, "").split(",") if one.strip()]


def flag(value: Any) -> bool:
    """Return what ``true`` and ``false`` mean in a body or a query."""
    return value is True or str(value).lower() == "true"
