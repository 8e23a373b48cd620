"""From an application's commit to the org and back, through a whole agent.

The emulated org and the agent run in processes of their own (`connectsql emulator`,
`connectsql agent`); this process writes, and looks at the rows every millisecond. When a call
was made is told by the org's log, which is asked beside it: what the asking takes is part of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import requests

from benchmarks.figures import Figure
from benchmarks.ground import Ground, OrgProcess, agent, org
from benchmarks.times import Times
from connectsql.compiler.model import Desired
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.describe import snapshot
from connectsql.salesforce.collections import WRITE_LIMIT, Collections
from connectsql.salesforce.rest import Rest

CONFIG = """\
connection:
  login:
    instance_url: {url}
    client_id: {{file: client_id}}
    client_secret: {{file: client_secret}}
mappings:
  - object: Account
    access: read_write
    upsert_field: ExternalId__c
    poll_seconds: 3600
    fields: [Name, Phone, Industry, AnnualRevenue, OwnerId, CreatedDate, ExternalId__c]
"""
PATIENCE = 60.0  # seconds
_WRITES = "composite/sobjects"

INSERT: LiteralString = (
    "INSERT INTO salesforce.account (name, externalid__c) VALUES ('Benchmark', %s) RETURNING id"
)
UPDATE: LiteralString = "UPDATE salesforce.account SET phone = %s WHERE id = %s"
MANY_UPDATES: LiteralString = "UPDATE salesforce.account SET phone = %s WHERE id = ANY (%s)"
MANY_INSERTS: LiteralString = (
    "INSERT INTO salesforce.account (name, externalid__c) "
    "SELECT 'Benchmark', %s || n FROM generate_series(1, %s) AS n"
)
LASTOP: LiteralString = "SELECT _hc_lastop FROM salesforce.account WHERE id = %s"
UNSYNCED: LiteralString = (
    "SELECT count(*) FROM salesforce.account WHERE _hc_lastop IS DISTINCT FROM 'SYNCED'"
)
LOADED: LiteralString = "SELECT count(*) FROM connectsql.mapping WHERE loaded_at IS NOT NULL"


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Transactions of one row, changed rows in one transaction, rows of a large insert."""

    transactions: int = 40
    changed: int = 1_000
    inserted: int = 5_000
    repetitions: int = 5


QUICK = Sizes(transactions=5, changed=1_000, inserted=400, repetitions=1)


def measure(ground: Ground, *, quick: bool = False) -> Iterator[Figure]:
    """Yield latencies, calls and rows per second."""
    sizes = QUICK if quick else Sizes()
    with _scene(ground, sizes) as scene:
        yield from _latencies(scene, sizes)
        yield from _calls(scene, sizes)
        yield from _speed(scene, sizes)


def _latencies(scene: _Scene, sizes: Sizes) -> Iterator[Figure]:
    taken = Times()
    for number in range(-3, sizes.transactions):
        times = taken if number >= 0 else Times()
        (row,) = scene.one_row("INSERT", times, INSERT, scene.unique())
        scene.one_row("UPDATE", times, UPDATE, scene.unique(), row=row)
    for what in ("INSERT", "UPDATE"):
        for span, target in (
            ("commit to request", "request"),
            ("answer to row SYNCED", "read back"),
            ("commit to row SYNCED", None),
        ):
            spans = taken.of(what, span, factor=1e3)
            yield Figure(
                name=f"one-row {what}, {span}", unit="ms", repetitions=spans, target=target
            )


def _calls(scene: _Scene, sizes: Sizes) -> Iterator[Figure]:
    calls = []
    rows = scene.some_rows(sizes.changed)
    for _ in range(sizes.repetitions):
        mark = scene.mark()
        scene.sql.execute(MANY_UPDATES, (scene.unique(), rows))
        scene.until(UNSYNCED, lambda row: row[0] == 0)
        calls.append(len(scene.calls(mark)))
    yield Figure(
        name=f"API calls for {sizes.changed:,} changed rows, read-back included",
        unit="calls",
        repetitions=calls,
        target="calls",
    )


def _speed(scene: _Scene, sizes: Sizes) -> Iterator[Figure]:
    taken = Times()
    for _ in range(sizes.repetitions):
        with taken.taken("insert", "agent"):
            scene.sql.execute(MANY_INSERTS, (scene.unique(), sizes.inserted))
            # Seldom: looking counts the table's rows, on the CPUs that do the work.
            scene.until(UNSYNCED, lambda row: row[0] == 0, every=0.1)
        with taken.taken("insert", "calls alone"):
            scene.write_directly(sizes.inserted)
    for who, name in (("agent", "rows SYNCED"), ("calls alone", "the same calls alone")):
        speed = [sizes.inserted / seconds for seconds in taken.of("insert", who)]
        yield Figure(
            name=f"INSERT of {sizes.inserted:,} rows, {name}", unit="rows/s", repetitions=speed
        )


@contextmanager
def _scene(ground: Ground, sizes: Sizes) -> Iterator[_Scene]:
    """Start an org with enough records, and an agent that has loaded them."""
    with ExitStack() as stack:
        running = stack.enter_context(org({"Account": sizes.changed}))
        config, desired = _configure(ground.folder, running)
        database = stack.enter_context(ground.database(desired))
        sql = stack.enter_context(psycopg.connect(database, autocommit=True))
        stack.enter_context(agent(config, database))
        scene = _Scene(running, sql, stack.enter_context(ThreadPoolExecutor(1)))
        stack.callback(scene.http.close)
        scene.until(LOADED, lambda row: row[0] == 1)
        scene.until(UNSYNCED, lambda row: row[0] == 0)
        yield scene


def _configure(folder: Path, running: OrgProcess) -> tuple[Path, Desired]:
    for name in ("client_id", "client_secret"):
        (folder / name).write_text(getattr(running, name), encoding="utf-8")
    path = folder / "write.yaml"
    path.write_text(CONFIG.format(url=running.url), encoding="utf-8")
    config = load(path)
    with running.session() as session:
        describes = [Rest(session).describe(one.object) for one in config.mappings]
    snapshot.write(folder / "describe", describes)
    return path, resolve(config, snapshot.load(folder / "describe")).desired


class _Scene:
    """An org, a database, and what can be asked of them."""

    def __init__(
        self, running: OrgProcess, sql: psycopg.Connection[Any], beside: ThreadPoolExecutor
    ) -> None:
        self.sql = sql
        self.http = requests.Session()
        self._org = running
        self._beside = beside
        self._numbers = count(1)

    def unique(self) -> str:
        """Return a text that was not there before."""
        return f"b{next(self._numbers)}-"

    def one_row(
        self,
        what: str,
        times: Times,
        statement: LiteralString,
        text: str,
        *,
        row: int | None = None,
    ) -> tuple[int]:
        """Write one row and take the times until its call, and until it is SYNCED."""
        seen = self._next_call()
        parameters = (text,) if row is None else (text, row)
        cursor = self.sql.execute(statement, parameters, prepare=True)
        committed = time.perf_counter()
        if row is None:
            (row,) = cursor.fetchone() or (0,)
        self.until(LASTOP, lambda found: found[0] == "SYNCED", row)
        synced = time.perf_counter()
        answered, took = seen.result()
        times.note(what, "commit to request", answered - took - committed)
        times.note(what, "answer to row SYNCED", synced - answered)
        times.note(what, "commit to row SYNCED", synced - committed)
        return (row,)

    def some_rows(self, number: int) -> list[int]:
        """Return ids of rows."""
        query: LiteralString = "SELECT id FROM salesforce.account ORDER BY id LIMIT %s"
        return [row[0] for row in self.sql.execute(query, (number,))]

    def until(
        self,
        query: LiteralString,
        wanted: Callable[[tuple[Any, ...]], bool],
        *parameters: object,
        every: float = 0.001,
    ) -> None:
        """Look every so many seconds until the row is as wanted."""
        patience = time.monotonic() + PATIENCE
        while True:
            row = self.sql.execute(query, parameters, prepare=True).fetchone()
            if row and wanted(row):
                return
            if time.monotonic() > patience:
                raise TimeoutError(f"waited {PATIENCE:.0f} s in vain for: {query}")
            time.sleep(every)

    def mark(self) -> int:
        """Return the number of the org's latest call."""
        return int(self._log()["last"])

    def calls(self, since: int) -> list[dict[str, Any]]:
        """Return the calls after a number."""
        return list(self._log(since=since)["calls"])

    def write_directly(self, rows: int) -> None:
        """Insert rows into the org and read them back, without an agent."""
        text = self.unique()
        with self._org.session() as session:
            collections = Collections(session)
            ids: list[str] = []
            for start in range(0, rows, WRITE_LIMIT):
                some = range(start, min(start + WRITE_LIMIT, rows))
                bodies = [{"Name": "Benchmark", "ExternalId__c": f"{text}d{n}"} for n in some]
                results = collections.upsert("Account", "ExternalId__c", bodies)
                ids += [one.id for one in results if one.id]
            collections.retrieve("Account", ids, ["Id", "Name", "CreatedDate"])

    def _next_call(self) -> Future[tuple[float, float]]:
        """Wait beside this for the next write: when it was answered, and how long it took."""
        mark = self.mark()

        def wait() -> tuple[float, float]:
            found = self._log(since=mark, path=_WRITES, wait=PATIENCE)["calls"]
            return time.perf_counter(), found[0]["ms"] / 1000

        return self._beside.submit(wait)

    def _log(self, **asked: object) -> dict[str, Any]:
        url = f"{self._org.url}/__emulator__/calls"
        answer = self.http.get(url, params={k: str(v) for k, v in asked.items()}, timeout=90)
        told: dict[str, Any] = answer.json()
        return told
