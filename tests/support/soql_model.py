"""Queries as data: written as SOQL for an org, and answered here in the most obvious way.

The answers are slow and know nothing of how the emulator answers. A record is a dictionary of
fields; ``World`` finds parents and children by going through all records.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Path = tuple[str, ...]


@dataclass
class World:
    """All records, by object, and where lookups and child relationships lead."""

    records: dict[str, list[Row]]
    parents: dict[tuple[str, str], tuple[str, str]]  # (object, relationship) -> (lookup, parent)
    children: dict[tuple[str, str], tuple[str, str]]  # (object, relationship) -> (child, lookup)

    def value(self, sobject: str, row: Row, path: Path) -> Any:
        """Return a field, over parents if need be; None where a parent is missing."""
        if len(path) == 1:
            return row[path[0]]
        lookup, parent = self.parents[sobject, path[0]]
        found = [one for one in self.records[parent] if one["Id"] == row[lookup]]
        return self.value(parent, found[0], path[1:]) if found else None


@dataclass(frozen=True)
class Literal:
    """A value and how it is written."""

    value: Any
    text: str


@dataclass(frozen=True)
class Compare:
    """``path operator literal``."""

    path: Path
    operator: str
    literal: Literal

    def text(self) -> str:
        return f"{'.'.join(self.path)} {self.operator} {self.literal.text}"

    def holds(self, world: World, sobject: str, row: Row) -> bool:
        left, right = world.value(sobject, row, self.path), self.literal.value
        if isinstance(right, bool):
            left = bool(left)
        left, right = folded(left), folded(right)
        if self.operator == "=":
            return bool(left == right)
        if self.operator == "!=":
            return bool(left != right)
        if left is None or right is None:
            return False
        return bool(_ORDER[self.operator](left, right))


@dataclass(frozen=True)
class Like:
    """``path LIKE pattern``; parts of the pattern are literal text, ``%`` and ``_``."""

    path: Path
    parts: tuple[str, ...]

    def text(self) -> str:
        return f"{'.'.join(self.path)} LIKE '{''.join(self.parts)}'"

    def holds(self, world: World, sobject: str, row: Row) -> bool:
        value = world.value(sobject, row, self.path)
        wild = {"%": ".*", "_": "."}
        pattern = "".join(wild.get(one) or re.escape(one.casefold()) for one in self.parts)
        return value is not None and bool(re.fullmatch(pattern, value.casefold(), re.DOTALL))


@dataclass(frozen=True)
class In:
    """``path [NOT] IN (literals)``."""

    path: Path
    negated: bool
    literals: tuple[Literal, ...]

    def text(self) -> str:
        listed = ", ".join(one.text for one in self.literals)
        return f"{'.'.join(self.path)} {'NOT ' * self.negated}IN ({listed})"

    def holds(self, world: World, sobject: str, row: Row) -> bool:
        value = folded(world.value(sobject, row, self.path))
        return (value in [folded(one.value) for one in self.literals]) != self.negated


@dataclass(frozen=True)
class SemiJoin:
    """``lookup [NOT] IN (SELECT field FROM object [WHERE ...])``."""

    path: Path
    negated: bool
    selected: str
    source: str
    where: Condition | None

    def text(self) -> str:
        where = f" WHERE {self.where.text()}" if self.where else ""
        query = f"SELECT {self.selected} FROM {self.source}{where}"
        return f"{'.'.join(self.path)} {'NOT ' * self.negated}IN ({query})"

    def holds(self, world: World, sobject: str, row: Row) -> bool:
        found = [
            one[self.selected]
            for one in world.records[self.source]
            if self.where is None or self.where.holds(world, self.source, one)
        ]
        value = world.value(sobject, row, self.path)
        if value is None:
            return self.negated
        return (value in found) != self.negated


@dataclass(frozen=True)
class Not:
    """``NOT (...)``."""

    inner: Condition

    def text(self) -> str:
        return f"NOT ({self.inner.text()})"

    def holds(self, world: World, sobject: str, row: Row) -> bool:
        return not self.inner.holds(world, sobject, row)


@dataclass(frozen=True)
class Both:
    """``(...) AND (...)`` or ``(...) OR (...)``."""

    word: str
    left: Condition
    right: Condition

    def text(self) -> str:
        return f"({self.left.text()}) {self.word} ({self.right.text()})"

    def holds(self, world: World, sobject: str, row: Row) -> bool:
        results = [one.holds(world, sobject, row) for one in (self.left, self.right)]
        return all(results) if self.word == "AND" else any(results)


Condition = Compare | Like | In | SemiJoin | Not | Both


@dataclass(frozen=True)
class Sort:
    """A key to order by; the text says only what is not the default."""

    path: Path
    descending: bool = False
    nulls_last: bool = False

    def text(self) -> str:
        return f"{'.'.join(self.path)}{' DESC' * self.descending}{' NULLS LAST' * self.nulls_last}"


@dataclass(frozen=True)
class Query:
    """A query of records, ordered by some keys and at last by Id, so that it has one answer.

    ``children`` are subqueries by the name of their relationship.
    """

    source: str
    selected: tuple[Path, ...]
    where: Condition | None = None
    order: tuple[Sort, ...] = ()
    limit: int | None = None
    offset: int = 0
    children: tuple[tuple[str, Query], ...] = field(default=())

    def text(self, source: str | None = None) -> str:
        inner = [f"({query.text(name)})" for name, query in self.children]
        columns = ", ".join(["Id", *map(".".join, self.selected), *inner])
        parts = [f"SELECT {columns} FROM {source or self.source}"]
        if self.where:
            parts.append(f"WHERE {self.where.text()}")
        parts.append("ORDER BY " + ", ".join([*(one.text() for one in self.order), "Id"]))
        if self.limit is not None:
            parts.append(f"LIMIT {self.limit}")
        if self.offset:
            parts.append(f"OFFSET {self.offset}")
        return " ".join(parts)

    def answer(self, world: World) -> list[Row]:
        """Return ``{"Id": ..., "path": value, "relationship": [...]}`` for each record."""
        return self._answer(world, world.records[self.source])

    def _answer(self, world: World, rows: Sequence[Row]) -> list[Row]:
        found = [row for row in rows if not self.where or self.where.holds(world, self.source, row)]
        found.sort(key=lambda row: str(row["Id"]))
        for sort in reversed(self.order):
            found = self._sorted(world, found, sort)
        end = None if self.limit is None else self.offset + self.limit
        return [self._shaped(world, row) for row in found[self.offset : end]]

    def _sorted(self, world: World, rows: list[Row], sort: Sort) -> list[Row]:
        """Sort stably; nulls come first whatever the direction, unless told to come last."""

        def key(row: Row) -> Any:
            return folded(world.value(self.source, row, sort.path))

        nulls = [row for row in rows if key(row) is None]
        known = [row for row in rows if key(row) is not None]
        known.sort(key=key, reverse=sort.descending)  # equal ones keep their order even so
        return [*known, *nulls] if sort.nulls_last else [*nulls, *known]

    def _shaped(self, world: World, row: Row) -> Row:
        shaped = {"Id": row["Id"]}
        shaped |= {".".join(one): world.value(self.source, row, one) for one in self.selected}
        for name, query in self.children:
            child, lookup = world.children[self.source, name]
            own = [one for one in world.records[child] if one[lookup] == row["Id"]]
            shaped[name] = query._answer(world, own)
        return shaped


@dataclass(frozen=True)
class Aggregate:
    """``function(path) alias``."""

    function: str
    path: Path
    alias: str

    def text(self) -> str:
        return f"{self.function}({'.'.join(self.path)}) {self.alias}"

    def of(self, values: list[Any]) -> Any:
        """Return the aggregate of what is not null."""
        known = [folded(one) for one in values if one is not None]
        match self.function:
            case "COUNT":
                return len(known)
            case "COUNT_DISTINCT":
                return len(set(known))
        if not known:
            return None
        match self.function:
            case "SUM":
                return sum(known)
            case "AVG":
                return sum(known) / len(known)
        return min(known) if self.function == "MIN" else max(known)


@dataclass(frozen=True)
class Grouped:
    """A query of groups. ``having`` is an aggregate against a number."""

    source: str
    keys: tuple[Path, ...]
    aggregates: tuple[Aggregate, ...]
    where: Condition | None = None
    having: tuple[Aggregate, str, int] | None = None

    def text(self) -> str:
        keys = [f"{'.'.join(one)} k{n}" for n, one in enumerate(self.keys)]
        columns = ", ".join([*keys, *(one.text() for one in self.aggregates)])
        parts = [f"SELECT {columns} FROM {self.source}"]
        if self.where:
            parts.append(f"WHERE {self.where.text()}")
        parts.append("GROUP BY " + ", ".join(map(".".join, self.keys)))
        if self.having:
            aggregate, operator, number = self.having
            function = aggregate.text().rpartition(" ")[0]
            parts.append(f"HAVING {function} {operator} {number}")
        return " ".join(parts)

    def answer(self, world: World) -> list[tuple[Any, ...]]:
        """Return the groups' keys and aggregates, text folded, in no order."""
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in world.records[self.source]:
            if self.where is None or self.where.holds(world, self.source, row):
                key = tuple(folded(world.value(self.source, row, one)) for one in self.keys)
                groups.setdefault(key, []).append(row)
        return [
            (*key, *(self._of(world, one, rows) for one in self.aggregates))
            for key, rows in groups.items()
            if self._is_kept(world, rows)
        ]

    def _of(self, world: World, aggregate: Aggregate, rows: list[Row]) -> Any:
        return aggregate.of([world.value(self.source, row, aggregate.path) for row in rows])

    def _is_kept(self, world: World, rows: list[Row]) -> bool:
        if self.having is None:
            return True
        aggregate, operator, number = self.having
        value = self._of(world, aggregate, rows)
        if operator == "=":
            return bool(value == number)
        return value is not None and bool(_ORDER[operator](value, number))


def folded(value: Any) -> Any:
    """Return text without its case, anything else as it is."""
    return value.casefold() if isinstance(value, str) else value


_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
