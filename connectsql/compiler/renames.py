"""Tables that were renamed by hand: where the config knows the new name, the books follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from psycopg import sql

from connectsql.compiler.ddl import qualified, text
from connectsql.compiler.installed import Installed
from connectsql.compiler.model import Desired
from connectsql.compiler.names import quoted, sequence_name
from connectsql.compiler.plan import Change

_FOLLOW = """\
UPDATE connectsql.object
SET table_name = {new}, name = CASE WHEN kind = 'table' THEN {new} ELSE name END
WHERE schema_name = {schema} AND table_name = {old};
UPDATE connectsql.mapping SET table_name = {new}
WHERE schema_name = {schema} AND table_name = {old};
UPDATE {log} SET table_name = {new}
WHERE table_name = {old} AND (state = 'NEW' OR state = 'PENDING');
ALTER SEQUENCE IF EXISTS {sequence} RENAME TO {new_sequence};"""


def renamed(installed: Installed) -> dict[str, str]:
    """Return the new names of tables by their old ones: what was made for them tells which."""
    stands = {key[1:]: key[0] for key in installed.objects if key[1] in ("index", "trigger")}
    found: dict[str, str] = {}
    for table, kind, name in installed.made:
        now = stands.get((kind, name))
        if table and table not in installed.tables and now:
            found[table] = now
    return found


def followed(desired: Desired, installed: Installed) -> tuple[Installed, list[Change]]:
    """Return what is installed by the new names, and the changes that write them down."""
    names = {
        old: new
        for old, new in renamed(installed).items()
        if new in desired.by_name and old not in desired.by_name
    }
    if not names:
        return installed, []
    made = {
        (names.get(table, table), kind, names.get(name, name) if kind == "table" else name): one
        for (table, kind, name), one in installed.made.items()
    }
    read = {names.get(name, name): loaded for name, loaded in installed.read.items()}
    tables = {
        name: replace(one, known=name in read, loaded=read.get(name, False))
        for name, one in installed.tables.items()
    }
    changes = list(_changes(desired.schema, names))
    return replace(installed, made=made, read=read, tables=tables), changes


def _changes(schema: str, names: dict[str, str]) -> Iterator[Change]:
    form = sql.SQL(_FOLLOW)
    for old, new in sorted(names.items()):
        statement = form.format(
            new=sql.Literal(new),
            old=sql.Literal(old),
            schema=sql.Literal(schema),
            log=qualified(schema, "_trigger_log"),
            sequence=qualified(schema, sequence_name(old, "id")),
            new_sequence=quoted(sequence_name(new, "id")),
        )
        yield Change(
            sql=text(statement),
            comment=f"follow the renaming of {old} to {new}, with its changes that wait",
        )
