"""The desired schema as SQL text: what a DBA reads, and what ``apply`` executes.

The same input gives the same bytes. Everything composed goes through psycopg.sql.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping

from psycopg import sql

from connectsql import __version__
from connectsql.compiler import ddl
from connectsql.compiler.ddl import text
from connectsql.compiler.grants import connection_grants
from connectsql.compiler.installed import Key
from connectsql.compiler.model import Desired, Kind, Part, Table
from connectsql.compiler.names import dollar_quoted, quoted
from connectsql.compiler.once import once
from connectsql.compiler.parts import definition, parts
from connectsql.errors import CompileError
from connectsql.resources import read_text

_DOLLAR_TAG = "$connectsql$"
_MADE_BY_RUNTIME = re.compile(
    r"^CREATE (?:OR REPLACE )?(?P<kind>FUNCTION|TRIGGER|INDEX)(?: IF NOT EXISTS)?\s+"
    r'(?:"\{schema\}"\.)?(?P<name>\w+\b(?!\.))(?:\s+AFTER INSERT)?'
    r'(?:\s+ON "\{schema\}"\.(?P<table>\w+))?',
    re.MULTILINE,
)
_GUARD = """
BEGIN
    IF to_regclass('connectsql.connection') IS NULL THEN
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM connectsql.connection
        WHERE schema_name = {schema} AND fingerprint <> {fingerprint}
    ) THEN
        RAISE EXCEPTION 'another config was applied to the schema'
            USING HINT = 'Use connectsql plan --sql, or apply.';
    END IF;
END
"""

Manifest = dict[Key, str]  # what is made -> what identifies the SQL that makes it


def script(desired: Desired) -> str:
    """Return the whole SQL for one connection, as one transaction that ends with its record."""
    head = (
        f"-- Compiled by connectsql {__version__} for schema {text(quoted(desired.schema))}.\n"
        "-- One transaction; running it again changes nothing. For another config's schema it is\n"
        "-- refused: `connectsql plan --sql` gives what leads from there to here."
    )
    begin = f"BEGIN;\n\nSET LOCAL client_min_messages = warning;\n\n{_guard(desired)}"
    sections = [head, begin, body(desired).rstrip(), note(desired.schema, manifest(desired))]
    return "\n\n".join([*sections, record(desired), "COMMIT;"]) + "\n"


def _guard(desired: Desired) -> str:
    """CREATE TABLE IF NOT EXISTS adds no column: on another's tables the record would be untrue."""
    guard = sql.SQL(_GUARD).format(
        schema=sql.Literal(desired.schema), fingerprint=sql.Literal(fingerprint(desired))
    )
    return f"DO {dollar_quoted(text(guard))};"


def body(desired: Desired) -> str:
    """Return the SQL without BEGIN, COMMIT and the record of the installation."""
    sections = [runtime(desired)]
    for table in desired.tables:
        sections += definition_of(table)
    sections.append("\n".join(foreign_key.create for _, foreign_key in foreign_keys(desired)))
    sections.append("\n".join(part.create for part in connection_grants(desired)))
    return "\n\n".join(one.strip() for one in sections if one.strip()) + "\n"


def runtime(desired: Desired) -> str:
    """Return the hand-written SQL: the core, then what the schema holds beside its tables."""
    return f"{read_text('sql', 'connectsql.sql').strip()}\n\n{runtime_of_schema(desired)}"


def runtime_of_schema(desired: Desired) -> str:
    """Return the runtime without the core, with the schema and the key type filled in."""
    schema = text(sql.Identifier(desired.schema))
    if _DOLLAR_TAG in schema:
        raise CompileError(f"a schema's name cannot contain {_DOLLAR_TAG}")
    connection = _connection_sql(desired).replace(
        '\'"{schema}".', "'" + schema.replace("'", "''") + "."
    )
    connection = connection.replace('"{schema}"', text(quoted(desired.schema)))
    return connection.replace('"{key}"', desired.key_type)


@once
def fingerprint(desired: Desired) -> str:
    """Return what identifies this compiled SQL: the agent serves only what was applied."""
    return hashlib.sha256(body(desired).encode()).hexdigest()


def record(desired: Desired) -> str:
    """Return the statement that notes what was applied."""
    return text(
        sql.SQL(
            "INSERT INTO connectsql.connection (schema_name, fingerprint, version)\n"
            "VALUES ({schema}, {fingerprint}, {version})\n"
            "ON CONFLICT (schema_name) DO UPDATE\n"
            "SET fingerprint = excluded.fingerprint, version = excluded.version,\n"
            "    applied_at = now(), applied_by = current_user;"
        ).format(
            schema=sql.Literal(desired.schema),
            fingerprint=sql.Literal(fingerprint(desired)),
            version=sql.Literal(__version__),
        )
    )


def definition_of(table: Table) -> list[str]:
    """Return the SQL of one mapped table, as paragraphs; the first creates it."""
    made = [part for part in parts(table) if part.kind is not Kind.CONSTRAINT]
    indexes = [part.create for part in made if part.kind is Kind.INDEX]
    kinds = (Kind.DEFAULT, Kind.FUNCTION, Kind.TRIGGER)
    rest = [part.create for part in made if part.kind in kinds]
    grants = [part.create for part in made if part.kind is Kind.GRANT]
    create, *more = creation(table)
    heading = f"-- {table.object.name}"
    paragraphs = [f"{heading}\n{create}", *more, "\n".join(indexes), *rest, "\n".join(grants)]
    return [one for one in paragraphs if one]


@once
def creation(table: Table) -> tuple[str, ...]:
    """Return what makes the table with all its columns and their comments."""
    columns = [part.create for part in parts(table) if part.kind is Kind.COLUMN]
    return ddl.create_table(table), *columns, comments(table)


def comments(table: Table) -> str:
    """Return the labels and help texts of a table."""
    own = ddl.comment(table.schema, table.name, None, ddl.table_comment(table))
    columns = (
        ddl.comment(table.schema, table.name, name, words)
        for name, words in ddl.column_comments(table)
    )
    return "\n".join([own, *columns])


def foreign_keys(desired: Desired) -> list[tuple[Table, Part]]:
    """Return the constraints between tables: they are made when all tables stand."""
    return [
        (table, part)
        for table in desired.tables
        for part in parts(table)
        if part.kind is Kind.CONSTRAINT
    ]


def manifest(desired: Desired) -> Manifest:
    """Return everything that the script makes."""
    made = runtime_manifest(desired)
    made.update(
        {("", part.kind, part.name): definition(part) for part in connection_grants(desired)}
    )
    for table in desired.tables:
        made.update(table_manifest(table))
    return made


def runtime_manifest(desired: Desired) -> Manifest:
    """Return what the runtime makes of its own in the schema, all of it identified as one."""
    whole = hashlib.md5(runtime(desired).encode(), usedforsecurity=False).hexdigest()
    return {
        (found["table"] or "", found["kind"].lower(), found["name"]): whole
        for found in _MADE_BY_RUNTIME.finditer(_connection_sql(desired))
    }


def table_manifest(table: Table) -> Manifest:
    """Return what is made of one mapped table, and what it is kept in step with."""
    made: Manifest = {(table.name, "table", table.name): ""}
    made[table.name, "object", table.object.name] = table.filter or ""
    made.update({(table.name, "field", one.name): one.path for one in table.columns})
    made.update({(table.name, "column", one.name): "" for one in table.columns})
    for part in parts(table):
        where = "" if part.kind is Kind.FUNCTION else table.name
        made[where, part.kind, part.name] = definition(part)
    return made


def note(schema: str, made: Mapping[Key, str]) -> str:
    """Return the statement that keeps in mind what was made: a line for each kind of a table."""
    grouped: dict[str, dict[str, dict[str, str]]] = {}
    for (table, kind, name), identity in made.items():
        grouped.setdefault(table, {}).setdefault(str(kind), {})[name] = identity
    lines = ",\n".join(
        f" {json.dumps(table, ensure_ascii=False)}: {{\n{_kinds(kinds)}}}"
        for table, kinds in grouped.items()
    )
    return text(
        sql.SQL("SELECT connectsql.note({}, {});").format(
            sql.Literal(schema), sql.Literal(f"{{\n{lines}}}")
        )
    )


def _kinds(kinds: Mapping[str, Mapping[str, str]]) -> str:
    return ",\n".join(
        f"  {json.dumps(kind)}: {json.dumps(names, ensure_ascii=False)}"
        for kind, names in kinds.items()
    )


def forget(schema: str, keys: Iterable[Key]) -> str:
    """Return the statement that puts out of mind what was dropped."""
    form = sql.SQL("({}, {}, {})")
    # Text at once: for a large config these are tens of thousands.
    rows = (ddl.raw(text(form.format(*map(str, key)))) for key in keys)
    gone = sql.SQL(", ").join(rows)
    return text(
        sql.SQL(
            "DELETE FROM connectsql.object\n"
            "WHERE schema_name = {} AND (table_name, kind, name) IN ({});"
        ).format(sql.Literal(schema), gone)
    )


def set_back(schema: str, fingerprint_: str | None) -> str:
    """Return the statement that records an earlier state; None: nothing was ever applied."""
    if fingerprint_ is None:
        statement = sql.SQL("DELETE FROM connectsql.connection WHERE schema_name = {};")
        return text(statement.format(sql.Literal(schema)))
    statement = sql.SQL(
        "UPDATE connectsql.connection SET fingerprint = {}, applied_at = now(),\n"
        "    applied_by = current_user\n"
        "WHERE schema_name = {};"
    )
    return text(statement.format(sql.Literal(fingerprint_), sql.Literal(schema)))


def read_again(table: Table) -> str:
    """Return the statement that has the agent load a table once more, into the rows it has."""
    return text(
        sql.SQL(
            "UPDATE connectsql.mapping\n"
            "SET load_started = NULL, loaded_up_to = NULL, loaded_at = NULL, read_until = NULL\n"
            "WHERE schema_name = {} AND table_name = {};"
        ).format(sql.Literal(table.schema), sql.Literal(table.name))
    )


def _connection_sql(desired: Desired) -> str:
    files = ["connection.sql", "heroku.sql" if desired.heroku else "native.sql"]
    # What a file's head tells of its own text is not for the DBA.
    return "\n".join(read_text("sql", file).split("\n\n", 1)[1] for file in files)
