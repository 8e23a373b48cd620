"""Reads from the catalog what stands already."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from psycopg import sql

from connectsql.compiler.installed import Installed, InstalledColumn, InstalledTable, Key, Made
from connectsql.database.connection import Connection, errors
from connectsql.database.queries import query


def installed(connection: Connection, schema: str) -> Installed:
    """Return what the database holds of the connection that lives in ``schema``."""
    with errors("reading the catalog", hint="plan as the role that applied it"):
        books = _books_stand(connection)
        known = dict(_rows(connection, "known_tables", schema)) if books else {}
        tables = _tables(connection, schema, known)
        return Installed(
            fingerprint=fingerprint(connection, schema),
            core=_core(connection),
            extension=_extension(connection),
            tables=tables,
            waiting=_waiting(connection, schema, tables),
            read=known,
            objects=_objects(connection, schema, "installed" if books else "standing"),
            made=_made(connection, schema) if books else {},
            roles=_names(connection, "roles", schema),
            owners=_names(connection, "owners", schema),
            granted_elsewhere=(
                _names(connection, "granted_elsewhere", schema) if books else frozenset()
            ),
        )


def fingerprint(connection: Connection, schema: str) -> str | None:
    """Return what was applied last, or None where nothing was."""
    with errors("looking for what is installed"):
        if not _stands(connection, "connectsql.connection"):
            return None
        found = _rows(connection, "fingerprint", schema)
    return found[0][0] if found else None


def applied_by(connection: Connection, schema: str) -> str | None:
    """Return the version of connectsql that applied last, or None where none did."""
    with errors("looking for what is installed"):
        if not _stands(connection, "connectsql.connection"):
            return None
        found = _rows(connection, "applied_version", schema)
    return found[0][0] if found else None


def _core(connection: Connection) -> str | None:
    found = connection.execute(query("core_stands")).fetchone()
    if not found or not found[0]:
        return None
    row = connection.execute(query("core_version")).fetchone()
    return str(row[0]) if row else None


def _extension(connection: Connection) -> str | None:
    row = connection.execute(query("extension_version")).fetchone()
    return str(row[0]) if row else None


def _books_stand(connection: Connection) -> bool:
    return _stands(connection, "connectsql.object")


def _stands(connection: Connection, name: str) -> bool:
    found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchone()
    return bool(found and found[0])


def _tables(
    connection: Connection, schema: str, known: dict[str, bool]
) -> dict[str, InstalledTable]:
    columns: dict[str, dict[str, InstalledColumn]] = defaultdict(dict)
    dependents: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for table, column, kind, name in _rows(connection, "column_dependents", schema):
        dependents[table, column].append((kind, name))
    for table, name, type_, collation, generated, feeds, comment in _rows(
        connection, "installed_columns", schema
    ):
        columns[table][name] = InstalledColumn(
            type=type_,
            collation=collation,
            generated=generated,
            feeds=tuple(feeds),
            views=tuple(one for kind, one in dependents[table, name] if kind == "view"),
            carries=tuple(one for one in dependents[table, name] if one[0] != "view"),
            comment=comment,
        )
    return {
        name: InstalledTable(
            kind=kind,
            columns=columns.get(name, {}),
            comment=comment,
            empty=empty,
            known=name in known,
            loaded=known.get(name, False),
        )
        for name, kind, comment, empty in _rows(connection, "installed_tables", schema)
    }


def _waiting(
    connection: Connection, schema: str, tables: dict[str, InstalledTable]
) -> dict[str, int]:
    """Count what waits in the log, which may be another sync's, or something else altogether."""
    stands = tables.get("_trigger_log")
    if stands is None or not {"state", "table_name"} <= set(stands.columns):
        return {}
    log = sql.Identifier(schema, "_trigger_log")
    return dict(connection.execute(query("waiting_by_table", log=log)).fetchall())


def _objects(connection: Connection, schema: str, which: str) -> dict[Key, str]:
    found = _rows(connection, f"{which}_objects", schema)
    return {(table, kind, name): definition for table, kind, name, definition in found}


def _made(connection: Connection, schema: str) -> dict[Key, Made]:
    found = _rows(connection, "made_objects", schema)
    return {
        (table, kind, name): Made(definition=definition, installed=spelled)
        for table, kind, name, definition, spelled in found
    }


def _names(connection: Connection, which: str, schema: str) -> frozenset[str]:
    return frozenset(name for (name,) in _rows(connection, which, schema))


def _rows(connection: Connection, name: str, schema: str) -> list[tuple[Any, ...]]:
    return connection.execute(query(name), {"schema": schema}).fetchall()
