"""Operands as SQL over the tables of a statement."""

from __future__ import annotations

import json

from connectsql.emulator.org.schema import NUMBERS
from connectsql.emulator.org.sums import SUM
from connectsql.emulator.org.tables import quote
from connectsql.emulator.org.text import COLLATION, FOLDED
from connectsql.emulator.soql import bound
from connectsql.emulator.soql.bound import Column, Operand, Table
from connectsql.emulator.soql.operands import folds_case, type_of

_NUMBER = "CAST({} AS INTEGER)"
_MONTH = _NUMBER.format("substr({0},6,2)")
_DAY = _NUMBER.format("substr({0},9,2)")
_DAY_OF_YEAR = _NUMBER.format("strftime('%j',substr({0},1,10))")
_DATE_PARTS = {
    "YEAR": _NUMBER.format("substr({0},1,4)"),
    "QUARTER": f"({_MONTH}+2)/3",
    "MONTH": _MONTH,
    "DAY_IN_MONTH": _DAY,
    "DAY_IN_WEEK": _NUMBER.format("strftime('%w',substr({0},1,10))") + "+1",
    "DAY_IN_YEAR": _DAY_OF_YEAR,
    "DAY_ONLY": "substr({0},1,10)",
    "HOUR_IN_DAY": _NUMBER.format("substr({0},12,2)"),
    "WEEK_IN_MONTH": f"({_DAY}+6)/7",
    "WEEK_IN_YEAR": f"({_DAY_OF_YEAR}+6)/7",
}


def expression(operand: Operand, absent: frozenset[Operand] = frozenset()) -> str:
    """Return the SQL of an operand; ``absent`` are the keys that a subtotal takes together."""
    if operand in absent:
        return "NULL"
    match operand:
        case bound.Column():
            return _column(operand)
        case bound.TypeName(tables):
            return _type_name(tables)
        case bound.Label(column, labels):
            return _label(_column(column), labels)
        case bound.DatePart(function, column):
            return _date_part(function, expression(column, absent))
        case bound.Distance():
            return _distance(operand)
        case bound.Aggregate(function, inner):
            return _aggregate(function, inner)
        case bound.Subtotal(key):
            return str(int(key in absent))
        case bound.Formatted(inner):
            return expression(inner, absent)


def _aggregate(function: str, operand: Operand) -> str:
    if function == "COUNT_DISTINCT":
        return f"COUNT(DISTINCT {key(operand, expression(operand))})"
    inner = expression(operand)
    if function in ("SUM", "AVG") and type_of(operand) in NUMBERS:
        total = f"{SUM}({inner})"
        return total if function == "SUM" else f"{total} / COUNT({inner})"
    return f"{function}({inner})"


def _date_part(function: str, column: str) -> str:
    part = function.removeprefix("CALENDAR_").removeprefix("FISCAL_")
    return _DATE_PARTS[part].format(column)


def _distance(operand: bound.Distance) -> str:
    latitude, longitude = operand.place
    here = f"{_column(operand.latitude)}, {_column(operand.longitude)}"
    return f"soql_distance({here}, {latitude!r}, {longitude!r}, '{operand.unit}')"


def collated(operand: Operand, sql: str) -> str:
    """Return what to compare, where the SQL alone does not tell how its text compares."""
    return f"{sql} COLLATE {COLLATION}" if folds_case(operand) else sql


def key(operand: Operand, sql: str) -> str:
    """Return what to sort or group by: one function a row is quicker than many comparisons."""
    return f"{FOLDED}({sql})" if folds_case(operand) else sql


def record_id(tables: tuple[Table, ...]) -> str:
    """Return the SQL of the id of a record that lies in one of some tables."""
    return expression(Column(tables, tables[0].sobject.by_name["id"]))


def object_name(tables: tuple[Table, ...]) -> str:
    """Return the SQL of the name of the object that a record in one of some tables is of."""
    return _type_name(tables)


def alias(table: Table) -> str:
    """Return the name of a table in the statement."""
    return f"t{table.number}"


def from_tables(query: bound.BoundQuery) -> str:
    """Return the tables of a query: the object's own and those of its parents."""
    return " ".join(["FROM " + _named(query.table), *map(_join, query.joins)])


def _named(table: Table) -> str:
    return f"{quote(table.sobject.name)} AS {alias(table)}"


def _join(join: bound.Join) -> str:
    lookup = f"{alias(join.child)}.{quote(join.lookup.name)}"
    return f'LEFT JOIN {_named(join.table)} ON {alias(join.table)}."Id" = {lookup}'


def _column(operand: Column) -> str:
    columns = [f"{alias(table)}.{quote(operand.field.name)}" for table in operand.tables]
    if len(columns) == 1:
        return columns[0]
    collation = f" COLLATE {COLLATION}" if operand.field.folds_case else ""
    return f"COALESCE({', '.join(columns)}){collation}"


def _type_name(tables: tuple[Table, ...]) -> str:
    cases = (
        f'WHEN {alias(table)}."Id" IS NOT NULL THEN {_text(table.sobject.name)}' for table in tables
    )
    return f"CASE {' '.join(cases)} END COLLATE {COLLATION}"


def _label(column: str, labels: tuple[tuple[str, str], ...]) -> str:
    """Return the labels of a picklist's value, which may have several parts."""
    if not labels:
        return column
    return f"soql_labels({column}, {_text(json.dumps(dict(labels)))})"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
