"""Records between their flat form, a dict of field paths, and their nested form on the wire.

A path is a field (``Name``), a field of a parent (``Account.ExternalId__c``), or, where the
parent may be of several objects, one that says which (``Who:Lead.ExternalId__c``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectsql.errors import ApiError


def nest(name: str, flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that writes a record of object ``name``.

    >>> nest("Contact", {"LastName": "Bo", "Account.Ext__c": "x"})
    {'attributes': {'type': 'Contact'}, 'LastName': 'Bo', 'Account': {'Ext__c': 'x'}}

    Raises ValueError for a parent named by nothing (it is cleared through its Id field, as
    ``AccountId``) or named twice.
    """
    body: dict[str, Any] = {"attributes": {"type": name}}
    for path, value in flat.items():
        relationship, kind, field = _split(path)
        key = relationship or field
        if key in body:
            raise ValueError(f"{key} is set twice in one record of {name}")
        body[key] = _parent(path, kind, field, value) if relationship else value
    return body


def flatten(record: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """Return the values at ``paths`` in a record that the org answered.

    A parent that is not there, or is of another object than the path says, gives None.
    Raises ApiError for a path the answer does not hold; letter case may differ.
    """
    return {path: record[path] if path in record else _at(record, path) for path in paths}


def _split(path: str) -> tuple[str, str, str]:
    """Return relationship, object and field of a path, ``""`` for what it does not have."""
    before, _, field = path.rpartition(".")
    relationship, _, kind = before.partition(":")
    return relationship, kind, field


def _parent(path: str, kind: str, field: str, value: Any) -> dict[str, Any]:
    if value is None:
        raise ValueError(f"{path} names no parent; clear a parent through its Id field")
    return {"attributes": {"type": kind}, field: value} if kind else {field: value}


def _at(record: Mapping[str, Any], path: str) -> Any:
    relationship, kind, field = _split(path)
    for step in relationship.split(".") if relationship else ():
        parent = _value(record, step)
        if parent is None:
            return None
        record = parent
    if kind and record.get("attributes", {}).get("type") != kind:
        return None
    return _value(record, field)


def _value(record: Mapping[str, Any], name: str) -> Any:
    if name in record:
        return record[name]
    for key, value in record.items():
        if key.lower() == name.lower():
            return value
    raise ApiError(f"the org's answer lacks the field {name}", status=200, hint=_LACKS)


_LACKS = "describe the object again: the field may be gone or hidden"
