"""A query whose names have been found in the describes and whose values have been typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectsql.emulator.org.schema import Field, SObject


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the query: the object itself (0) or a parent joined to it."""

    number: int
    sobject: SObject


@dataclass(frozen=True, slots=True)
class Join:
    """A parent's table and the lookup that leads to it from another table of the query."""

    table: Table
    child: Table
    lookup: Field


@dataclass(frozen=True, slots=True)
class Column:
    """A field in a table. A polymorphic parent's field lies in several tables."""

    tables: tuple[Table, ...]
    field: Field


@dataclass(frozen=True, slots=True)
class TypeName:
    """``Owner.Type``: the name of the object that a polymorphic lookup leads to."""

    tables: tuple[Table, ...]
    field: Field


Operand = Column | TypeName


@dataclass(frozen=True, slots=True)
class Compare:
    """An operand against one typed value; ``value`` None is null."""

    operand: Operand
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Within:
    """An operand against a span: from ``start`` up to, not including, ``end``."""

    operand: Operand
    operator: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """An operand that equals one of some values, or includes one of some choices."""

    operand: Operand
    operator: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """The opposite of a test; null counts as false, so its opposite holds."""

    inner: Test


@dataclass(frozen=True, slots=True)
class Joined:
    """Tests joined by AND or OR."""

    word: str
    parts: tuple[Test, ...]


Test = Compare | Within | OneOf | Negated | Joined


@dataclass(frozen=True, slots=True)
class Sort:
    """One key to order by."""

    operand: Operand
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate in the result, under its alias or ``expr0``, ``expr1``, ..."""

    function: str
    operand: Operand
    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """What the result holds of one record: fields in their order, parents among them.

    A parent's ``tables`` are those it may lie in.
    """

    tables: tuple[Table, ...]
    members: tuple[tuple[str, Operand | Record], ...]


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A query that can be run. ``result`` is a record, aggregates, or None for ``count()``."""

    table: Table
    joins: tuple[Join, ...]
    result: Record | tuple[Aggregate, ...] | None
    where: Test | None
    order: tuple[Sort, ...]
    limit: int | None
    offset: int
