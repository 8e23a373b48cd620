"""The snapshot: describes kept as files beside the config, so that compiling needs no org.

A snapshot may be written by ``connectsql describe`` or hold answers of
``GET /sobjects/X/describe`` as they came, of any API version.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from connectsql.describe.model import Org, SObject
from connectsql.describe.reduce import reduced
from connectsql.describe.relationships import candidate_parents
from connectsql.errors import DescribeError

FETCH = "fetch the describes from the org: connectsql describe"
_OBJECT_NAME = re.compile(r"\w+")  # it becomes a file name
_NUMBERS = ("length", "precision", "scale", "digits")


def load(directory: str | Path) -> Org:
    """Read every describe in ``directory``."""
    folder = Path(directory)
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if not files:
        state = "holds no describes" if folder.is_dir() else "does not exist"
        raise DescribeError(f"{folder}: the folder of describes {state}", hint=FETCH)
    found: dict[str, tuple[Path, SObject]] = {}
    for file in files:
        sobject = load_file(file)
        if other := found.get(sobject.name.lower()):
            raise DescribeError(
                f"{file}: describes {sobject.name}, as {other[0].name} does already",
                hint="remove one of the two files",
            )
        found[sobject.name.lower()] = (file, sobject)
    return Org(tuple(sobject for _, sobject in found.values()))


def load_file(file: Path) -> SObject:
    """Read one describe."""
    raw = _parse(file)
    if complaint := _complaint(raw):
        raise DescribeError(f"{file}: {complaint}", hint=FETCH)
    return SObject.from_describe(raw)


def write(directory: str | Path, raws: Iterable[Mapping[str, Any]]) -> list[Path]:
    """Write one file per describe, reduced and sorted; return their paths in that order."""
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    ordered = sorted(map(_checked, raws), key=lambda raw: str(raw["name"]))
    return [_replace(folder / f"{raw['name']}.json", reduced(raw)) for raw in ordered]


def parents(raw: Mapping[str, Any], fields: Iterable[str]) -> tuple[str, ...]:
    """Return the objects to describe as well, so that ``fields`` of ``raw`` resolve."""
    return candidate_parents(SObject.from_describe(raw), fields)


def _checked(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    if complaint := _complaint(raw):
        raise DescribeError(f"the org's answer cannot be kept: {complaint}")
    return raw


def _replace(target: Path, content: dict[str, Any]) -> Path:
    """Write in one step: a reader sees the old file or the new one, never a half."""
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.stem}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target


def _parse(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        raise DescribeError(
            f"{file}:{error.lineno}: not valid JSON: {error.msg} (column {error.colno})",
            hint=FETCH,
        ) from None
    except UnicodeDecodeError as error:
        raise DescribeError(f"{file}: not UTF-8 text (byte {error.start})", hint=FETCH) from None
    except RecursionError:
        raise DescribeError(f"{file}: nested too deeply to be a describe", hint=FETCH) from None
    except OSError as error:
        raise DescribeError(f"{file}: cannot be read: {error.strerror}") from None


def _complaint(raw: Any) -> str:
    """Say why ``raw`` is no describe; nothing where it is one."""
    if isinstance(raw, dict) and isinstance(raw.get("sobjects"), list):
        return "this is the list of all objects, not the describe of one"
    if isinstance(raw, list) and raw and isinstance(raw[0], dict) and "errorCode" in raw[0]:
        return f"this is an error of the org: {raw[0]['errorCode']}"
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str) or not raw["name"]:
        return "this is not the describe of an object: it has no name"
    if not isinstance(raw.get("fields"), list) or not raw["fields"]:
        return f"this is not the describe of an object: {raw['name']} has no list of fields"
    complaints = (_field_complaint(number, one) for number, one in enumerate(raw["fields"], 1))
    if not _OBJECT_NAME.fullmatch(raw["name"]):
        return f"{raw['name']!r} is not the name of an object"
    return next((one for one in complaints if one), "")


def _field_complaint(number: int, raw: Any) -> str:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        return f"field {number} has no name"
    if not isinstance(raw.get("type"), str):
        return f"the field {raw['name']} has no type"
    for attribute in _NUMBERS:
        if not isinstance(raw.get(attribute), int | None):
            return f"the field {raw['name']} has a {attribute} that is no number"
    targets = raw.get("referenceTo")
    if not isinstance(targets, list | None) or not all(isinstance(t, str) for t in targets or ()):
        return f"the field {raw['name']} has a referenceTo that is no list of names"
    return ""
