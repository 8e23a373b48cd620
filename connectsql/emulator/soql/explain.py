"""How an org might go about a query: the answer to ``?explain=``.

The numbers are counted, not estimated; what an org has an index for is taken from its rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connectsql.emulator.org.schema import Field
from connectsql.emulator.soql.bound import BoundQuery, Column, Compare, Joined, OneOf, Test, Within
from connectsql.emulator.soql.run import Source, bind
from connectsql.emulator.soql.translate import counted, select

_INDEXED = frozenset({"Id", "Name", "CreatedDate", "SystemModstamp"})
_SELECTIVE = ("=", "<", ">", "<=", ">=")


def explained(source: Source, text: str) -> dict[str, Any]:
    """Return the ways to run a query, the best one first."""
    query = replace(bind(source, text), order=(), limit=None, offset=0)
    everything = _count(source, replace(query, where=None))
    found = _count(source, query)
    fields = list(dict.fromkeys(_leading(query, query.where)))
    about = {
        "cardinality": found,
        "notes": [],
        "sobjectCardinality": everything,
        "sobjectType": query.table.sobject.name,
    }
    scan = {"fields": [], "leadingOperationType": "TableScan", "relativeCost": 1.0, **about}
    plans = [scan]
    if fields:
        cost = round(found / everything, 3) if everything else 0.0
        index = {"fields": fields, "leadingOperationType": "Index", "relativeCost": cost, **about}
        plans.insert(0, index)
    return {"plans": plans, "sourceQuery": text}


def _count(source: Source, query: BoundQuery) -> int:
    statement = counted(select(query, ["1"], deleted=False))
    return int(source.store.first(statement.sql, statement.values)[0][0])


def _leading(query: BoundQuery, test: Test | None) -> Iterator[str]:
    """Yield the indexed fields of the object that every record found has to fit."""
    match test:
        case Joined("AND", parts):
            for part in parts:
                yield from _leading(query, part)
        case Compare(Column() as column, operator) | Within(Column() as column, operator):
            if operator in _SELECTIVE and _has_index(query, column):
                yield column.field.name
        case OneOf(Column() as column, "IN"):
            if _has_index(query, column):
                yield column.field.name


def _has_index(query: BoundQuery, column: Column) -> bool:
    field: Field = column.field
    indexed = field.name in _INDEXED or field.type == "reference"
    return column.tables == (query.table,) and (indexed or field.external_id or field.unique)
