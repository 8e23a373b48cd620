"""Finds the names of a query in the describes, and collects the parents that it joins."""

from __future__ import annotations

from connectsql.emulator.org.schema import Schema, SObject
from connectsql.emulator.soql import errors
from connectsql.emulator.soql.bound import Column, Join, Operand, Table, TypeName
from connectsql.emulator.soql.syntax import Path

_DEEPEST = 5

Tables = tuple[Table, ...]


class Scope:
    """The object that is queried and what can be reached from it."""

    def __init__(self, schema: Schema, text: str, sobject: SObject, alias: str | None) -> None:
        self.root = Table(0, sobject)
        self._schema = schema
        self._text = text
        self._own_names = {name.lower() for name in (alias, sobject.name) if name}
        self._parents: dict[tuple[Tables, str], tuple[str, Tables]] = {}
        self.joins: list[Join] = []

    def split(self, path: Path) -> tuple[tuple[str, ...], str]:
        """Return the relationships of a path and its field, without the object's own name."""
        *way, field = path.names
        own = bool(way) and way[0].lower() in self._own_names
        if own and way[0].lower() not in self.root.sobject.by_relationship:
            way = way[1:]
        if len(way) > _DEEPEST:
            message = f"only {_DEEPEST} levels of parents can be reached: {path}"
            raise errors.malformed(self._text, path.at, message)
        return tuple(way), field

    def operand(self, path: Path) -> Operand:
        """Return the field that a path leads to."""
        way, name = self.split(path)
        tables: Tables = (self.root,)
        for step in way:
            _, tables = self.parent(tables, step, path.at)
        return self.member(tables, name, path.at)

    def parent(self, tables: Tables, name: str, at: int) -> tuple[str, Tables]:
        """Return a relationship's own spelling and the tables its parent may lie in."""
        key = (tables, name.lower())
        if key not in self._parents:
            self._parents[key] = self._join(tables, name, at)
        return self._parents[key]

    def member(self, tables: Tables, name: str, at: int) -> Operand:
        """Return a field of a record that lies in one of some tables."""
        holders = tuple(table for table in tables if table.sobject.field(name))
        if holders:
            field = holders[0].sobject.by_name[name.lower()]
            return Column(holders, field)
        name_field = tables[0].sobject.field(tables[0].sobject.name_field or "Id")
        if name.lower() == "type" and tables[0].number and name_field:
            return TypeName(tables, name_field)
        entity = tables[0].sobject.name if len(tables) == 1 else "Name"
        raise errors.no_such_column(self._text, at, name, entity)

    def _join(self, tables: Tables, name: str, at: int) -> tuple[str, Tables]:
        joined = []
        spelling = name
        for child in tables:
            lookup = child.sobject.by_relationship.get(name.lower())
            if lookup is None:
                continue
            spelling = lookup.relationship or name
            for target in filter(None, map(self._schema.find, lookup.reference_to)):
                table = Table(len(self.joins) + 1, target)
                self.joins.append(Join(table, child, lookup))
                joined.append(table)
        if not joined:
            raise errors.no_such_relationship(self._text, at, name)
        return spelling, tuple(joined)
