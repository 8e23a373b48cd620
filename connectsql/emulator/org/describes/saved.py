"""The describes that were changed at run time, saved in the data file for the next start."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from connectsql.emulator.org.schema import Schema
from connectsql.emulator.org.store import Store

_TABLE = 'CREATE TABLE IF NOT EXISTS "_describe" (name TEXT PRIMARY KEY, raw TEXT)'


def with_changes(schema: Schema, connection: sqlite3.Connection) -> Schema:
    """Return the objects as the last run left them; ``schema`` is what they began as.

    The file is read before it becomes a store: that gives tables and columns to all objects.
    Raises ``ValueError`` where what was kept makes no sense.
    """
    raws = {one.name: one.raw for one in schema.objects}
    changed = _read(connection)
    if not changed:
        return schema
    merged: dict[str, Mapping[str, Any] | None] = {**raws, **changed}
    try:
        return Schema([raw for raw in merged.values() if raw is not None], schema.listed)
    except (AttributeError, KeyError, TypeError) as broken:
        raise ValueError(f"a describe in it lacks {broken}") from None


def save_changes(store: Store, raws: Iterable[Mapping[str, Any]], dropped: str | None) -> None:
    """Save the describes of objects that changed, and that one is no more."""
    rows: list[tuple[str, str | None]] = [(raw["name"], json.dumps(raw)) for raw in raws]
    if dropped:
        rows.append((dropped, None))
    store.many('INSERT OR REPLACE INTO "_describe" VALUES (?, ?)', rows)


def _read(connection: sqlite3.Connection) -> dict[str, dict[str, Any] | None]:
    """Return what is saved by name, None for an object that was dropped."""
    connection.execute(_TABLE)
    rows = connection.execute('SELECT name, raw FROM "_describe" ORDER BY rowid')
    return {name: json.loads(raw) if raw else None for name, raw in rows}
