"""Binds conditions and sort keys: every value typed, every operator one that the field has."""

from __future__ import annotations

from collections.abc import Callable

from connectsql.emulator.org.schema import COMPOSED
from connectsql.emulator.soql import bound, errors, semijoins
from connectsql.emulator.soql.bound import Column, Distance, Formatted, Operand, Test
from connectsql.emulator.soql.functions import Functions
from connectsql.emulator.soql.literals import Literals
from connectsql.emulator.soql.operands import is_text, type_of
from connectsql.emulator.soql.scope import Scope
from connectsql.emulator.soql.syntax import (
    Comparison,
    Condition,
    Expression,
    Junction,
    Membership,
    Not,
    Ordering,
    Query,
    Value,
)

_EQUALITY = ("=", "!=")
_UNORDERED = frozenset({"boolean", "multipicklist"})

Binder = Callable[[Expression], Operand]


class Conditions:
    """Binds the conditions of one query.

    ``operand`` binds what is compared, where that is not just any field: in HAVING.
    """

    def __init__(self, scope: Scope, literals: Literals, operand: Binder | None = None) -> None:
        self._scope = scope
        self._text = scope.text
        self._literals = literals
        self._is_having = operand is not None
        self._operand = operand or self._ungrouped

    def where(self, condition: Condition) -> Test:
        """Return a whole WHERE."""
        semijoins.check_places(condition, self._text)
        return self.bind(condition)

    def bind(self, condition: Condition) -> Test:
        """Return one condition."""
        match condition:
            case Comparison():
                return self._comparison(condition)
            case Membership(values=Query() as query):
                return self._semi_join(condition, query)
            case Membership(values=tuple() as values):
                return self._membership(condition, values)
            case Not(inner):
                return bound.Negated(self.bind(inner))
            case Junction(word, parts):
                return bound.Joined(word, tuple(map(self.bind, parts)))
        raise TypeError(condition)

    def sort(self, ordering: Ordering) -> bound.Sort:
        """Return a key of ORDER BY."""
        operand = self._operand(ordering.key)
        column = column_of(operand)
        if column and (not column.field.sortable or column.field.type in COMPOSED):
            raise errors.not_allowed(self._text, ordering.key.at, column.field.name, "sorted")
        return bound.Sort(operand, ordering.descending, ordering.nulls_last)

    def _comparison(self, comparison: Comparison) -> Test:
        operand = self._filtered(comparison.left)
        kind, operator, at = type_of(operand), comparison.operator, comparison.right.at
        if operator == "LIKE" and not is_text(operand):
            raise errors.invalid_operator(self._text, at, kind)
        value = self._literals.typed(operand, comparison.right)
        if isinstance(value, tuple):
            return bound.Within(operand, operator, *value)
        ordered = operator not in _EQUALITY
        if value == "" and not ordered:
            value = None  # no text is null
        if ordered and (value is None or (kind in _UNORDERED and operator != "LIKE")):
            raise errors.invalid_operator(self._text, at, kind)
        if isinstance(operand, Distance) and operator not in ("<", ">"):
            raise errors.malformed(self._text, at, "DISTANCE is compared with < and > alone")
        return bound.Compare(operand, operator, value)

    def _membership(self, membership: Membership, values: tuple[Value, ...]) -> Test:
        operand = self._filtered(membership.left)
        if membership.operator == "INCLUDES" and type_of(operand) != "multipicklist":
            raise errors.invalid_operator(self._text, membership.left.at, type_of(operand))
        typed = [self._literals.typed(operand, one) for one in values]
        plain = tuple(None if one == "" else one for one in typed if not isinstance(one, tuple))
        parts: list[Test] = [
            bound.Within(operand, "=", *one) for one in typed if isinstance(one, tuple)
        ]
        if plain:
            parts.append(bound.OneOf(operand, membership.operator, plain))
        test = parts[0] if len(parts) == 1 else bound.Joined("OR", tuple(parts))
        return bound.Negated(test) if membership.negated else test

    def _semi_join(self, membership: Membership, query: Query) -> Test:
        at = query.source.path.at
        if self._is_having:
            message = "Semi join sub-selects are not supported in HAVING"
            raise errors.malformed(self._text, at, message)
        left = semijoins.left_operand(
            self._text, membership.left, self._filtered(membership.left), self._scope.root
        )
        inner = self._inner(query)
        path = semijoins.inner_field(self._text, query)
        column = semijoins.inner_column(self._text, path, inner.operand(path), inner.root)
        semijoins.check_objects(self._text, membership.left.at, left, column)
        conditions = _Inner(inner, self._literals)
        test = conditions.where(query.where) if query.where else None
        found = bound.SemiJoin(
            left,
            bound.BoundQuery(inner.root, tuple(inner.joins), None, test, (), None, 0),
            column,
        )
        return bound.Negated(found) if membership.negated else found

    def _inner(self, query: Query) -> Scope:
        name, at = str(query.source.path), query.source.path.at
        sobject = self._scope.schema.find(name)
        if sobject is None or not sobject.queryable:
            raise errors.no_such_object(self._text, at, name)
        if sobject is self._scope.root.sobject:
            message = "The inner and outer selects should not be on the same object type"
            raise errors.malformed(self._text, at, message)
        return Scope(self._scope.schema, self._text, sobject, query.source, self._scope.numbers)

    def _filtered(self, expression: Expression) -> Operand:
        operand = self._operand(expression)
        column = column_of(operand)
        if column and (not column.field.filterable or column.field.type in COMPOSED):
            raise errors.not_allowed(self._text, expression.at, column.field.name, "filtered")
        if isinstance(operand, Formatted):
            raise errors.malformed(self._text, expression.at, "FORMAT cannot be used in a filter")
        return operand

    def _ungrouped(self, expression: Expression) -> Operand:
        operand = Functions(self._scope).operand(expression)
        if isinstance(operand, bound.Aggregate):
            message = f"the aggregate {expression} can be used in SELECT, HAVING and ORDER BY alone"
            raise errors.malformed(self._text, expression.at, message)
        return operand


class _Inner(Conditions):
    """Binds the conditions inside a semi-join."""

    def _semi_join(self, membership: Membership, query: Query) -> Test:
        message = "Nesting of semi join sub-selects is not supported"
        raise errors.malformed(self._text, query.source.path.at, message)


def column_of(operand: Operand) -> Column | None:
    """Return the field whose own flags decide what may be done with an operand."""
    match operand:
        case Column():
            return operand
        case bound.Label(column=column) | bound.DatePart(column=column):
            return column
        case _:
            return None
