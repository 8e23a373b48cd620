"""Describes of standard objects, expanded from ``standard.yaml`` to the shape of real ones."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from connectsql.emulator.org.describes.describe import DEFAULT_FIELD, DEFAULT_OBJECT, soap_type

_SYSTEM: dict[str, dict[str, Any]] = {
    "CreatedDate": {"type": "datetime", "system": True},
    "CreatedById": {"type": "reference", "to": ["User"], "as": "CreatedBy", "system": True},
    "LastModifiedDate": {"type": "datetime", "system": True},
    "LastModifiedById": {
        "type": "reference",
        "to": ["User"],
        "as": "LastModifiedBy",
        "system": True,
    },
    "SystemModstamp": {"type": "datetime", "system": True},
}
_LONG = 4000
_NOT_GROUPED = ("address", "currency", "double", "percent", "datetime")
_ID = {"type": "id", "system": True, "lookup": True}
_IS_DELETED = {"type": "boolean", "system": True, "label": "Deleted"}


@cache
def standard_describes() -> tuple[dict[str, Any], ...]:
    """Return the describes of the standard objects; they are shared, so leave them as is."""
    text = files(__package__).joinpath("standard.yaml").read_text(encoding="utf-8")
    objects = yaml.safe_load(text)
    return tuple(object_describe(name, told, objects) for name, told in objects.items())


def object_describe(name: str, told: dict[str, Any], objects: dict[str, Any]) -> dict[str, Any]:
    """Return the describe of an object in the short form of ``standard.yaml``.

    ``objects`` are those, in the same form, whose lookups may lead to it.
    """
    deletable = told.get("deletable", True)
    writable = told.get("createable", True)
    return DEFAULT_OBJECT | {
        "name": name,
        "label": told.get("label", name),
        "labelPlural": told["plural"],
        "custom": name.endswith("__c"),
        "keyPrefix": told["prefix"],
        "createable": writable,
        "updateable": writable,
        "deletable": deletable,
        "undeletable": deletable,
        "mergeable": told.get("mergeable", False),
        "childRelationships": _children(name, objects),
        "fields": [field_describe(one, spec) for one, spec in _all_fields(told, deletable).items()],
    }


def _all_fields(told: dict[str, Any], deletable: bool) -> dict[str, Any]:
    head = {"Id": _ID} | ({"IsDeleted": _IS_DELETED} if deletable else {})
    own: dict[str, Any] = told["fields"]
    standard = {name: spec for name, spec in own.items() if not name.endswith("__c")}
    return head | standard | _SYSTEM | own


def field_describe(name: str, told: dict[str, Any]) -> dict[str, Any]:
    """Return the describe of a field in the short form of ``standard.yaml``."""
    kind = told.get("type", "string")
    system = told.get("system", False)
    computed = kind == "address" or told.get("autonumber", False)
    length = 18 if kind in ("id", "reference") else told.get("length", 0)
    writable = not (system or computed or told.get("readonly"))
    always_set = kind == "boolean" or system or (computed and kind != "address")
    return DEFAULT_FIELD | {
        "name": name,
        "label": told.get("label") or _label(name),
        "type": kind,
        "soapType": soap_type(kind),
        "length": length,
        "byteLength": length * (1 if kind in ("id", "reference") else 3),
        "precision": told.get("precision", 0),
        "scale": told.get("scale", 0),
        "digits": told.get("digits", 0),
        "createable": writable,
        "updateable": writable,
        "nillable": not (told.get("required") or told.get("always") or always_set),
        "defaultedOnCreate": always_set or "default" in told or _default(told) is not None,
        "autoNumber": told.get("autonumber", False),
        "custom": name.endswith("__c"),
        "externalId": told.get("external", False),
        "unique": told.get("unique", False),
        "idLookup": told.get("lookup", False) or told.get("external", False),
        "nameField": told.get("name", name == "Name"),
        "compoundFieldName": told.get("compound"),
        "referenceTo": told.get("to", []),
        "relationshipName": told.get("as"),
        "polymorphicForeignKey": len(told.get("to", ())) > 1,
        "namePointing": len(told.get("to", ())) > 1,
        "picklistValues": _picklist(told),
        "restrictedPicklist": told.get("restricted", False),
        "defaultValue": _default(told),
        "extraTypeInfo": "plaintextarea" if kind == "textarea" else None,
        **_uses(kind, length),
    }


def _uses(kind: str, length: int) -> dict[str, bool]:
    """Return what queries may do with a field."""
    is_short = length < _LONG
    return {
        "filterable": is_short and kind != "address",
        "sortable": is_short and kind != "address",
        "groupable": is_short and kind not in _NOT_GROUPED,
        "aggregatable": is_short and kind not in ("address", "boolean"),
    }


def _default(told: dict[str, Any]) -> Any:
    if told.get("type") == "boolean":
        return told.get("default", False)
    return next((one[:-1] for one in told.get("values", ()) if one.endswith("*")), None)


def _picklist(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "active": True,
            "defaultValue": value.endswith("*"),
            "label": value.removesuffix("*"),
            "validFor": None,
            "value": value.removesuffix("*"),
        }
        for value in told.get("values", ())
    ]


def child_relationship(
    child: str, field: str, name: str | None, ondelete: str | None
) -> dict[str, Any]:
    """Return the element of a parent's ``childRelationships`` for a lookup that leads to it."""
    return {
        "cascadeDelete": ondelete == "cascade",
        "childSObject": child,
        "deprecatedAndHidden": False,
        "field": field,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": name,
        "restrictedDelete": ondelete == "restrict",
    }


def _children(parent: str, objects: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        child_relationship(
            child, name, _child_relationship(parent, child, told, spec), spec.get("ondelete")
        )
        for child, told in objects.items()
        for name, spec in told["fields"].items()
        if parent in spec.get("to", ())
    ]


def _child_relationship(
    parent: str, child: str, told: dict[str, Any], spec: dict[str, Any]
) -> str | None:
    if spec["as"] == parent:
        return str(told["plural"])
    return f"Child{told['plural']}" if child == parent and spec["as"] == "Parent" else None


def _label(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("__c"))
    return words.removesuffix(" Id") + " ID" if words.endswith(" Id") else words
