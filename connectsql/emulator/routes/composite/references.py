"""References of a subrequest to the answers before it: ``@{ref.records[0].Id}``.

A string that is a reference and nothing else becomes the value itself, with its type; inside
a longer string or a url the value is written out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

from connectsql.emulator.wire.errors import Refusal

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]*")
_IN_TEXT = re.compile(r"@\{([^{}]*)\}")
_IN_URL = re.compile(r"(?:@|%40)(?:\{|%7B)(.*?)(?:\}|%7D)", re.IGNORECASE)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_NULL_SINCE = 52.0


class References:
    """The answers that a subrequest can refer to, by their reference ids."""

    def __init__(self, version: float) -> None:
        self._null_is_a_value = version >= _NULL_SINCE
        self._answers: dict[str, Any] = {}

    def add(self, name: str, body: Any) -> None:
        """Let the body of a successful answer be referred to."""
        self._answers[name] = body

    def in_body(self, value: Any) -> Any:
        """Return a JSON value with all references in it resolved; raises for a wrong one."""
        if isinstance(value, dict):
            return {key: self.in_body(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.in_body(one) for one in value]
        if not isinstance(value, str) or "@{" not in value:
            return value
        whole = _IN_TEXT.fullmatch(value)
        if whole:
            return self._value(whole[1])
        return _IN_TEXT.sub(lambda found: _written(self._value(found[1])), value)

    def in_url(self, url: str) -> str:
        """Return a url with all references in it resolved; raises for a wrong one."""
        return _IN_URL.sub(
            lambda found: quote(_written(self._value(unquote(found[1]))), safe=""), url
        )

    def _value(self, path: str) -> Any:
        name = _name(path)
        if name not in self._answers:
            raise _invalid(path)
        value, at = self._answers[name], len(name)
        while at < len(path):
            step = _STEP.match(path, at)
            if step is None:
                raise _invalid(path)
            value, at = _inside(value, step, path), step.end()
        if isinstance(value, dict | list) or (value is None and not self._null_is_a_value):
            raise _invalid(path)
        return value


def names_in(value: Any) -> Iterator[str]:
    """Yield the reference ids that a url or a body refers to."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from names_in(one)
    elif isinstance(value, str):
        for found in _IN_URL.finditer(value):
            yield _name(unquote(found[1]))


def _name(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _inside(value: Any, step: re.Match[str], path: str) -> Any:
    key, index = step.groups()
    if index is not None and isinstance(value, list) and int(index) < len(value):
        return value[int(index)]
    if key is not None and isinstance(value, dict) and key in value:
        return value[key]
    raise _invalid(path)


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _invalid(path: str) -> Refusal:
    message = (
        f"Invalid reference specified. No value for {path} found in {_name(path)}. "
        + malformed_reference(path)
    )
    return Refusal("PROCESSING_HALTED", message)


def malformed_reference(name: Any) -> str:
    """Return what is said of a reference id that is none."""
    return (
        f"Provided referenceId ('{name}') must start with a letter or a number, "
        "and it can contain only letters, numbers and underscores ('_')."
    )
