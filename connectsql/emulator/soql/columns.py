"""What the columns of a result are: the answer to ``?columns=true``."""

from __future__ import annotations

from typing import Any

from connectsql.emulator.org.schema import NUMERIC
from connectsql.emulator.soql.bound import (
    Aggregate,
    BoundQuery,
    Children,
    Choice,
    Column,
    DatePart,
    Formatted,
    Groups,
    Label,
    Member,
    Operand,
    Record,
    Subtotal,
    Table,
    TypeName,
)
from connectsql.emulator.soql.operands import is_text, name_of, type_of

_APEX = {
    "id": "Id",
    "reference": "Id",
    "boolean": "Boolean",
    "int": "Integer",
    "double": "Double",
    "currency": "Double",
    "percent": "Double",
    "date": "Date",
    "datetime": "Datetime",
    "time": "Time",
    "address": "Address",
    "location": "Location",
    "base64": "Blob",
}


def described(query: BoundQuery) -> dict[str, Any]:
    """Return the description of a query's columns."""
    match query.result:
        case Record() as record:
            columns = _of_record(record)
        case Groups(members=members):
            columns = [_of_group(name, member, query.table) for name, member in members]
        case None:
            columns = []
    return {
        "columnMetadata": columns,
        "entityName": query.table.sobject.name,
        "groupBy": isinstance(query.result, Groups) and bool(query.result.keys),
        "idSelected": any(one["columnName"] == "Id" for one in columns),
        "keyPrefix": query.table.sobject.key_prefix,
    }


def _of_group(name: str, member: Operand, table: Table) -> dict[str, Any]:
    """Return the column of a function, or of what is grouped by."""
    column = _column(name, member, table)
    return column | {"aggregate": not isinstance(member, Column | TypeName)}


def _of_record(record: Record) -> list[dict[str, Any]]:
    return [_column(name, member, record.tables[0]) for name, member in record.members]


def _column(name: str, member: Member, table: Table) -> dict[str, Any]:
    match member:
        case Record():
            return _joined(name, table, _of_record(member))
        case Choice(records):
            found = {one["columnName"]: one for record in records for one in _of_record(record)}
            return _joined(name, table, list(found.values()))
        case Children(query=BoundQuery(result=Record() as record)):
            return _told(name, aggregate=True, joinColumns=_of_record(record))
        case Column(field=field):
            return _told(
                name,
                apexType=_APEX.get(field.type, "String"),
                booleanType=field.type == "boolean",
                custom=field.custom,
                insertable=field.createable,
                numberType=field.type in NUMERIC,
                textType=field.is_text,
                updatable=field.updateable,
            )
        case Children():
            return _told(name)
        case _:
            kind = type_of(member)
            return _told(
                name,
                displayName=_shown(member) or name,
                apexType=_APEX.get(kind, "String"),
                numberType=kind in NUMERIC,
                textType=is_text(member),
            )


def _joined(name: str, table: Table, columns: list[dict[str, Any]]) -> dict[str, Any]:
    lookup = table.sobject.by_relationship.get(name.lower())
    key = lookup.name if lookup else None
    return _told(name, foreignKeyName=key, joinColumns=columns)


def _shown(member: Member) -> str | None:
    match member:
        case Aggregate(function) | DatePart(function):
            return f"{function.lower()}({name_of(member)})"
        case Subtotal():
            return f"grouping({name_of(member)})"
        case Formatted():
            return f"format({name_of(member)})"
        case Label():
            return f"tolabel({name_of(member)})"
        case _:
            return None


def _told(name: str, **more: Any) -> dict[str, Any]:
    """Return one column; what is not told is false or null."""
    return {
        "aggregate": False,
        "apexType": None,
        "booleanType": False,
        "columnName": name,
        "custom": False,
        "displayName": name,
        "foreignKeyName": None,
        "insertable": False,
        "joinColumns": [],
        "numberType": False,
        "textType": False,
        "updatable": False,
    } | more
