"""Objects of 30 fields, made in code: 28 that applications write and two that the org keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from psycopg import sql

from connectsql.compiler.model import Desired, Table
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.database.connection import Connection
from connectsql.describe.model import Org, SObject

_WRITTEN = [
    *((f"Text{n}__c", "string") for n in range(1, 11)),
    *((f"Choice{n}__c", "picklist") for n in range(1, 6)),
    *((f"Amount{n}__c", "currency") for n in range(1, 5)),
    *((f"Count{n}__c", "int") for n in range(1, 3)),
    *((f"Day{n}__c", "date") for n in range(1, 4)),
    *((f"Moment{n}__c", "datetime") for n in range(1, 3)),
    *((f"Flag{n}__c", "boolean") for n in range(1, 3)),
]
FIELDS = [name for name, _ in _WRITTEN]
COLUMNS = [name.lower() for name in FIELDS]
CHANGED = "text1__c"  # the column that updates change

_VALUES = {
    "string": "'value ' || n % 1000 || ' of this text'",
    "picklist": "'Choice ' || n % 7",
    "currency": "(n % 100000) / 100.0",
    "int": "n % 1000",
    "date": "date '2020-01-01' + n % 1000",
    "datetime": "timestamptz '2020-01-01Z' + n * interval '1 s'",
    "boolean": "n % 2 = 0",
}


def desired(folder: Path, mappings: Sequence[tuple[str, str]], schema: str = "sync") -> Desired:
    """Return the compiled tables of objects: pairs of a name and the rest of its mapping."""
    lines = [f"connection: {{schema: {schema}}}", "mappings:"]
    lines += [
        f"  - {{object: {name}, {rest}, fields: [{', '.join(FIELDS)}]}}" for name, rest in mappings
    ]
    path = folder / "connectsql.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    config = load(path)
    return resolve(config, Org(tuple(_object(name) for name, _ in mappings))).desired


def make_source(connection: Connection, rows: int, after: int = 0) -> None:
    """Make a plain table ``source`` with rows to write, whose sfids go on after ``after``."""
    values = [f"{_VALUES[kind]} AS {name.lower()}" for name, kind in _WRITTEN]
    connection.execute("DROP TABLE IF EXISTS source")
    connection.execute(
        sql.SQL(
            "CREATE TABLE source AS "
            "SELECT n AS number, '001' || lpad((n + {after})::text, 15, '0') AS sfid, {values} "
            "FROM generate_series(1, {rows}) AS n"
        ).format(values=sql.SQL(", ").join(map(_raw, values)), rows=rows, after=after)
    )
    connection.execute("CREATE UNIQUE INDEX ON source (sfid)")
    connection.execute("VACUUM ANALYZE source")


def sfid(number: int) -> str:
    """Return the sfid of a row of ``source``; they are numbered from 1."""
    return f"001{number:015}"


def names(prefix: str = "") -> sql.Composable:
    """Return the columns that applications write, as a list."""
    parts = ((prefix, name) if prefix else (name,) for name in COLUMNS)
    return sql.SQL(", ").join(sql.Identifier(*one) for one in parts)


def identifier(table: Table) -> sql.Identifier:
    """Return the name of a table."""
    return sql.Identifier(table.schema, table.name)


def _raw(text: str) -> sql.Composable:
    return sql.SQL(text)


def _object(name: str) -> SObject:
    return SObject.from_describe({"name": name, "label": name, "fields": [*_described()]})


def _described() -> Iterator[dict[str, Any]]:
    for name, kind in [("Id", "id"), ("IsDeleted", "boolean"), ("SystemModstamp", "datetime")]:
        yield {"name": name, "type": kind, "length": 18, "nillable": False}
    for name, kind in _WRITTEN:
        text = {"length": 80} if kind in ("string", "picklist") else {}
        number = {"precision": 18, "scale": 2} if kind == "currency" else {}
        yield {"name": name, "type": kind, "createable": True, "updateable": True, **text, **number}
