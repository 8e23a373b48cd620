"""A Heroku Connect export on its way: imported, installed, and in use by an application."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from connectsql.compiler.model import Column, Desired, Table
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.describe import snapshot
from support import made_up
from support.command import Finished
from support.somebody import Somebody


@dataclass
class Walk:
    """One export, with an org and a database of its own.

    ``run`` runs the command in ``folder``, where ``org/`` holds the org's describes.
    """

    run: Callable[..., Finished]
    org: Somebody
    rows: psycopg.Connection[Any]
    folder: Path
    warnings: int = 0
    desired: Desired = field(init=False)

    def install(self, export: Path) -> None:
        """Go from the export to empty tables."""
        imported = self.run("init", "--from-heroku", str(export)).ok()
        self.run("describe").ok()
        config = load(self.folder / "connectsql.yaml")
        found = resolve(config, snapshot.load(self.folder / "describe"))
        self.desired = found.desired
        self.warnings = imported.err.count("warning: ") + len(found.warnings)
        self.run("validate").ok()
        compiled = self.run("compile").ok()
        assert compiled.out.startswith("--")
        assert self.run("compile").ok().out == compiled.out
        self.run("apply", "--yes").ok()

    def sync(self) -> None:
        """Run the agent until both sides are quiet, and see that they are."""
        self.run("agent", "--once").ok()
        unsent = "SELECT action, table_name, state, sf_message FROM salesforce._trigger_log "
        unsent += "WHERE state IN ('NEW', 'PENDING', 'FAILED')"
        assert self.rows.execute(unsent.encode()).fetchall() == []
        for table in self.desired.tables:
            standing = self.org.records(f"SELECT Id FROM {table.object.name}")
            assert self.column(table, "sfid") == {one["Id"] for one in standing}
            assert self.column(table, "_hc_lastop") <= {"SYNCED"}

    def column(self, table: Table, name: str) -> set[Any]:
        """Return the values of a column."""
        query = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(name), named(table))
        return {row[0] for row in self.rows.execute(query)}

    def fields(self, table: Table) -> dict[str, dict[str, Any]]:
        """Return the fields of a table's object as the org describes them, by name."""
        raw = json.loads((self.folder / "org" / f"{table.object.name}.json").read_text())
        return {one["name"]: one for one in raw["fields"]}


class Written:
    """A row that an application writes to a mapped table, and the record that it becomes."""

    def __init__(self, walk: Walk, table: Table) -> None:
        self.table = table
        self._walk = walk
        self._fields = walk.fields(table)
        self._id = 0
        self._values: dict[str, Any] = {}

    def insert(self) -> None:
        """Fill every column that a new record may have, and parents by their external ids."""
        made = {one.name: self._made(one) for one in self.table.columns if one.createable}
        self._values = {name: value for name, value in made.items() if value is not None}
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
            named(self.table),
            sql.SQL(", ").join(map(sql.Identifier, self._values)),
            sql.SQL(", ").join(map(sql.Placeholder, self._values)),
        )
        [[self._id]] = self._walk.rows.execute(statement, self._values).fetchall()

    def update(self, text: str) -> None:
        """Change the row."""
        column = changeable(self.table)
        assert column is not None
        statement = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s")
        composed = statement.format(named(self.table), sql.Identifier(column.name))
        self._walk.rows.execute(composed, (text, self._id))
        self._values[column.name] = text

    def delete(self) -> None:
        """Delete the row."""
        statement = sql.SQL("DELETE FROM {} WHERE id = %s").format(named(self.table))
        self._walk.rows.execute(statement, (self._id,))

    @property
    def sfid(self) -> str:
        """The record's id."""
        statement = sql.SQL("SELECT sfid FROM {} WHERE id = %s").format(named(self.table))
        [[sfid]] = self._walk.rows.execute(statement, (self._id,)).fetchall()
        return str(sfid)

    def has_arrived(self) -> None:
        """See that the record has what was written."""
        paths = {one.name: one.path for one in self.table.columns if one.name in self._values}
        query = f"SELECT {', '.join(paths.values())} FROM {self.table.object.name}"
        [record] = self._walk.org.records(f"{query} WHERE Id = '{self.sfid}'")
        told = {name: made_up.as_record(value) for name, value in self._values.items()}
        assert {name: _reach(record, path) for name, path in paths.items()} == told

    def _made(self, column: Column) -> Any:
        if column.lookup:
            return self._parent(column)
        raw = self._fields[column.path]
        if raw["type"] == "reference":
            return None
        return made_up.value(raw, f"made for {self.table.name}")

    def _parent(self, column: Column) -> Any:
        """Return the external id of a parent that was there before."""
        name = column.path.split(".")[1]
        known = f"SELECT {name} FROM {column.parent} WHERE {name} != null"
        return self._walk.org.records(known)[0][name]


def changeable(table: Table) -> Column | None:
    """Return a column of text that may change at any time and identifies nothing."""
    free = (one for one in table.columns if one.updateable and not one.lookup)
    texts = (one for one in free if one.field.type in ("string", "textarea"))
    return next((one for one in texts if not one.field.external_id), None)


def named(table: Table) -> sql.Identifier:
    """Return a table's name with its schema."""
    return sql.Identifier(table.schema, table.name)


def _reach(record: dict[str, Any], path: str) -> Any:
    value: Any = record
    for step in path.split("."):
        value = value[step]
    return value
