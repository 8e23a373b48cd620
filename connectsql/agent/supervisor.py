"""Runs writer and reader: for ever, or once until both sides are quiet."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from connectsql import __version__
from connectsql.agent.reader import Loading, Read, Reader
from connectsql.agent.stop import Stop
from connectsql.agent.writer import Writer
from connectsql.compiler import render
from connectsql.compiler.model import Desired, Table
from connectsql.compiler.versions import newer
from connectsql.config.model import Config
from connectsql.database.connection import Connection, connect_agent
from connectsql.database.inspect import applied_by, fingerprint
from connectsql.database.lease import Lease
from connectsql.database.listener import Listener
from connectsql.errors import (
    ApiError,
    DatabaseBusy,
    DatabaseError,
    DatabaseUnreachable,
    LeaseLost,
    LoginFailed,
    NotInstalled,
    OrgUnreachable,
    SalesforceError,
)
from connectsql.salesforce.session import Session

POLL_LOG = 5.0  # seconds between looks at the log when no notification comes
HELD_BACK = 1.0  # seconds until records that were held back are read again
LONGEST_BACKOFF = 30.0  # seconds
LONGEST_WAIT_ONCE = 120.0  # seconds that `--once` waits for a retry that is not due yet
LOST_IN_A_ROW = 3  # answers that may be lost before `--once` gives up
ARCHIVE_EVERY = 600.0  # seconds

_log = logging.getLogger("connectsql.agent")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What `--once` did: log entries handled, rows changed, tables that could not be read.

    ``failed`` counts the refused changes in the log, those of earlier runs included.
    """

    sent: int
    received: int
    failed: int
    problems: dict[str, str]


class Agent:
    """One agent process for one connection."""

    def __init__(
        self,
        config: Config,
        desired: Desired,
        database: str,
        session: Session,
        stop: Stop,
        on_loading: Callable[[Loading], None] = lambda _: None,
    ) -> None:
        self._config = config
        self._desired = desired
        self._database = database
        self._session = session
        self._stop = stop
        self._on_loading = on_loading
        self._defect: Exception | None = None
        self._said: set[str] = set()
        self._saying = threading.Lock()

    def check(self) -> None:
        """Raise NotInstalled where the database is not what the config compiles to."""
        with self._connected() as connection:
            self._check(connection)

    def _check(self, connection: Connection) -> None:
        found = fingerprint(connection, self._desired.schema)
        version = applied_by(connection, self._desired.schema)
        if version is not None and version != __version__:
            raise NotInstalled(
                f"schema {self._desired.schema} was applied by connectsql {version}; this is "
                f"{__version__}",
                hint="upgrade this agent"
                if newer(version, __version__)
                else "run `connectsql apply`",
            )
        if found is None:
            raise NotInstalled(
                f"schema {self._desired.schema} was never applied to this database",
                hint="run `connectsql apply`",
            )
        if found != self._fingerprint:
            raise NotInstalled(
                f"schema {self._desired.schema} was applied from another config",
                hint="run `connectsql apply`",
            )

    @cached_property
    def _fingerprint(self) -> str:
        return render.fingerprint(self._desired)

    def run(self) -> None:
        """Sync until stopped. Lost connections on either side are waited out.

        Raises NotInstalled where another config is applied meanwhile.
        """
        self.check()
        duties = [
            threading.Thread(target=self._forever, args=(duty,), name=name)
            for name, duty in (("writer", self._write), ("reader", self._read))
        ]
        for thread in duties:
            thread.start()
        for thread in duties:
            thread.join()
        if self._defect is not None:
            raise self._defect

    def once(self) -> Summary:
        """Sync until nothing is left to send and nothing has changed in Salesforce.

        Raises SalesforceError where the org cannot be reached, or asks for a longer wait.
        """
        self.check()
        sent = received = 0
        problems: dict[str, str] = {}
        with self._writing() as writer, self._connected() as connection:
            reader = self._reader(connection)
            while not self._stop.is_set():
                handled = self._drain(writer)
                reads, problems = self._read_all(reader)
                changed = sum(one.changed for one in reads)
                sent, received = sent + handled, received + changed
                again = any(one.again for one in reads)
                if not (handled or changed or again):
                    break
                if again:
                    self._stop.wait(HELD_BACK)
            failed = writer.failed()
        return Summary(sent=sent, received=received, failed=failed, problems=problems)

    def _write(self) -> None:
        """The writer's duty. It listens before it looks, so that nothing falls in between."""
        listener = Listener(self._database, self._desired.schema, self._stop.wakeup)
        try:
            with self._writing() as writer:
                self._write_and_listen(writer, listener)
        finally:
            listener.close()

    def _write_and_listen(self, writer: Writer, listener: Listener) -> None:
        archived = looked_back = 0.0
        while not self._stop.is_set():
            if writer.work():
                listener.stay_awake()
                continue
            now = time.monotonic()
            if now - looked_back > POLL_LOG:
                looked_back = now
                if writer.requeue_archived():
                    continue
            if now - archived > ARCHIVE_EVERY:
                writer.archive(self._config.retention)
                archived = now
            listener.rest(writer.pause(POLL_LOG))

    def _read(self) -> None:
        """The reader's duty: each table in its own interval."""
        due = {table.name: 0.0 for table in self._desired.tables}
        with self._connected() as connection:
            reader = self._reader(connection)
            while not self._stop.is_set():
                for table in self._desired.tables:
                    if due[table.name] <= time.monotonic() and not self._stop.is_set():
                        self._check(connection)
                        pause = self._read_table(reader, table)
                        due[table.name] = time.monotonic() + pause
                self._stop.wait(max(0.0, min(due.values()) - time.monotonic()))

    def _read_table(self, reader: Reader, table: Table) -> float:
        """Read one table; return the seconds until it is due again."""
        result = self._one_read(reader, table)
        if isinstance(result, Read) and result.again:
            return HELD_BACK
        return float(table.mapping.poll_seconds)

    def _one_read(self, reader: Reader, table: Table) -> Read | str:
        """Read one table; one that cannot be read says why and does not stop the others."""
        try:
            result = reader.read(table)
        except (OrgUnreachable, LoginFailed, DatabaseUnreachable):
            raise
        except DatabaseBusy:
            return Read(table=table.name, changed=0, again=True)
        except (ApiError, DatabaseError) as error:
            _log.error("not read table=%s: %s", table.name, error)
            reader.note_problem(table, str(error))
            return str(error)
        if result.changed:
            _log.info("received table=%s rows=%d", table.name, result.changed)
        return result

    def _read_all(self, reader: Reader) -> tuple[list[Read], dict[str, str]]:
        reads: list[Read] = []
        problems: dict[str, str] = {}
        for table in self._desired.tables:
            if self._stop.is_set():
                break
            result = self._one_read(reader, table)
            if isinstance(result, Read):
                reads.append(result)
            else:
                problems[table.name] = result
        return reads, problems

    def _drain(self, writer: Writer) -> int:
        """Send until the queue is empty, waiting for retries and for other agents' claims.

        A lost answer is no reason to give up, several in a row are.
        """
        total = lost = 0
        while not self._stop.is_set():
            try:
                handled = writer.work()
            except OrgUnreachable as error:
                lost += 1
                if not error.sent or lost > LOST_IN_A_ROW:
                    raise
                handled = 0
            total += handled
            if handled:
                lost = 0
                continue
            queue = writer.queue()
            if queue.empty:
                break
            pause = queue.next_in if queue.next_in and queue.next_in > 0 else 0.1
            if pause > LONGEST_WAIT_ONCE:
                raise SalesforceError(
                    f"{queue.waiting} changes cannot be sent for another {pause:.0f} s",
                    hint="the reason is in _trigger_log.sf_message; run the agent again later",
                )
            self._stop.wait(pause)
        return total

    def _forever(self, duty: Callable[[], None]) -> None:
        """Do a duty again and again; say each problem once, and wait longer each time."""
        pause = 1.0
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                duty()
            except NotInstalled as other_config:
                self._defect = other_config
                self._stop.set()
            except (DatabaseError, SalesforceError, LeaseLost) as error:
                if time.monotonic() - began > LONGEST_BACKOFF:
                    pause = 1.0
                    self._said.clear()
                self._say_once(error.message)
                self._stop.wait(pause)
                pause = min(pause * 2, LONGEST_BACKOFF)
            except Exception as defect:  # ours: end the process rather than one duty of it
                self._defect = defect
                self._stop.set()

    def _say_once(self, problem: str) -> None:
        """Say a problem unless either duty has: both meet the same outage."""
        with self._saying:
            if problem not in self._said:
                _log.error("%s; trying again", problem)
            self._said.add(problem)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        connection = connect_agent(self._database)
        try:
            yield connection
        finally:
            connection.close()

    def _reader(self, connection: Connection) -> Reader:
        return Reader(
            connection,
            self._desired,
            self._session,
            lookback=timedelta(seconds=self._config.lookback_seconds),
            stopping=self._stop.is_set,
            on_loading=self._on_loading,
        )

    @contextmanager
    def _writing(self) -> Iterator[Writer]:
        """A writer whose lease is renewed beside it, on a connection of its own."""
        with self._connected() as connection, self._connected() as renewals:
            lease = Lease(renewals, self._desired.schema, self._config.lease_seconds)
            done = threading.Event()
            keeper = threading.Thread(target=_keep, args=(lease, done), name="lease")
            keeper.start()
            try:
                writer = Writer(connection, self._desired, self._session, lease, self._stop.is_set)
                yield writer
                writer.settle(time.sleep)
            finally:
                done.set()
                keeper.join()
                with suppress(DatabaseError):
                    lease.end()


def _keep(lease: Lease, done: threading.Event) -> None:
    """Renew the lease until done; where that fails it runs out, and the writer notices."""
    while not done.wait(lease.renew_after):
        try:
            if not lease.renew():
                return
        except DatabaseError as error:
            _log.warning("%s", error)
            return
