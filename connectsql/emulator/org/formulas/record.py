"""A record as formulas and hooks see it: its fields, and the records its lookups lead to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.org.store import Row

Reach = Callable[[Field, str], "Record | None"]


class Record:
    """A record: ``record["Name"]``, ``record["Account"]["Name"]``; names in any spelling.

    Booleans are booleans, numbers are numbers, dates and moments are texts. A lookup that
    leads nowhere gives a record whose fields are all None and that counts as false.
    """

    def __init__(self, sobject: SObject | None, row: Row, reach: Reach) -> None:
        self.sobject = sobject
        self.row = row
        self._reach = reach
        self._parents: dict[str, Record] = {}

    @property
    def object(self) -> str | None:
        """The name of the record's object."""
        return self.sobject.name if self.sobject else None

    def __bool__(self) -> bool:
        return self.sobject is not None

    def __getitem__(self, name: str) -> Any:
        if self.sobject is None:
            return None
        field = self.sobject.field(name)
        if field is not None:
            value = self.row.get(field.name)
            return bool(value) if field.type == "boolean" else value
        lookup = self.sobject.by_relationship.get(name.lower())
        if lookup is None:
            raise KeyError(f"{self.sobject.name} has no field or parent {name}")
        return self.parent(lookup)

    def __setitem__(self, name: str, value: Any) -> None:
        field = self.sobject.field(name) if self.sobject else None
        if field is None:
            raise KeyError(f"{self.object} has no field {name}")
        self.row[field.name] = value

    def __contains__(self, name: str) -> bool:
        return bool(self.sobject and self.sobject.field(name))

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field's value, or the default where it is null or unknown."""
        if self.sobject is None or self.sobject.field(name) is None:
            return default
        value = self[name]
        return default if value is None else value

    def parent(self, lookup: Field) -> Record:
        """Return the record that a lookup leads to."""
        known = self._parents.get(lookup.name)
        if known is None:
            record_id = self.row.get(lookup.name)
            found = self._reach(lookup, record_id) if record_id else None
            known = found or Record(None, {}, self._reach)
            self._parents[lookup.name] = known
        return known
