"""What a body may say about one object's record, and what its references have to lead to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectsql.emulator.org import values
from connectsql.emulator.org.schema import Field, Schema, SObject
from connectsql.emulator.org.store import DELETED, Row, Store
from connectsql.emulator.wire.errors import Refusal, is_deleted, refuse_row

Body = Mapping[str, Any]


class Rules:
    """The checks of one object's records, looked up once and used for every row."""

    def __init__(self, sobject: SObject, schema: Schema, store: Store) -> None:
        self.sobject = sobject
        self._schema = schema
        self._store = store
        self._readers = {
            name: (field, values.reader(field)) for name, field in sobject.by_name.items()
        }
        self._required = tuple(field.name for field in sobject.fields if field.is_required)
        self._never_null = {
            field.name
            for field in sobject.fields
            if not field.nillable and field.type != "boolean" and not field.defaulted_on_create
        }
        self._unique = {field.name: field for field in sobject.fields if field.unique}
        self._lookups = {field.name: field for field in sobject.fields if field.type == "reference"}
        self.defaults = _defaults(sobject)

    def read(self, body: Body, *, creating: bool) -> Row:
        """Return the stored values of what a body says.

        Raises a refusal for an unknown or read-only field, a value of the wrong kind, and an
        external id that leads to no record.
        """
        row: Row = {}
        read_only: list[str] = []
        relations: list[tuple[Field, Any]] = []
        for key, value in body.items():
            known = self._readers.get(key.lower())
            if known is None:
                relation = self._relation(key)
                if relation is not None:
                    relations.append((relation, value))
                continue
            field, read = known
            if not (field.createable if creating else field.updateable):
                read_only.append(field.name)
                continue
            row[field.name] = read(value)
        if read_only:
            raise _read_only(read_only)
        for field, value in relations:
            if field.name in row:
                raise _both_ways(field)
            row[field.name] = self._by_external_id(field, value)
        return row

    def check(self, row: Row, *, creating: bool, record_id: str | None) -> None:
        """Raise a refusal if required values lack, references lead nowhere or keys repeat.

        ``row`` is what was read from the body; ``record_id`` the record being updated.
        """
        required = self._required if creating else [n for n in row if n in self._never_null]
        missing = [name for name in required if row.get(name) is None]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise refuse_row("REQUIRED_FIELD_MISSING", message, *missing)
        for name, value in row.items():
            if value is None:
                continue
            if name in self._lookups:
                self._check_lookup(self._lookups[name], value)
            if name in self._unique:
                self._check_unique(self._unique[name], value, record_id)

    def _relation(self, key: str) -> Field | None:
        """Return the lookup that a body names by its relationship; None for ``attributes``."""
        if key == "attributes":
            return None
        relation = self.sobject.by_relationship.get(key.lower())
        if relation is None:
            raise _no_such_column(key, self.sobject)
        return relation

    def _by_external_id(self, lookup: Field, value: Any) -> str | None:
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
            raise _no_such_column(name, target)
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

    def _check_lookup(self, lookup: Field, record_id: str) -> None:
        """Refuse an id of the wrong object or of no record.

        Objects that this org does not hold cannot be checked.
        """
        targets = [one for one in map(self._schema.find, lookup.reference_to) if one]
        target = next((one for one in targets if one.key_prefix == record_id[:3]), None)
        if target is None:
            if len(targets) < len(lookup.reference_to) or not targets:
                return
            message = f"{lookup.label}: id value of incorrect type: {record_id}"
            raise refuse_row("FIELD_INTEGRITY_EXCEPTION", message, lookup.name)
        deleted = self._store.is_deleted(target, record_id)
        if deleted is None:
            message = f"insufficient access rights on cross-reference id: {record_id[:15]}"
            raise refuse_row("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message)
        if deleted:
            raise is_deleted()

    def _check_unique(self, field: Field, value: Any, record_id: str | None) -> None:
        others = [one for one in self._store.find(self.sobject, field, value) if one != record_id]
        if others:
            message = (
                f"duplicate value found: {field.name} duplicates value "
                f"on record with id: {others[0]}"
            )
            raise refuse_row("DUPLICATE_VALUE", message, field.name)


def many_matches(field: Field, found: list[str]) -> Refusal:
    """Return the refusal of an external id that several records have."""
    message = (
        f"{field.label}: more than one record found for external id field: [{', '.join(found)}]"
    )
    return refuse_row("DUPLICATE_EXTERNAL_ID", message, field.name)


def _defaults(sobject: SObject) -> Row:
    """Return what a new record has where the caller says nothing."""
    defaults: Row = {
        field.name: bool(field.default) for field in sobject.fields if field.type == "boolean"
    }
    for field in sobject.fields:
        if field.is_text and field.createable and isinstance(field.default, str):
            defaults[field.name] = field.default
    return defaults | {DELETED: False}


def _no_such_column(name: str, sobject: SObject) -> Refusal:
    return Refusal("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}")


def _read_only(names: list[str]) -> Refusal:
    message = (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings "
        "of this field and verify that it is read/write for your profile or permission set."
    )
    return refuse_row("INVALID_FIELD_FOR_INSERT_UPDATE", message, *names)


def _both_ways(lookup: Field) -> Refusal:
    message = (
        f"Cannot specify both an external ID reference {lookup.relationship} "
        f"and a salesforce id, {lookup.name}"
    )
    return refuse_row("INVALID_FIELD", message)
