"""From the cells of a row to the body of a record, as the header says.

A header is read once: ``Name``, ``Account.ExternalId__c`` for a parent by its external id,
``User:Owner.Username`` where the parent may be of several objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectsql.emulator.bulk.reading import Unusable
from connectsql.emulator.org.schema import COMPOSED, Field, Schema, SObject

NULL = "#N/A"
_BITS = {"1": "true", "0": "false"}

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Parent:
    """A parent named by an external id: ``field`` of ``type`` over ``relationship``."""

    relationship: str
    type: str | None
    field: str


class Columns:
    """What each column is for."""

    def __init__(self, names: Sequence[str], sobject: SObject, schema: Schema) -> None:
        """Find the columns; raises ``Unusable`` for one that is none."""
        found = [_column(name, sobject, schema) for name in names]
        self._keys = [one.name if isinstance(one, Field) else one.relationship for one in found]
        repeated = [key for key, times in Counter(self._keys).items() if times > 1]
        if repeated:
            raise Unusable(f"InvalidBatch : Duplicate field name : {repeated[0]}")
        self._parents = [one for one in found if isinstance(one, _Parent)]
        self._booleans = [
            one.name for one in found if isinstance(one, Field) and one.type == "boolean"
        ]

    @property
    def names(self) -> list[str]:
        """The fields and relationships, in their own spelling."""
        return self._keys

    def body(self, cells: Sequence[str]) -> Body:
        """Return what a row says: empty cells say nothing, ``#N/A`` is null."""
        body: Body = {key: cell for key, cell in zip(self._keys, cells, strict=True) if cell}
        for name in self._booleans:
            if body.get(name) in _BITS:
                body[name] = _BITS[body[name]]
        for parent in self._parents:
            if parent.relationship in body:
                body[parent.relationship] = _nested(parent, body[parent.relationship])
        if NULL in cells:
            body = {key: None if value == NULL else value for key, value in body.items()}
        return body


def checked(record: Mapping[str, Any], sobject: SObject) -> Body:
    """Return a record that came as JSON or XML with its names in their own spelling.

    Raises ``Unusable`` for a name that the object lacks.
    """
    body: Body = {}
    for name, value in record.items():
        if name == "attributes":
            continue
        field = sobject.field(name)
        relation = sobject.by_relationship.get(name.lower())
        if field and field.type not in COMPOSED:
            body[field.name] = value
        elif relation and relation.relationship:
            body[relation.relationship] = value
        else:
            raise _not_found(name)
    return body


def _nested(parent: _Parent, value: str) -> Any:
    if value == NULL:
        return None
    attributes = {"attributes": {"type": parent.type}} if parent.type else {}
    return {**attributes, parent.field: value}


def _column(name: str, sobject: SObject, schema: Schema) -> Field | _Parent:
    field = sobject.field(name)
    if field and field.type not in COMPOSED:
        return field
    parent = _parent(name, sobject, schema)
    if parent is None:
        raise _not_found(name)
    return parent


def _parent(name: str, sobject: SObject, schema: Schema) -> _Parent | None:
    """Read ``Type:Relationship.Field``; the type is told where there are several, only there."""
    kind, _, path = name.rpartition(":")
    relationship, _, key = path.partition(".")
    lookup = sobject.by_relationship.get(relationship.lower())
    if lookup is None or lookup.relationship is None:
        return None
    several = len(lookup.reference_to) > 1
    if several != bool(kind):
        return None
    target = schema.find(kind or lookup.reference_to[0])
    field = target.field(key) if target and target.name in lookup.reference_to else None
    if target is None or field is None:
        return None
    return _Parent(lookup.relationship, target.name if several else None, field.name)


def _not_found(name: str) -> Unusable:
    return Unusable(f"InvalidBatch : Field name not found : {name}")
