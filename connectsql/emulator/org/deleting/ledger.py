"""What the org remembers of deleted records besides the records themselves.

Of each record in the recycle bin: the entry it lies there under, which is the record that was
deleted itself. Of each entry: the lookups that were emptied with it. Of each object: the log
of deletions that ``deleted`` answers from, and since when that log is whole.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from connectsql.emulator.org import clock
from connectsql.emulator.org.store import Store

RETENTION = timedelta(days=15)
_LOG_GRACE = timedelta(hours=2)
_LOG_ROWS_PER_USER = 15_000

_TABLES = (
    'CREATE TABLE IF NOT EXISTS "_bin" (id TEXT PRIMARY KEY, object TEXT, entry TEXT, at TEXT)',
    'CREATE INDEX IF NOT EXISTS "_bin.entry" ON "_bin" (entry)',
    'CREATE INDEX IF NOT EXISTS "_bin.at" ON "_bin" (at)',
    'CREATE TABLE IF NOT EXISTS "_emptied"'
    " (entry TEXT, object TEXT, id TEXT, field TEXT, value TEXT)",
    'CREATE INDEX IF NOT EXISTS "_emptied.entry" ON "_emptied" (entry)',
    'CREATE TABLE IF NOT EXISTS "_log" (id TEXT PRIMARY KEY, object TEXT, at TEXT)',
    'CREATE INDEX IF NOT EXISTS "_log.at" ON "_log" (object, at)',
    'CREATE TABLE IF NOT EXISTS "_log_since" (object TEXT PRIMARY KEY, at TEXT)',
)


class Ledger:
    """The recycle bin's entries and the log of deletions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        for statement in _TABLES:
            store.run(statement)

    def put(self, entry: str, sobject: str, record_id: str, at: datetime) -> None:
        """Note that a record lies in the bin."""
        values = (record_id, sobject, entry, clock.stamp(at))
        self._store.run('INSERT OR REPLACE INTO "_bin" VALUES (?, ?, ?, ?)', values)

    def members(self, entry: str) -> list[tuple[str, str]]:
        """Return the object and id of all records of an entry, itself first; none if unknown."""
        statement = 'SELECT object, id FROM "_bin" WHERE entry=? ORDER BY id<>entry, rowid'
        found = self._store.first(statement, (entry,))
        return [(sobject, record_id) for sobject, record_id in found]

    def entries(self, before: datetime | None = None) -> list[tuple[str, str]]:
        """Return the object and id of all entries, or of those made before a moment."""
        latest = clock.stamp(before) if before else "9"
        statement = 'SELECT object, id FROM "_bin" WHERE at<? AND entry=id ORDER BY at, rowid'
        return [
            (sobject, record_id) for sobject, record_id in self._store.first(statement, (latest,))
        ]

    def take(self, record_id: str) -> None:
        """Note that a record no longer lies in the bin."""
        self._store.run('DELETE FROM "_bin" WHERE id=?', (record_id,))

    def emptied(self, entry: str, sobject: str, record_id: str, field: str, value: Any) -> None:
        """Note a lookup that was emptied when an entry was made."""
        values = (entry, sobject, record_id, field, value)
        self._store.run('INSERT INTO "_emptied" VALUES (?, ?, ?, ?, ?)', values)

    def take_emptied(self, entry: str) -> list[tuple[str, str, str, str]]:
        """Return and forget the lookups emptied with an entry: object, id, field, value."""
        statement = 'SELECT object, id, field, value FROM "_emptied" WHERE entry=? ORDER BY rowid'
        found = self._store.first(statement, (entry,))
        self._store.run('DELETE FROM "_emptied" WHERE entry=?', (entry,))
        return [(one[0], one[1], one[2], one[3]) for one in found]

    def log(self, sobject: str, record_id: str, at: datetime) -> None:
        """Note a deletion in the log."""
        values = (record_id, sobject, clock.stamp(at))
        self._store.run('INSERT OR REPLACE INTO "_log" VALUES (?, ?, ?)', values)

    def unlog(self, record_id: str) -> None:
        """Forget a deletion that was undone."""
        self._store.run('DELETE FROM "_log" WHERE id=?', (record_id,))

    def purge(self, sobject: str, record_id: str, now: datetime) -> None:
        """Forget a deletion for good: the log is whole only after it."""
        found = self._store.first('SELECT at FROM "_log" WHERE id=?', (record_id,))
        self._set_since(sobject, found[0][0] if found else clock.stamp(now))
        self.unlog(record_id)

    def logged(self, sobject: str, start: str, end: str, most: int) -> list[tuple[str, str]]:
        """Return id and stamp of what was deleted from ``start`` up to ``end``, at most so many."""
        statement = 'SELECT id, at FROM "_log" WHERE object=? AND at>=? AND at<? ORDER BY at, rowid'
        found = self._store.first(statement, (sobject, start, end), most=most)
        return [(record_id, at) for record_id, at in found]

    def since(self, sobject: str) -> str | None:
        """Return the stamp after which the log of an object lacks nothing; None is ever."""
        found = self._store.first('SELECT at FROM "_log_since" WHERE object=?', (sobject,))
        return str(found[0][0]) if found else None

    def trim(self, now: datetime, users: int) -> None:
        """Drop what is too old for the log, and the oldest of what is too much for it."""
        self._drop('"at"<?', (clock.stamp(now - RETENTION),))
        most = _LOG_ROWS_PER_USER * max(users, 1)
        oldest_kept = self._store.first(
            'SELECT at FROM "_log" ORDER BY at DESC, rowid DESC LIMIT 1 OFFSET ?', (most,)
        )
        if oldest_kept:
            latest = min(oldest_kept[0][0], clock.stamp(now - _LOG_GRACE))
            self._drop('"at"<=?', (latest,))

    def _drop(self, condition: str, values: tuple[str, ...]) -> None:
        latest = f'SELECT object, max(at) FROM "_log" WHERE {condition} GROUP BY object'  # noqa: S608
        for sobject, at in self._store.first(latest, values):
            self._set_since(sobject, at)
        self._store.run(f'DELETE FROM "_log" WHERE {condition}', values)  # noqa: S608

    def _set_since(self, sobject: str, at: str) -> None:
        self._store.run(
            'INSERT INTO "_log_since" VALUES (?, ?)'
            " ON CONFLICT (object) DO UPDATE SET at=max(at, excluded.at)",
            (sobject, at),
        )
