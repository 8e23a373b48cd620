"""Reads records by their ids, in the shape that queries answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectsql.emulator.org.saving.references import no_such_column
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.org.store import Store
from connectsql.emulator.soql.bound import BoundQuery, Column, OneOf, Record, Table
from connectsql.emulator.soql.expressions import expression
from connectsql.emulator.soql.shape import ChildrenShape, RecordShape
from connectsql.emulator.soql.translate import select


def selected_fields(sobject: SObject, names: Sequence[str]) -> tuple[Field, ...]:
    """Return the named fields, or all where none is named; raises for an unknown one."""
    if not names:
        return sobject.fields
    found = {}
    for name in names:
        field = sobject.field(name)
        if field is None:
            raise no_such_column(name, sobject)
        found[field.name] = field
    return tuple(found.values())


def read_records(
    store: Store, sobject: SObject, fields: Sequence[Field], ids: Sequence[str], root: str
) -> list[dict[str, Any] | None]:
    """Return the records in the order of their ids; None for one that is not there."""
    table = Table(0, sobject)
    members = tuple((field.name, Column((table,), field)) for field in fields)
    record_id = Column((table,), sobject.by_name["id"])
    columns = [expression(record_id)]
    shape = RecordShape(Record((table,), members), columns)
    query = BoundQuery(
        table=table,
        joins=(),
        result=None,
        where=OneOf(record_id, "IN", tuple(ids)),
        order=(),
        limit=None,
        offset=0,
    )
    statement = select(query, columns, deleted=False)
    rows = store.first(statement.sql, statement.values)
    if not rows:
        return [None] * len(ids)
    by_column = list(zip(*rows, strict=True))
    texts = shape.texts(by_column, _Childless(root))
    found = dict(zip(by_column[0], texts, strict=True))
    return [json.loads(found[one]) if one in found else None for one in ids]


@dataclass(frozen=True, slots=True)
class _Childless:
    """What shaping records without children needs."""

    root: str

    def children(self, one: ChildrenShape, parents: Sequence[str | None]) -> list[str]:
        """Return nothing for each record."""
        return ["null"] * len(parents)
