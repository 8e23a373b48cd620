"""Lookups that a body fills by an external id of the parent: ``{"Account": {"Key__c": "A1"}}``."""

from __future__ import annotations

from typing import Any

from connectsql.emulator.org import values
from connectsql.emulator.org.schema import Field, Schema, SObject
from connectsql.emulator.org.store import Store
from connectsql.emulator.wire.errors import Refusal, refuse_row


class References:
    """Finds the parents that external ids stand for."""

    def __init__(self, schema: Schema, store: Store) -> None:
        self._schema = schema
        self._store = store

    def parent_id(self, lookup: Field, value: Any) -> str | None:
        """Return the id of the record that ``{"ExternalId__c": "A1"}`` stands for."""
        if value is None:
            return None
        if not isinstance(value, dict):
            message = f"The value provided for foreign key reference {lookup.relationship} is not a nested SObject"  # noqa: E501
            raise refuse_row("INVALID_FIELD", message)
        keys = {key: one for key, one in value.items() if key != "attributes"}
        target = self._target(lookup, value.get("attributes"))
        if len(keys) != 1:
            message = (
                f"The foreign key reference {lookup.relationship} must name exactly one external id"
            )
            raise refuse_row("INVALID_FIELD", message)
        ((name, wanted),) = keys.items()
        return self._find_parent(target, name, wanted)

    def _target(self, lookup: Field, attributes: Any) -> SObject:
        named = attributes.get("type") if isinstance(attributes, dict) else None
        if named is None and len(lookup.reference_to) > 1:
            message = (
                f"The polymorphic foreign key reference {lookup.relationship} needs attributes.type"
            )
            raise refuse_row("INVALID_FIELD", message)
        target = self._schema.find(named or lookup.reference_to[0])
        if target is None or target.name not in lookup.reference_to:
            message = f"sObject type '{named or lookup.reference_to[0]}' is not supported."
            raise refuse_row("INVALID_TYPE", message)
        return target

    def _find_parent(self, target: SObject, name: str, wanted: Any) -> str | None:
        field = target.field(name)
        if field is None:
            raise no_such_column(name, target)
        if not field.identifies:
            message = f"{field.name} is not an External ID or indexed field for {target.name}"
            raise refuse_row("INVALID_FIELD", message)
        key = values.reader(field)(wanted)
        if key is None:
            return None
        found = self._store.find(target, field, key)
        if not found:
            message = (
                f"Foreign key external ID: {wanted} not found for field {field.name} "
                f"in entity {target.name}"
            )
            raise refuse_row("INVALID_FIELD", message)
        if len(found) > 1:
            raise many_matches(field, found)
        return found[0]


def many_matches(field: Field, found: list[str]) -> Refusal:
    """Return the refusal of an external id that several records have."""
    message = (
        f"{field.label}: more than one record found for external id field: [{', '.join(found)}]"
    )
    return refuse_row("DUPLICATE_EXTERNAL_ID", message, field.name)


def no_such_column(name: str, sobject: SObject) -> Refusal:
    """Return the refusal of a field that an object does not have."""
    return Refusal("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")
