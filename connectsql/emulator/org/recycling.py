"""Deleting records: into the recycle bin, out of it, and for good."""

from __future__ import annotations

from connectsql.emulator.org import clock
from connectsql.emulator.org.cascade import Record, cascade, lookups_to
from connectsql.emulator.org.data import Data
from connectsql.emulator.org.existing import cannot, existing
from connectsql.emulator.org.journal import Change, Kind
from connectsql.emulator.org.ledger import RETENTION, Ledger
from connectsql.emulator.org.rules import Rules
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import DELETED, Row
from connectsql.emulator.wire.errors import is_deleted, refuse_row

STAMPS = ("SystemModstamp", "LastModifiedDate")
MASTER = "MasterRecordId"


class RecycleBin:
    """Where deleted records lie, for 15 days. Whoever calls opens the transaction."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self.ledger = Ledger(data.store)

    def delete(self, sobject: SObject, record_id: str) -> None:
        """Move a record, and what hangs on it, to the recycle bin.

        A record of an object that cannot be undeleted is gone at once.
        """
        self.expire()
        first = self._deletable(sobject, record_id)
        going = cascade(self._data, first)
        entry = record_id if sobject.undeletable else None
        for record in going:
            self.discard(record, entry, {})
        self._empty_lookups(going, entry)

    def undelete(self, sobject: SObject, record_id: str) -> None:
        """Bring a record back, with all that was deleted and emptied with it."""
        self.expire()
        members = self.ledger.members(record_id)
        if not members or members[0] != (sobject.name, record_id):
            raise refuse_row("UNDELETE_FAILED", "Entity is not in the recycle bin")
        for name, member_id in members:
            member = self._data.schema.find(name)
            if member is not None:
                self._restore(member, member_id)
        for name, child_id, field, value in self.ledger.take_emptied(record_id):
            self._refill(name, child_id, field, value)

    def purge(self, sobject: SObject, record_id: str) -> None:
        """Take a record away for good, from the bin or from the org, with what hangs on it."""
        row = self._data.store.fetch(sobject, record_id)
        if row is None or not row[DELETED]:
            going = cascade(self._data, self._deletable(sobject, record_id))
            self._empty_lookups(going, None)
        else:
            going = [Record(sobject, row), *self._companions(record_id)]
            self.ledger.take_emptied(record_id)
        for record in going:
            self._remove(record)

    def purge_entry(self, sobject: SObject, record_id: str) -> None:
        """Purge a record that was deleted itself, or raise the refusal of any other."""
        if (sobject.name, record_id) not in self.ledger.members(record_id):
            message = "invalid record id; no recycle bin entry found"
            raise refuse_row("INVALID_ID_FIELD", message, "Id")
        self.purge(sobject, record_id)

    def empty(self) -> int:
        """Purge all that lies in the bin; return how many entries that were."""
        return self._purge_all(self.ledger.entries())

    def expire(self) -> None:
        """Purge what has lain in the bin too long."""
        overdue = self.ledger.entries(self._data.now() - RETENTION)
        if overdue:
            self._purge_all(overdue)

    def discard(self, record: Record, entry: str | None, more: Row) -> None:
        """Delete one record under an entry of the bin, or for good; ``more`` changes with it."""
        now = self._data.now()
        changes = self.stamped(record.sobject) | more | {DELETED: 1}
        after = record.row | changes
        if entry is not None and (record.sobject.undeletable or record.sobject.field(DELETED)):
            self._data.store.update(record.sobject, record.id, changes)
            self.ledger.put(entry, record.sobject.name, record.id, now)
        else:
            self._data.store.remove(record.sobject, record.id)
        self.ledger.log(record.sobject.name, record.id, now)
        self._note("DELETE", record, after)

    def change(self, record: Record, changes: Row) -> None:
        """Write changes that the org makes of its own, and note them."""
        self._data.store.update(record.sobject, record.id, changes)
        change = Change("UPDATE", record.sobject, record.id, record.row, record.row | changes)
        self._data.journal.note(change)

    def stamped(self, sobject: SObject, *fields: str) -> Row:
        """Return the present for those of the named stamps that an object has."""
        now = clock.stamp(self._data.now())
        return {name: now for name in fields or STAMPS if sobject.field(name)}

    def _deletable(self, sobject: SObject, record_id: str) -> Record:
        if not sobject.deletable:
            raise cannot("deleted", sobject)
        return Record(sobject, existing(self._data.store, sobject, record_id))

    def _empty_lookups(self, going: list[Record], entry: str | None) -> None:
        """Empty what led to the deleted records: the org's doing, no user's, say the stamps."""
        for sobject, record_id, field, value in list(lookups_to(self._data, going)):
            row = self._data.store.fetch(sobject, record_id)
            if row is not None:
                self.change(Record(sobject, row), {field.name: None} | self._by_system(sobject))
            if entry is not None:
                self.ledger.emptied(entry, sobject.name, record_id, field.name, value)

    def _refill(self, name: str, record_id: str, field_name: str, value: str) -> None:
        """Fill a lookup again, unless its record is gone or leads elsewhere by now."""
        sobject = self._data.schema.find(name)
        field = sobject.field(field_name) if sobject else None
        row = self._data.store.fetch(sobject, record_id) if sobject and field else None
        if sobject is None or row is None or row[DELETED] or row[field_name] is not None:
            return
        self.change(Record(sobject, row), {field_name: value} | self._by_system(sobject))

    def _by_system(self, sobject: SObject) -> Row:
        return self.stamped(sobject, "SystemModstamp")

    def _restore(self, sobject: SObject, record_id: str) -> None:
        row = self._data.store.fetch(sobject, record_id)
        if row is None:
            return
        self._check_restorable(sobject, row)
        changes: Row = self.stamped(sobject) | {DELETED: 0}
        if row.get(MASTER):
            changes[MASTER] = None
        self._data.store.update(sobject, record_id, changes)
        self.ledger.take(record_id)
        self.ledger.unlog(record_id)
        self._note("UNDELETE", Record(sobject, row), row | changes)

    def _check_restorable(self, sobject: SObject, row: Row) -> None:
        """Refuse a record whose master lies in the bin or whose unique value was given away."""
        unique = {one.name: row[one.name] for one in sobject.stored if one.unique}
        rules = Rules(sobject, self._data.schema, self._data.store)
        given = {name: value for name, value in unique.items() if value is not None}
        rules.check(given, creating=False, record_id=row["Id"])
        for master in sobject.stored:
            if master.cascades and row.get(master.name):
                parent = self._data.schema.of_id(row[master.name], master.reference_to)
                if parent and self._data.store.is_deleted(parent, row[master.name]):
                    raise is_deleted()

    def _companions(self, entry: str) -> list[Record]:
        """Return the records that lie in the bin because another one does."""
        found = []
        for name, record_id in self.ledger.members(entry):
            sobject = self._data.schema.find(name)
            row = self._data.store.fetch(sobject, record_id) if sobject else None
            if sobject and row and record_id != entry:
                found.append(Record(sobject, row))
        return found

    def _remove(self, record: Record) -> None:
        self._data.store.remove(record.sobject, record.id)
        self.ledger.take(record.id)
        self.ledger.purge(record.sobject.name, record.id, self._data.now())
        self._note("PURGE", record, None)

    def _purge_all(self, entries: list[tuple[str, str]]) -> int:
        for name, record_id in entries:
            sobject = self._data.schema.find(name)
            if sobject is not None:
                self.purge(sobject, record_id)
        return len(entries)

    def _note(self, kind: Kind, record: Record, after: Row | None) -> None:
        self._data.journal.note(Change(kind, record.sobject, record.id, record.row, after))
