"""Finds the names of a query in the describes, and collects the parents that it joins."""

from __future__ import annotations

from itertools import count

from connectsql.emulator.org.schema import Field, Schema, SObject
from connectsql.emulator.soql import errors
from connectsql.emulator.soql.bound import Column, Join, Table, TypeName
from connectsql.emulator.soql.syntax import Path, Source

_DEEPEST = 5
_MOST_PARENTS = 55

Tables = tuple[Table, ...]


class Scope:
    """The object that is queried and what can be reached from it.

    ``numbers`` numbers the tables of a statement; a semi-join shares those of the query
    around it.
    """

    def __init__(
        self,
        schema: Schema,
        text: str,
        sobject: SObject,
        source: Source,
        numbers: count[int] | None = None,
    ) -> None:
        self.schema = schema
        self.text = text
        self.numbers = numbers or count()
        self.root = Table(next(self.numbers), sobject)
        self.joins: list[Join] = []
        names = (source.alias, sobject.name, source.path.names[-1])
        self._own_names = {name.lower() for name in names if name}
        self._ways: dict[str, tuple[str, ...]] = {}
        self._parents: dict[tuple[Tables, str], tuple[str, Tables]] = {}
        self._relationships = 0
        for path, alias in source.related:
            way = self._unaliased(path.names, path.at)
            self.tables(way, path.at)
            if alias:
                self._ways[alias.lower()] = way

    def split(self, path: Path) -> tuple[tuple[str, ...], str]:
        """Return the relationships of a path and its field, without the object's own name."""
        *way, field = path.names
        return self._unaliased(tuple(way), path.at), field

    def operand(self, path: Path) -> Column | TypeName:
        """Return the field that a path leads to."""
        way, name = self.split(path)
        return self.member(self.tables(way, path.at), name, path.at)

    def tables(self, way: tuple[str, ...], at: int) -> Tables:
        """Return the tables that the record at the end of some relationships may lie in."""
        tables: Tables = (self.root,)
        for step in way:
            _, tables = self.parent(tables, step, at)
        return tables

    def parent(self, tables: Tables, name: str, at: int) -> tuple[str, Tables]:
        """Return a relationship's own spelling and the tables its parent may lie in."""
        key = (tables, name.lower())
        if key not in self._parents:
            self._parents[key] = self._join(tables, name, at)
        return self._parents[key]

    def member(self, tables: Tables, name: str, at: int) -> Column | TypeName:
        """Return a field of a record that lies in one of some tables."""
        holders = tuple(table for table in tables if table.sobject.field(name))
        if holders:
            return Column(holders, holders[0].sobject.by_name[name.lower()])
        if name.lower() == "type" and tables != (self.root,):
            return TypeName(tables)
        entity = tables[0].sobject.name if len(tables) == 1 else "Name"
        raise errors.no_such_column(self.text, at, name, entity)

    def lookup(self, tables: Tables, name: str) -> Field | None:
        """Return the lookup of a relationship, or None."""
        found = (table.sobject.by_relationship.get(name.lower()) for table in tables)
        return next(filter(None, found), None)

    def _unaliased(self, way: tuple[str, ...], at: int) -> tuple[str, ...]:
        first = way[0].lower() if way else ""
        if first in self._ways:
            way = self._ways[first] + way[1:]
        elif first in self._own_names and first not in self.root.sobject.by_relationship:
            way = way[1:]
        if len(way) > _DEEPEST:
            message = f"only {_DEEPEST} levels of parents can be reached: {'.'.join(way)}"
            raise errors.malformed(self.text, at, message)
        return way

    def _join(self, tables: Tables, name: str, at: int) -> tuple[str, Tables]:
        lookup = self.lookup(tables, name)
        joined = []
        for child in tables:
            own = child.sobject.by_relationship.get(name.lower())
            if own is None:
                continue
            for target in filter(None, map(self.schema.find, own.reference_to)):
                table = Table(next(self.numbers), target)
                self.joins.append(Join(table, child, own))
                joined.append(table)
        if not joined or not lookup:
            raise errors.no_such_relationship(self.text, at, name)
        self._relationships += 1
        if self._relationships > _MOST_PARENTS:
            message = f"a query cannot reach more than {_MOST_PARENTS} parents"
            raise errors.malformed(self.text, at, message)
        return lookup.relationship or name, tuple(joined)
