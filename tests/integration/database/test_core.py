"""The core as plain SQL and as an extension, its versions, and the way out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from psycopg import sql
from support.catalog import catalog, differences
from support.describes import desire
from support.postgres import TestServer, found

from connectsql import __version__
from connectsql.compiler.model import Desired
from connectsql.database.apply import apply, plan
from connectsql.database.connection import connect
from connectsql.database.uninstall import uninstall
from connectsql.errors import DatabaseError, NotInstalled

SQL = Path(__file__).resolve().parents[3] / "sql"
CONFIG = """
connection: {{schema: {schema}}}
mappings:
  - {{object: Account, access: read_write, fields: [Name, Ext__c], upsert_field: Ext__c}}
"""
OLDER = "0.0.9"


def wanted(folder: Path, schema: str = "salesforce") -> Desired:
    return desire(folder, CONFIG.format(schema=schema))[1]


def extension_files(folder: Path, core: str) -> None:
    """Make what the Makefile makes, and a step from an older version whose core lacks a table."""
    whole = core + (SQL / "extension.sql").read_text()
    table = r"CREATE TABLE IF NOT EXISTS connectsql.violation.*?\);\n"
    older = re.sub(table, "", whole, flags=re.DOTALL)
    older = re.sub(r"CREATE INDEX IF NOT EXISTS violation.*?;\n", "", older, flags=re.DOTALL)
    assert "connectsql.violation" not in older
    files = folder / "extension"
    files.mkdir(parents=True)
    shutil.copy(SQL / "connectsql.control", files)
    (files / f"connectsql--{OLDER}.sql").write_text(older.replace(__version__, OLDER))
    (files / f"connectsql--{OLDER}--{__version__}.sql").write_text(whole)
    (files / f"connectsql--{__version__}.sql").write_text(whole)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that the server's account can read, whoever runs the tests."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        extension_files(Path(folder), (SQL / "connectsql.sql").read_text())
        yield Path(folder)


@pytest.fixture
def extension(postgres_server: TestServer, database: str, shared_folder: Path) -> str:
    """A database in which the extension can be created; only 18 looks beside its own folder."""
    if postgres_server.major < 18:
        pytest.skip("extensions outside of the server's own folder need Postgres 18")
    look_in(database, shared_folder)
    return database


def look_in(database: str, folder: Path) -> None:
    with psycopg.connect(database, autocommit=True) as session:
        name = sql.Identifier(session.info.dbname)
        path = sql.Literal(f"{folder}:$system")
        session.execute(
            sql.SQL("ALTER DATABASE {} SET extension_control_path = {}").format(name, path)
        )


@pytest.fixture
def owner(postgres_server: TestServer, database: str) -> Iterator[str]:
    """The address of the database for a role that is no superuser and owns it."""
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
        name = sql.Identifier(psycopg.conninfo.conninfo_to_dict(database)["dbname"] or "")
        admin.execute("CREATE ROLE \"Plain Owner\" LOGIN PASSWORD 'p'")
        admin.execute(sql.SQL('ALTER DATABASE {} OWNER TO "Plain Owner"').format(name))
        yield psycopg.conninfo.make_conninfo(database, user="Plain Owner", password="p")
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO CURRENT_USER").format(name))
        with psycopg.connect(database, autocommit=True) as inside:
            inside.execute('DROP OWNED BY "Plain Owner" CASCADE')
        admin.execute('DROP ROLE "Plain Owner"')


def test_the_core_says_the_version_of_the_package() -> None:
    assert f"SELECT '{__version__}'" in (SQL / "connectsql.sql").read_text()
    assert f"default_version = '{__version__}'" in (SQL / "connectsql.control").read_text()


def test_the_core_installs_by_itself_and_again(database: str, tmp_path: Path) -> None:
    core = (SQL / "connectsql.sql").read_text().encode()
    with connect(database) as connection:
        connection.execute(core)
        connection.execute(core)
        connection.commit()
        apply(connection, wanted(tmp_path))
        assert plan(connection, wanted(tmp_path)).changes == ()


def test_plain_and_extension_make_the_same_catalog(
    extension: str, postgres_server: TestServer, tmp_path: Path
) -> None:
    with connect(extension) as connection:
        connection.execute("CREATE EXTENSION connectsql")
        connection.commit()
        apply(connection, wanted(tmp_path))
        assert plan(connection, wanted(tmp_path)).changes == ()
        as_extension = catalog(connection, "salesforce"), catalog(connection, "connectsql")
    with postgres_server.fresh_database() as plain, connect(plain) as connection:
        apply(connection, wanted(tmp_path))
        for one, other in zip(as_extension, ("salesforce", "connectsql"), strict=True):
            assert differences(one, catalog(connection, other)) == []


def test_an_older_extension_is_told_and_updated(extension: str, tmp_path: Path) -> None:
    with connect(extension) as connection:
        connection.execute(f"CREATE EXTENSION connectsql VERSION '{OLDER}'".encode())
        connection.commit()
        with pytest.raises(DatabaseError) as refusal:
            apply(connection, wanted(tmp_path))
        assert refusal.value.message == (
            f"the extension connectsql is {OLDER}; this is {__version__}"
        )
        assert f"ALTER EXTENSION connectsql UPDATE TO '{__version__}'" in refusal.value.hint
        connection.rollback()
        connection.execute("ALTER EXTENSION connectsql UPDATE")
        connection.commit()
        apply(connection, wanted(tmp_path))
        connection.execute("SELECT * FROM connectsql.violation")


def test_a_dump_keeps_what_the_extension_holds(
    extension: str, postgres_server: TestServer, tmp_path: Path, shared_folder: Path
) -> None:
    programs = found()[postgres_server.major].bin_dir
    with connect(extension) as connection:
        connection.execute("CREATE EXTENSION connectsql")
        connection.commit()
        apply(connection, wanted(tmp_path))
        connection.execute("INSERT INTO salesforce.account (name) VALUES ('Acme')")
        connection.commit()
        before = connection.execute("SELECT * FROM connectsql.history").fetchall()
    dump = subprocess.run(
        [programs / "pg_dump", extension], check=True, capture_output=True, env={**os.environ}
    ).stdout
    with postgres_server.fresh_database() as copy:
        look_in(copy, shared_folder)
        run = [programs / "psql", "-qX", "-v", "ON_ERROR_STOP=1", copy]
        subprocess.run(run, input=dump, check=True, capture_output=True)
        with connect(copy) as connection:
            assert plan(connection, wanted(tmp_path)).changes == ()
            assert connection.execute("SELECT * FROM connectsql.history").fetchall() == before
            connection.execute("INSERT INTO salesforce.account (name) VALUES ('Other')")
            states = connection.execute("SELECT state FROM salesforce._trigger_log").fetchall()
            assert states == [("NEW",), ("NEW",)]


def test_who_creates_the_extension_can_apply_without_being_a_superuser(
    extension: str, owner: str, tmp_path: Path
) -> None:
    with connect(owner) as connection:
        connection.execute("CREATE EXTENSION connectsql")
        connection.commit()
        apply(connection, wanted(tmp_path))
        assert plan(connection, wanted(tmp_path)).changes == ()


@pytest.mark.every_postgres
def test_plain_sql_needs_no_superuser(owner: str, tmp_path: Path) -> None:
    with connect(owner) as connection:
        apply(connection, wanted(tmp_path))
        assert plan(connection, wanted(tmp_path)).changes == ()
        uninstall(connection, "salesforce", drop_tables=True)


@pytest.mark.every_postgres
def test_nothing_is_taken_from_the_owner_whatever_part_it_has(owner: str, tmp_path: Path) -> None:
    """One role for everything is what a small managed database has."""
    parts = ["roles: {agent: Plain Owner}", "roles: {applications: [Plain Owner]}", "types: native"]
    with connect(owner) as connection:
        for part in (*parts, *reversed(parts)):
            text = CONFIG.format(schema="salesforce").replace("schema: salesforce", part)
            text = text.replace(", upsert_field: Ext__c", "")
            for access in ("read_write", "read_only"):
                desired = desire(tmp_path, text.replace("read_write", access))[1]
                apply(connection, desired)
                assert plan(connection, desired).changes == ()
        uninstall(connection, "salesforce", drop_tables=True)


def test_the_makefile_makes_the_extensions_files(tmp_path: Path) -> None:
    pg_config, make = shutil.which("pg_config"), shutil.which("make")
    if not pg_config or not make:
        pytest.skip("no pg_config or no make")
    pgxs = subprocess.run([pg_config, "--pgxs"], check=True, capture_output=True, text=True).stdout
    if not Path(pgxs.strip()).exists():
        pytest.skip("no PGXS: the server's development files are not here")
    folder = shutil.copytree(SQL, tmp_path / "sql")
    command = [make, "-C", folder, f"PG_CONFIG={pg_config}", f"RELEASED={OLDER}"]
    subprocess.run(command, check=True, capture_output=True)
    made = (folder / f"connectsql--{__version__}.sql").read_text()
    assert made.endswith((SQL / "connectsql.sql").read_text() + (SQL / "extension.sql").read_text())
    assert (folder / f"connectsql--{OLDER}--{__version__}.sql").read_text() == made


def test_an_older_connectsql_leaves_a_newer_core_alone(database: str, tmp_path: Path) -> None:
    newer = (SQL / "connectsql.sql").read_text().replace(f"'{__version__}'", "'99.0.0'")
    with connect(database) as connection:
        connection.execute(newer.encode())
        connection.commit()
        with pytest.raises(DatabaseError) as refusal:
            apply(connection, wanted(tmp_path))
    assert refusal.value.message == (
        f"this database has the core of connectsql 99.0.0; this is {__version__}"
    )


@pytest.mark.every_postgres
def test_uninstall_leaves_rows_and_everything_of_others(database: str, tmp_path: Path) -> None:
    with connect(database) as connection:
        apply(connection, wanted(tmp_path))
        apply(connection, wanted(tmp_path, "other"))
        connection.execute("SET LOCAL xmlbinary TO hex")
        connection.execute("INSERT INTO salesforce.account (name) VALUES ('Acme')")
        connection.execute("CREATE INDEX mine ON salesforce.account (name)")
        connection.commit()
        uninstall(connection, "salesforce")
        left = connection.execute(
            "SELECT kind, name FROM connectsql.catalog('salesforce') "
            "WHERE kind IN ('trigger', 'function')"
        ).fetchall()
        assert left == []
        assert connection.execute("SELECT name FROM salesforce.account").fetchall() == [("Acme",)]
        connection.execute("UPDATE salesforce.account SET name = 'free'")
        assert plan(connection, wanted(tmp_path, "other")).changes == ()
        connection.commit()
        uninstall(connection, "other", drop_tables=True)
        assert connection.execute(
            "SELECT to_regnamespace('connectsql'), to_regclass('other.account'), "
            "to_regclass('other._trigger_log')"
        ).fetchone() == (None, None, None)
        with pytest.raises(NotInstalled):
            uninstall(connection, "other")
        connection.commit()
        # Back again: the rows are taken over as they are.
        apply(connection, wanted(tmp_path))
        connection.execute("UPDATE salesforce.account SET name = 'back'")
        assert connection.execute("SELECT action FROM salesforce._trigger_log").fetchall() == [
            ("UPDATE",)
        ]


def test_uninstall_waits_for_nobody_and_loses_nothing(database: str, tmp_path: Path) -> None:
    with connect(database) as connection:
        apply(connection, wanted(tmp_path))
        connection.execute("INSERT INTO salesforce.account (name) VALUES ('Acme')")
        connection.commit()
        with pytest.raises(DatabaseError, match="1 changes wait to be sent"):
            uninstall(connection, "salesforce")
        connection.execute(
            "INSERT INTO connectsql.agent (schema_name, host, process_id, alive_until) "
            "VALUES ('salesforce', 'here', 7, now() + interval '1 minute')"
        )
        connection.commit()
        with pytest.raises(
            DatabaseError, match=r"an agent is at work on salesforce: here \(process 7\)"
        ):
            uninstall(connection, "salesforce", abandon=True)
        connection.execute("DELETE FROM connectsql.agent")
        connection.commit()
        uninstall(connection, "salesforce", abandon=True)
        assert connection.execute("SELECT name FROM salesforce.account").fetchall() == [("Acme",)]


def test_uninstall_gives_way_to_an_application(database: str, tmp_path: Path) -> None:
    with connect(database) as connection, psycopg.connect(database) as application:
        apply(connection, wanted(tmp_path))
        application.execute("LOCK TABLE salesforce.account IN ROW EXCLUSIVE MODE")
        with pytest.raises(DatabaseError) as refusal:
            uninstall(connection, "salesforce", lock_timeout=0.05)
        assert refusal.value.message.startswith("nothing was removed: 5 times an application")
        application.rollback()
        assert uninstall(connection, "salesforce")


@pytest.mark.every_postgres
def test_another_roles_get_xmlbinary_stays_and_is_used(
    database: str, owner: str, tmp_path: Path
) -> None:
    with connect(database) as connection:
        connection.execute(
            "CREATE FUNCTION public.get_xmlbinary() RETURNS varchar LANGUAGE sql AS "
            "$$ SELECT current_setting('xmlbinary') /* theirs */ $$"
        )
    with connect(owner) as connection:
        apply(connection, wanted(tmp_path))
        connection.execute("INSERT INTO salesforce.account (name) VALUES ('Acme')")
        assert connection.execute("SELECT action FROM salesforce._trigger_log").fetchall() == [
            ("INSERT",)
        ]
        assert connection.execute(
            "SELECT prosrc ~ 'theirs' FROM pg_proc WHERE proname = 'get_xmlbinary'"
        ).fetchone() == (True,)


def test_default_rights_that_are_few_do_not_stop_applications(
    database: str, owner: str, tmp_path: Path
) -> None:
    with connect(database) as connection:
        connection.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
        connection.commit()
        apply(connection, wanted(tmp_path))
        connection.execute('GRANT USAGE ON SCHEMA salesforce TO "Plain Owner"')
        connection.execute('GRANT ALL ON ALL TABLES IN SCHEMA salesforce TO "Plain Owner"')
        connection.execute('GRANT ALL ON ALL SEQUENCES IN SCHEMA salesforce TO "Plain Owner"')
    with psycopg.connect(owner) as application:
        application.execute("INSERT INTO salesforce.account (name) VALUES ('Acme')")


def test_a_role_without_the_rights_is_told_whose_they_are(
    database: str, owner: str, tmp_path: Path
) -> None:
    with connect(database) as connection:
        apply(connection, wanted(tmp_path))
    with connect(owner) as connection:
        with pytest.raises(DatabaseError) as refusal:
            plan(connection, wanted(tmp_path))
        assert refusal.value.hint == "plan as the role that applied it"
        connection.rollback()
        with pytest.raises(DatabaseError) as refusal:
            apply(connection, wanted(tmp_path))
        assert refusal.value.hint == "plan as the role that applied it"


def test_uninstall_of_a_table_called_index(database: str, tmp_path: Path) -> None:
    text = CONFIG.format(schema="salesforce").replace("Account,", "Account, table: index,")
    with connect(database) as connection:
        apply(connection, desire(tmp_path, text)[1])
        done = uninstall(connection, "salesforce")
        assert "drop trigger hc_index_logupdate on index" in [one.comment for one in done]
        assert "drop index hcu_idx_index_sfid on index" not in [one.comment for one in done]
