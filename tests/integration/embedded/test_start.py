"""A server that is started and stopped by this process."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from support.postgres import TestServer

from connectsql import embedded


def ask(dsn: str, query: str) -> str:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return str(row[0])


@pytest.mark.parametrize("found", embedded.binaries(), ids=lambda found: found.version)
def test_every_postgres_found_starts(found: embedded.Binaries) -> None:
    with embedded.start(bin_dir=found.bin_dir) as server:
        assert ask(server.dsn(), "SHOW server_version").startswith(server.version)
        assert server.major == found.major


def test_a_temporary_folder_goes_with_the_server() -> None:
    with embedded.start() as server:
        data = Path(ask(server.dsn(), "SHOW data_directory"))
        assert data.is_dir()
    assert not data.parent.exists()


def test_stopping_twice_is_stopping_once() -> None:
    server = embedded.start()
    server.stop()
    server.stop()


def test_only_this_machine_and_only_with_the_password(postgres_server: TestServer) -> None:
    dsn = postgres_server.dsn()
    assert ask(dsn, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(dsn, "SHOW unix_socket_directories") == ""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(re.sub(r"postgres:[^@]+@", "postgres:guess@", dsn))


def test_a_database_name_may_hold_anything(database: str, postgres_server: TestServer) -> None:
    name = 'a/b ?x=1&"é%41'
    old, new = sql.Identifier(ask(database, "SELECT current_database()")), sql.Identifier(name)
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as admin:
        admin.execute(rename.format(old, new))
        try:
            assert ask(postgres_server.dsn(name), "SELECT current_database()") == name
        finally:
            admin.execute(rename.format(new, old))


def test_kept_data_is_used_again_and_survives_a_power_cut(open_folder: Path) -> None:
    folder = open_folder / "new" / "demo"
    with embedded.start(folder) as server, psycopg.connect(server.dsn()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        assert ask(server.dsn(), "SHOW fsync") == "on"
    with embedded.start(folder, settings={"fsync": "off"}) as server:
        assert ask(server.dsn(), "SELECT answer FROM kept") == "42"
        assert ask(server.dsn(), "SHOW fsync") == "off"
    assert {path.name for path in folder.iterdir()} == {"data", "initdb.log", "postgres.log"}


def test_temporary_data_survives_a_crash_of_the_server_only(postgres_server: TestServer) -> None:
    assert ask(postgres_server.dsn(), "SHOW fsync") == "off"
    assert ask(postgres_server.dsn(), "SHOW synchronous_commit") == "on"
