"""Reads records by their ids, in the shape that queries answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.org.store import Store
from connectsql.emulator.soql.bound import BoundQuery, Column, OneOf, Record, Table
from connectsql.emulator.soql.shape import RecordShape
from connectsql.emulator.soql.translate import select
from connectsql.emulator.wire.errors import Refusal


def selected_fields(sobject: SObject, names: Sequence[str]) -> tuple[Field, ...]:
    """Return the named fields, or all where none is named; raises for an unknown one."""
    if not names:
        return sobject.fields
    found = {}
    for name in names:
        field = sobject.field(name)
        if field is None:
            message = f"No such column '{name}' on sobject of type {sobject.name}"
            raise Refusal("INVALID_FIELD", message)
        found[field.name] = field
    return tuple(found.values())


def read_records(
    store: Store, sobject: SObject, fields: Sequence[Field], ids: Sequence[str], root: str
) -> list[dict[str, Any] | None]:
    """Return the records in the order of their ids; None for one that is not there."""
    table = Table(0, sobject)
    members = tuple((field.name, Column((table,), field)) for field in fields)
    columns: list[str] = []
    shape = RecordShape(Record((table,), members), columns)
    query = BoundQuery(
        table=table,
        joins=(),
        result=None,
        where=OneOf(Column((table,), sobject.by_name["id"]), "IN", tuple(ids)),
        order=(),
        limit=None,
        offset=0,
    )
    statement = select(query, columns, deleted=False)
    rows = store.first(statement.sql, statement.values)
    found = {row[0]: shape.record(row, root) for row in rows}
    return [found.get(one) for one in ids]
