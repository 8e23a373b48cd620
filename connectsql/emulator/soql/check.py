"""Checks a query against the describes: every name found, every value of the right type."""

from __future__ import annotations

from connectsql.emulator.org.schema import COMPOSED, Field, Schema, SObject
from connectsql.emulator.soql import bound, errors, literals
from connectsql.emulator.soql.bound import BoundQuery, Operand, Test
from connectsql.emulator.soql.scope import Scope
from connectsql.emulator.soql.select import bind_result
from connectsql.emulator.soql.syntax import (
    Call,
    Comparison,
    Condition,
    Junction,
    Membership,
    Not,
    Ordering,
    Path,
    Query,
)
from connectsql.emulator.wire.errors import Refusal

_LARGEST_OFFSET = 2000
_ONLY_EQUALITY = ("=", "!=")


def check(query: Query, schema: Schema, text: str) -> BoundQuery:
    """Return the query bound to the objects of an org, or raise its refusal."""
    sobject = _source(query, schema, text)
    _refuse_what_cannot_be_done(query, text)
    if query.offset > _LARGEST_OFFSET:
        message = f"Maximum SOQL offset allowed is {_LARGEST_OFFSET}"
        raise Refusal("NUMBER_OUTSIDE_VALID_RANGE", message)
    scope = Scope(schema, text, sobject, query.alias)
    conditions = _Conditions(scope, text)
    result = bind_result(query, scope, text)
    where = conditions.bind(query.where) if query.where else None
    order = tuple(conditions.sort(one) for one in query.order)
    return BoundQuery(
        table=scope.root,
        joins=tuple(scope.joins),
        result=result,
        where=where,
        order=order,
        limit=query.limit,
        offset=query.offset,
    )


def _source(query: Query, schema: Schema, text: str) -> SObject:
    sobject = schema.find(query.source.text)
    if sobject is None or not sobject.queryable:
        raise errors.no_such_object(text, query.source.at, query.source.text)
    return sobject


def _refuse_what_cannot_be_done(query: Query, text: str) -> None:
    at = query.source.at
    if query.grouping:
        raise errors.not_yet(text, at, "GROUP BY")
    for clause in sorted(query.clauses):
        if clause == "ALL ROWS":
            raise errors.malformed(text, at, "ALL ROWS not allowed in this context")
        raise errors.not_yet(text, at, clause)


class _Conditions:
    """Binds conditions and sort keys."""

    def __init__(self, scope: Scope, text: str) -> None:
        self._scope = scope
        self._text = text

    def bind(self, condition: Condition) -> Test:
        match condition:
            case Comparison():
                return self._comparison(condition)
            case Membership():
                return self._membership(condition)
            case Not(inner):
                return bound.Negated(self.bind(inner))
            case Junction(word, parts):
                return bound.Joined(word, tuple(map(self.bind, parts)))

    def sort(self, ordering: Ordering) -> bound.Sort:
        operand = self._operand(ordering.key)
        if not operand.field.sortable or operand.field.type in COMPOSED:
            message = f"field '{operand.field.name}' can not be sorted in a query call"
            raise errors.invalid_field(self._text, ordering.key.at, message)
        return bound.Sort(operand, ordering.descending, ordering.nulls_last)

    def _comparison(self, comparison: Comparison) -> Test:
        operand = self._filtered(comparison.left)
        field, operator = operand.field, comparison.operator
        at = comparison.right.at
        if operator == "LIKE" and not field.is_text:
            raise self._invalid_operator(field, at)
        value = literals.typed(self._text, field, comparison.right)
        if isinstance(value, tuple):
            return bound.Within(operand, operator, *value)
        ordered = operator not in (*_ONLY_EQUALITY, "LIKE")
        if ordered and (field.type == "boolean" or value is None):
            raise self._invalid_operator(field, at)
        return bound.Compare(operand, operator, value)

    def _membership(self, membership: Membership) -> Test:
        operand = self._filtered(membership.left)
        field, at = operand.field, membership.left.at
        if isinstance(membership.values, Query):
            raise errors.not_yet(self._text, membership.values.source.at, "a semi-join")
        if membership.operator == "INCLUDES" and field.type != "multipicklist":
            raise self._invalid_operator(field, at)
        values = tuple(literals.typed(self._text, field, one) for one in membership.values)
        if any(isinstance(value, tuple) for value in values):
            raise errors.malformed(self._text, at, "a date literal cannot be used in a list")
        test = bound.OneOf(operand, membership.operator, values)
        return bound.Negated(test) if membership.negated else test

    def _filtered(self, operand: Path | Call) -> Operand:
        found = self._operand(operand)
        if not found.field.filterable or found.field.type in COMPOSED:
            message = f"field '{found.field.name}' can not be filtered in a query call"
            raise errors.invalid_field(self._text, operand.at, message)
        return found

    def _operand(self, operand: Path | Call) -> Operand:
        if isinstance(operand, Call):
            what = f"the function {operand.function} outside the select list"
            raise errors.not_yet(self._text, operand.at, what)
        return self._scope.operand(operand)

    def _invalid_operator(self, field: Field, at: int) -> Refusal:
        return errors.invalid_field(self._text, at, f"invalid operator on {field.type} field")
