"""Parents before their children."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter

from connectsql.compiler.model import Table


def parents_first(tables: Iterable[Table]) -> list[Table]:
    """Return the tables so that an object comes after the objects it refers to.

    Objects that refer to each other come in the order given: where the order cannot help, a
    child whose parent is not there yet is sent again later.
    """
    given = list(tables)
    by_object = {table.object.name: table for table in given}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    placed: dict[str, set[str]] = {}
    for table in given:
        name = table.object.name
        parents = {one for one in table.parents if one in by_object and one != name}
        placed[name] = {one for one in parents if not _reaches(placed, one, name)}
        sorter.add(name, *sorted(placed[name]))
    return [by_object[name] for name in sorter.static_order()]


def _reaches(parents: dict[str, set[str]], start: str, goal: str) -> bool:
    """Whether goal is an ancestor of start, so that putting start first would be a circle."""
    seen: set[str] = set()
    open_ = [start]
    while open_:
        name = open_.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            open_ += parents.get(name, set())
    return False
