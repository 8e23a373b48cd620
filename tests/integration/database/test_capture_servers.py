"""Changes that come by replication, in two phases, or from many at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from support.capture import LEVELS, Captured, hstore, installed, wanted
from support.command import PATIENCE
from support.postgres import TestServer, found

from connectsql import embedded
from connectsql.database.connection import connect_agent
from connectsql.database.trigger_log import TriggerLog

pytestmark = pytest.mark.every_postgres
levels = pytest.mark.parametrize("level", LEVELS)
SETTINGS = {
    "wal_level": "logical",
    "max_prepared_transactions": "4",
    "wal_retrieve_retry_interval": "50ms",  # or the next subscription waits for 5 s
}
SLEEP = "SELECT pg_advisory_lock(hashtextextended('connectsql.sleeping salesforce', 0))"
WRITERS, ROUNDS = 32, 8


@pytest.fixture(scope="session")
def own_server(postgres_server: TestServer) -> Iterator[TestServer]:
    """A server with what these tests need and others do without."""
    programs = found()[postgres_server.major].bin_dir
    with (
        embedded.start(bin_dir=programs, settings=SETTINGS) as server,
        psycopg.connect(server.dsn(), autocommit=True) as admin,
    ):
        yield TestServer(server, admin)


@pytest.fixture
def here(own_server: TestServer) -> Iterator[str]:
    """The address of an empty database on that server."""
    with own_server.fresh_database() as address:
        yield address


@pytest.fixture
def elsewhere(own_server: TestServer) -> Iterator[psycopg.Connection[Any]]:
    """A database with a table of accounts that it publishes."""
    with own_server.fresh_database() as address, psycopg.connect(address, autocommit=True) as there:
        there.execute("CREATE SCHEMA salesforce")
        there.execute(
            "CREATE TABLE salesforce.account (id bigint PRIMARY KEY, name text, phone text)"
        )
        there.execute("CREATE PUBLICATION accounts FOR TABLE salesforce.account")
        yield there


class Subscription:
    """What brings the accounts from elsewhere to here."""

    def __init__(self, there: psycopg.Connection[Any], here: psycopg.Connection[Any]) -> None:
        self._there = there
        self._here = here
        name = there.info.dbname
        there.execute("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", (name,))
        here.execute(
            sql.SQL(
                "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION accounts "
                "WITH (create_slot = false, slot_name = {}, copy_data = false)"
            ).format(sql.Identifier(name), sql.Literal(self._address()), sql.Literal(name))
        )
        self._name = sql.Identifier(name)

    def _address(self) -> str:
        info = self._there.info
        return psycopg.conninfo.make_conninfo(
            "", host=info.host, port=info.port, user=info.user, password=info.password,
            dbname=info.dbname,
        )  # fmt: skip

    def wait(self) -> None:
        """Wait until everything that was written there has been applied here."""
        self._here.execute("LISTEN applied")
        self._there.execute(
            "INSERT INTO salesforce.account (id, name) VALUES (-1, 'the last one') "
            "ON CONFLICT (id) DO UPDATE SET name = salesforce.account.name || '.'"
        )
        heard = list(self._here.notifies(timeout=PATIENCE, stop_after=1))
        assert heard, "nothing was applied"

    def drop(self) -> None:
        """End it."""
        self._here.execute(sql.SQL("DROP SUBSCRIPTION {}").format(self._name))


@pytest.fixture(params=["plain", "replicated"])
def replicated(
    here: str,
    elsewhere: psycopg.Connection[Any],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[tuple[bool, Captured, Subscription]]:
    """Whether replicated rows are to be captured; a session here; how rows come here."""
    level = request.node.callspec.params["level"]
    asked = request.param == "replicated"
    installed(here, wanted(tmp_path, level, replicated=asked))
    with psycopg.connect(here, autocommit=True) as session:
        session.execute("SET search_path TO salesforce, public")
        session.execute(
            "CREATE FUNCTION public.tell() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NOTIFY applied; RETURN NULL; END $$;"
            "CREATE TRIGGER tell AFTER INSERT OR UPDATE ON account FOR EACH ROW "
            "WHEN (NEW.id = -1) EXECUTE FUNCTION public.tell();"
            "ALTER TABLE account ENABLE ALWAYS TRIGGER tell"
        )
        subscription = Subscription(elsewhere, session)
        try:
            yield asked, Captured(level, "salesforce", session), subscription
        finally:
            subscription.drop()


@levels
def test_rows_that_logical_replication_brings(
    replicated: tuple[bool, Captured, Subscription], elsewhere: psycopg.Connection[Any], level: str
) -> None:
    asked, captured, subscription = replicated
    elsewhere.execute("INSERT INTO salesforce.account (id, name) VALUES (1, 'a'), (2, 'b')")
    elsewhere.execute("UPDATE salesforce.account SET phone = '1'")
    elsewhere.execute("UPDATE salesforce.account SET phone = '1'")
    elsewhere.execute("DELETE FROM salesforce.account WHERE id = 2")
    subscription.wait()
    log = [one for one in captured.taken() if one[2] != -1]
    assert captured.run("SELECT id, name, phone FROM account WHERE id > 0") == [(1, "a", "1")]
    captured.run("UPDATE account SET phone = '2' WHERE id = 1")
    assert captured.taken() == [("UPDATE", "account", 1, {"phone": "2"})]
    if not asked:
        assert log == []
        return
    assert log == [
        ("INSERT", "account", 1, None), ("INSERT", "account", 2, None),
        ("UPDATE", "account", 1, {"phone": "1"}), ("UPDATE", "account", 2, {"phone": "1"}),
        ("DELETE", "account", 2, None),
    ]  # fmt: skip
    assert captured.marks()[1] == "PENDING"


@pytest.mark.parametrize("asked", [False, True])
@levels
def test_a_session_that_fires_no_ordinary_triggers(
    database: str, tmp_path: Path, level: str, asked: bool
) -> None:
    installed(database, wanted(tmp_path, level, replicated=asked))
    with psycopg.connect(database, autocommit=True) as session:
        captured = Captured(level, "salesforce", session)
        session.execute("SET search_path TO salesforce, public")
        session.execute("SET session_replication_role TO replica")
        captured.run("INSERT INTO account (name) VALUES ('a'), ('b')")
        captured.run("UPDATE account SET phone = '1' WHERE id = 1")
        captured.run("DELETE FROM account WHERE id = 2")
        # Where nothing waits to be sent, nobody must wait for it.
        assert (captured.marks() == {1: "PENDING"}) is asked
        all_of_it = ["INSERT account 1", "INSERT account 2", "UPDATE account 1 phone"]
        assert captured.brief() == ([*all_of_it, "DELETE account 2"] if asked else [])
        if not asked:
            captured.run("TRUNCATE account")
            captured.run("INSERT INTO account (id, name) VALUES (1, 'a')")
        captured.run("SET xmlbinary TO hex; UPDATE account SET phone = '2'")
        assert captured.brief() == []
        captured.run("RESET session_replication_role; SET xmlbinary TO base64")
        captured.run("UPDATE account SET phone = '3'")
        assert captured.brief() == ["UPDATE account 1 phone"]


@levels
def test_two_phases(here: str, tmp_path: Path, level: str) -> None:
    desired = wanted(tmp_path, level)
    installed(here, desired)
    with psycopg.connect(here, autocommit=True) as session, connect_agent(here) as agent:
        log = TriggerLog(agent, desired, agent=1)
        # An agent that sleeps is told of every write that does not say otherwise.
        agent.execute(SLEEP)
        session.execute("SET search_path TO salesforce, public")
        for name, end in (("kept", "COMMIT"), ("gone", "ROLLBACK")):
            session.execute("BEGIN; SET LOCAL connectsql.notify TO off")
            session.execute("INSERT INTO account (name) VALUES ('a'), ('b')")
            session.execute("UPDATE account SET phone = '1' WHERE name = 'a'")
            session.execute(f"PREPARE TRANSACTION '{name}'".encode())
            assert log.claim(10) == []
            session.execute(f"{end} PREPARED '{name}'".encode())
            expected = [("INSERT", 1), ("INSERT", 2), ("UPDATE", 1)] if end == "COMMIT" else []
            assert [(one.action, one.record_id) for one in log.claim(10)] == expected
        with session.transaction(force_rollback=True):
            session.execute("INSERT INTO account (name) VALUES ('a')")
            with pytest.raises(psycopg.errors.FeatureNotSupported, match="NOTIFY"):
                session.execute("PREPARE TRANSACTION 'told'")


@levels
def test_many_writers_of_few_rows(database: str, tmp_path: Path, level: str) -> None:
    """Every commit is in the log once, and of each row in the order of commits."""
    installed(database, wanted(tmp_path, level))
    start = threading.Barrier(WRITERS)

    def write(writer: int) -> list[tuple[int, str]]:
        done = []
        with psycopg.connect(database, autocommit=True) as session:
            start.wait()
            for turn in range(ROUNDS):
                row, mark = (writer + turn) % 3 + 1, f"{writer}.{turn}"
                with session.transaction(force_rollback=turn % 4 == 3):
                    told = session.execute(
                        "UPDATE salesforce.account SET phone = coalesce(phone || ' ', '') || %s "
                        "WHERE id = %s RETURNING id",
                        (mark, row),
                    ).fetchall()
                if turn % 4 != 3:
                    done.append((told[0][0], mark))
        return done

    with psycopg.connect(database, autocommit=True) as session:
        # What each writer appends shows in which order they came.
        session.execute("ALTER TABLE salesforce.account ALTER COLUMN phone TYPE text")
        session.execute(
            "INSERT INTO salesforce.account (name) SELECT 'a' FROM generate_series(1, 3)"
        )
        with ThreadPoolExecutor(WRITERS) as pool:
            committed = [one for done in pool.map(write, range(WRITERS)) for one in done]
        log = session.execute(
            'SELECT record_id, "values" FROM salesforce._trigger_log '
            "WHERE action = 'UPDATE' ORDER BY id"
        ).fetchall()
        rows = session.execute("SELECT id, phone FROM salesforce.account").fetchall()
    assert len(log) == len(committed) == WRITERS * (ROUNDS - ROUNDS // 4)
    for row, phone in rows:
        order = phone.split(" ")
        written = [(hstore(values)["phone"] or "").split(" ") for one, values in log if one == row]
        assert written == [order[: number + 1] for number in range(len(order))]
        assert sorted(order) == sorted(mark for one, mark in committed if one == row)
