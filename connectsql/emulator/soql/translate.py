"""A bound query as parameterised SQL over the store's tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectsql.emulator.org.store import quote
from connectsql.emulator.org.text import COLLATION
from connectsql.emulator.soql import bound
from connectsql.emulator.soql.bound import Column, Operand, Table, Test, TypeName

_AGGREGATES = {"COUNT_DISTINCT": "COUNT(DISTINCT {})"}


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and the values of its parameters."""

    sql: str
    values: tuple[Any, ...]


def select(query: bound.BoundQuery, columns: list[str], *, deleted: bool) -> Statement:
    """Return the statement that gives these columns; ``deleted`` is the recycle bin's too."""
    values: list[Any] = []
    parts = ["SELECT " + ", ".join(columns), "FROM " + _named(query.table)]
    parts += [_join(join) for join in query.joins]
    tests = [] if deleted else [f'{_alias(query.table)}."IsDeleted" = 0']
    if query.where:
        tests.append(_test(query.where, values))
    if tests:
        parts.append("WHERE " + " AND ".join(tests))
    if query.order:
        parts.append("ORDER BY " + ", ".join(map(_sort, query.order)))
    if query.limit is not None or query.offset:
        parts.append("LIMIT ? OFFSET ?")
        values += [-1 if query.limit is None else query.limit, query.offset]
    return Statement(" ".join(parts), tuple(values))


def counted(inner: Statement) -> Statement:
    """Return the statement that counts another's rows."""
    return Statement(f"SELECT count(*) FROM ({inner.sql})", inner.values)  # noqa: S608


def aggregate(one: bound.Aggregate) -> str:
    """Return the expression of an aggregate."""
    template = _AGGREGATES.get(one.function, one.function + "({})")
    return template.format(expression(one.operand))


def expression(operand: Operand) -> str:
    """Return the expression of a field; a polymorphic parent's is in one of its tables."""
    if isinstance(operand, TypeName):
        return _type_name(operand.tables)
    columns = [f"{_alias(table)}.{quote(operand.field.name)}" for table in operand.tables]
    if len(columns) == 1:
        return columns[0]
    collation = f" COLLATE {COLLATION}" if operand.field.folds_case else ""
    return f"COALESCE({', '.join(columns)}){collation}"


def record_id(tables: tuple[Table, ...]) -> str:
    """Return the expression of the id of a record that lies in one of some tables."""
    return expression(Column(tables, tables[0].sobject.by_name["id"]))


def _type_name(tables: tuple[Table, ...]) -> str:
    cases = (
        f"WHEN {_alias(table)}.\"Id\" IS NOT NULL THEN '{table.sobject.name}'" for table in tables
    )
    return f"CASE {' '.join(cases)} END COLLATE {COLLATION}"


def _named(table: Table) -> str:
    return f"{quote(table.sobject.name)} AS {_alias(table)}"


def _alias(table: Table) -> str:
    return f"t{table.number}"


def _join(join: bound.Join) -> str:
    lookup = f"{_alias(join.child)}.{quote(join.lookup.name)}"
    return f'LEFT JOIN {_named(join.table)} ON {_alias(join.table)}."Id" = {lookup}'


def _sort(sort: bound.Sort) -> str:
    direction = "DESC" if sort.descending else "ASC"
    nulls = "LAST" if sort.nulls_last else "FIRST"
    return f"{expression(sort.operand)} {direction} NULLS {nulls}"


def _test(test: Test, values: list[Any]) -> str:
    match test:
        case bound.Compare():
            return _compare(test, values)
        case bound.Within():
            return _within(test, values)
        case bound.OneOf():
            return _one_of(test, values)
        case bound.Negated(inner):
            return f"({_test(inner, values)}) IS NOT TRUE"
        case bound.Joined(word, parts):
            return _joined(word, [_test(part, values) for part in parts])


def _joined(word: str, parts: list[str]) -> str:
    """Join conditions as a balanced tree: SQLite refuses a deep one."""
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return f"({_joined(word, parts[:middle])} {word} {_joined(word, parts[middle:])})"


def _compare(test: bound.Compare, values: list[Any]) -> str:
    """Compare with a value; ``!=`` holds for null, and a null boolean is false."""
    field = expression(test.operand)
    if test.operand.field.type == "boolean":
        field = f"IFNULL({field}, 0)"
        values.append(bool(test.value))
        return f"{field} {test.operator} ?"
    if test.value is None:
        return f"{field} IS {'NOT ' if test.operator == '!=' else ''}NULL"
    values.append(test.value)
    if test.operator == "LIKE":
        return f"soql_like(?, {field})"
    return f"{field} {'IS NOT' if test.operator == '!=' else test.operator} ?"


def _within(test: bound.Within, values: list[Any]) -> str:
    """Compare with a span of time, taken as a whole: ``<`` is before it, ``>`` after it."""
    field = expression(test.operand)
    if test.operator in ("=", "!="):
        values += [test.start, test.end]
        inside = f"({field} >= ? AND {field} < ?)"
        return inside if test.operator == "=" else f"{inside} IS NOT TRUE"
    bounds = {"<": ("<", test.start), "<=": ("<", test.end)}
    bounds |= {">": (">=", test.end), ">=": (">=", test.start)}
    operator, value = bounds[test.operator]
    values.append(value)
    return f"{field} {operator} ?"


def _one_of(test: bound.OneOf, values: list[Any]) -> str:
    field = expression(test.operand)
    known = [value for value in test.values if value is not None]
    values += known
    marks = ", ".join("?" * len(known))
    if test.operator == "INCLUDES":
        return f"soql_includes({field}, {marks})"
    inside = f"{field} IN ({marks})"
    return f"({inside} OR {field} IS NULL)" if len(known) < len(test.values) else inside
