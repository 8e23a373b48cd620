"""No wake-up is lost, however transactions fall: rounds of random writers, each to its end.

An agent works as the supervisor lets it, but never looks unasked. A round ends when everything
that it committed is claimed, so that no later commit can make up for a wake-up that was lost.
CONNECTSQL_STRESS_SECONDS makes it longer.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.describes import desire

from connectsql.agent.stop import Stop
from connectsql.compiler.model import Desired
from connectsql.database.apply import apply
from connectsql.database.connection import connect, connect_agent
from connectsql.database.lease import Lease
from connectsql.database.listener import Listener
from connectsql.database.trigger_log import Outcome, TriggerLog

IDLE = psycopg.pq.TransactionStatus.IDLE
CONFIG = """
connection: {{types: {types}}}
mappings:
  - {{object: Account, access: read_write, fields: [Name, Phone]}}
"""
SECONDS = float(os.environ.get("CONNECTSQL_STRESS_SECONDS", "2"))
WRITERS = 6
PATIENCE = 15.0  # seconds: only a lost wake-up takes so long
NEVER = 36_000.0  # seconds
COMMITTED = "SELECT count(*) FROM salesforce._trigger_log"
WAITING = "SELECT id, txid FROM salesforce._trigger_log WHERE state = 'NEW' ORDER BY id LIMIT 10"


class Consumer:
    """An agent that claims and finishes, on a thread of its own."""

    def __init__(self, database: str, desired: Desired) -> None:
        self._database = database
        self._desired = desired
        self._stop = Stop()
        self._changed = threading.Condition()
        self._done = 0
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Consumer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._stop.close()

    def has_done(self, entries: int) -> bool:
        """Wait until so many entries are through, or for as long as patience lasts."""
        with self._changed:
            self._changed.wait_for(lambda: self._failure or self._done >= entries, PATIENCE)
            if self._failure:
                raise self._failure
            return self._done >= entries

    def _run(self) -> None:
        try:
            self._work()
        except Exception as failure:
            self._failure = failure

    def _work(self) -> None:
        schema = self._desired.schema
        listener = Listener(self._database, schema, self._stop.wakeup)
        try:
            with connect_agent(self._database) as connection:
                log = TriggerLog(connection, self._desired, Lease(connection, schema, 3600).agent)
                while not self._stop.is_set():
                    if self._claim(log):
                        listener.stay_awake()
                    else:
                        listener.rest(NEVER)
        finally:
            listener.close()

    def _claim(self, log: TriggerLog) -> int:
        claimed = log.claim(1000)
        log.finish([Outcome(id=one.id, state="SUCCESS") for one in claimed])
        with self._changed:
            self._done += len(claimed)
            self._changed.notify_all()
        return len(claimed)


class Application:
    """A session that writes at random."""

    def __init__(self, database: str, seed: str) -> None:
        self._random = random.Random(seed)
        self._session: psycopg.Connection[Any] = psycopg.connect(database, autocommit=True)

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def round(self) -> None:
        """Run a few transactions, some of them rolled back, some idle for a while."""
        for _ in range(self._random.choice([0, 1, 1, 2])):
            self._pause(0.004)
            with self._session.transaction(force_rollback=self._random.random() < 0.1):
                for _ in range(self._random.choice([1, 1, 1, 2, 4])):
                    self._write()
                    self._pause(0.003)
                if self._random.random() < 0.03:
                    self._pause(0.4)

    def _write(self) -> None:
        with self._session.transaction(force_rollback=self._random.random() < 0.1):
            self._session.execute("INSERT INTO salesforce.account (name) VALUES ('a')")

    def _pause(self, longest: float) -> None:
        """Spend time, which is all that this is about; often none."""
        if self._random.random() < 0.6:
            time.sleep(self._random.uniform(0, longest))


@contextmanager
def applications(database: str, seed: str) -> Iterator[list[Application]]:
    with ExitStack() as stack:
        made = [Application(database, f"{seed} {number}") for number in range(WRITERS)]
        for one in made:
            stack.callback(one.close)
        yield made


@pytest.mark.every_postgres
@pytest.mark.parametrize("types", ["native", "heroku"])
def test_no_wake_up_is_lost(database: str, tmp_path: Path, types: str) -> None:
    _, desired = desire(tmp_path, CONFIG.format(types=types))
    with connect(database) as connection:
        apply(connection, desired)
    seed = os.environ.get("CONNECTSQL_STRESS_SEED") or str(time.time_ns())
    end = time.monotonic() + SECONDS
    with (
        psycopg.connect(database, autocommit=True) as observer,
        applications(database, seed) as writers,
        ThreadPoolExecutor(WRITERS) as pool,
        Consumer(database, desired) as consumer,
    ):
        for number in count(1):
            list(pool.map(Application.round, writers))
            (committed,) = observer.execute(COMMITTED).fetchone() or (0,)
            lost = [] if consumer.has_done(committed) else observer.execute(WAITING).fetchall()
            assert not lost, f"nobody woke for (id, txid) {lost} in round {number}, seed {seed}"
            if time.monotonic() > end:
                break
    print(f"{types}: {number} rounds, {committed} entries")


def test_what_is_written_beside_a_claim_is_not_passed_over(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim's transaction has its number before the writer, which is not to be misled by it."""
    _, desired = desire(tmp_path, CONFIG.format(types="native"))
    insert = "INSERT INTO salesforce.account (name) VALUES ('a')"
    with (
        connect(database) as connection,
        connect_agent(database) as agent,
        psycopg.connect(database) as writer,
    ):
        apply(connection, desired)
        log = TriggerLog(agent, desired, Lease(agent, "salesforce", 3600).agent)
        run = log._run

        def with_a_writer(name: str, **parameters: object) -> list[tuple[Any, ...]]:
            if name == "settled" and writer.info.transaction_status == IDLE:
                writer.execute(insert)
            return run(name, **parameters)

        connection.execute(insert)
        connection.commit()
        monkeypatch.setattr(log, "_run", with_a_writer)
        assert len(log.claim(1000)) == 1
        assert log.claim(1000) == []
        writer.commit()
        assert len(log.claim(1000)) == 1
