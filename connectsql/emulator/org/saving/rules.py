"""What a body may say about one object's record, and what its references have to lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectsql.emulator.org import values
from connectsql.emulator.org.saving.ownership import (
    check_hierarchy,
    check_owner,
    check_record_type,
    no_owner,
    record_types,
)
from connectsql.emulator.org.saving.persons import check_person, is_of_persons
from connectsql.emulator.org.saving.references import References, no_such_column
from connectsql.emulator.org.schema import Field, Schema, SObject
from connectsql.emulator.org.store import Row, Store
from connectsql.emulator.wire.errors import Refusal, is_deleted, refuse_row, together

Body = Mapping[str, Any]
Check = Callable[[str], None]
OWNER = "OwnerId"
Slots = dict[str, tuple[str, values.Reader]]


class Rules:
    """The checks of one object's records, looked up once and used for every row."""

    def __init__(self, sobject: SObject, schema: Schema, store: Store) -> None:
        self.sobject = sobject
        self._schema = schema
        self._store = store
        self._references = References(schema, store)
        self._creating = _slots(one for one in sobject.stored if one.createable)
        self._updating = _slots(one for one in sobject.stored if one.updateable)
        self._required = tuple(field.name for field in sobject.fields if field.is_required)
        self._never_null = {
            field.name
            for field in sobject.fields
            if not field.nillable and field.type != "boolean" and field.name != OWNER
        }
        self._lookups = _by_name(sobject, self._lookup_check, lambda one: one.type == "reference")
        self._unique = tuple(one for one in sobject.stored if one.unique)
        self._persons = is_of_persons(sobject)

    def read(self, body: Body, *, creating: bool) -> Row:
        """Return the stored values of what a body says.

        Raises a refusal for an unknown or read-only field, a value of the wrong kind, and an
        external id that leads to no record.
        """
        slots = self._creating if creating else self._updating
        row: Row = {}
        rest: dict[str, Any] = {}
        wrong: list[Refusal] = []
        for key, value in body.items():
            slot = slots.get(key)
            if slot is None:
                rest[key] = value
                continue
            try:
                row[slot[0]] = slot[1](value)
            except Refusal as refusal:
                if refusal.fields is None:
                    raise
                wrong.append(refusal)
        if rest:
            self._read_rest(rest, row, slots, creating=creating)
        if wrong:
            raise together(wrong)
        return row

    def stored(self, written: Row) -> Row:
        """Return the stored values of what a trigger wrote: it may write any field."""
        fields = ((name, self.sobject.field(name)) for name in written)
        return {
            name: values.reader(field)(written[name]) if field else written[name]
            for name, field in fields
        }

    def check(self, row: Row, *, record_id: str | None) -> None:
        """Raise a refusal if required values lack or references lead nowhere.

        ``row`` is what was read from the body, ``record_id`` the record being updated.
        """
        missing = [] if record_id else [one for one in self._required if row.get(one) is None]
        if None in row.values():
            emptied = (name for name, value in row.items() if value is None)
            missing += [one for one in emptied if one in self._never_null and one not in missing]
        if missing:
            message = f"Required fields are missing: [{', '.join(missing)}]"
            raise refuse_row("REQUIRED_FIELD_MISSING", message, *missing)
        for name, check in self._lookups.items():
            value = row.get(name)
            if value is not None:
                check(value)
        if self._persons:
            check_person(self.sobject, row, creating=record_id is None)
        if record_id:
            check_hierarchy(self._store, self.sobject, row, record_id)
            if OWNER in row and row[OWNER] is None:
                raise no_owner()

    def check_unique(self, row: Row, record_id: str | None) -> None:
        """Raise the refusal of a value that another record has and none but one may have."""
        for field in self._unique:
            value = row.get(field.name)
            found = [] if value is None else self._store.find(self.sobject, field, value)
            others = [one for one in found if one != record_id]
            if others:
                message = (
                    f"duplicate value found: {field.name} duplicates value "
                    f"on record with id: {others[0]}"
                )
                raise refuse_row("DUPLICATE_VALUE", message, field.name)

    def _read_rest(self, rest: Row, row: Row, slots: Slots, *, creating: bool) -> None:
        """Read what is not just a writable field in its own spelling."""
        read_only: list[str] = []
        relations: list[tuple[Field, Any]] = []
        for key, value in rest.items():
            field = self.sobject.field(key)
            if field is None:
                if key != "attributes":
                    relations.append((self._relation(key), value))
            elif field.name in slots:
                name, read = slots[field.name]
                row[name] = read(value)
            elif not (creating and field.type == "id"):
                read_only.append(field.name)
            elif value is not None:
                message = "cannot specify Id in an insert call"
                raise refuse_row("INVALID_FIELD_FOR_INSERT_UPDATE", message, "Id")
        if read_only:
            raise _read_only(read_only)
        for field, value in relations:
            if field.name in row:
                raise _both_ways(field)
            row[field.name] = self._references.parent_id(field, value)

    def _relation(self, key: str) -> Field:
        """Return the lookup that a body names by its relationship."""
        relation = self.sobject.by_relationship.get(key.lower())
        if relation is None:
            raise no_such_column(key, self.sobject)
        return relation

    def _lookup_check(self, lookup: Field) -> Check:
        """Refuse an id of the wrong object or of no record.

        Objects that this org does not hold cannot be checked.
        """
        known = [one for one in map(self._schema.find, lookup.reference_to) if one]
        targets = {one.key_prefix: one for one in reversed(known)}
        is_closed = bool(known) and len(known) == len(lookup.reference_to)

        types = record_types(self.sobject) if lookup.name == "RecordTypeId" else frozenset()

        def check(value: str) -> None:
            check_record_type(types, lookup, value)
            target = targets.get(value[:3])
            if target is not None:
                self._check_there(target, value)
                if lookup.name == OWNER:
                    check_owner(self._store, self.sobject, target, value)
            elif is_closed:
                message = f"{lookup.label}: id value of incorrect type: {value}"
                raise refuse_row("FIELD_INTEGRITY_EXCEPTION", message, lookup.name)

        return check

    def _check_there(self, target: SObject, record_id: str) -> None:
        there = self._store.is_there(target, record_id)
        if there is None:
            message = f"insufficient access rights on cross-reference id: {record_id[:15]}"
            raise refuse_row("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", message)
        if not there:
            raise is_deleted()


def _slots(fields: Iterable[Field]) -> Slots:
    return {field.name: (field.name, values.reader(field)) for field in fields}


def _by_name(
    sobject: SObject, check: Callable[[Field], Check], which: Callable[[Field], bool]
) -> dict[str, Check]:
    return {field.name: check(field) for field in sobject.stored if which(field)}


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
