"""The agent's statements: named blocks of ``sql/queries.sql``."""

from __future__ import annotations

import re
from functools import cache
from typing import LiteralString, cast

from psycopg import sql

from connectsql.resources import read_text

_HEADER = re.compile(r"^-- (\w+) --$", re.MULTILINE)


@cache
def blocks() -> dict[str, LiteralString]:
    """Return every block by name.

    The text comes from a file that ships with this package, never from a user: that is why it
    may count as literal.
    """
    parts = _HEADER.split(read_text("sql", "queries.sql"))
    return dict(zip(parts[1::2], (cast(LiteralString, part) for part in parts[2::2]), strict=True))


def query(name: str, **parts: sql.Composable) -> sql.Composed:
    """Return the block with its ``{parts}`` filled in."""
    return sql.SQL(blocks()[name]).format(**parts)


class Queries:
    """Blocks with the same parts filled in, each composed once."""

    def __init__(self, **parts: sql.Composable) -> None:
        self._parts = parts
        self._composed: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        if name not in self._composed:
            self._composed[name] = query(name, **self._parts).as_bytes(None)
        return self._composed[name]
