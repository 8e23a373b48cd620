"""What a deletion takes along, and what forbids it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectsql.emulator.org.data import Data
from connectsql.emulator.org.schema import Dependent, Field, SObject
from connectsql.emulator.org.store import Row
from connectsql.emulator.wire.errors import Refusal, refuse_row


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it is in the store."""

    sobject: SObject
    row: Row

    @property
    def id(self) -> str:
        """The record's id."""
        return str(self.row["Id"])

    @property
    def name(self) -> str:
        """What a person calls the record; its id where it has no name."""
        return str(self.row.get(self.sobject.name_field or "Id") or self.id)


def cascade(data: Data, first: Record) -> list[Record]:
    """Return the record and all that is deleted with it, parents before their children.

    Raises the refusal if a record outside of these keeps one of them from being deleted.
    """
    going = {first.id: first}
    unseen = [first]
    while unseen:
        parent = unseen.pop(0)
        for dependent in data.schema.dependents(parent.sobject):
            if not dependent.cascades:
                continue
            for child in children(data, parent, dependent):
                if child.id not in going:
                    going[child.id] = child
                    unseen.append(child)
    for record in going.values():
        _refuse_if_held(data, record, going)
    return list(going.values())


def children(data: Data, parent: Record, dependent: Dependent) -> Iterator[Record]:
    """Return the records, not deleted, that lead to a parent by one lookup."""
    for record_id in data.store.find(dependent.sobject, dependent.field, parent.id):
        row = data.store.fetch(dependent.sobject, record_id)
        if row is not None:
            yield Record(dependent.sobject, row)


def lookups_to(data: Data, going: Iterable[Record]) -> Iterator[tuple[SObject, str, Field, str]]:
    """Return each lookup that a deletion leaves without its record: of which record, to which.

    A lookup that must not be null keeps the id, though it leads nowhere any more.
    """
    gone = {record.id: record for record in going}
    for parent in gone.values():
        for dependent in data.schema.dependents(parent.sobject):
            if not dependent.field.nillable:
                continue
            for record_id in data.store.find(dependent.sobject, dependent.field, parent.id):
                if record_id not in gone:
                    yield dependent.sobject, record_id, dependent.field, parent.id


def _refuse_if_held(data: Data, record: Record, going: dict[str, Record]) -> None:
    for dependent in data.schema.dependents(record.sobject):
        if dependent.restricts:
            holding = [one for one in children(data, record, dependent) if one.id not in going]
        elif (record.sobject.name, dependent.sobject.name) == ("Account", "Opportunity"):
            holding = [one for one in children(data, record, dependent) if one.row.get("IsWon")]
        else:
            continue
        if holding:
            raise _held(record, dependent.sobject, holding)


def _held(record: Record, sobject: SObject, holding: list[Record]) -> Refusal:
    plural = str(sobject.raw.get("labelPlural") or sobject.label).lower()
    names = ", ".join(child.name for child in holding)
    message = (
        f"Your attempt to delete {record.name} could not be completed because it is "
        f"associated with the following {plural}.: {names}\n"
    )
    return refuse_row("DELETE_FAILED", message)
