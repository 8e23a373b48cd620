"""Orgs whose standard objects have a few more fields, and that were taught what to do."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from connectsql.emulator import Automation, Options, RunningOrg, start_in_thread
from connectsql.emulator.org.describes.standard import standard_describes


def field(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    """Return the describe of a custom field that callers may write."""
    length = {"string": 255, "textarea": 255, "reference": 18}.get(kind, 0)
    told = {"name": name, "label": name, "type": kind, "length": length, "custom": True}
    return told | {"nillable": True, "createable": True, "updateable": True} | more


def computed(name: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    """Return the describe of a field that the org computes."""
    return field(name, kind, createable=False, updateable=False, calculated=True) | more


def describe(folder: Path, **fields: list[dict[str, Any]]) -> Path:
    """Write the standard describes, with more fields for some objects, into a folder."""
    for raw in standard_describes():
        told = copy.deepcopy(raw)
        told["fields"] += fields.pop(told["name"], [])
        (folder / f"{told['name']}.json").write_text(json.dumps(told), encoding="utf-8")
    for name, own in fields.items():
        told = custom_object(name, own)
        (folder / f"{name}.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def custom_object(name: str, own: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the describe of a custom object with the system fields and its own."""
    contact = next(raw for raw in standard_describes() if raw["name"] == "Contact")
    owner = ("OwnerId", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById")
    system = ("Id", "IsDeleted", *owner, "SystemModstamp")
    kept = [copy.deepcopy(one) for one in contact["fields"] if one["name"] in system]
    told = {key: one for key, one in contact.items() if key not in ("keyPrefix", "fields")}
    more = {"name": name, "label": name, "custom": True, "childRelationships": []}
    return told | more | {"fields": kept + own}


@contextmanager
def taught(
    folder: Path, automation: Automation | None = None, /, **fields: list[dict[str, Any]]
) -> Iterator[RunningOrg]:
    """Serve an org of the standard objects with more fields and an automation."""
    options = Options(describe=describe(folder, **fields), automation=automation)
    with start_in_thread(options) as running:
        yield running
