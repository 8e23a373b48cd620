"""Reads from the catalog what stands already."""

from __future__ import annotations

from collections import defaultdict

from connectsql.compiler.diff import Installed, InstalledTable
from connectsql.database.connection import Connection, errors
from connectsql.database.queries import query


def installed(connection: Connection, schema: str) -> Installed:
    """Return what the database holds of the connection that lives in ``schema``."""
    with errors("reading the catalog"):
        columns: dict[str, dict[str, str]] = defaultdict(dict)
        for table, column, type_name in _rows(connection, "installed_columns", schema):
            columns[table][column] = type_name
        triggers: dict[str, set[str]] = defaultdict(set)
        for table, trigger in _rows(connection, "installed_triggers", schema):
            triggers[table].add(trigger)
    tables = {
        name: InstalledTable(columns=found, triggers=frozenset(triggers[name]))
        for name, found in columns.items()
    }
    return Installed(fingerprint=fingerprint(connection, schema), tables=tables)


def fingerprint(connection: Connection, schema: str) -> str | None:
    """Return what was applied last, or None where nothing was."""
    with errors("looking for what is installed"):
        known = connection.execute("SELECT to_regclass('connectsql.connection')").fetchone()
        if known is None or known[0] is None:
            return None
        found = _rows(connection, "fingerprint", schema)
    return found[0][0] if found else None


def _rows(connection: Connection, name: str, schema: str) -> list[tuple[str, ...]]:
    return connection.execute(query(name), {"schema": schema}).fetchall()
