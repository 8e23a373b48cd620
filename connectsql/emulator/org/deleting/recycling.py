"""Deleting records: into the recycle bin, out of it, and for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectsql.emulator.org.data import Data
from connectsql.emulator.org.deleting.cascade import Record, cascade
from connectsql.emulator.org.deleting.ledger import RETENTION, Ledger
from connectsql.emulator.org.deleting.merging import merge
from connectsql.emulator.org.deleting.moves import Moves
from connectsql.emulator.org.saving.existing import cannot, existing
from connectsql.emulator.org.saving.records import Records
from connectsql.emulator.org.saving.rules import Body, Rules
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import Row
from connectsql.emulator.org.tables import DELETED
from connectsql.emulator.wire.errors import is_deleted, refuse_row


class RecycleBin:
    """Where deleted records lie, for 15 days. Whoever calls opens the transaction."""

    def __init__(self, data: Data, records: Callable[[SObject], Records]) -> None:
        self._data = data
        self._records = records
        self.ledger = Ledger(data.store)
        self._moves = Moves(data, self.ledger)

    def delete(self, sobject: SObject, record_id: str) -> None:
        """Move a record, and what hangs on it, to the recycle bin.

        A record of an object that cannot be undeleted is gone at once.
        """
        self.expire()
        going = cascade(self._data, self._deletable(sobject, record_id))
        entry = record_id if sobject.undeletable else None
        for record in going:
            self._moves.discard(record, entry)
        self._moves.empty_lookups(going, entry)

    def undelete(self, sobject: SObject, record_id: str) -> None:
        """Bring a record back, with all that was deleted and emptied with it."""
        self.expire()
        if not self._is_entry(sobject, record_id):
            raise refuse_row("UNDELETE_FAILED", "Entity is not in the recycle bin")
        for record in self._members(record_id):
            self._check_restorable(record.sobject, record.row)
            self._moves.restore(record)
        self._moves.refill_lookups(record_id)

    def purge(self, sobject: SObject, record_id: str) -> None:
        """Take a record away for good, from the bin or from the org, with what hangs on it."""
        row = self._data.store.fetch(sobject, record_id)
        if row is None or not row[DELETED]:
            going = cascade(self._data, self._deletable(sobject, record_id))
            self._moves.empty_lookups(going, None)
        else:
            with_it = [one for one in self._members(record_id) if one.id != record_id]
            going = [Record(sobject, row), *with_it]
            self.ledger.take_emptied(record_id)
        for record in going:
            self._moves.remove(record)

    def purge_entry(self, sobject: SObject, record_id: str) -> None:
        """Purge a record that was deleted itself, or raise the refusal of any other."""
        if not self._is_entry(sobject, record_id):
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

    def merge(
        self, sobject: SObject, master_id: str, loser_ids: Sequence[str], fields: Body
    ) -> list[str]:
        """Merge one or two records into a master, which takes ``fields``, too.

        Return the ids of the records that led to the losers and now lead to the master.
        """
        self.expire()
        rows = self._records(sobject)
        return merge(self._data, self._moves, rows, master_id, loser_ids, fields)

    def _deletable(self, sobject: SObject, record_id: str) -> Record:
        if not sobject.deletable:
            raise cannot("deleted", sobject)
        return Record(sobject, existing(self._data.store, sobject, record_id))

    def _is_entry(self, sobject: SObject, record_id: str) -> bool:
        return (sobject.name, record_id) in self.ledger.members(record_id)

    def _members(self, entry: str) -> list[Record]:
        """Return the records that lie in the bin under an entry."""
        found = []
        for name, record_id in self.ledger.members(entry):
            sobject = self._data.schema.find(name)
            row = self._data.store.fetch(sobject, record_id) if sobject else None
            if sobject and row:
                found.append(Record(sobject, row))
        return found

    def _check_restorable(self, sobject: SObject, row: Row) -> None:
        """Refuse a record whose master lies in the bin or whose unique value was given away."""
        unique = {one.name: row[one.name] for one in sobject.stored if one.unique}
        rules = Rules(sobject, self._data.schema, self._data.store)
        rules.check_unique(unique, row["Id"])
        for master in sobject.stored:
            if master.cascades and row.get(master.name):
                parent = self._data.schema.of_id(row[master.name], master.reference_to)
                if parent and self._data.store.is_deleted(parent, row[master.name]):
                    raise is_deleted()

    def _purge_all(self, entries: list[tuple[str, str]]) -> int:
        for name, record_id in entries:
            sobject = self._data.schema.find(name)
            if sobject is not None:
                self.purge(sobject, record_id)
        return len(entries)
