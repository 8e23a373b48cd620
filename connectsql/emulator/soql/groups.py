"""Binds queries with aggregates: what is grouped by, and what is told of each group."""

from __future__ import annotations

from itertools import combinations

from connectsql.emulator.org.schema import COMPOSED
from connectsql.emulator.soql import errors
from connectsql.emulator.soql.bound import (
    Aggregate,
    Column,
    DatePart,
    Formatted,
    Groups,
    Operand,
    Sort,
    Subtotal,
    TypeName,
)
from connectsql.emulator.soql.conditions import Conditions
from connectsql.emulator.soql.functions import AGGREGATES, Functions
from connectsql.emulator.soql.literals import Literals
from connectsql.emulator.soql.operands import name_of
from connectsql.emulator.soql.scope import Scope
from connectsql.emulator.soql.syntax import Call, Chosen, Expression, Path, Query
from connectsql.emulator.wire.errors import Refusal

_WITH_SUBTOTALS = ("ROLLUP", "CUBE")
_MOST_SUBTOTALS = 3


def is_count(query: Query) -> bool:
    """Tell whether a query is ``SELECT COUNT() FROM ...``."""
    match query.selected:
        case (Chosen(Call("COUNT", ()), None),):
            return query.grouping is None
    return False


def is_grouped(query: Query) -> bool:
    """Tell whether the rows of a query's result are groups."""
    return query.grouping is not None or any(
        isinstance(one, Chosen) and _aggregates(one.expression) for one in query.selected
    )


def _aggregates(expression: Expression) -> bool:
    if not isinstance(expression, Call):
        return False
    inner = (one for one in expression.arguments if isinstance(one, Call))
    return expression.function in (*AGGREGATES, "GROUPING") or any(map(_aggregates, inner))


class Grouped:
    """Binds one such query."""

    def __init__(self, query: Query, scope: Scope, literals: Literals) -> None:
        self._query = query
        self._scope = scope
        self._text = scope.text
        self._functions = Functions(scope)
        self._mode, written = self._mode_and_keys()
        self._keys = tuple(map(self._key, written))
        self._refuse_limits()
        self._members = dict[str, Operand]()
        self._aliases = dict[str, Operand]()
        for one in query.selected:
            self._select(one)
        self._conditions = Conditions(scope, literals, self._operand)
        self._sorts = Conditions(scope, literals, self._sorted)

    def bind(self) -> Groups:
        """Return what the result holds."""
        having = self._query.grouping.having if self._query.grouping else None
        return Groups(
            members=tuple(self._members.items()),
            keys=self._keys,
            sets=self._sets(),
            having=self._conditions.bind(having) if having else None,
        )

    def order(self) -> tuple[Sort, ...]:
        """Return the keys of ORDER BY; subtotals follow what they are of, unless told otherwise."""
        if not self._query.order and self._mode:
            return tuple(
                Sort(one, descending=False, nulls_last=True)
                for key in self._keys
                for one in (Subtotal(key), key)
            )
        return tuple(map(self._sorts.sort, self._query.order))

    def _mode_and_keys(self) -> tuple[str | None, tuple[Expression, ...]]:
        keys = self._query.grouping.keys if self._query.grouping else ()
        modes = [one for one in keys if isinstance(one, Call) and one.function in _WITH_SUBTOTALS]
        if not modes:
            return None, keys
        mode = modes[0]
        inner = tuple(one for one in mode.arguments if isinstance(one, Path | Call))
        if len(keys) > 1 or not inner or len(inner) < len(mode.arguments):
            message = f"GROUP BY {mode.function} cannot be combined with other fields"
            raise errors.malformed(self._text, mode.at, message)
        if len(inner) > _MOST_SUBTOTALS:
            message = f"GROUP BY {mode.function} takes at most {_MOST_SUBTOTALS} fields"
            raise errors.malformed(self._text, mode.at, message)
        return mode.function, inner

    def _key(self, expression: Expression) -> Operand:
        operand = self._functions.operand(expression)
        match operand:
            case Column(field=field) if not field.groupable or field.type in COMPOSED:
                raise errors.not_allowed(self._text, expression.at, field.name, "grouped")
            case Column() | DatePart() | TypeName():
                return operand
        raise errors.malformed(self._text, expression.at, f"cannot be grouped by: {expression}")

    def _refuse_limits(self) -> None:
        if self._keys:
            return
        for word, given in (("LIMIT", self._query.limit), ("OFFSET", self._query.offset)):
            if given is not None:
                message = "Non-grouped query that uses overall aggregate functions cannot also use "
                raise errors.malformed(self._text, 0, message + word)

    def _sets(self) -> tuple[tuple[Operand, ...], ...]:
        keys = self._keys
        sizes = range(len(keys), -1, -1)
        if self._mode == "ROLLUP":
            return tuple(keys[:size] for size in sizes)
        if self._mode == "CUBE":
            return tuple(one for size in sizes for one in combinations(keys, size))
        return (keys,)

    def _select(self, one: object) -> None:
        if not isinstance(one, Chosen):
            message = "a query with aggregates cannot select subqueries or TYPEOF"
            raise errors.malformed(self._text, 0, message)
        expression, alias = one.expression, one.alias
        operand = self._operand(expression)
        inner = operand.operand if isinstance(operand, Formatted) else operand
        if isinstance(inner, Aggregate) and inner.operand in self._keys and not self._mode:
            message = f"Grouped field should not be aggregated: {name_of(inner)}"
            raise errors.malformed(self._text, expression.at, message)
        name = alias.text if alias else self._unnamed(expression, operand)
        if name.lower() in self._aliases:
            raise errors.malformed(self._text, expression.at, f"duplicate alias: {name}")
        self._members[name] = operand
        self._aliases[name.lower()] = operand

    def _unnamed(self, expression: Expression, operand: Operand) -> str:
        if isinstance(expression, Path):
            return name_of(operand)
        numbered = sum(name.startswith("expr") for name in self._members)
        return f"expr{numbered}"

    def _operand(self, expression: Expression, what: str = "Field") -> Operand:
        """Return what is known of a whole group, or refuse what differs inside it."""
        if isinstance(expression, Call) and expression.function == "GROUPING":
            return self._subtotal(expression)
        if isinstance(expression, Call) and expression.function == "FIELDS":
            raise self._not_grouped(expression, what)
        operand = self._functions.operand(expression)
        inner = operand.operand if isinstance(operand, Formatted) else operand
        if not isinstance(inner, Aggregate) and not self._is_key(inner):
            raise self._not_grouped(expression, what)
        return operand

    def _is_key(self, operand: Operand) -> bool:
        if operand in self._keys:
            return True
        return isinstance(operand, DatePart) and operand.column in self._keys

    def _subtotal(self, call: Call) -> Subtotal:
        key = self._functions.operand(self._functions.argument(call))
        if not self._mode or key not in self._keys:
            message = f"GROUPING is for the fields of GROUP BY ROLLUP and GROUP BY CUBE: {call}"
            raise errors.malformed(self._text, call.at, message)
        return Subtotal(key)

    def _sorted(self, expression: Expression) -> Operand:
        if isinstance(expression, Path) and len(expression.names) == 1:
            named = self._aliases.get(expression.names[0].lower())
            if named is not None:
                return named
        return self._operand(expression, "Ordered field")

    def _not_grouped(self, expression: Expression, what: str) -> Refusal:
        message = f"{what} must be grouped or aggregated: {expression}"
        return errors.malformed(self._text, expression.at, message)
