"""What of a describe is kept in a snapshot: all that the sync and the emulator read.

What is left out changes between releases or users without any meaning to the sync (urls,
layouts, record types) or is large and of no use (``validFor`` of dependent picklists).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OBJECT_TEXTS = ("name", "label", "labelPlural", "keyPrefix")
_CHILD = ("childSObject", "field", "relationshipName", "cascadeDelete", "restrictedDelete")


def reduced(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a raw describe that a snapshot keeps."""
    kept: dict[str, Any] = {key: raw[key] for key in _OBJECT_TEXTS if key in raw}
    kept.update({key: value for key, value in raw.items() if isinstance(value, bool)})
    kept["fields"] = [_field(field) for field in raw["fields"]]
    kept["childRelationships"] = [
        {key: child.get(key) for key in _CHILD}
        for child in sorted(raw.get("childRelationships") or (), key=_child_order)
    ]
    return kept


def _field(raw: Mapping[str, Any]) -> dict[str, Any]:
    kept = dict(raw)
    if kept.get("picklistValues"):
        kept["picklistValues"] = [
            {key: value for key, value in entry.items() if key != "validFor"}
            for entry in kept["picklistValues"]
        ]
    return kept


def _child_order(child: Mapping[str, Any]) -> tuple[str, str]:
    return (str(child.get("childSObject")), str(child.get("field")))
