"""Deleting records: into the recycle bin, out of it, and for good."""

from __future__ import annotations

from connectsql.emulator.org import clock
from connectsql.emulator.org.data import Data
from connectsql.emulator.org.existing import cannot, existing
from connectsql.emulator.org.journal import Change
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import DELETED, Row


class RecycleBin:
    """Where deleted records lie. Whoever calls opens the transaction."""

    def __init__(self, data: Data) -> None:
        self._data = data

    def delete(self, sobject: SObject, record_id: str) -> None:
        """Move a record to the recycle bin."""
        if not sobject.deletable:
            raise cannot("deleted", sobject)
        before = existing(self._data.store, sobject, record_id)
        now = clock.stamp(self._data.now())
        stamps = ("SystemModstamp", "LastModifiedDate")
        changes: Row = {name: now for name in stamps if sobject.field(name)}
        changes[DELETED] = 1
        self._data.store.update(sobject, record_id, changes)
        self._data.journal.note(Change("DELETE", sobject, record_id, before, before | changes))
