"""A query whose names have been found in the describes and whose values have been typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectsql.emulator.org.schema import Field, SObject


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the statement; ``number`` is its own in all of the query."""

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


@dataclass(frozen=True, slots=True)
class Label:
    """``toLabel(...)``: what a person sees of a picklist's values, by value."""

    column: Column
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DatePart:
    """A date function of a field: ``CALENDAR_YEAR(CloseDate)``."""

    function: str
    column: Column


@dataclass(frozen=True, slots=True)
class Distance:
    """``DISTANCE(...)``: how far it is from a location field to a place, in ``mi`` or ``km``."""

    field: Field
    latitude: Column
    longitude: Column
    place: tuple[float, float]
    unit: str


@dataclass(frozen=True, slots=True)
class Aggregate:
    """An aggregate: ``MAX(CloseDate)``."""

    function: str
    operand: Column | TypeName


@dataclass(frozen=True, slots=True)
class Subtotal:
    """``GROUPING(...)``: 1 in the subtotals that take all values of a key together."""

    key: Operand


@dataclass(frozen=True, slots=True)
class Formatted:
    """``FORMAT(...)``: a value as a person would write it."""

    operand: Operand


Operand = Column | TypeName | Label | DatePart | Distance | Aggregate | Subtotal | Formatted


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
class SemiJoin:
    """An operand that equals the one column of some row of another query."""

    operand: Operand
    query: BoundQuery
    column: Operand


@dataclass(frozen=True, slots=True)
class Negated:
    """The opposite of a test; null counts as false, so its opposite holds."""

    inner: Test


@dataclass(frozen=True, slots=True)
class Joined:
    """Tests joined by AND or OR."""

    word: str
    parts: tuple[Test, ...]


Test = Compare | Within | OneOf | SemiJoin | Negated | Joined


@dataclass(frozen=True, slots=True)
class Sort:
    """One key to order by."""

    operand: Operand
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Record:
    """What the result holds of one record: fields in their order, parents among them.

    A parent's ``tables`` are those it may lie in.
    """

    tables: tuple[Table, ...]
    members: tuple[tuple[str, Member], ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A TYPEOF: of some records at most one is there."""

    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Children:
    """A subquery: the records whose ``lookup`` leads to the record that this is a member of."""

    query: BoundQuery
    lookup: Column


Member = Operand | Record | Choice | Children


@dataclass(frozen=True, slots=True)
class Groups:
    """Aggregates, for all rows or for each group of rows.

    ``sets`` are the keys that rows are grouped by; ROLLUP and CUBE have several sets, and a
    key that is not in a set is null. No keys at all is one group of all rows.
    """

    members: tuple[tuple[str, Operand], ...]
    keys: tuple[Operand, ...]
    sets: tuple[tuple[Operand, ...], ...]
    having: Test | None


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A query that can be run. ``result`` is a record, groups, or None for ``count()``."""

    table: Table
    joins: tuple[Join, ...]
    result: Record | Groups | None
    where: Test | None
    order: tuple[Sort, ...]
    limit: int | None
    offset: int
