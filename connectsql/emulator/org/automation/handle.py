"""The org as an ``after_save`` trigger has it: records to read and write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from connectsql.emulator.org.data import Data
from connectsql.emulator.org.formulas.record import Reach, Record
from connectsql.emulator.org.schema import SObject


class Saver(Protocol):
    """What creates and changes the records of one object."""

    def create(self, body: Mapping[str, Any]) -> str:
        """Create a record and return its id."""

    def update(self, record_id: str, body: Mapping[str, Any]) -> None:
        """Change a record as a caller does."""

    def adjust(self, record_id: str, values: dict[str, Any]) -> None:
        """Change a record's fields, also those that callers cannot write."""


class Handle:
    """Reads and writes records in the transaction of the save; what is refused raises."""

    def __init__(
        self,
        data: Data,
        records: Callable[[SObject], Saver],
        delete: Callable[[SObject, str], None],
        reach: Reach,
    ) -> None:
        self._data = data
        self._records = records
        self._delete = delete
        self._reach = reach

    def get(self, record_id: str) -> Record | None:
        """Return a record that is there, or None."""
        sobject = self._data.schema.of_id(record_id)
        row = self._data.store.live(sobject, record_id) if sobject else None
        return Record(sobject, row, self._reach) if row else None

    def find(self, object: str, field: str, value: Any) -> list[Record]:
        """Return the records, not deleted, whose field equals a value."""
        sobject = self._object(object)
        known = sobject.field(field)
        if known is None:
            raise KeyError(f"{sobject.name} has no field {field}")
        rows = list(self._data.store.rows(sobject, known, value))
        return [Record(sobject, row, self._reach) for row in rows]

    def create(self, object: str, fields: Mapping[str, Any]) -> str:
        """Create a record and return its id."""
        return self._records(self._object(object)).create(fields)

    def update(self, record_id: str, fields: Mapping[str, Any]) -> None:
        """Change a record."""
        self._records(self._of(record_id)).update(record_id, fields)

    def delete(self, record_id: str) -> None:
        """Move a record to the recycle bin."""
        self._delete(self._of(record_id), record_id)

    def _object(self, name: str) -> SObject:
        sobject = self._data.schema.find(name)
        if sobject is None:
            raise KeyError(f"the org has no object {name}")
        return sobject

    def _of(self, record_id: str) -> SObject:
        sobject = self._data.schema.of_id(record_id)
        if sobject is None:
            raise KeyError(f"no object of the org has ids like {record_id}")
        return sobject
