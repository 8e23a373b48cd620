"""What becomes of values when the type or size of their field changes.

A value stays where the new field can hold it as text or as a number. What Salesforce's help
names as lost is lost: values of checkboxes, dates and multi-select picklists, and values that
are to become these, but a picklist's may become a multi-select one's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectsql.emulator.org import values
from connectsql.emulator.org.schema import NUMERIC, Field, Schema
from connectsql.emulator.wire.errors import Refusal

Convert = Callable[[Any], Any]

_NOTHING_ELSE = frozenset(
    {"boolean", "date", "datetime", "time", "multipicklist", "reference", "base64", "id"}
)
_KEPT = {("picklist", "multipicklist")}


def keeps_values(old: Field, new: Field) -> bool:
    """Tell whether all values stay as they are, so that there is nothing to convert."""
    narrower = (
        (new.length or 0) < (old.length or 0)
        or new.precision - new.scale < old.precision - old.scale
        or new.digits < old.digits
        or (new.restricted and (not old.restricted or set(old.options) - set(new.options)))
        or (new.type == "reference" and set(old.reference_to) - set(new.reference_to))
    )
    same = (old.type, old.folds_case, old.is_stored) == (new.type, new.folds_case, new.is_stored)
    return same and not narrower


def conversion(old: Field, new: Field, schema: Schema) -> Convert:
    """Return the function that converts a stored value; what does not fit becomes empty."""
    if old.type == new.type == "reference":
        return _leading_to(new, schema)
    empty = 0 if new.type == "boolean" else None
    pair = (old.type, new.type)
    if old.type != new.type and pair not in _KEPT and _NOTHING_ELSE & set(pair):
        return lambda _: empty
    read = values.reader(new)

    def convert(value: Any) -> Any:
        if value is None:
            return empty
        text = _text(value) if old.type in NUMERIC else value
        try:
            return read(text)
        except Refusal:
            return empty

    return convert


def _leading_to(lookup: Field, schema: Schema) -> Convert:
    """Keep the ids of objects that a lookup may lead to, as far as the org can tell."""
    targets = [schema.find(name) for name in lookup.reference_to]
    prefixes = {one.key_prefix for one in targets if one}
    open_ended = None in targets
    return lambda value: value if value and (open_ended or value[:3] in prefixes) else None


def _text(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)
