"""The event log: events and their schemas, in the org's data file, kept for three days.

A position in the log is a moment in microseconds, made greater than all before; that of an
event is its replay id. So any position can be told to be too old, and an org that is idle
still has a newer one to offer.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectsql.emulator.org.clock import Clock
from connectsql.emulator.org.store import Store
from connectsql.eventbus.schema import EventSchema

RETENTION = timedelta(hours=72)
_REPLAY_ID_LENGTH = 8
_FORGET_EVERY = 60_000_000

_TABLES = (
    'CREATE TABLE IF NOT EXISTS "_event" (position INTEGER PRIMARY KEY, entity TEXT,'
    " schema_id TEXT, payload BLOB)",
    'CREATE INDEX IF NOT EXISTS "_event.entity" ON "_event" (entity, position)',
    'CREATE TABLE IF NOT EXISTS "_event_schema" (id TEXT PRIMARY KEY, json TEXT)',
    'CREATE TABLE IF NOT EXISTS "_event_log" (began INTEGER)',
)
_COLUMNS = "position, schema_id, payload"
_IDS = uuid.UUID("6a4b0d5e-7c1f-4b0e-9a53-3f8f3c7f2f11")


@dataclass(frozen=True, slots=True)
class Entry:
    """An event in the log."""

    position: int
    schema_id: str
    payload: bytes

    @property
    def id(self) -> str:
        """The event's id; no other event has it."""
        return str(uuid.uuid5(_IDS, str(self.position)))


class EventLog:
    """The events of an org that are kept. Whoever adds opens the transaction."""

    def __init__(self, store: Store, now: Clock) -> None:
        self._store = store
        self._now = now
        self._forgotten = 0
        with store.transaction():
            for statement in _TABLES:
                store.run(statement)
            ((last,),) = store.first('SELECT max(position) FROM "_event"')
            self._last = last or 0
            began = store.first('SELECT began FROM "_event_log"')
            if not began:
                began = [(self.tip(),)]
                store.run('INSERT INTO "_event_log" VALUES (?)', began[0])
        self._began: int = began[0][0]

    def tip(self) -> int:
        """Return a position that is behind all events so far and before all to come."""
        self._last = max(self._last, _microseconds(self._now()))
        return self._last

    def skip(self) -> int:
        """Return the next position."""
        self._last = max(self._last + 1, _microseconds(self._now()))
        return self._last

    def add(self, entity: str, schema: EventSchema, payload: bytes) -> None:
        """Add an event."""
        values = (self.skip(), entity, schema.id, payload)
        self._store.run('INSERT INTO "_event" VALUES (?, ?, ?, ?)', values)

    def keep(self, schema: EventSchema) -> None:
        """Keep a schema for as long as the log itself."""
        values = (schema.id, schema.json)
        self._store.run('INSERT OR IGNORE INTO "_event_schema" VALUES (?, ?)', values)

    def kept_schema(self, schema_id: str) -> EventSchema | None:
        """Return a schema that events were written with."""
        found = self._store.first('SELECT json FROM "_event_schema" WHERE id = ?', (schema_id,))
        return EventSchema(found[0][0], schema_id) if found else None

    def forget_old(self) -> None:
        """Drop the events that are no longer kept; nobody could read them any more."""
        oldest = self._oldest()
        if oldest - self._forgotten > _FORGET_EVERY:
            self._forgotten = oldest
            self._store.run('DELETE FROM "_event" WHERE position <= ?', (oldest,))

    def after(self, position: int, entity: str | None, most: int) -> list[Entry]:
        """Return the next events behind a position, of one object or of all (None)."""
        start = max(position, self._oldest())
        where, values = ("", [start]) if entity is None else ("AND entity = ?", [start, entity])
        statement = (
            f'SELECT {_COLUMNS} FROM "_event" '  # noqa: S608 - no part of it comes from outside
            f"WHERE position > ? {where} ORDER BY position LIMIT {most:d}"
        )
        return [Entry(*row) for row in self._store.first(statement, values)]

    def has(self, position: int) -> bool:
        """Tell whether reading can go on from a position without having missed anything."""
        return max(self._oldest(), self._began - 1) < position <= self.tip()

    def _oldest(self) -> int:
        return _microseconds(self._now() - RETENTION)


def replay_id(position: int) -> bytes:
    """Return a position as it is handed out."""
    return position.to_bytes(_REPLAY_ID_LENGTH, "big")


def read_replay_id(given: bytes) -> int | None:
    """Return the position that was handed out as this, or None if none can have been."""
    return int.from_bytes(given, "big") if len(given) == _REPLAY_ID_LENGTH else None


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
