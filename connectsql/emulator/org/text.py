"""How an org compares text and places, given to SQLite as a collation and functions.

SQLite's own NOCASE and LIKE fold ASCII alone; an org folds every script.
"""

from __future__ import annotations

import json
import math
import re
import sqlite3
from functools import lru_cache
from typing import Any

COLLATION = "fold"
FOLDED = "folded"

_RADIUS = {"km": 6371.0088, "mi": 3958.7613}


def install(connection: sqlite3.Connection) -> None:
    """Make these comparisons known to a connection."""
    connection.create_collation(COLLATION, compare)
    connection.create_function(FOLDED, 1, folded, deterministic=True)
    connection.create_function("soql_like", 2, _like, deterministic=True)
    connection.create_function("soql_includes", 2, _includes, deterministic=True)
    connection.create_function("soql_labels", 2, _labels, deterministic=True)
    connection.create_function("soql_distance", 5, distance, deterministic=True)


def compare(left: str, right: str) -> int:
    """Compare two texts without regard to case: negative, zero or positive."""
    if left == right:
        return 0
    left, right = left.casefold(), right.casefold()
    return (left > right) - (left < right)


def folded(value: Any) -> Any:
    """Return a value that equals those of all texts that differ from it in case alone."""
    return value.casefold() if isinstance(value, str) else value


def like(pattern: str, value: str) -> bool:
    r"""Tell whether a value fits a LIKE pattern: ``%``, ``_``, and ``\%`` ``\_`` for themselves."""
    return _compiled(pattern).fullmatch(value.casefold()) is not None


def includes(value: str, choices: tuple[str, ...]) -> bool:
    """Tell whether a multi-select value has all parts of any one choice (``A;B``)."""
    chosen = set(value.casefold().split(";"))
    return any(chosen.issuperset(choice.casefold().split(";")) for choice in choices)


def distance(
    latitude: float | None,
    longitude: float | None,
    to_latitude: float,
    to_longitude: float,
    unit: str,
) -> float | None:
    """Return how far it is between two places, along the great circle, in ``mi`` or ``km``."""
    if latitude is None or longitude is None:
        return None
    here, there = math.radians(latitude), math.radians(to_latitude)
    east = math.radians(to_longitude - longitude)
    chord = (
        math.sin((there - here) / 2) ** 2
        + math.cos(here) * math.cos(there) * math.sin(east / 2) ** 2
    )
    return _RADIUS[unit] * 2 * math.asin(min(1.0, math.sqrt(chord)))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|.", pattern.casefold(), re.DOTALL)
    return re.compile("".join(_part(one) for one in parts), re.DOTALL)


def _part(text: str) -> str:
    wild = {"%": ".*", "_": "."}
    return wild.get(text) or re.escape(text[-1])


def _like(pattern: str, value: str | None) -> bool | None:
    return None if value is None else like(pattern, value)


def _includes(value: str | None, choices: str) -> bool | None:
    return None if value is None else includes(value, _listed(choices))


@lru_cache(maxsize=16)
def _listed(choices: str) -> tuple[str, ...]:
    """Read the choices, a JSON array: a function of SQLite has not many arguments."""
    return tuple(json.loads(choices))


def _labels(value: str | None, labels: str) -> str | None:
    """Return the labels of a multi-select value's parts; ``labels`` is a JSON object."""
    if value is None:
        return None
    known = _by_value(labels)
    return ";".join(known.get(part, part) for part in value.split(";"))


@lru_cache(maxsize=16)
def _by_value(labels: str) -> dict[str, str]:
    return dict(json.loads(labels))
