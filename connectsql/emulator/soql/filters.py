"""Conditions as SQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from connectsql.emulator.org.text import FOLDED, folded
from connectsql.emulator.soql import bound
from connectsql.emulator.soql.bound import Operand, Table, Test
from connectsql.emulator.soql.expressions import alias, collated, expression, from_tables
from connectsql.emulator.soql.operands import type_of
from connectsql.emulator.wire.errors import Refusal

_UNCOLLATED = (bound.Aggregate, bound.Label)
_DEEPEST = 20
_LONGEST_CHAIN = 40
_LONGEST_LIST = 1000
_NOTHING: frozenset[Operand] = frozenset()
_Expression = Callable[[Operand], str]


def filter_sql(
    test: Test,
    values: list[Any],
    absent: frozenset[Operand] = _NOTHING,
    *,
    deleted: bool = False,
) -> str:
    """Return the SQL of a condition; what it compares with is appended to ``values``."""
    return _Filter(values, partial(expression, absent=absent), deleted=deleted).sql(test)


def not_deleted(table: Table) -> str:
    """Return the SQL that leaves out what lies in the recycle bin."""
    return f'{alias(table)}."IsDeleted" = 0'


class _Filter:
    def __init__(self, values: list[Any], of: _Expression, *, deleted: bool) -> None:
        self._values = values
        self._expression = of
        self._deleted = deleted
        self._level = 0

    def _of(self, operand: Operand) -> str:
        sql = self._expression(operand)
        return collated(operand, sql) if isinstance(operand, _UNCOLLATED) else sql

    def sql(self, test: Test) -> str:
        """Return the SQL of a condition. SQLite's own limit is near 30 levels."""
        if self._level == _DEEPEST:
            message = f"Conditions can be nested to {_DEEPEST} levels"
            raise Refusal("QUERY_TOO_COMPLICATED", message)
        self._level += 1
        try:
            return self._sql(test)
        finally:
            self._level -= 1

    def _sql(self, test: Test) -> str:
        match test:
            case bound.Compare():
                return self._compare(test)
            case bound.Within():
                return self._within(test)
            case bound.OneOf():
                return self._one_of(test)
            case bound.SemiJoin():
                return self._semi_join(test)
            case bound.Negated(inner):
                return f"({self.sql(inner)}) IS NOT TRUE"
            case bound.Joined(word, parts):
                return _joined(word, [self.sql(part) for part in parts])

    def _compare(self, test: bound.Compare) -> str:
        """Compare with a value; ``!=`` holds for null, and a null boolean is false."""
        field = self._of(test.operand)
        if type_of(test.operand) == "boolean":
            self._values.append(bool(test.value))
            return f"IFNULL({field}, 0) {test.operator} ?"
        if test.value is None:
            return f"{field} IS {'NOT ' if test.operator == '!=' else ''}NULL"
        if test.operator == "=" and _has_folded_index(test.operand):
            self._values.append(folded(test.value))
            return f"({FOLDED}({field}) = ? AND {field} IS NOT NULL)"
        self._values.append(test.value)
        if test.operator == "LIKE":
            return f"soql_like(?, {field})"
        return f"{field} {'IS NOT' if test.operator == '!=' else test.operator} ?"

    def _within(self, test: bound.Within) -> str:
        """Compare with a span of time, taken as a whole: ``<`` is before it, ``>`` after it."""
        field = self._of(test.operand)
        if test.operator in ("=", "!="):
            self._values += [test.start, test.end]
            inside = f"({field} >= ? AND {field} < ?)"
            return inside if test.operator == "=" else f"{inside} IS NOT TRUE"
        bounds = {"<": ("<", test.start), "<=": ("<", test.end)}
        bounds |= {">": (">=", test.end), ">=": (">=", test.start)}
        operator, value = bounds[test.operator]
        self._values.append(value)
        return f"{field} {operator} ?"

    def _one_of(self, test: bound.OneOf) -> str:
        field = self._of(test.operand)
        known = [value for value in test.values if value is not None]
        if test.operator == "INCLUDES":
            self._values.append(json.dumps(known))
            inside = f"soql_includes({field}, ?)"
        elif _has_folded_index(test.operand):
            among = self._among(list(map(folded, known)))
            inside = f"({FOLDED}({field}) IN {among} AND {field} IS NOT NULL)"
        else:
            inside = f"{field} IN {self._among(known)}"
        is_boolean = type_of(test.operand) == "boolean"
        has_null = len(known) < len(test.values) or (is_boolean and False in known)
        return f"({inside} OR {field} IS NULL)" if has_null else inside

    def _among(self, known: list[Any]) -> str:
        """Return a list of values; a long one is one parameter, of which SQLite has not many."""
        if len(known) > _LONGEST_LIST:
            self._values.append(json.dumps(known))
            return "(SELECT value FROM json_each(?))"
        self._values += known
        return f"({', '.join('?' * len(known))})"

    def _semi_join(self, test: bound.SemiJoin) -> str:
        """Look an id up among those of another query; null is never among them."""
        query, column = test.query, expression(test.column)
        tests = [f"{column} IS NOT NULL"]
        if not self._deleted:
            tests.append(not_deleted(query.table))
        if query.where:
            tests.append(self.sql(query.where))
        inner = f"SELECT {column} {from_tables(query)} WHERE {' AND '.join(tests)}"
        return f"{self._of(test.operand)} IN ({inner})"


def _has_folded_index(operand: Operand) -> bool:
    """Tell whether records are found by an index of this column's case-blind values."""
    match operand:
        case bound.Column(field=field):
            return field.folds_case and (field.unique or field.identifies)
        case _:
            return False


def _joined(word: str, parts: list[str]) -> str:
    """Join conditions, many of them in groups: SQLite refuses a long chain."""
    while len(parts) > _LONGEST_CHAIN:
        chains = range(0, len(parts), _LONGEST_CHAIN)
        parts = [_joined(word, parts[at : at + _LONGEST_CHAIN]) for at in chains]
    return parts[0] if len(parts) == 1 else f"({f' {word} '.join(parts)})"
