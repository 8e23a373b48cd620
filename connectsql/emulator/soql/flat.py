"""Results as flat rows, for Bulk API 2.0: one value a column, in the order of the select list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from connectsql.emulator.org.store import Store
from connectsql.emulator.soql.bound import Children, Choice, Operand, Record
from connectsql.emulator.soql.expressions import expression
from connectsql.emulator.soql.operands import type_of
from connectsql.emulator.soql.run import Source, bind
from connectsql.emulator.soql.translate import select
from connectsql.emulator.wire.errors import Refusal

_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """A column: its path as the describes spell it (``Account.Name``) and its field type."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FlatResult:
    """A result that is kept, as it was when the query ran, until ``drop``.

    Values are as the store has them: booleans are 0 and 1, stamps end with ``+0000``.
    """

    columns: tuple[FlatColumn, ...]
    object: str
    total: int
    name: str
    store: Store

    def rows(self, start: int = 0, size: int | None = None) -> Iterator[tuple[Any, ...]]:
        """Return ``size`` rows from ``start`` on, or all of them; the first row is 0."""
        return chain.from_iterable(self.chunks(start, size))

    def chunks(self, start: int = 0, size: int | None = None) -> Iterator[list[tuple[Any, ...]]]:
        """Return the same rows, some thousand at a time."""
        end = self.total if size is None else min(start + size, self.total)
        for at in range(start, end, _CHUNK):
            yield self.store.kept(self.name, at, min(_CHUNK, end - at))

    def drop(self) -> None:
        """Give up the result."""
        self.store.forget(self.name)


def rows_of(source: Source, text: str, *, name: str, deleted: bool) -> FlatResult:
    """Run a query and keep its rows under a name of their own, such as the id of a job."""
    query = bind(source, text)
    if not isinstance(query.result, Record):
        raise _not_flat()
    members = list(_flat(query.result, ""))
    statement = select(query, [expression(operand) for _, operand in members], deleted=deleted)
    total = source.store.keep(name, statement.sql, statement.values)
    return FlatResult(
        columns=tuple(column for column, _ in members),
        object=query.table.sobject.name,
        total=total,
        name=name,
        store=source.store,
    )


def _flat(record: Record, path: str) -> Iterator[tuple[FlatColumn, Operand]]:
    for name, member in record.members:
        match member:
            case Record():
                yield from _flat(member, f"{path}{name}.")
            case Children() | Choice():
                raise _not_flat()
            case _:
                yield FlatColumn(path + name, type_of(member)), member


def _not_flat() -> Refusal:
    return Refusal("FUNCTIONALITY_NOT_ENABLED", "The query has no flat result")
