"""What a query's select list asks for: fields, parents, children, with FIELDS() spelled out."""

from __future__ import annotations

from collections.abc import Callable

from connectsql.emulator.org.schema import SObject
from connectsql.emulator.soql import errors
from connectsql.emulator.soql.bound import Children, Choice, Member, Record
from connectsql.emulator.soql.functions import AGGREGATES, DATE_PARTS, Functions
from connectsql.emulator.soql.scope import Scope, Tables
from connectsql.emulator.soql.syntax import (
    Call,
    Chosen,
    Comparison,
    Condition,
    Junction,
    Membership,
    Path,
    Query,
    Typeof,
    When,
)

_FIELDS_LIMIT = 200
_MOST_SUBQUERIES = 20

Subquery = Callable[[Query], tuple[str, Children]]


class _Node:
    """A record under construction."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.members: dict[str, Member | _Node] = {}

    def finished(self) -> Record:
        members = (
            (name, member.finished() if isinstance(member, _Node) else member)
            for name, member in self.members.items()
        )
        return Record(self.tables, tuple(members))


class Selection:
    """Binds the select list of a query whose rows are records."""

    def __init__(self, query: Query, scope: Scope, subquery: Subquery) -> None:
        self._query = query
        self._scope = scope
        self._text = scope.text
        self._functions = Functions(scope)
        self._subquery = subquery
        self._root = _Node((scope.root,))

    def bind(self) -> Record:
        """Return what each record of the result holds."""
        subqueries = [one for one in self._query.selected if isinstance(one, Query)]
        if len(subqueries) > _MOST_SUBQUERIES:
            message = f"a query cannot have more than {_MOST_SUBQUERIES} subqueries"
            raise errors.malformed(self._text, subqueries[-1].source.path.at, message)
        for one in self._query.selected:
            match one:
                case Query():
                    name, children = self._subquery(one)
                    self._add(self._root, name, children, name, one.source.path.at)
                case Typeof():
                    self._typeof(one)
                case Chosen():
                    self._chosen(one)
        return self._root.finished()

    def _chosen(self, one: Chosen) -> None:
        match one.expression:
            case Path() as path:
                if one.alias:
                    message = "only aggregate expressions use field aliasing"
                    raise errors.malformed(self._text, path.at, message)
                self._path(self._root, path)
            case Call(function="FIELDS") as call:
                self._fields(call)
            case Call() as call:
                self._call(call, one.alias.text if one.alias else None)

    def _path(self, root: _Node, path: Path) -> None:
        node, name = self._node(root, path)
        operand = self._scope.member(node.tables, name, path.at)
        self._add(node, self._spelling(node, name), operand, str(path), path.at)

    def _call(self, call: Call, alias: str | None) -> None:
        if call.function in DATE_PARTS or call.function in AGGREGATES:
            message = f"{call.function} can be selected in a query with GROUP BY alone"
            raise errors.malformed(self._text, call.at, message)
        operand = self._functions.operand(call)
        path = _innermost(call)
        node, name = self._node(self._root, path)
        shown = alias or ("expr0" if call.function == "DISTANCE" else self._spelling(node, name))
        self._add(self._root if alias else node, shown, operand, str(path), call.at)

    def _node(self, root: _Node, path: Path) -> tuple[_Node, str]:
        """Return the record that a path leads to, made where it is not there, and the field."""
        way, field = self._scope.split(path)
        node = root
        for step in way:
            spelling, tables = self._scope.parent(node.tables, step, path.at)
            inner = node.members.setdefault(spelling, _Node(tables))
            if not isinstance(inner, _Node):
                raise errors.malformed(self._text, path.at, f"duplicate field selected: {path}")
            node = inner
        return node, field

    def _spelling(self, node: _Node, name: str) -> str:
        fields = (table.sobject.field(name) for table in node.tables)
        return next((field.name for field in fields if field), name)

    def _add(self, node: _Node, name: str, member: Member, written: str, at: int) -> None:
        if name in node.members:
            raise errors.malformed(self._text, at, f"duplicate field selected: {written}")
        node.members[name] = member

    def _typeof(self, typeof: Typeof) -> None:
        path = typeof.path
        node, name = self._node(self._root, path)
        lookup = self._scope.lookup(node.tables, name)
        if lookup is None:
            raise errors.no_such_relationship(self._text, path.at, name)
        if len(lookup.reference_to) < 2:
            message = f"TYPEOF is for polymorphic relationships, which '{name}' is not"
            raise errors.malformed(self._text, path.at, message)
        spelling, tables = self._scope.parent(node.tables, name, path.at)
        records = tuple(self._branch(when, tables, typeof) for when in typeof.branches)
        self._add(node, spelling, Choice(records), str(path), path.at)

    def _branch(self, when: When, tables: Tables, typeof: Typeof) -> Record:
        if when.object is None:
            named = {one.object.text.lower() for one in typeof.branches if one.object}
            chosen = tuple(one for one in tables if one.sobject.name.lower() not in named)
            chosen = chosen or tables
        else:
            wanted = when.object.text.lower()
            chosen = tuple(one for one in tables if one.sobject.name.lower() == wanted)
            if not chosen:
                raise errors.no_such_object(self._text, when.object.at, when.object.text)
        record = _Node(chosen)
        for path in when.fields:
            self._path(record, path)
        return record.finished()

    def _fields(self, call: Call) -> None:
        group = str(call.arguments[0]).upper() if len(call.arguments) == 1 else ""
        if group not in ("ALL", "STANDARD", "CUSTOM"):
            raise errors.unexpected(self._text, call.at, ", ".join(map(str, call.arguments)))
        if group != "STANDARD" and not _is_bounded(self._query):
            message = f"The SOQL FIELDS function must have a LIMIT of at most {_FIELDS_LIMIT}"
            raise errors.malformed(self._text, call.at, message)
        sobject: SObject = self._scope.root.sobject
        for field in sobject.fields:
            if group == "ALL" or field.custom == (group == "CUSTOM"):
                operand = self._scope.member((self._scope.root,), field.name, call.at)
                self._add(self._root, field.name, operand, field.name, call.at)
        if not self._root.members:
            raise errors.malformed(self._text, call.at, f"{sobject.name} has no custom fields")


def _innermost(call: Call) -> Path:
    """Return the field that a function is applied to, however deep it is wrapped."""
    first = call.arguments[0]
    if isinstance(first, Call):
        return _innermost(first)
    assert isinstance(first, Path)
    return first


def _is_bounded(query: Query) -> bool:
    """Tell whether so few records are asked for that they may have all of their fields."""
    few = query.limit is not None and query.limit <= _FIELDS_LIMIT
    return few or (query.where is not None and _names_ids(query.where))


def _names_ids(condition: Condition) -> bool:
    match condition:
        case Comparison(left=Path() as left, operator="="):
            return left.names[-1].lower() == "id"
        case Membership(left=Path() as left, operator="IN", negated=False, values=tuple() as ids):
            return left.names[-1].lower() == "id" and len(ids) <= _FIELDS_LIMIT
        case Junction("AND", parts):
            return any(map(_names_ids, parts))
        case _:
            return False
