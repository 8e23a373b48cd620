"""Avro schemas of change events: a header, then each field of the object, all nullable."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

HEADER = "ChangeEventHeader"
CHANGE_TYPES = (
    "CREATE",
    "UPDATE",
    "DELETE",
    "UNDELETE",
    "GAP_CREATE",
    "GAP_UPDATE",
    "GAP_DELETE",
    "GAP_UNDELETE",
    "GAP_OVERFLOW",
    "SNAPSHOT",
)

_TEXTS: dict[str, Any] = {"type": "array", "items": "string"}
_HEADER_FIELDS: dict[str, Any] = {
    "entityName": "string",
    "recordIds": _TEXTS,
    "changeType": {"type": "enum", "name": "ChangeType", "symbols": list(CHANGE_TYPES)},
    "changeOrigin": "string",
    "transactionKey": "string",
    "sequenceNumber": "int",
    "commitTimestamp": "long",
    "commitNumber": "long",
    "commitUser": "string",
    "nulledFields": _TEXTS,
    "diffFields": _TEXTS,
    "changedFields": _TEXTS,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordType:
    """The type of a compound field: a record of nullable fields, by name and Avro type."""

    name: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class EventField:
    """One field of an event. ``types`` are what it holds besides null; ``doc`` is its meaning."""

    name: str
    types: tuple[str | RecordType, ...]
    doc: str


@dataclass(frozen=True, slots=True)
class EventSchema:
    """A schema as it is handed out: its JSON, and the id that is a hash of it."""

    json: str
    id: str


def change_event_name(entity: str) -> str:
    """Return the name of an object's event: ``AccountChangeEvent``, ``Car__ChangeEvent``."""
    return f"{entity.removesuffix('c')}ChangeEvent" if is_custom(entity) else f"{entity}ChangeEvent"


def is_custom(entity: str) -> bool:
    """Tell whether an object is a custom one, by its name."""
    return entity.endswith("__c")


def event_schema(entity: str, fields: Iterable[EventField]) -> EventSchema:
    """Return the schema of an object's change events."""
    known: set[str] = set()
    tree = {
        "type": "record",
        "name": change_event_name(entity),
        "namespace": "com.sforce.eventbus",
        "fields": [_header(), *(_field(one, known) for one in fields)],
    }
    text = json.dumps(tree, separators=(",", ":"), ensure_ascii=False)
    return EventSchema(text, _fingerprint(text))


def expanded(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a schema as that of the JSON messages of the Streaming API, moments as text."""
    payload = {
        "type": "record",
        "name": "Payload",
        "doc": "",
        "fields": [_as_json(one) for one in tree["fields"]],
    }
    replay_id = {"name": "replayId", "type": "long"}
    data = {
        "type": "record",
        "name": "Data",
        "namespace": "",
        "fields": [
            {"name": "schema", "type": "string"},
            {"name": "payload", "type": payload},
            {"name": "event", "type": {"type": "record", "name": "Event", "fields": [replay_id]}},
        ],
    }
    return {
        "name": tree["name"],
        "namespace": tree["namespace"],
        "type": "expanded-record",
        "fields": [{"name": "data", "type": data}, {"name": "channel", "type": "string"}],
    }


def _as_json(field: dict[str, Any]) -> dict[str, Any]:
    if field["type"] == ["null", "long"]:
        return field | {"type": ["null", "string"]}
    return field


def _header() -> dict[str, Any]:
    fields = [{"name": name, "type": kind} for name, kind in _HEADER_FIELDS.items()]
    record = {"type": "record", "name": HEADER, "fields": fields}
    return {"name": HEADER, "type": record, "doc": "Data:ComplexValueType"}


def _field(field: EventField, known: set[str]) -> dict[str, Any]:
    types = ["null", *(_type(one, known) for one in field.types)]
    return {"name": field.name, "type": types, "doc": field.doc, "default": None}


def _type(kind: str | RecordType, known: set[str]) -> Any:
    """Return a type; a record is told in full where it is met first, later by its name."""
    if isinstance(kind, str):
        return kind
    if kind.name in known:
        return kind.name
    known.add(kind.name)
    return {"type": "record", "name": kind.name, "fields": _nullable(kind.fields)}


def _nullable(fields: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"name": name, "type": ["null", kind], "default": None} for name, kind in fields]


def _fingerprint(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()[:16]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
