"""The way out: what connectsql made in a schema goes, everything else stays."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from connectsql.compiler import ddl
from connectsql.compiler.ddl import qualified, text
from connectsql.compiler.dependents import others_upon, refuse_lost
from connectsql.compiler.installed import Installed
from connectsql.compiler.part_diff import STALE, stale_parts
from connectsql.compiler.plan import Change, Hazard
from connectsql.compiler.regrant import LOGS

_OF_HEROKU = ("_hcmeta", "_sf_event_log")


def removal(schema: str, installed: Installed, *, drop_tables: bool) -> Iterator[Change]:
    """Yield what removes connectsql from a schema.

    Rows stay unless ``drop_tables``; then the tables that connectsql made go, too. Tables that it
    found are another's, and with them the log. Raises DatabaseError where others made something
    upon a table that is to go.
    """
    kinds = [one for one in STALE if drop_tables or one != "index"]
    yield from stale_parts(schema, installed, {}, kinds=kinds, why="")
    if drop_tables:
        yield from _tables(schema, installed)
    yield _forgotten(schema)


def _tables(schema: str, installed: Installed) -> Iterator[Change]:
    mapped = {table for table, kind, _ in installed.made if kind == "column"}
    ours = {table for table, kind, _ in installed.made if kind == "table"}
    going = sorted(ours & set(installed.tables))
    logs = LOGS if mapped <= ours else ()
    refuse_lost(others_upon([*going, *logs], installed))
    if logs:
        going += [name for name in (*logs, *_OF_HEROKU) if name in installed.tables]
    for name in going:
        yield Change(
            sql=ddl.drop_table(schema, name),
            comment=f"drop table {name} and its rows",
            hazards=frozenset({Hazard.DATA_LOSS}),
        )


def _forgotten(schema: str) -> Change:
    books = ("claim", "agent", "mapping", "violation", "object", "connection")
    form = sql.SQL("DELETE FROM {} WHERE schema_name = {};")
    return Change(
        sql="\n".join(
            text(form.format(qualified("connectsql", name), sql.Literal(schema))) for name in books
        ),
        comment="forget the connection",
    )
