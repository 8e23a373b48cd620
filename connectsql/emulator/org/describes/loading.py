"""Reads the describes that an org is to be made of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connectsql.emulator.org.describes.standard import standard_describes
from connectsql.emulator.org.schema import Schema
from connectsql.errors import EmulatorError

_ALWAYS_THERE = ("User", "Organization", "ScratchOrgInfo")


def load_schema(folder: Path | None) -> Schema:
    """Return the objects described in a folder, or the standard ones without a folder.

    User and Organization are in every org, described or not, and so is ScratchOrgInfo, by
    which the ``sf`` command tells an org that makes scratch orgs. Raises ``EmulatorError`` for
    a folder or file that cannot be read, holds no describe, or tells an object twice.
    """
    standard = {raw["name"]: raw for raw in standard_describes()}
    if folder is None:
        return Schema(standard.values())
    described, listed = _read_folder(folder)
    missing = [name for name in _ALWAYS_THERE if name not in described]
    return Schema([*described.values(), *(standard[name] for name in missing)], listed)


def _read_folder(folder: Path) -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Return the describes by name, and the entries of the lists of all objects."""
    if not folder.is_dir():
        raise EmulatorError(
            f"there is no folder of describes at {folder}",
            hint="Name the folder that 'connectsql describe' wrote, or leave --describe out.",
        )
    found: dict[str, dict[str, Any]] = {}
    listed: dict[str, dict[str, Any]] = {}
    origin: dict[str, Path] = {}
    for path in sorted(folder.glob("*.json")):
        raw = _read_json(path)
        listed |= {one["name"]: one for one in _entries(raw)}
        if not isinstance(raw, dict) or "fields" not in raw or "name" not in raw:
            continue
        check_describe(raw, str(path))
        if raw["name"] in found:
            raise _told_twice(raw["name"], origin[raw["name"]], path)
        found[raw["name"]], origin[raw["name"]] = raw, path
    if not found:
        raise EmulatorError(
            f"no file in {folder} is a describe",
            hint="A describe is the answer of GET /services/data/vXX.X/sobjects/NAME/describe.",
        )
    return found, list(listed.values())


def check_describe(raw: dict[str, Any], where: str) -> None:
    """Raise ``EmulatorError`` for a describe that no object can be made of."""
    fields = raw["fields"]
    whole = isinstance(fields, list) and all(
        isinstance(one, dict) and "name" in one and "type" in one for one in fields
    )
    if not whole:
        raise EmulatorError(f"{where}: a field of {raw['name']} has no name or no type")
    if not any(one["name"] == "Id" for one in fields):
        raise EmulatorError(
            f"{where}: the describe of {raw['name']} has no field Id",
            hint="Fetch the describe again: an object without Id cannot be stored.",
        )


def _entries(raw: Any) -> list[dict[str, Any]]:
    """Return the objects that a list of all objects names; of any other file none."""
    listed = raw.get("sobjects") if isinstance(raw, dict) else None
    entries = listed if isinstance(listed, list) else []
    return [one for one in entries if isinstance(one, dict) and isinstance(one.get("name"), str)]


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as broken:
        raise EmulatorError(f"{path} cannot be read: {broken.strerror}") from broken
    except ValueError as broken:
        raise EmulatorError(
            f"{path} is not JSON: {broken}", hint="Mend the file or take it out of the folder."
        ) from broken


def _told_twice(name: str, first: Path, second: Path) -> EmulatorError:
    return EmulatorError(
        f"{first} and {second} both describe {name}", hint="Keep one of them in the folder."
    )
