"""The snapshot: describes kept as files beside the config, so that compiling needs no org.

A snapshot may be written by ``connectsql describe`` or hold answers of
``GET /sobjects/X/describe`` as they came, of any API version.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from connectsql.describe.model import Org, SObject
from connectsql.describe.reduce import reduced
from connectsql.describe.relationships import candidate_parents
from connectsql.errors import DescribeError

FETCH = "fetch the describes from the org: connectsql describe"
_NAME = re.compile(r"\w+")  # an object's becomes a file name, a field's stands in queries
_TEXTS = ("label", "relationshipName", "inlineHelpText")
_NUMBERS = ("length", "precision", "scale", "digits")


def load(directory: str | Path) -> Org:
    """Read every describe in ``directory``.

    Raises DescribeError with every file that is none.
    """
    folder = Path(directory)
    files = _files(folder)
    found: dict[str, tuple[Path, SObject]] = {}
    wrong: list[DescribeError] = []
    for file in files:
        try:
            sobject = load_file(file)
        except DescribeError as error:
            wrong.append(error)
            continue
        if other := found.get(sobject.name.lower()):
            message = f"{file}: describes {sobject.name}, as {other[0].name} does already"
            wrong.append(DescribeError(message, hint="remove one of the two files"))
        found[sobject.name.lower()] = (file, sobject)
    if wrong:
        hints = dict.fromkeys(one.hint for one in wrong if one.hint)
        raise DescribeError("\n".join(one.message for one in wrong), hint="; ".join(hints))
    return Org(tuple(sobject for _, sobject in found.values()))


def _files(folder: Path) -> list[Path]:
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix == ".json")
        state = "" if files else "holds no describes"
    except FileNotFoundError:
        state = "does not exist"
    except OSError as error:
        message = f"{folder}: the folder of describes cannot be read: {error.strerror}"
        raise DescribeError(message) from None
    if state:
        raise DescribeError(f"{folder}: the folder of describes {state}", hint=FETCH)
    return files


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
    except ValueError:  # Python reads no number of more than 4,300 digits
        raise DescribeError(f"{file}: holds a number that is too long", hint=FETCH) from None
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
    if not _NAME.fullmatch(raw["name"]):
        return f"{raw['name']!r} is not the name of an object"
    if not isinstance(raw.get("label"), str | None):
        return f"{raw['name']} has a label that is no text"
    return next((one for one in complaints if one), "") or _twice(raw["fields"])


def _field_complaint(number: int, raw: Any) -> str:
    if not isinstance(raw, dict) or not isinstance(raw.get("name"), str):
        return f"field {number} has no name"
    name = raw["name"]
    if not _NAME.fullmatch(name):
        return f"{name!r} is not the name of a field"
    if not isinstance(raw.get("type"), str):
        return f"the field {name} has no type"
    for attribute in _NUMBERS:
        number = raw.get(attribute) or 0
        if not isinstance(number, int) or number < 0:
            return f"the field {name} has a {attribute} that is no number"
    for attribute in _TEXTS:
        if not isinstance(raw.get(attribute), str | None):
            return f"the field {name} has a {attribute} that is no text"
    if not _all(raw.get("referenceTo"), lambda one: isinstance(one, str)):
        return f"the field {name} has a referenceTo that is no list of names"
    if not _all(raw.get("picklistValues"), _is_choice):
        return f"the field {name} has picklistValues that are no list of values"
    return ""


def _all(entries: Any, test: Callable[[Any], bool]) -> bool:
    return entries is None or (isinstance(entries, list) and all(map(test, entries)))


def _is_choice(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("value"), str)


def _twice(fields: list[dict[str, Any]]) -> str:
    counted = Counter(str(one["name"]).lower() for one in fields)
    [(name, count)] = counted.most_common(1)
    return f"the field {name} stands there {count} times" if count > 1 else ""
