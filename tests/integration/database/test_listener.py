"""How an agent that sleeps is woken, and how those who write are left in peace."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from support.describes import desire
from support.ears import PATIENCE, Ear, ear, held
from support.postgres import TestServer, found

from connectsql import embedded
from connectsql.agent.stop import Stop
from connectsql.compiler.model import Desired
from connectsql.database.apply import apply
from connectsql.database.connection import connect, connect_agent
from connectsql.database.lease import Lease
from connectsql.database.listener import Listener
from connectsql.database.trigger_log import TriggerLog
from connectsql.errors import DatabaseUnreachable

CONFIG = """
connection: {{types: {types}, schema: '{schema}'}}
mappings:
  - {{object: Account, access: read_write, fields: [Name, Ext__c]}}
"""
INSERT: LiteralString = "INSERT INTO {account} (name) VALUES ('a')"
OWN_ENTRY: LiteralString = """
    INSERT INTO {log} (txid, state, action, table_name, record_id)
    VALUES (txid_current(), 'NEW', 'INSERT', 'account', 1)
"""
BOTH = ["connectsql", "hc_trigger_log ping"]
PING = ["hc_trigger_log ping"]
AGENT = """
import socket, sys
from connectsql.database.listener import Listener
listener = Listener(sys.argv[1], sys.argv[2], socket.socketpair()[0])
if sys.argv[3] == "sleeping":
    listener.rest(0)
print("ready", flush=True)
sys.stdin.read()
"""


class Scene:
    """A database with one mapped table, an application's session, and agents on request."""

    def __init__(self, database: str, desired: Desired, stack: ExitStack) -> None:
        self.database = database
        self.schema = desired.schema
        self.heroku = desired.heroku
        self._stack = stack
        self.stop = Stop()
        stack.callback(self.stop.close)
        self.sql = self.session()
        self.ear: Ear = stack.enter_context(ear(database, self.schema))
        agent = stack.enter_context(connect_agent(database))
        self.log = TriggerLog(agent, desired, Lease(agent, self.schema, 3600).agent)

    def session(self) -> psycopg.Connection[Any]:
        """Return an application's session of its own, which commits by itself."""
        return self._stack.enter_context(psycopg.connect(self.database, autocommit=True))

    def do(self, text: LiteralString, session: psycopg.Connection[Any] | None = None) -> None:
        """Run a statement on ``{account}`` or on ``{log}``."""
        names = {"account": "account", "log": "_trigger_log"}
        statement = sql.SQL(text).format(
            **{key: sql.Identifier(self.schema, name) for key, name in names.items()}
        )
        (session or self.sql).execute(statement)

    def listener(self, *, asleep: bool = False) -> Listener:
        """Return an agent's listener, awake as it begins, or asleep."""
        listener = Listener(self.database, self.schema, self.stop.wakeup)
        self._stack.callback(listener.close)
        if asleep:
            listener.rest(PATIENCE)  # returns at once, for a last look
            assert "sleeping" in self.held
        return listener

    @property
    def held(self) -> set[str]:
        """What locks show of agents."""
        return held(self.sql, self.schema)

    def claimed(self) -> int:
        """Claim what there is; return how much that was."""
        return len(self.log.claim(1000))


@contextmanager
def staged(database: str, folder: Path, types: str, schema: str) -> Iterator[Scene]:
    _, desired = desire(folder, CONFIG.format(types=types, schema=schema))
    with connect(database) as connection:
        apply(connection, desired)
    with ExitStack() as stack:
        yield Scene(database, desired, stack)


@pytest.fixture(params=["native", "heroku"])
def scene(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Scene]:
    schema = {"native": "salesforce", "heroku": 'Odd "Schema'}[request.param]
    with staged(database, tmp_path, request.param, schema) as made:
        yield made


@pytest.mark.every_postgres
def test_a_commit_wakes_who_sleeps_and_only_the_first_says_so(scene: Scene) -> None:
    listener = scene.listener(asleep=True)
    assert scene.ear.heard() == PING
    scene.do(INSERT)
    listener.rest(PATIENCE)
    assert scene.held == {"awake"}
    assert scene.ear.heard() == BOTH
    scene.do(INSERT)
    assert scene.ear.heard() == []
    assert scene.claimed() == 2


def test_nothing_that_is_not_committed_wakes(scene: Scene) -> None:
    listener = scene.listener(asleep=True)
    with scene.sql.transaction(force_rollback=True):
        scene.do(INSERT)
    listener.rest(0.01)
    assert scene.held == {"sleeping", "sleeper"}


@pytest.mark.every_postgres
def test_while_an_agent_is_awake_nobody_is_told_but_by_the_agent(scene: Scene) -> None:
    listener = scene.listener()
    scene.do(INSERT)
    assert scene.ear.heard() == []
    assert scene.claimed() == 1
    assert scene.ear.heard() == PING
    scene.do(INSERT)
    assert scene.ear.heard() == []
    listener.rest(PATIENCE)
    assert scene.ear.heard() == PING


def test_without_an_agent_only_applications_are_told(scene: Scene) -> None:
    with scene.sql.transaction():
        scene.do(INSERT)
        scene.do(INSERT)
        scene.do("UPDATE {account} SET name = 'b'")
    assert scene.ear.heard() == (BOTH if scene.heroku else [])


@pytest.mark.every_postgres
@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_who_found_it_awake_and_ends_when_it_sleeps_is_noticed(scene: Scene, end: str) -> None:
    listener = scene.listener()
    application = scene.session()
    application.execute("BEGIN")
    scene.do(INSERT, application)
    listener.rest(PATIENCE)
    assert scene.claimed() == 0
    listener.rest(PATIENCE)
    assert "sleeping" in scene.held
    scene.ear.heard()
    application.execute(end.encode())
    assert scene.ear.heard() == []
    listener.rest(PATIENCE)
    assert "sleeping" not in scene.held
    assert scene.claimed() == (1 if end == "COMMIT" else 0)
    listener.rest(PATIENCE)
    listener.rest(0.01)
    assert "sleeping" in scene.held


def test_what_is_written_again_after_a_savepoint_was_rolled_back_wakes(scene: Scene) -> None:
    """The first entry's lock on the log goes with the savepoint: nobody waits for this one."""
    listener = scene.listener()
    application = scene.session()
    application.execute("BEGIN")
    application.execute("SAVEPOINT s")
    scene.do(INSERT, application)
    application.execute("ROLLBACK TO s")
    listener.rest(PATIENCE)
    scene.do(INSERT, application)
    application.execute("COMMIT")
    listener.rest(PATIENCE)
    assert scene.held == {"awake"}
    assert scene.claimed() == 1


def test_what_stands_before_a_savepoint_that_was_rolled_back_is_noticed(scene: Scene) -> None:
    listener = scene.listener()
    application = scene.session()
    application.execute("BEGIN")
    scene.do(INSERT, application)
    application.execute("SAVEPOINT s")
    scene.do(INSERT, application)
    listener.rest(PATIENCE)
    application.execute("ROLLBACK TO s")
    application.execute("COMMIT")
    listener.rest(PATIENCE)
    assert scene.held == {"awake"}
    assert scene.claimed() == 1


@pytest.fixture(params=["native", "heroku"])
def two_phase(
    postgres_server: TestServer, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Scene]:
    """A scene on a server of its own, which takes prepared transactions."""
    settings = {"max_prepared_transactions": "5"}
    programs = found()[postgres_server.major].bin_dir
    with (
        embedded.start(bin_dir=programs, settings=settings) as server,
        staged(server.dsn(), tmp_path, request.param, "Odd Schema") as made,
    ):
        yield made


@pytest.mark.every_postgres
def test_a_prepared_transaction_that_found_it_awake_is_noticed(two_phase: Scene) -> None:
    scene = two_phase
    listener = scene.listener()
    application = scene.session()
    for when in ("before it slept", "while it slept"):
        application.execute("BEGIN")
        scene.do(INSERT, application)
        if when == "before it slept":
            application.execute("PREPARE TRANSACTION 'p'")
        listener.rest(PATIENCE)
        if when == "while it slept":
            application.execute("PREPARE TRANSACTION 'p'")
        for _ in range(2):  # a new name may look like an end
            assert scene.claimed() == 0
            listener.rest(0.01)
        if "sleeping" not in scene.held:
            listener.rest(PATIENCE)
        scene.ear.heard()
        scene.sql.execute("COMMIT PREPARED 'p'")
        assert scene.ear.heard() == []
        listener.rest(PATIENCE)
        assert scene.held == {"awake"}
        assert scene.claimed() == 1


def test_notify_off_says_nothing_and_can_be_prepared(two_phase: Scene) -> None:
    scene = two_phase
    for asleep in (False, True):
        if asleep:
            scene.listener(asleep=True)
            scene.ear.heard()
        scene.sql.execute("BEGIN")
        scene.sql.execute("SET LOCAL connectsql.notify TO off")
        scene.do(INSERT)
        scene.sql.execute("PREPARE TRANSACTION 'p'")
        scene.sql.execute("COMMIT PREPARED 'p'")
        assert scene.ear.heard() == []
        assert scene.claimed() == 1
        scene.ear.heard()


def test_a_row_of_the_customers_own_in_the_log_wakes(scene: Scene) -> None:
    listener = scene.listener(asleep=True)
    scene.do(OWN_ENTRY)
    listener.rest(PATIENCE)
    assert scene.held == {"awake"}
    assert scene.claimed() == 1


def test_what_replication_brings_wakes(scene: Scene) -> None:
    """Where a mapping wants it, its triggers write to the log in sessions like this one."""
    listener = scene.listener(asleep=True)
    scene.sql.execute("SET session_replication_role TO replica")
    scene.do(OWN_ENTRY)
    listener.rest(PATIENCE)
    assert scene.held == {"awake"}
    assert scene.claimed() == 1


def test_both_of_two_agents_are_woken(scene: Scene) -> None:
    first = scene.listener(asleep=True)
    second = scene.listener()
    second.rest(0)
    assert scene.held == {"sleeping", "sleeper"}
    scene.do(INSERT)
    second.rest(PATIENCE)
    assert scene.held == {"sleeping", "sleeper", "awake"}
    first.rest(PATIENCE)
    assert scene.held == {"awake"}


def test_an_agent_that_sleeps_is_told_although_another_is_awake(scene: Scene) -> None:
    """The other may die before it has looked."""
    asleep = scene.listener(asleep=True)
    awake = scene.listener()
    scene.do(INSERT)
    awake.close()
    asleep.rest(PATIENCE)
    assert scene.held == {"awake"}


def test_who_waits_beside_a_sleeper_takes_its_place(scene: Scene) -> None:
    first = scene.listener(asleep=True)
    second = scene.listener()
    second.rest(0)
    first.stay_awake()
    application = scene.session()
    application.execute("BEGIN")
    scene.do(INSERT, application)
    first.close()
    second.rest(PATIENCE)
    assert scene.held == {"sleeping", "sleeper"}
    application.execute("COMMIT")
    second.rest(PATIENCE)
    assert scene.held == {"awake"}
    assert scene.claimed() == 1


def test_a_writer_that_looks_keeps_an_agent_from_saying_it_is_awake_only_once(scene: Scene) -> None:
    key = "hashtextextended('connectsql.awake ' || %s, 0)"
    scene.sql.execute(f"SELECT pg_advisory_lock_shared({key})".encode(), (scene.schema,))
    listener = scene.listener()
    assert scene.held == set()
    scene.sql.execute("SELECT pg_advisory_unlock_all()")
    listener.stay_awake()
    assert scene.held == {"awake"}
    listener.stay_awake()
    listener.rest(PATIENCE)
    assert scene.held == {"sleeping", "sleeper"}


@pytest.mark.parametrize("lock", ["awake", "sleeping"])
def test_an_application_that_takes_a_key_stops_nobody(scene: Scene, lock: str) -> None:
    key = "hashtextextended('connectsql.' || %s || ' ' || %s, 0)"
    application = scene.session()
    application.execute(f"SELECT pg_advisory_lock({key})".encode(), (lock, scene.schema))
    listener = scene.listener()
    listener.rest(0)
    assert scene.held == ({"awake", "sleeping", "sleeper"} if lock == "awake" else {"sleeping"})
    scene.do(INSERT)
    listener.rest(PATIENCE)
    assert "sleeper" not in scene.held
    assert scene.claimed() == 1


@pytest.mark.every_postgres
def test_a_dead_session_is_told_and_leaves_nothing(scene: Scene) -> None:
    for how in ("rests", "wakes"):
        listener = scene.listener(asleep=True)
        scene.sql.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_locks "
            "WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'"
        )
        assert scene.held == set()
        with pytest.raises(DatabaseUnreachable, match=r"while (listening|waking up)"):
            _ = listener.rest(PATIENCE) if how == "rests" else listener.stay_awake()


@pytest.mark.parametrize("how", ["sleeping", "awake"])
def test_a_killed_agent_leaves_nothing(scene: Scene, how: str) -> None:
    command = [sys.executable, "-c", AGENT, scene.database, scene.schema, how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as agent:
        assert agent.stdout
        assert agent.stdout.readline() == b"ready\n"
        scene.do(INSERT)
        assert how in scene.held
        agent.send_signal(signal.SIGKILL)
    # Waits until the server has noticed, which is when the session ends.
    key = "hashtextextended('connectsql.' || %s || ' ' || %s, 0)"
    lock = f"SELECT pg_advisory_lock({key}), pg_advisory_unlock({key})"
    scene.sql.execute(lock.encode(), (how, scene.schema) * 2)
    scene.ear.heard()
    scene.do(INSERT)
    assert scene.ear.heard() == (BOTH if scene.heroku else [])
    listener = scene.listener(asleep=True)
    assert scene.claimed() == 2
    scene.do(INSERT)
    listener.rest(PATIENCE)
    assert scene.held == {"awake"}


def test_the_wish_to_stop_ends_a_rest(scene: Scene) -> None:
    listener = scene.listener(asleep=True)
    scene.stop.set()
    listener.rest(PATIENCE)
    assert scene.held == {"awake"}
