"""Rows to records: ``{"attributes": {...}, "Id": ..., "Account": {...}}``.

A shape is built once for a query and then applied to each of its rows. It takes the columns
it needs one after the other: the id, one for each member, then those of what is composed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectsql.emulator.org.schema import COMPOSED, Field
from connectsql.emulator.soql.bound import Aggregate, Column, Operand, Record, TypeName
from connectsql.emulator.soql.translate import aggregate, expression, record_id

Row = tuple[Any, ...]
Shaped = dict[str, Any]
_Special = Callable[[Row, str], Any]

_ADDRESS = (
    "city",
    "country",
    "geocodeAccuracy",
    "latitude",
    "longitude",
    "postalCode",
    "state",
    "street",
)


class RecordShape:
    """The shape of one record and of the parents inside it."""

    def __init__(self, record: Record, columns: list[str]) -> None:
        """Append the columns this record needs to ``columns``."""
        self._id = _add(columns, record_id(record.tables))
        self._type = record.tables[0].sobject.name
        self._start = len(columns)
        self._names = [name for name, _ in record.members]
        self._stop = self._start + len(self._names)
        columns += [_column(member) for _, member in record.members]
        self._type_at = None
        if len(record.tables) > 1:
            id_field = record.tables[0].sobject.by_name["id"]
            self._type_at = _add(columns, expression(TypeName(record.tables, id_field)))
        self._specials = [
            (name, special)
            for place, (name, member) in enumerate(record.members, self._start)
            if (special := _special(member, place, columns))
        ]

    def record(self, row: Row, root: str) -> Shaped | None:
        """Return the record in a row, or None where the row has none."""
        key = row[self._id]
        if key is None:
            return None
        kind = self._type if self._type_at is None else row[self._type_at]
        shaped: Shaped = {"attributes": {"type": kind, "url": f"{root}/sobjects/{kind}/{key}"}}
        shaped.update(zip(self._names, row[self._start : self._stop], strict=True))
        for name, special in self._specials:
            shaped[name] = special(row, root)
        return shaped

    def records(self, rows: list[Row], root: str) -> list[Shaped]:
        """Return the records of a page; ``root`` is the version's, ``/services/data/v60.0``."""
        record = self.record
        return [shaped for row in rows if (shaped := record(row, root))]


class AggregateShape:
    """The shape of an aggregate result."""

    def __init__(self, aggregates: tuple[Aggregate, ...], columns: list[str]) -> None:
        """Append the columns of the aggregates to ``columns``."""
        self._names = [one.name for one in aggregates]
        columns += [aggregate(one) for one in aggregates]

    def records(self, rows: list[Row], root: str) -> list[Shaped]:
        """Return the aggregates of each row."""
        kind = {"attributes": {"type": "AggregateResult"}}
        return [kind | dict(zip(self._names, row, strict=True)) for row in rows]


def _add(columns: list[str], column: str) -> int:
    columns.append(column)
    return len(columns) - 1


def _column(member: Operand | Record) -> str:
    composed = isinstance(member, Record) or member.field.type in COMPOSED
    return "NULL" if composed or isinstance(member, Record) else expression(member)


def _special(member: Operand | Record, place: int, columns: list[str]) -> _Special | None:
    if isinstance(member, Record):
        return RecordShape(member, columns).record
    if isinstance(member, Column) and member.field.type in COMPOSED:
        return _composed(member, columns)
    if isinstance(member, Column) and member.field.type == "boolean":
        return lambda row, _: None if row[place] is None else row[place] == 1
    return None


def _composed(member: Column, columns: list[str]) -> _Special:
    table = member.tables[0]
    parts = [
        (_part(member.field, one), _add(columns, expression(Column((table,), one))))
        for one in table.sobject.components(member.field)
    ]
    empty = dict.fromkeys(_ADDRESS) if member.field.type == "address" else {}

    def compose(row: Row, _: str) -> Shaped | None:
        found = {name: row[place] for name, place in parts}
        return empty | found if any(value is not None for value in found.values()) else None

    return compose


def _part(compound: Field, component: Field) -> str:
    """Return ``street`` for BillingStreet of BillingAddress, ``latitude`` for X__Latitude__s."""
    stem = compound.name.removesuffix("Address").removesuffix("__c")
    name = component.name.removeprefix(stem).removesuffix("__s").strip("_")
    return name[:1].lower() + name[1:]
