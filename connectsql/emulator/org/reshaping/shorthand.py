"""Objects and fields as they are told at run time: in few words, or as a describe tells them.

A field is told as in ``standard.yaml`` (``{"name": "Size__c", "type": "double", "scale": 2}``),
with attributes of a describe mixed in where the short words do not reach. What is left out is
as Salesforce proposes it for a new custom field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectsql.emulator.org.describes.describe import DEFAULT_FIELD, DEFAULT_OBJECT
from connectsql.emulator.org.describes.loading import check_describe
from connectsql.emulator.org.describes.standard import field_describe, object_describe
from connectsql.errors import EmulatorError

Told = Mapping[str, Any]

_SIZES: dict[str, dict[str, int]] = {
    "string": {"length": 255},
    "picklist": {"length": 255},
    "multipicklist": {"length": 4099},
    "combobox": {"length": 255},
    "encryptedstring": {"length": 175},
    "textarea": {"length": 255},
    "email": {"length": 80},
    "phone": {"length": 40},
    "url": {"length": 255},
    "int": {"digits": 9},
    "double": {"precision": 18},
    "currency": {"precision": 18, "scale": 2},
    "percent": {"precision": 18, "scale": 2},
}
_TYPES = frozenset(
    {"boolean", "date", "datetime", "time", "reference", "base64", "address", "location", *_SIZES}
)
_PICKLISTS = frozenset({"picklist", "multipicklist"})
_IDENTIFIERS = frozenset({"string", "double", "email", "phone", "int"})

# What each short word says, in a describe's attributes.
_WORDS: dict[str, tuple[str, ...]] = {
    "label": ("label",),
    "type": (
        *("type", "soapType", "length", "byteLength", "precision", "scale", "digits"),
        *("extraTypeInfo", "filterable", "sortable", "groupable", "aggregatable"),
        *("picklistValues", "referenceTo", "relationshipName", "defaultValue"),
        *("polymorphicForeignKey", "namePointing"),
    ),
    "length": ("length", "byteLength", "filterable", "sortable", "groupable", "aggregatable"),
    "precision": ("precision",),
    "scale": ("scale",),
    "digits": ("digits",),
    "required": ("nillable",),
    "always": ("nillable",),
    "readonly": ("createable", "updateable"),
    "values": ("picklistValues", "defaultValue", "defaultedOnCreate"),
    "restricted": ("restrictedPicklist",),
    "default": ("defaultValue", "defaultedOnCreate"),
    "external": ("externalId", "idLookup"),
    "unique": ("unique",),
    "lookup": ("idLookup",),
    "to": ("referenceTo", "polymorphicForeignKey", "namePointing"),
    "as": ("relationshipName",),
    "compound": ("compoundFieldName",),
    "autonumber": ("autoNumber", "createable", "updateable", "nillable", "defaultedOnCreate"),
    "ondelete": ("cascadeDelete", "restrictedDelete"),
    "children": (),
}
_OBJECT_WORDS = frozenset(
    {"name", "label", "plural", "prefix", "fields", "deletable", "createable"}
)


def new_field(told: Told) -> dict[str, Any]:
    """Return the describe of a field that is told. Raises ``ValueError`` for what is wrong."""
    name = told.get("name")
    if not isinstance(name, str) or not name.replace("_", "").isalnum() or name[0].isdigit():
        raise ValueError(f"a field needs a name of letters, digits and underscores, not {name!r}")
    words = {key: value for key, value in told.items() if key != "name"}
    _refuse_unknown(words)
    return _expanded(name, words) | _attributes(words)


def changed_field(raw: Told, told: Told) -> dict[str, Any]:
    """Return a field's describe with changes. Raises ``ValueError`` for what is wrong."""
    _refuse_unknown(told)
    kind = told.get("type", raw["type"])
    retyped = kind != raw["type"]
    expanded = _expanded(raw["name"], {**_stays(raw, kind), **told, "type": kind})
    words = [word for word in _WORDS if word in told and (retyped or word != "type")]
    changes = {one: expanded[one] for word in words for one in _WORDS[word]}
    if retyped and kind not in _IDENTIFIERS and "external" not in told:
        changes |= {"externalId": False, "idLookup": False}
    return {**raw, **changes, **_attributes(told)}


def _stays(raw: Told, kind: str) -> dict[str, Any]:
    """Return what a field that gets another type has of the old one, in the short form."""
    if kind == raw["type"] == "reference":
        return {"to": raw["referenceTo"], "as": raw.get("relationshipName")}
    if {kind, raw["type"]} <= _PICKLISTS:
        options = raw.get("picklistValues") or ()
        return {"values": [one["value"] + "*" * bool(one.get("defaultValue")) for one in options]}
    return {}


def new_object(told: Told) -> dict[str, Any]:
    """Return the describe of an object that is told, in short or whole."""
    name, fields = told.get("name"), told.get("fields", [])
    if not isinstance(name, str) or not name.replace("_", "").isalnum():
        raise ValueError(f"an object needs a name of letters, digits and underscores, not {name!r}")
    if not isinstance(fields, list) or not all(isinstance(one, dict) for one in fields):
        raise ValueError("the fields of an object have to be a list of objects")
    if any(one.get("name") == "Id" for one in fields):
        return _whole(told)
    unknown = set(told) - _OBJECT_WORDS - set(DEFAULT_OBJECT)
    if unknown:
        raise ValueError(f"an object has no {', '.join(sorted(unknown))}")
    own = [new_field(one) for one in fields]
    if not any(one["name"] == "Name" or one["nameField"] for one in own):
        own.insert(0, new_field({"name": "Name", "length": 80}))
    short = {"plural": f"{told.get('label', name)}s", "prefix": None, **told, "fields": {}}
    raw = object_describe(name, short, {})
    given = {key: told[key] for key in set(told) & set(DEFAULT_OBJECT) - {"name", "fields"}}
    owner = {"type": "reference", "to": ["User"], "as": "Owner", "default": "user", "always": True}
    owned = (
        [] if any(one["name"] == "OwnerId" for one in own) else [field_describe("OwnerId", owner)]
    )
    taken = {one["name"] for one in own}
    system = [one for one in raw["fields"] if one["name"] not in taken]
    return raw | given | {"fields": [*system, *owned, *own]}


def _whole(told: Told) -> dict[str, Any]:
    raw = dict(told)
    try:
        check_describe(raw, "the describe")
    except EmulatorError as wrong:
        raise ValueError(str(wrong)) from None
    return raw


def _expanded(name: str, words: Told) -> dict[str, Any]:
    """Return the describe that the short words stand for."""
    kind = words.get("type", "string")
    short = {**_SIZES.get(kind, {}), **words, "type": kind}
    for number in ("length", "precision", "scale", "digits"):
        if type(short.get(number, 0)) is not int or short.get(number, 0) < 0:
            raise ValueError(f"{name}: {number} has to be a whole number")
    for listed in ("values", "to", "referenceTo"):
        if not _is_texts(short.get(listed, [])):
            raise ValueError(f"{name}: {listed} has to be a list of texts")
    if kind == "reference":
        short["to"] = short.get("to") or short.get("referenceTo")
        if not short["to"]:
            raise ValueError(f"{name}: a reference needs objects to lead to")
        short.setdefault("as", _relationship(name))
    raw = field_describe(name, short)
    ondelete = short.get("ondelete")
    return raw | {
        "cascadeDelete": ondelete == "cascade",
        "restrictedDelete": ondelete == "restrict",
        "defaultValue": raw["defaultValue"] if "default" not in words else words["default"],
    }


def _relationship(name: str) -> str:
    if name.endswith("__c"):
        return name.removesuffix("c") + "r"
    return name.removesuffix("Id") if name.endswith("Id") else name


def _attributes(told: Told) -> dict[str, Any]:
    """Return those of a describe's own attributes that no short word says."""
    return {key: one for key, one in told.items() if key in DEFAULT_FIELD and key not in _WORDS}


def _refuse_unknown(told: Told) -> None:
    """Refuse words that mean nothing, the name of a field that has one, and unknown types."""
    unknown = set(told) - set(_WORDS) - set(DEFAULT_FIELD) | {"name"} & set(told)
    if unknown:
        raise ValueError(f"a field has no {', '.join(sorted(unknown))} that could be set")
    if told.get("type", "string") not in _TYPES:
        raise ValueError(f"there is no field type {told['type']!r}")


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
