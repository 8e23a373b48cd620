"""Where semi-joins and anti-joins may stand, and what they may look like."""

from __future__ import annotations

from collections.abc import Iterator

from connectsql.emulator.soql import errors
from connectsql.emulator.soql.bound import Column, Operand, Table
from connectsql.emulator.soql.syntax import (
    Chosen,
    Condition,
    Expression,
    Junction,
    Membership,
    Not,
    Path,
    Query,
)
from connectsql.emulator.wire.errors import Refusal

_MOST = 2
_IDS = frozenset({"id", "reference"})
_UNDER_OR = "Semi join sub-selects are not allowed with the 'OR' operator"
_NESTED = (
    "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested "
    "WHERE expressions."
)


def check_places(condition: Condition, text: str) -> None:
    """Refuse the semi-joins of a WHERE that stand where none may stand, or that are too many."""
    found = list(_semi_joins(condition, ""))
    for query, problem in found:
        if problem:
            raise errors.malformed(text, query.source.path.at, problem)
    if len(found) > _MOST:
        at = found[_MOST][0].source.path.at
        raise errors.malformed(text, at, f"Maximum {_MOST} semi join sub-selects are allowed")


def _semi_joins(condition: Condition, around: str) -> Iterator[tuple[Query, str]]:
    """Yield the queries and what is wrong with their place; ``around`` is where we are."""
    match condition:
        case Membership(values=Query() as query):
            yield query, around
        case Not(inner):
            yield from _semi_joins(inner, _NESTED)
        case Junction("AND", parts):
            for part in parts:
                inside = isinstance(part, Junction) and not around
                yield from _semi_joins(part, _NESTED if inside else around)
        case Junction("OR", parts):
            for part in parts:
                direct = not isinstance(part, Junction)
                yield from _semi_joins(part, around or (_UNDER_OR if direct else ""))


def left_operand(text: str, left: Expression, operand: Operand, root: Table) -> Column:
    """Return what a semi-join compares, or refuse what is not an id of the object itself."""
    if not isinstance(operand, Column) or operand.field.type not in _IDS:
        message = (
            "The left operand field in the where expression for outer query should be an id "
            f"field, cannot use: '{left}'"
        )
        raise errors.malformed(text, left.at, message)
    if operand.tables != (root,):
        message = f"The left operand '{left}' cannot have more than one level of relationships"
        raise errors.malformed(text, left.at, message)
    return operand


def inner_field(text: str, query: Query) -> Path:
    """Return the one field that a semi-join selects; refuse clauses that it cannot have."""
    at = query.source.path.at
    if query.order or query.limit is not None or query.offset is not None or query.grouping:
        message = "Semi join sub-selects cannot have ORDER BY, LIMIT, OFFSET or GROUP BY"
        raise errors.malformed(text, at, message)
    match query.selected:
        case (Chosen(Path() as path, None),):
            return path
    raise errors.malformed(text, at, "Semi join sub-selects have to select exactly one field")


def inner_column(text: str, path: Path, operand: Operand, root: Table) -> Column:
    """Return what a semi-join selects, or refuse what is no id of its object."""
    if isinstance(operand, Column) and operand.field.type in _IDS and operand.tables == (root,):
        return operand
    message = f"semi join sub-selects can only query id fields, cannot use: '{path}'"
    raise errors.malformed(text, path.at, message)


def check_objects(text: str, at: int, left: Column, inner: Column) -> None:
    """Refuse a comparison of ids that never meet."""
    if not _objects(left) & _objects(inner):
        raise _other_object(text, at, left, inner)


def _objects(column: Column) -> set[str]:
    if column.field.type == "id":
        return {table.sobject.name for table in column.tables}
    return set(column.field.reference_to)


def _other_object(text: str, at: int, left: Column, inner: Column) -> Refusal:
    message = (
        f"The selected field '{inner.field.name}' in the subquery and the left operand field in "
        f"the where expression in the outer query '{left.field.name}' should point to the same "
        "object type"
    )
    return errors.malformed(text, at, message)
