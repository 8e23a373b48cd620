"""Whether claiming stays as fast as a trigger log grows old."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import LiteralString

from psycopg import sql

from benchmarks import wide
from benchmarks.figures import Figure
from benchmarks.ground import Ground
from benchmarks.times import Times, in_turn
from connectsql.compiler.model import Desired
from connectsql.database.connection import Connection, connect, connect_agent
from connectsql.database.lease import Lease
from connectsql.database.trigger_log import Outcome, TriggerLog

_WARM_UP = 2
_LEASE = 3600  # seconds
_OBJECT = ("Thing__c", "access: read_write")
_HISTORY: LiteralString = """
    INSERT INTO {log} (txid, created_at, updated_at, processed_at, processed_tx, state, action,
                       table_name, record_id, sfid, "values")
    SELECT n, now() - interval '12 hours', now(), now(), n, 'SUCCESS', 'UPDATE',
           'thing__c', n %% 100000, '001' || lpad(n::text, 15, '0'),
           '"text1__c"=>"changed ' || n || '"'
    FROM generate_series(1, %s) AS n
"""
_NEW: LiteralString = """
    INSERT INTO {log} (txid, state, action, table_name, record_id, sfid, "values")
    SELECT txid_current(), 'NEW', 'UPDATE', 'thing__c', last_value + n,
           '001' || lpad(n::text, 15, '0'), '"text1__c"=>"changed ' || n || '"'
    FROM {sequence}, generate_series(1, %s) AS n
"""


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Rows of history, entries waiting, entries in one claim, claims with an old snapshot held."""

    histories: tuple[int, ...] = (1_000, 100_000, 5_000_000)
    backlog: int = 10_000
    entries: int = 1_000
    claims_in_snapshot: int = 100
    repetitions: int = 9


QUICK = Sizes(
    histories=(200, 5_000), backlog=1_000, entries=200, claims_in_snapshot=8, repetitions=3
)


def measure(ground: Ground, *, quick: bool = False) -> Iterator[Figure]:
    """Yield claims beside old logs, and with a snapshot that lets nothing be cleared away."""
    yield from compare(ground, QUICK if quick else Sizes())


def compare(ground: Ground, sizes: Sizes) -> Iterator[Figure]:
    """Yield the figures for these sizes."""
    yield from _beside_history(ground, sizes)
    yield from _before_backlog(ground, sizes)
    yield from _in_old_snapshot(ground, sizes)


def _beside_history(ground: Ground, sizes: Sizes) -> Iterator[Figure]:
    names = [f"{history:,} rows of history" for history in sizes.histories]
    desired = [
        wide.desired(ground.folder, [_OBJECT], f"old{number}") for number in range(len(names))
    ]
    taken = Times()
    with ground.database(*desired) as database, connect_agent(database) as connection:
        logs = {
            name: _Log(connection, one, history)
            for name, one, history in zip(names, desired, sizes.histories, strict=True)
        }
        for repetition in range(-_WARM_UP, sizes.repetitions):
            for name in in_turn(names, repetition):
                logs[name].round(sizes.entries, name, taken if repetition >= 0 else Times())
    least, *more = names
    what = f"claim and finish {sizes.entries:,} entries"
    yield Figure(
        name=f"{what}, {least}", unit="ms", repetitions=taken.of("round", least, factor=1e3)
    )
    for name in more:
        yield Figure(
            name=f"{what}, {name}",
            unit="x",
            repetitions=taken.ratios("round", name, least),
            target="claim",
        )


def _before_backlog(ground: Ground, sizes: Sizes) -> Iterator[Figure]:
    """Claim the oldest of many; as many are added each time."""
    waiting = {f"{number:,} waiting": number for number in (sizes.entries, sizes.backlog)}
    taken = Times()
    with ExitStack() as stack:
        logs = {}
        for name, number in waiting.items():
            desired = wide.desired(ground.folder, [_OBJECT])
            database = stack.enter_context(ground.database(desired))
            connection = stack.enter_context(connect_agent(database))
            logs[name] = _Log(connection, desired, min(sizes.histories))
            logs[name].wait(number - sizes.entries)
        for repetition in range(sizes.repetitions):
            for name in in_turn(list(waiting), repetition):
                logs[name].round(sizes.entries, name, taken)
    few, many = waiting
    yield Figure(
        name=f"claim and finish {sizes.entries:,} entries of {many}",
        unit="x",
        repetitions=taken.ratios("round", many, few),
        target="claim",
    )


def _in_old_snapshot(ground: Ground, sizes: Sizes) -> Iterator[Figure]:
    """Compare two databases, because a snapshot holds up its own only."""
    desired = wide.desired(ground.folder, [_OBJECT])
    whos = ["held", "free"]
    taken = Times()
    with ExitStack() as stack:
        logs = {}
        for who in whos:
            database = stack.enter_context(ground.database(desired))
            connection = stack.enter_context(connect_agent(database))
            logs[who] = _Log(connection, desired, min(sizes.histories))
            if who == "held":
                _hold_snapshot(stack.enter_context(connect(database)))
        for number in range(sizes.claims_in_snapshot):
            for who in in_turn(whos, number):
                logs[who].round(sizes.entries, who, taken)
    last = max(5, sizes.claims_in_snapshot // 4)
    yield Figure(
        name=f"claim and finish {sizes.entries:,} entries, an old snapshot held for "
        f"{sizes.claims_in_snapshot:,} claims",
        unit="x",
        repetitions=taken.ratios("round", "held", "free")[-last:],
        target="claim",
    )


def _hold_snapshot(connection: Connection) -> None:
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    connection.execute("SELECT 1")


class _Log:
    """One trigger log and an agent that works on it."""

    def __init__(self, connection: Connection, desired: Desired, history: int) -> None:
        self._connection = connection
        self._name = sql.Identifier(desired.schema, "_trigger_log")
        self._sequence = sql.Identifier(desired.schema, "_trigger_log_id_seq")
        self._do(_HISTORY, (history,))
        self._do("VACUUM ANALYZE {log}")
        lease = Lease(connection, desired.schema, _LEASE)
        self._log = TriggerLog(connection, desired, lease.agent)

    def wait(self, entries: int) -> None:
        """Log entries that wait."""
        self._do(_NEW, (entries,))
        self._do("ANALYZE {log}")

    def round(self, entries: int, who: str, taken: Times) -> None:
        """Log entries, claim and finish them; the latter two take the time."""
        self._do(_NEW, (entries,))
        with taken.taken("round", who):
            claimed = self._log.claim(entries)
            self._log.finish([Outcome(id=one.id, state="SUCCESS") for one in claimed])
        assert len(claimed) == entries

    def _do(self, statement: LiteralString, parameters: Sequence[object] = ()) -> None:
        composed = sql.SQL(statement).format(log=self._name, sequence=self._sequence)
        self._connection.execute(composed, parameters or None)
