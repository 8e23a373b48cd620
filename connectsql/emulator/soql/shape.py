"""Rows to the JSON of records: ``{"attributes": {...}, "Id": ..., "Account": {...}}``.

A shape is built once for a query and then applied to page after page. It takes the columns it
needs one after the other: the id, then those of each member in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from connectsql.emulator.org.schema import COMPOSED, Field
from connectsql.emulator.soql.bound import Children, Choice, Column, Groups, Member, Record
from connectsql.emulator.soql.expressions import expression, object_name, record_id
from connectsql.emulator.soql.texts import writer

Row = tuple[Any, ...]
Columns = Sequence[Sequence[Any]]

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


class Around(Protocol):
    """What shaping a page needs besides its rows."""

    @property
    def root(self) -> str:
        """The root of urls: ``/services/data/v60.0``."""

    def children(self, one: ChildrenShape, parents: Sequence[str | None]) -> list[str]:
        """Return the JSON of the children of each of some records."""


class Part(Protocol):
    """Something that has a JSON text in each row."""

    def texts(self, columns: Columns, around: Around) -> list[str]:
        """Return its text in each row."""


class RecordShape:
    """The shape of one record and of all that is inside it."""

    def __init__(self, record: Record, columns: list[str]) -> None:
        """Append the columns this record needs to ``columns``."""
        self._id = _add(columns, record_id(record.tables))
        self._type = record.tables[0].sobject.name
        self._type_at = None
        if len(record.tables) > 1:
            self._type_at = _add(columns, object_name(record.tables))
        self._members = [
            (name, _part(member, columns, self._id)) for name, member in record.members
        ]

    def texts(self, columns: Columns, around: Around) -> list[str]:
        """Return the record in each row; ``null`` where the row has none."""
        ids = columns[self._id]
        members = [part.texts(columns, around) for _, part in self._members]
        types = [] if self._type_at is None else [columns[self._type_at]] * 2
        template = self._template(around.root)
        rows = zip(*types, ids, *members, strict=True)
        if None not in ids:
            return [template % row for row in rows]
        there = zip(ids, rows, strict=True)
        return ["null" if key is None else template % row for key, row in there]

    def _template(self, root: str) -> str:
        kind = self._type if self._type_at is None else "%s"
        head = f'{{"attributes":{{"type":"{kind}","url":"{root}/sobjects/{kind}/%s"}}'
        return head + "".join(f',"{name}":%s' for name, _ in self._members) + "}"


class GroupShape:
    """The shape of an aggregate result."""

    def __init__(self, groups: Groups) -> None:
        self._writers = [writer(operand) for _, operand in groups.members]
        names = "".join(f',"{name}":%s' for name, _ in groups.members)
        self._template = f'{{"attributes":{{"type":"AggregateResult"}}{names}}}'

    def texts(self, columns: Columns, around: Around) -> list[str]:
        """Return the aggregates of each row."""
        members = [write(one) for write, one in zip(self._writers, columns, strict=True)]
        return [self._template % row for row in zip(*members, strict=True)]


class ChildrenShape:
    """The children of a record, and the shape of each; ``columns`` are what their rows have."""

    def __init__(self, children: Children, parent: int) -> None:
        assert isinstance(children.query.result, Record)
        self.children = children
        self.columns: list[str] = []
        self.shape = RecordShape(children.query.result, self.columns)
        self.object = children.query.table.sobject.name
        self._parent = parent

    def texts(self, columns: Columns, around: Around) -> list[str]:
        """Return the children of the record in each row."""
        return around.children(self, columns[self._parent])


class _Value:
    """A field or the result of a function."""

    def __init__(self, place: int, write: Callable[[Sequence[Any]], list[str]]) -> None:
        self._place = place
        self._write = write

    def texts(self, columns: Columns, around: Around) -> list[str]:
        return self._write(columns[self._place])


class _Address:
    """A compound field, put together from its components; null if they are all."""

    def __init__(self, column: Column, columns: list[str]) -> None:
        found = {
            _component(column.field, one): Column(column.tables, one)
            for one in column.tables[0].sobject.components(column.field)
        }
        wanted = _ADDRESS if column.field.type == "address" else tuple(found)
        texts = ((name, "%s" if name in found else "null") for name in wanted)
        self._template = "{" + ",".join(f'"{name}":{text}' for name, text in texts) + "}"
        self._values = [
            (_add(columns, expression(found[name])), writer(found[name]))
            for name in wanted
            if name in found
        ]

    def texts(self, columns: Columns, around: Around) -> list[str]:
        if not self._values:
            return ["null"] * len(columns[0])
        written = (write(columns[place]) for place, write in self._values)
        rows = zip(*written, strict=True)
        nothing = ("null",) * len(self._values)
        return ["null" if row == nothing else self._template % row for row in rows]


class _Choice:
    """A TYPEOF: the one of its records that is there."""

    def __init__(self, choice: Choice, columns: list[str]) -> None:
        self._records = [RecordShape(one, columns) for one in choice.records]

    def texts(self, columns: Columns, around: Around) -> list[str]:
        written = (one.texts(columns, around) for one in self._records)
        return [
            next((text for text in row if text != "null"), "null")
            for row in zip(*written, strict=True)
        ]


class _Body:
    """A base64 field: where its bytes are."""

    def __init__(self, column: Column, place: int, id_at: int) -> None:
        self._path = f"{column.tables[0].sobject.name}/%s/{column.field.name}"
        self._place = place
        self._id_at = id_at

    def texts(self, columns: Columns, around: Around) -> list[str]:
        url = f'"{around.root}/sobjects/{self._path}"'
        rows = zip(columns[self._place], columns[self._id_at], strict=True)
        return ["null" if value is None else url % key for value, key in rows]


def _part(member: Member, columns: list[str], id_at: int) -> Part:
    match member:
        case Record():
            return RecordShape(member, columns)
        case Choice():
            return _Choice(member, columns)
        case Children():
            return ChildrenShape(member, id_at)
        case Column(field=field) if field.type in COMPOSED:
            return _Address(member, columns)
        case Column(field=field) if field.type == "base64":
            return _Body(member, _add(columns, expression(member)), id_at)
        case _:
            return _Value(_add(columns, expression(member)), writer(member))


def _add(columns: list[str], column: str) -> int:
    columns.append(column)
    return len(columns) - 1


def _component(compound: Field, component: Field) -> str:
    """Return ``street`` for BillingStreet of BillingAddress, ``latitude`` for X__Latitude__s."""
    stem = compound.name.removesuffix("Address").removesuffix("__c")
    name = component.name.removeprefix(stem).removesuffix("__s").strip("_")
    return name[:1].lower() + name[1:]
