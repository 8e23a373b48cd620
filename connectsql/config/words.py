"""How faults speak of what stands in a config."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

_LONGEST = 40


def quoted(value: Any) -> str:
    """Describe a value as its writer would recognise it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"
        case str():
            short = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
            return json.dumps(short, ensure_ascii=False)
        case list():
            return "a list"
        case _:
            return "a group of properties"


def any_of(names: Iterable[str]) -> str:
    """Join alternatives: ``a, b or c``."""
    *most, last = map(str, names)
    return f"{', '.join(most)} or {last}" if most else last


def did_you_mean(wrong: str, names: Iterable[str]) -> str:
    """Return the name that ``wrong`` is probably meant to be, or nothing."""
    by_lower = {name.lower(): name for name in names}
    close = get_close_matches(wrong.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else ""


def label(path: tuple[str | int, ...], data: Any, noun: str) -> str:
    """Name the value at ``path`` in ``data`` as its writer would."""
    match path:
        case ():
            return f"the {noun}"
        case ("mappings", int(at)):
            mapping = data["mappings"][at]
            group = mapping if isinstance(mapping, dict) else {}
            name = group.get("object", group.get("object_name"))
            return f"the mapping of {name}" if isinstance(name, str) else f"mapping {at + 1}"
        case (*_, str(name), int(at)):
            return f"entry {at + 1} of {name}"
    return str(path[-1])
