"""Parses YAML into nodes that know their line, and refuses what a config has no use for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from connectsql.config.syntax import character_fault, syntax_fault
from connectsql.errors import ConfigError, Fault, Place

DEEPEST = 40
_TEXT_TAG = "tag:yaml.org,2002:str"


@dataclass(kw_only=True)
class Scalar:
    """A single value as it is written."""

    text: str
    plain: bool  # not quoted: may be a number or a truth value
    line: int


@dataclass(kw_only=True)
class Item:
    """An entry of a list or an object; the key of a list's entry is empty."""

    key: str
    line: int
    value: Node


@dataclass(kw_only=True)
class Collection:
    """A list or an object."""

    kind: str  # "list" or "object"
    line: int
    items: list[Item] = field(default_factory=list)


Node = Scalar | Collection


def parse(text: str, *, file: str) -> Node:
    """Return the one document in ``text``; raise ConfigError with the line of what is wrong."""
    try:
        return _Composer(_events(text), file).document()
    except yaml.MarkedYAMLError as error:
        raise ConfigError([syntax_fault(error, file)]) from None
    except yaml.reader.ReaderError as error:
        raise ConfigError([character_fault(error, text, file)]) from None
    except (ValueError, OverflowError, RecursionError):
        # PyYAML's own scanner lets these out of escapes such as "\UFFFFFFFF".
        raise _refused(file, 1, "not valid YAML: an escape in quotes is no character") from None


def _events(text: str) -> Iterator[Any]:
    """Parse with libyaml where it is there; its messages are poorer, so not on a mistake."""
    quick = getattr(yaml, "CSafeLoader", None)
    if quick is not None:
        try:
            return iter(list(yaml.parse(text, Loader=quick)))
        except (yaml.YAMLError, ValueError):
            pass
    return iter(yaml.parse(text, Loader=yaml.SafeLoader))


class _Composer:
    """Builds nodes from parser events: without tags, merge keys and cycles."""

    def __init__(self, events: Iterator[Any], file: str) -> None:
        self._events = events
        self._file = file
        self._anchors: dict[str, Node] = {}

    def document(self) -> Node:
        event = self._next()
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            self._refuse(0, "the file holds nothing but comments", "declare mappings in it")
        root = self._node(event, 0)
        self._next()  # the document's end
        follower = self._next()
        if not isinstance(follower, yaml.StreamEndEvent):
            line = follower.start_mark.line + 1
            self._refuse(line, "a second document begins here", "put one config in one file")
        return root

    def _next(self) -> Any:
        return next(self._events)

    def _node(self, event: Any, depth: int) -> Node:
        line = event.start_mark.line + 1
        if depth > DEEPEST:
            self._refuse(line, f"nested more than {DEEPEST} levels deep")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(str(event.anchor), line)
        if event.tag not in (None, "!", _TEXT_TAG):
            self._refuse(line, f"the tag {event.tag} means nothing here", "write the value alone")
        node = self._content(event, line, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _content(self, event: Any, line: int, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            plain = not event.style and event.tag is None
            return Scalar(text=self._characters(event.value, line), plain=plain, line=line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Collection(kind="list", line=line, items=list(self._entries(depth)))
        return Collection(kind="object", line=line, items=list(self._properties(depth)))

    def _entries(self, depth: int) -> Iterator[Item]:
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            line = event.start_mark.line + 1
            yield Item(key="", line=line, value=self._node(event, depth + 1))

    def _properties(self, depth: int) -> Iterator[Item]:
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                self._refuse(line, "a property's name is a word, not a list or an object")
            yield Item(key=key.text, line=line, value=self._node(self._next(), depth + 1))

    def _alias(self, anchor: str, line: int) -> Node:
        if anchor not in self._anchors:
            self._refuse(line, f"*{anchor} stands for something that is not complete before it")
        return self._anchors[anchor]

    def _characters(self, text: str, line: int) -> str:
        """Join what JSON writes as two escapes; half of such a pair is no character."""
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._refuse(line, "half of a surrogate pair is no character")

    def _refuse(self, line: int, message: str, hint: str = "") -> NoReturn:
        raise _refused(self._file, line, message, hint)


def _refused(file: str, line: int, message: str, hint: str = "") -> ConfigError:
    return ConfigError([Fault(place=Place(file=file, line=line), message=message, hint=hint)])
