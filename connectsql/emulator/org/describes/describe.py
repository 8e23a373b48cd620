"""Describes as answers: the whole shape of today's API, whatever the file at hand had."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Set
from datetime import datetime, timedelta
from typing import Any

from connectsql.emulator.org.schema import Schema, SObject
from connectsql.emulator.wire.encode import encode

_VERSION = re.compile(rb'"/services/data/v\d+\.\d')

_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "time": "xsd:time",
    "base64": "xsd:base64Binary",
    "address": "urn:address",
    "location": "urn:location",
}

DEFAULT_FIELD: dict[str, Any] = {
    "aggregatable": True,
    "aiPredictionField": False,
    "autoNumber": False,
    "byteLength": 0,
    "calculated": False,
    "calculatedFormula": None,
    "cascadeDelete": False,
    "caseSensitive": False,
    "compoundFieldName": None,
    "controllerName": None,
    "createable": False,
    "custom": False,
    "defaultValue": None,
    "defaultValueFormula": None,
    "defaultedOnCreate": False,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "digits": 0,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "externalId": False,
    "extraTypeInfo": None,
    "filterable": True,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "groupable": True,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "idLookup": False,
    "inlineHelpText": None,
    "label": "",
    "length": 0,
    "mask": None,
    "maskType": None,
    "name": "",
    "nameField": False,
    "namePointing": False,
    "nillable": True,
    "permissionable": True,
    "picklistValues": [],
    "polymorphicForeignKey": False,
    "precision": 0,
    "queryByDistance": False,
    "referenceTargetField": None,
    "referenceTo": [],
    "relationshipName": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "restrictedPicklist": False,
    "scale": 0,
    "searchPrefilterable": False,
    "soapType": "xsd:string",
    "sortable": True,
    "type": "string",
    "unique": False,
    "updateable": False,
    "writeRequiresMasterRead": False,
}

DEFAULT_OBJECT: dict[str, Any] = {
    "actionOverrides": [],
    "activateable": False,
    "associateEntityType": None,
    "associateParentEntity": None,
    "childRelationships": [],
    "compactLayoutable": True,
    "createable": True,
    "custom": False,
    "customSetting": False,
    "deepCloneable": False,
    "defaultImplementation": None,
    "deletable": True,
    "deprecatedAndHidden": False,
    "extendedBy": None,
    "extendsInterfaces": None,
    "feedEnabled": True,
    "fields": [],
    "hasSubtypes": False,
    "implementedBy": None,
    "implementsInterfaces": None,
    "isInterface": False,
    "isSubtype": False,
    "keyPrefix": None,
    "label": "",
    "labelPlural": "",
    "layoutable": True,
    "listviewable": None,
    "lookupLayoutable": None,
    "mergeable": False,
    "mruEnabled": True,
    "name": "",
    "namedLayoutInfos": [],
    "networkScopeFieldName": None,
    "queryable": True,
    "recordTypeInfos": [],
    "replicateable": True,
    "retrieveable": True,
    "searchLayoutable": True,
    "searchable": True,
    "sobjectDescribeOption": "FULL",
    "supportedScopes": [{"label": "Everything", "name": "everything"}],
    "triggerable": True,
    "undeletable": True,
    "updateable": True,
    "urls": {},
}

_ONLY_WHEN_WHOLE = frozenset(
    {
        "actionOverrides",
        "childRelationships",
        "compactLayoutable",
        "defaultImplementation",
        "extendedBy",
        "extendsInterfaces",
        "fields",
        "implementedBy",
        "implementsInterfaces",
        "listviewable",
        "lookupLayoutable",
        "namedLayoutInfos",
        "networkScopeFieldName",
        "recordTypeInfos",
        "searchLayoutable",
        "sobjectDescribeOption",
        "supportedScopes",
    }
)


def soap_type(kind: str) -> str:
    """Return the SOAP type of a field type."""
    return _SOAP_TYPES.get(kind, "xsd:string")


class Describes:
    """The describes of an org, each put together once.

    Without more said they have been as they are since the org was started.
    """

    def __init__(self, started: datetime) -> None:
        self._started = started
        self._whole: dict[tuple[str, float], bytes] = {}
        self._brief: dict[tuple[str, float], bytes] = {}
        self._changed: dict[str, datetime] = {}

    def whole(self, sobject: SObject, version: float) -> bytes:
        """Return the JSON of an object's describe, its urls in the version that was asked."""
        key = (sobject.name, version)
        if key not in self._whole:
            fields = [_field(one) for one in sobject.raw["fields"]]
            told = _object(sobject.raw, sobject.key_prefix) | {"fields": fields}
            self._whole[key] = _in_version(encode(told), version)
        return self._whole[key]

    def brief(self, sobject: SObject, version: float) -> bytes:
        """Return the JSON of an object's entry in the list of all objects."""
        key = (sobject.name, version)
        if key not in self._brief:
            self._brief[key] = _entry(sobject.raw, sobject.key_prefix, version)
        return self._brief[key]

    def every(self, schema: Schema, version: float) -> list[bytes]:
        """Return the JSON of all entries of the list of all objects."""
        described = [self.brief(one, version) for one in schema.objects]
        listed = [_entry(one, one.get("keyPrefix"), version) for one in schema.listed]
        return described + listed

    def modified(self, name: str | None = None) -> datetime:
        """Return when an object was changed last, or any of them."""
        if name is None:
            return max(self._changed.values(), default=self._started)
        return self._changed.get(name, self._started)

    def forget(self, names: Set[str], now: datetime) -> None:
        """Put the describes of some objects together anew: the objects have changed.

        To the second a change is always later than the one before, or nobody would see it.
        """
        at = max(now, self.modified() + timedelta(seconds=1))
        self._changed |= dict.fromkeys(names, at)
        for kept in (self._whole, self._brief):
            for key in [one for one in kept if one[0] in names]:
                del kept[key]


def etag(body: bytes) -> str:
    """Return the entity tag of a describe, quoted."""
    return f'"{zlib.crc32(body):08x}"'


def _entry(raw: Mapping[str, Any], key_prefix: str | None, version: float) -> bytes:
    whole = _object(raw, key_prefix).items()
    entry = {name: one for name, one in whole if name not in _ONLY_WHEN_WHOLE}
    return _in_version(encode(entry), version)


def _object(raw: Mapping[str, Any], key_prefix: str | None) -> dict[str, Any]:
    given = {key: one for key, one in raw.items() if key in DEFAULT_OBJECT}
    root = f"/services/data/v60.0/sobjects/{raw['name']}"
    urls = {"rowTemplate": root + "/{ID}", "describe": root + "/describe", "sobject": root}
    own = {"keyPrefix": key_prefix, "urls": given.get("urls") or urls}
    return DEFAULT_OBJECT | given | own


def _field(raw: Mapping[str, Any]) -> dict[str, Any]:
    return DEFAULT_FIELD | {"soapType": soap_type(raw["type"])} | dict(raw)


def _in_version(body: bytes, version: float) -> bytes:
    return _VERSION.sub(f'"/services/data/v{version:.1f}'.encode(), body)
