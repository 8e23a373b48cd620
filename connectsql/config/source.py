"""A YAML or JSON file as plain data, with the line of every value.

The YAML is read as JSON with fewer quotes: objects, lists, text, decimal numbers, true,
false and null. A word that one YAML reader takes for a truth value or a number and the
next for text (``no``, ``0120``) is a fault, because either reading may be the wrong one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from connectsql.config.nodes import Item, Node, Scalar, parse
from connectsql.config.scalars import ambiguity, value_of
from connectsql.config.syntax import json_fault
from connectsql.errors import ConfigError, Fault, Place, UsageError

Path = tuple[str | int, ...]  # the way to a value: ("mappings", 0, "table")

LARGEST_FILE = 4 * 1024 * 1024
MOST_VALUES = 100_000  # with every alias written out


@dataclass(kw_only=True)
class Source:
    """The data of one file and where each value stands."""

    file: str
    noun: str = "config"  # what its faults call it
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    spoiled: set[Path] = field(default_factory=set)  # values that a fault was told of

    def place(self, path: Path) -> Place:
        """Return where ``path`` stands, or the nearest thing around it that does."""
        while path and path not in self.lines:
            path = path[:-1]
        return Place(file=self.file, line=self.lines.get(path, 1))

    def fault(self, path: Path, message: str, hint: str = "") -> Fault:
        """Make a fault of the value at ``path``."""
        return Fault(place=self.place(path), message=message, hint=hint)


def read(path: str | FilePath, *, missing_hint: str, only_json: bool = False) -> Source:
    """Read and parse ``path``; raise ConfigError where that leaves nothing to look at."""
    source = Source(file=str(path))
    text = _text(source.file, missing_hint)
    if only_json:
        _demand_json(text, source.file)
    root = parse(text, file=source.file)
    source.data = _Reader(source).read(root, ())
    return source


def _text(file: str, missing_hint: str) -> str:
    content = _bytes(file, missing_hint)
    if len(content) > LARGEST_FILE:
        raise _refused(file, 0, f"larger than {LARGEST_FILE // 1024 // 1024} MB", "")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(file, content.count(b"\n", 0, error.start) + 1) from None
    if "\0" in text[:2]:  # UTF-16 whose byte order mark was cut off
        raise _not_utf8(file, 1)
    if not text.strip():
        raise _refused(file, 0, "the file is empty", missing_hint)
    # JSON allows tabs between values, YAML does not; inside JSON's strings none can stand.
    return text.replace("\t", " ") if text.lstrip().startswith(("{", "[")) else text


def _not_utf8(file: str, line: int) -> ConfigError:
    return _refused(file, line, "not UTF-8 text", "save the file with UTF-8 encoding")


def _bytes(file: str, missing_hint: str) -> bytes:
    try:
        return FilePath(file).read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist", hint=missing_hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{file} cannot be read: {reason}") from None


def _demand_json(text: str, file: str) -> None:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError([json_fault(error, file)]) from None
    except (RecursionError, ValueError):
        raise _refused(
            file, 1, "not valid JSON: nested too deeply or a number too long", ""
        ) from None


def _refused(file: str, line: int, message: str, hint: str) -> ConfigError:
    return ConfigError([Fault(place=Place(file=file, line=line), message=message, hint=hint)])


class _Reader:
    """Turns nodes into data and notes lines and faults on the way."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._count = 0

    def read(self, node: Node, path: Path) -> Any:
        self._count += 1
        if self._count > MOST_VALUES:
            message = f"holds more than {MOST_VALUES:,} values once its aliases are written out"
            raise _refused(self._source.file, node.line, message, "write it without aliases")
        self._source.lines.setdefault(path, node.line)
        if isinstance(node, Scalar):
            return self._scalar(node, path)
        if node.kind == "list":
            return [self.read(one.value, (*path, at)) for at, one in enumerate(node.items)]
        return self._object(node.items, path)

    def _scalar(self, node: Scalar, path: Path) -> Any:
        if not node.plain:
            return node.text
        # What stands in a login may be a secret: it is not repeated in a fault.
        chosen = path[-1:] == ("constraints",) and node.text == "off"  # the word, and no other
        if "login" not in path and not chosen and (hint := ambiguity(node.text)):
            message = f"an unquoted {node.text} means different things to different YAML readers"
            self._spoil(path, message, hint)
            return node.text
        return node.text if chosen else value_of(node.text)

    def _object(self, items: list[Item], path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for item in items:
            inner = (*path, item.key)
            if item.key in data:
                first = self._source.lines[inner]
                again = Place(file=self._source.file, line=item.line)
                message = f"{item.key} stands here twice, first in line {first}"
                self._source.faults.append(
                    Fault(place=again, message=message, hint="keep one of the two")
                )
                continue
            self._source.lines[inner] = item.line
            data[item.key] = self.read(item.value, inner)
        return data

    def _spoil(self, path: Path, message: str, hint: str) -> None:
        self._source.spoiled.add(path)
        self._source.faults.append(self._source.fault(path, message, hint))
