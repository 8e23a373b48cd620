"""What a query's select list asks for, with names found and FIELDS() spelled out."""

from __future__ import annotations

from connectsql.emulator.org.schema import SObject
from connectsql.emulator.soql import errors
from connectsql.emulator.soql.bound import Aggregate, Operand, Record
from connectsql.emulator.soql.scope import Scope, Tables
from connectsql.emulator.soql.syntax import Call, Path, Query, Typeof

_AGGREGATES = {"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"}
_FIELDS_LIMIT = 200


class _Node:
    """A record under construction."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.members: dict[str, Operand | _Node] = {}

    def finished(self) -> Record:
        members = (
            (name, member.finished() if isinstance(member, _Node) else member)
            for name, member in self.members.items()
        )
        return Record(self.tables, tuple(members))


def bind_result(query: Query, scope: Scope, text: str) -> Record | tuple[Aggregate, ...] | None:
    """Return what the result holds; None is ``count()``."""
    calls = [one for one in query.selected if isinstance(one, Call) and one.function != "FIELDS"]
    if not calls:
        return _record(query, scope, text)
    if len(query.selected) == 1 and calls[0].function == "COUNT" and not calls[0].argument:
        return None
    return _aggregates(query, scope, text)


def _aggregates(query: Query, scope: Scope, text: str) -> tuple[Aggregate, ...]:
    found = []
    unnamed = 0
    for one in query.selected:
        if not isinstance(one, Call):
            raise errors.not_yet(text, _at(one), "a field beside an aggregate (GROUP BY)")
        if one.function not in _AGGREGATES:
            raise errors.not_yet(text, one.at, f"the function {one.function}")
        if one.argument is None:
            raise errors.malformed(text, one.at, f"the function {one.function} needs a field")
        name = one.alias or f"expr{unnamed}"
        unnamed += one.alias is None
        found.append(Aggregate(one.function, scope.operand(one.argument), name))
    return tuple(found)


def _record(query: Query, scope: Scope, text: str) -> Record:
    root = _Node((scope.root,))
    for one in query.selected:
        if isinstance(one, Query):
            raise errors.not_yet(text, one.source.at, "a subquery for children")
        if isinstance(one, Typeof):
            raise errors.not_yet(text, one.at, "TYPEOF")
        if isinstance(one, Call):
            _add_all(root, one, query, scope.root.sobject, scope, text)
        else:
            _add(root, one, scope, text)
    return root.finished()


def _add(root: _Node, path: Path, scope: Scope, text: str) -> None:
    way, field = scope.split(path)
    node = root
    for step in way:
        spelling, tables = scope.parent(node.tables, step, path.at)
        inner = node.members.setdefault(spelling, _Node(tables))
        if not isinstance(inner, _Node):
            raise errors.no_such_relationship(text, path.at, step)
        node = inner
    operand = scope.member(node.tables, field, path.at)
    name = operand.field.name if field.lower() != "type" else field
    if name in node.members:
        raise errors.malformed(text, path.at, f"duplicate field selected: {path}")
    node.members[name] = operand


def _add_all(
    root: _Node, call: Call, query: Query, sobject: SObject, scope: Scope, text: str
) -> None:
    group = str(call.argument).upper()
    if group not in ("ALL", "STANDARD", "CUSTOM"):
        raise errors.malformed(text, call.at, f"unexpected token: '{call.argument}'")
    if group != "STANDARD" and (query.limit is None or query.limit > _FIELDS_LIMIT):
        message = f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT}"
        raise errors.malformed(text, call.at, message)
    for field in sobject.fields:
        if group == "ALL" or field.custom == (group == "CUSTOM"):
            root.members.setdefault(field.name, scope.member((scope.root,), field.name, call.at))
    if not root.members:
        raise errors.malformed(text, call.at, f"{sobject.name} has no custom fields")


def _at(selected: Path | Call | Typeof | Query) -> int:
    return selected.source.at if isinstance(selected, Query) else selected.at
