"""Applying: everything or nothing, again without effect, and only what is safe."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from support.describes import desire

from connectsql.compiler import check, render
from connectsql.database.apply import apply
from connectsql.database.connection import connect
from connectsql.database.inspect import installed
from connectsql.errors import DatabaseError, DatabaseUnreachable

CONFIG = """
connection: {{schema: {schema}, types: {types}}}
mappings:
  - object: Account
    table: {table}
    access: read_write
    upsert_field: Ext__c
    fields: [{fields}]
    log: {log}
"""


def config(**more: str) -> str:
    given = {
        "schema": "salesforce", "types": "native", "table": "account", "log": "changes",
        "fields": "Name, Phone, Ext__c", **more,
    }  # fmt: skip
    return CONFIG.format(**given)


ODD = {"schema": '"Odd \\"Schema\\" it\'s"', "table": "Odd Table"}


@pytest.mark.every_postgres
@pytest.mark.parametrize("names", [{}, ODD], ids=["plain", "odd"])
@pytest.mark.parametrize("types", ["native", "heroku"])
@pytest.mark.parametrize("log", ["changes", "full"])
def test_a_write_is_captured_under_any_name(
    database: str, tmp_path: Path, names: dict[str, str], types: str, log: str
) -> None:
    _, desired = desire(tmp_path, config(types=types, log=log, **names))
    check.check(render.script(desired))
    with connect(database) as connection:
        assert apply(connection, desired).changes
        assert apply(connection, desired).changes == ()
    table = desired.tables[0]
    with psycopg.connect(database, autocommit=True) as session:
        target = psycopg.sql.Identifier(table.schema, table.name)
        session.execute(
            psycopg.sql.SQL("INSERT INTO {} (name, ext__c) VALUES ('Acme', 'a')").format(target)
        )
        log_name = psycopg.sql.Identifier(table.schema, "_trigger_log")
        entries = session.execute(
            psycopg.sql.SQL("SELECT state, action, table_name, record_id FROM {}").format(log_name)
        ).fetchall()
    assert entries == [("NEW", "INSERT", table.name, 1)]


def test_the_compiled_script_and_apply_make_the_same_catalog(database: str, tmp_path: Path) -> None:
    _, desired = desire(tmp_path, config())
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(render.script(desired).encode())
        session.execute(render.script(desired).encode())
    with connect(database) as connection:
        assert apply(connection, desired).changes == ()


def test_a_new_field_becomes_a_column_and_rows_stay(database: str, tmp_path: Path) -> None:
    _, before = desire(tmp_path, config())
    _, after = desire(tmp_path, config(fields="Name, Phone, Ext__c, Revenue__c"))
    with connect(database) as connection:
        apply(connection, before)
        connection.execute("INSERT INTO salesforce.account (name) VALUES ('Acme')")
        connection.commit()
        plan = apply(connection, after)
        rows = connection.execute("SELECT name, revenue__c FROM salesforce.account").fetchall()
    assert "add column account.revenue__c" in [change.comment for change in plan.changes]
    assert rows == [("Acme", None)]


def test_another_log_level_leaves_no_trigger_behind(database: str, tmp_path: Path) -> None:
    _, changes = desire(tmp_path, config())
    _, full = desire(tmp_path, config(log="full"))
    with connect(database) as connection:
        apply(connection, changes)
        apply(connection, full)
        made = installed(connection, "salesforce").objects
        connection.execute("INSERT INTO salesforce.account (name) VALUES ('Acme')")
        count = connection.execute("SELECT count(*) FROM salesforce._trigger_log").fetchone()
    triggers = {name for table, kind, name in made if (table, kind) == ("account", "trigger")}
    assert triggers == {
        f"hc_account_{kind}" for kind in ("logtrigger", "loginsert", "status_trigger", "truncate")
    }
    assert count == (1,)


def test_what_cannot_become_a_mapped_table_is_refused_and_nothing_is_applied(
    database: str, tmp_path: Path
) -> None:
    _, desired = desire(tmp_path, config())
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("CREATE SCHEMA salesforce")
        session.execute("CREATE VIEW salesforce.account AS SELECT 1 AS id")
    with connect(database) as connection, pytest.raises(DatabaseError) as refusal:
        apply(connection, desired)
    assert refusal.value.message == (
        "nothing was applied: what stands does not fit the config\n"
        "  salesforce.account is a view, not a table"
    )
    with psycopg.connect(database) as session:
        assert session.execute("SELECT to_regclass('connectsql.connection')").fetchone() == (None,)


def test_somebody_elses_table_is_refused(database: str, tmp_path: Path) -> None:
    _, desired = desire(tmp_path, config())
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("CREATE SCHEMA salesforce")
        session.execute("CREATE TABLE salesforce.account (id integer)")
    with connect(database) as connection, pytest.raises(DatabaseError, match="not a mapped table"):
        apply(connection, desired)


def test_a_stopped_database_is_named_without_its_password() -> None:
    with pytest.raises(DatabaseUnreachable) as unreachable:
        connect("postgresql://me:secret@127.0.0.1:1/nowhere")
    assert "127.0.0.1:1/nowhere" in unreachable.value.message
    assert "secret" not in unreachable.value.message + unreachable.value.hint
