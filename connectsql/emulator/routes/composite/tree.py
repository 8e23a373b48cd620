"""Records with their children, created together or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from connectsql.emulator.org.schema import SObject
from connectsql.emulator.routes.composite.references import NAME
from connectsql.emulator.routes.handler import named_object
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal, refuse_row
from connectsql.emulator.wire.http import Answer, Call

_MOST_RECORDS = 200
_MOST_TYPES = 5
_DEEPEST = 5


@dataclass(kw_only=True, slots=True, eq=False)
class _Node:
    """One record to create; ``lookup`` is its field that leads to the parent."""

    sobject: SObject
    name: str
    body: dict[str, Any]
    parent: _Node | None = None
    lookup: str = ""
    children: list[_Node] = field(default_factory=list)
    id: str = ""


class _Refused(Exception):
    """Nodes that cannot be created, each with its refusal."""

    def __init__(self, refusals: Iterable[tuple[str, Refusal]]) -> None:
        super().__init__()
        self.refusals = list(refusals)


def create(org: Org, call: Call) -> Answer:
    """Create up to 200 records of up to 5 objects, up to 5 levels deep."""
    sobject = named_object(org, call)
    try:
        roots = _read_trees(org, call.json_object(), sobject)
        levels = list(_levels(roots))
        nodes = [one for level in levels for one in level]
        _check(nodes, len(levels))
        with org.transaction():
            for level in levels:
                _create_level(org, level, call.planned)
    except _Refused as refused:
        results = [
            {"referenceId": name, "errors": refusal.as_rows()} for name, refusal in refused.refusals
        ]
        return Answer(status=400, body={"hasErrors": True, "results": results})
    created = [{"referenceId": one.name, "id": one.id} for one in nodes]
    return Answer(status=201, body={"hasErrors": False, "results": created}, records=len(nodes))


def _create_level(org: Org, level: list[_Node], planned: dict[int, Refusal]) -> None:
    """Create the records of one level; all that are refused are told at once."""
    refused = []
    for index, node in enumerate(level):
        body = node.body if node.parent is None else node.body | {node.lookup: node.parent.id}
        try:
            if node.parent is None and index in planned:
                raise planned[index]
            node.id = org.records(node.sobject).create(body)
        except Refusal as refusal:
            refused.append((node.name, refusal))
    if refused:
        raise _Refused(refused)


def _levels(roots: list[_Node]) -> Iterator[list[_Node]]:
    """Yield the roots, their children, the children of these, ..."""
    level = roots
    while level:
        yield level
        level = [child for node in level for child in node.children]


def _read_trees(
    org: Org, told: Any, sobject: SObject, parent: _Node | None = None, lookup: str = ""
) -> list[_Node]:
    """Read ``{"records": [...]}``, all of one object, with the trees below them."""
    records = told.get("records") if isinstance(told, dict) else None
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise Refusal("JSON_PARSER_ERROR", "A tree has to have a list of records")
    return [_read_tree(org, one, sobject, parent, lookup) for one in records]


def _read_tree(
    org: Org, told: dict[str, Any], sobject: SObject, parent: _Node | None, lookup: str
) -> _Node:
    attributes = told.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    name = attributes.get("referenceId")
    if not isinstance(name, str) or not NAME.match(name):
        raise _invalid("", "Include a reference ID for each record in the request.")
    if str(attributes.get("type")).lower() != sobject.name.lower():
        raise _invalid(name, f"Include the type {sobject.name} in the attributes of the record.")
    body = {key: one for key, one in told.items() if key != "attributes"}
    node = _Node(sobject=sobject, name=name, body=body, parent=parent, lookup=lookup)
    for relationship in sobject.child_relationships:
        key = _spelled(relationship.name, body)
        child = org.object(relationship.child)
        if key is not None and child is not None:
            node.children += _read_trees(org, body.pop(key), child, node, relationship.field)
    return node


def _spelled(name: str | None, body: dict[str, Any]) -> str | None:
    """Return the key of a body that names a relationship, in whatever spelling."""
    if name is None:
        return None
    return next((key for key in body if key.lower() == name.lower()), None)


def _check(nodes: list[_Node], depth: int) -> None:
    """Refuse what is too large, and reference ids that are not unique."""
    if not nodes:
        raise _invalid("", "Include at least one record in the request.")
    first = nodes[0].name
    if len(nodes) > _MOST_RECORDS:
        message = f"The request has {len(nodes)} records; at most {_MOST_RECORDS} are allowed."
        raise _invalid(first, message)
    types = {one.sobject.name for one in nodes}
    if len(types) > _MOST_TYPES:
        message = f"The request has {len(types)} types; at most {_MOST_TYPES} are allowed."
        raise _invalid(first, message)
    if depth > _DEEPEST:
        message = f"The request has {depth} levels; at most {_DEEPEST} are allowed."
        raise _invalid(first, message)
    times = Counter(one.name for one in nodes)
    repeated = [one.name for one in nodes if times[one.name] > 1]
    if repeated:
        refusal = refuse_row("INVALID_INPUT", "Duplicate ReferenceId provided in the request.")
        raise _Refused((name, refusal) for name in repeated)


def _invalid(name: str, message: str) -> _Refused:
    return _Refused([(name, refuse_row("INVALID_INPUT", message))])
