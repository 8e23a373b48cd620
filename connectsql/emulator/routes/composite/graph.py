"""Graphs: series of calls that each succeed as a whole or not at all."""

from __future__ import annotations

import re
from typing import Any

from connectsql.emulator.routes.composite.parts import (
    GRAPHS_SINCE,
    HALTED,
    Parts,
    listed,
    over_limit,
)
from connectsql.emulator.routes.composite.references import names_in
from connectsql.emulator.routes.composite.series import (
    Series,
    Subrequest,
    read_subrequests,
    refused_results,
)
from connectsql.emulator.routes.handler import Handler, since
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call

_MOST_GRAPHS = 75
_MOST_NODES = 500
_MOST_KINDS = 15
_DEEPEST = 15
_MOST_FAILED = 14
_ID = re.compile(r"[A-Za-z0-9].{0,39}", re.DOTALL)
_NODE = re.compile(r"/services/data/v(\d+\.\d)/sobjects/([^/]+)((?:/[^/]+){0,2})/?")
# By how many segments follow the object's name: none, an id, an external id and its value.
_METHODS = (("POST",), ("GET", "PATCH", "DELETE"), ("GET", "PATCH", "POST", "DELETE"))
_STOPPED = "Processing was halted because too many graphs of the request failed"

_Graph = tuple[str, list[Subrequest]]


def send(part: Handler, org: Org, call: Call) -> Answer:
    """Answer graphs one after the other until too many have failed."""
    since(call, GRAPHS_SINCE)
    graphs = _read(call)
    _check_limits(graphs)
    parts = Parts(org, call, part)
    told: list[dict[str, Any]] = []
    failed = 0
    for name, subrequests in graphs:
        if failed >= _MOST_FAILED:
            results, good = refused_results(subrequests, Refusal(HALTED, _STOPPED)), False
        else:
            results, good = Series(parts).all_or_none(subrequests)
        failed += not good
        told.append(
            {
                "graphId": name,
                "graphResponse": {"compositeResponse": results},
                "isSuccessful": good,
            }
        )
    return parts.whole({"graphs": told})


def _read(call: Call) -> list[_Graph]:
    graphs: list[_Graph] = []
    for told in listed(call.json_object(), "graphs", _MOST_GRAPHS):
        name = told.get("graphId")
        if not isinstance(name, str) or not _ID.fullmatch(name):
            message = f"graphId '{name}' has to have 1 to 40 characters, the first alphanumeric"
            raise Refusal("JSON_PARSER_ERROR", message)
        if any(name == other for other, _ in graphs):
            raise Refusal("JSON_PARSER_ERROR", f"Duplicate graphId '{name}'")
        graphs.append((name, read_subrequests(told, call.version, _MOST_NODES)))
    return graphs


def _check_limits(graphs: list[_Graph]) -> None:
    nodes = [one for _, subrequests in graphs for one in subrequests]
    if len(nodes) > _MOST_NODES:
        raise over_limit("nodes", len(nodes), _MOST_NODES)
    kinds = {_kind(one) for one in nodes}
    if len(kinds) > _MOST_KINDS:
        raise over_limit("different nodes", len(kinds), _MOST_KINDS)
    depth = max(_depth(subrequests) for _, subrequests in graphs)
    if depth > _DEEPEST:
        raise over_limit("levels of a graph", depth, _DEEPEST)


def _kind(node: Subrequest) -> tuple[str, str, str]:
    """Return what tells nodes apart: version, method, object; raises for other resources."""
    found = _NODE.fullmatch(node.path)
    if not found or float(found[1]) < GRAPHS_SINCE:
        message = f"The url {node.url} is not supported in a composite graph"
        raise Refusal("JSON_PARSER_ERROR", message)
    if node.method not in _METHODS[found[3].count("/")]:
        message = f"The method {node.method} is not supported for {node.url} in a composite graph"
        raise Refusal("JSON_PARSER_ERROR", message)
    return found[1], node.method, found[2].lower()


def _depth(subrequests: list[Subrequest]) -> int:
    """Return how many nodes the longest chain of references has."""
    depths: dict[str, int] = {}
    for one in subrequests:
        parents = [*names_in(one.url), *names_in(one.body)]
        depths[one.name] = 1 + max((depths.get(name, 0) for name in parents), default=0)
    return max(depths.values())
