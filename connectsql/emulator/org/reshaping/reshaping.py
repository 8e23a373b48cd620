"""Changing an org's objects and fields while it runs.

A change makes a new schema, brings the tables in line with it, and lets go of all that was
put together from the old one. Whatever cannot be done raises ``ValueError`` before that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.org.describes.saved import save_changes
from connectsql.emulator.org.describes.standard import child_relationship
from connectsql.emulator.org.reshaping.conversion import conversion, keeps_values
from connectsql.emulator.org.reshaping.shorthand import Told, changed_field, new_field, new_object
from connectsql.emulator.org.schema import Field, Schema, SObject
from connectsql.emulator.org.store import Store, Taken

Raw = dict[str, Any]

_ALWAYS_THERE = frozenset({"User", "Organization"})


@dataclass(frozen=True, slots=True)
class Refilled:
    """A column whose values are made anew, from those of the field it was."""

    sobject: SObject
    old: Field | None
    new: Field

    @property
    def column(self) -> tuple[str, str]:
        """The names of its object and of itself."""
        return self.sobject.name, self.new.name

    def values(self, store: Store, schema: Schema) -> list[tuple[Any, str]]:
        """Return each record's new value and its id, before anything is changed."""
        if not self.new.is_stored:
            return []
        if self.old is None or not self.old.is_stored:
            value = int(bool(self.new.default)) if self.new.type == "boolean" else None
            return [(value, one) for _, one in store.column(self.sobject, "Id")]
        convert = conversion(self.old, self.new, schema)
        rows = store.column(self.sobject, self.old.name)
        return [(convert(value), record_id) for value, record_id in rows]


class Reshaping:
    """The changes of one org's objects."""

    def __init__(self, org: OrgCore) -> None:
        self._org = org
        self._raws: dict[str, Raw] = {one.name: _pinned(one) for one in org.schema.objects}

    def add_object(self, told: Told) -> SObject:
        """Add an object, told whole or in short."""
        raw = new_object(told)
        if self._org.object(raw["name"]):
            raise ValueError(f"there is an object {raw['name']} already")
        prefix = raw.get("keyPrefix") or told.get("prefix")
        if prefix and not re.fullmatch("[0-9A-Za-z]{3}", prefix):
            raise ValueError(f"a key prefix has three letters or digits, not {prefix!r}")
        if prefix and any(one.key_prefix == prefix for one in self._org.schema.objects):
            raise ValueError(f"the key prefix {prefix} is another object's")
        self._raws[raw["name"]] = {**raw, "keyPrefix": prefix}
        in_short = {one["name"]: one for one in told.get("fields", ())}
        for field in raw["fields"]:
            self._relate(raw, field, in_short.get(field["name"], {}))
        self._apply()
        return self._named(raw["name"])

    def drop_object(self, sobject: SObject) -> None:
        """Drop an object with its records; lookups to it alone go, too."""
        if sobject.name in _ALWAYS_THERE:
            raise ValueError(f"every org has {sobject.name}")
        del self._raws[sobject.name]
        for raw in self._raws.values():
            raw["fields"] = [
                one for one in map(_without(sobject.name), raw["fields"]) if one is not None
            ]
            raw["childRelationships"] = [
                one
                for one in raw.get("childRelationships") or ()
                if one["childSObject"] != sobject.name
            ]
        self._apply(dropped=sobject.name)

    def add_field(self, sobject: SObject, told: Told) -> Field:
        """Add a field; the records there are have no value in it, or the default."""
        field = new_field(told)
        if sobject.field(field["name"]):
            raise ValueError(f"{sobject.name} has a field {field['name']} already")
        raw = self._raws[sobject.name]
        raw["fields"] = [*raw["fields"], field]
        self._relate(raw, field, told)
        new = Field.from_describe(field)
        self._apply(refilled=Refilled(sobject, None, new) if new.type == "boolean" else None)
        return self._field(sobject, field["name"])

    def change_field(self, sobject: SObject, field: Field, told: Told) -> Field:
        """Change a field; values that it can no longer hold are emptied."""
        if field.type == "id":
            raise ValueError("the Id of an object cannot be changed")
        raw = self._raws[sobject.name]
        before = next(one for one in raw["fields"] if one["name"] == field.name)
        after = changed_field(before, told)
        raw["fields"] = [after if one is before else one for one in raw["fields"]]
        renewed = {"ondelete", "children"} & set(told)
        self._unrelate(
            sobject.name, field.name, keep=set() if renewed else set(after["referenceTo"])
        )
        self._relate(raw, after, told)
        new = Field.from_describe(after)
        kept = keeps_values(field, new)
        self._apply(refilled=None if kept else Refilled(sobject, field, new))
        return self._field(sobject, field.name)

    def drop_field(self, sobject: SObject, field: Field) -> None:
        """Drop a field with its values."""
        if field.type == "id":
            raise ValueError("an object needs its Id")
        raw = self._raws[sobject.name]
        raw["fields"] = [one for one in raw["fields"] if one["name"] != field.name]
        self._unrelate(sobject.name, field.name, keep=set())
        self._apply()

    def _relate(self, child: Raw, field: Raw, told: Told) -> None:
        """Let the parents of a lookup tell of it, as far as they do not yet."""
        ondelete = _ondelete(field)
        for name in field.get("referenceTo") or ():
            parent = self._raws.get(name)
            if parent is None:
                continue
            children = list(parent.get("childRelationships") or ())
            key = (child["name"], field["name"])
            if any((one["childSObject"], one["field"]) == key for one in children):
                continue
            taken = {one.get("relationshipName") for one in children}
            relation = told.get("children") or _relation_name(child, field, name, taken)
            children.append(child_relationship(*key, relation, ondelete))
            parent["childRelationships"] = children

    def _unrelate(self, child: str, field: str, *, keep: set[str]) -> None:
        for name, parent in self._raws.items():
            children = parent.get("childRelationships") or ()
            if name not in keep and children:
                parent["childRelationships"] = [
                    one for one in children if (one["childSObject"], one["field"]) != (child, field)
                ]

    def _apply(self, dropped: str | None = None, refilled: Refilled | None = None) -> None:
        org, old = self._org, self._org.schema
        schema = Schema(self._raws.values(), old.listed)
        names = {one.name for one in schema.objects if _differs(old.find(one.name), one)}
        values = refilled.values(org.store, schema) if refilled else []
        try:
            with org.transaction():
                org.store.reshape(schema, refilled.column if refilled else None)
                if refilled:
                    org.store.fill(refilled.sobject, refilled.new.name, values)
                changed = [_pinned(one) for one in schema.objects if dropped or one.name in names]
                save_changes(org.store, changed, dropped)
        except BaseException as broken:
            org.store.learn(old)
            if isinstance(broken, Taken):
                raise ValueError("records have values that are not unique") from None
            raise
        org.reshaped(schema, names | ({dropped} if dropped else set()))

    def _named(self, name: str) -> SObject:
        found = self._org.object(name)
        if found is None:
            raise ValueError(f"there is no object {name}")
        return found

    def _field(self, sobject: SObject, name: str) -> Field:
        return self._named(sobject.name).by_name[name.lower()]


def _pinned(sobject: SObject) -> Raw:
    """Return an object's describe with the key prefix that it has in this org."""
    return {**sobject.raw, "keyPrefix": sobject.key_prefix}


def _differs(old: SObject | None, new: SObject) -> bool:
    return old is None or _pinned(old) != _pinned(new)


def _without(name: str) -> Callable[[Raw], Raw | None]:
    """Return what makes of a field one that does not lead to an object; None is no field."""

    def without(field: Raw) -> Raw | None:
        targets = field.get("referenceTo") or []
        if name not in targets:
            return field
        others = [one for one in targets if one != name]
        return {**field, "referenceTo": others} if others else None

    return without


def _ondelete(field: Raw) -> str | None:
    known = Field.from_describe(field)
    if known.cascades:
        return "cascade"
    return "restrict" if known.restricts else None


def _relation_name(child: Raw, field: Raw, parent: str, taken: set[str | None]) -> str | None:
    """Return what a parent calls its children by a lookup, as Salesforce proposes it."""
    plural = "".join(filter(str.isalnum, child.get("labelPlural") or child["name"]))
    if not field.get("custom", field["name"].endswith("__c")):
        name = plural if field.get("relationshipName") == parent else None
        return None if name in taken else name
    numbered = (f"{plural}{number or ''}__r" for number in range(len(taken) + 1))
    return next(one for one in numbered if one not in taken)
