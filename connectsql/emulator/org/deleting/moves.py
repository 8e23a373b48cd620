"""Writing what the org does of its own when records are deleted, restored or merged."""

from __future__ import annotations

from connectsql.emulator.org import clock
from connectsql.emulator.org.data import Data
from connectsql.emulator.org.deleting.cascade import Record, lookups_to
from connectsql.emulator.org.deleting.ledger import Ledger
from connectsql.emulator.org.journal import Change, Kind
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import Row
from connectsql.emulator.org.tables import DELETED

MASTER = "MasterRecordId"
_STAMPS = ("SystemModstamp", "LastModifiedDate")


class Moves:
    """One record at a time: into the bin, back, away for good; each noted in the journal."""

    def __init__(self, data: Data, ledger: Ledger) -> None:
        self._data = data
        self._ledger = ledger

    def stamped(self, sobject: SObject, *fields: str) -> Row:
        """Return the present for those stamps that an object has; for all unless named."""
        now = clock.stamp(self._data.now())
        return {name: now for name in fields or _STAMPS if sobject.field(name)}

    def discard(self, record: Record, entry: str | None, more: Row | None = None) -> None:
        """Delete a record under an entry of the bin, or at once; ``more`` changes with it.

        What has no IsDeleted cannot lie in the bin.
        """
        now = self._data.now()
        changes = self.stamped(record.sobject) | (more or {}) | {DELETED: 1}
        if entry is not None and record.sobject.field(DELETED):
            self._data.store.update(record.sobject, record.id, changes)
            self._ledger.put(entry, record.sobject.name, record.id, now)
        else:
            self._data.store.remove(record.sobject, record.id)
        self._ledger.log(record.sobject.name, record.id, now)
        self._note("DELETE", record, record.row | changes)

    def restore(self, record: Record) -> None:
        """Bring a record back from the bin."""
        changes: Row = self.stamped(record.sobject) | {DELETED: 0}
        if record.row.get(MASTER):
            changes[MASTER] = None
        self._data.store.update(record.sobject, record.id, changes)
        self._ledger.take(record.id)
        self._ledger.unlog(record.id)
        self._note("UNDELETE", record, record.row | changes)

    def remove(self, record: Record) -> None:
        """Take a record away for good."""
        self._data.store.remove(record.sobject, record.id)
        self._ledger.take(record.id)
        self._ledger.purge(record.sobject.name, record.id, self._data.now())
        self._note("PURGE", record, None)

    def change(self, record: Record, changes: Row) -> None:
        """Change a record beside what a caller asked for."""
        self._data.store.update(record.sobject, record.id, changes)
        self._note("UPDATE", record, record.row | changes)

    def empty_lookups(self, going: list[Record], entry: str | None) -> None:
        """Empty the lookups to deleted records and remember them with the entry, if any."""
        for sobject, record_id, field, value in list(lookups_to(self._data, going)):
            self._set_lookup(sobject, record_id, field.name, None)
            if entry is not None:
                self._ledger.emptied(entry, sobject.name, record_id, field.name, value)

    def refill_lookups(self, entry: str) -> None:
        """Fill what was emptied with an entry, unless it leads elsewhere or is gone by now."""
        for name, record_id, field, value in self._ledger.take_emptied(entry):
            sobject = self._data.schema.find(name)
            row = self._data.store.live(sobject, record_id) if sobject else None
            if sobject and row and row.get(field, value) is None:
                self._set_lookup(sobject, record_id, field, value)

    def _set_lookup(self, sobject: SObject, record_id: str, field: str, value: str | None) -> None:
        """Set a lookup as the org does it: the system's stamp moves, that of users does not."""
        row = self._data.store.fetch(sobject, record_id)
        if row is not None:
            stamp = self.stamped(sobject, "SystemModstamp")
            self.change(Record(sobject, row), {field: value} | stamp)

    def _note(self, kind: Kind, record: Record, after: Row | None) -> None:
        self._data.journal.note(Change(kind, record.sobject, record.id, record.row, after))
