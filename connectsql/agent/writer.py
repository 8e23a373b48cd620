"""Postgres to Salesforce: claims what was logged, sends it, and notes what became of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from connectsql.agent import orphans
from connectsql.agent.earlier import EarlierAttempts, Made
from connectsql.agent.fold import Change, waves
from connectsql.agent.order import parents_first
from connectsql.agent.plan import Nothing, Operation, as_it_was, decide
from connectsql.agent.readback import ReadBack
from connectsql.agent.record import Fates, Recorder
from connectsql.agent.send import Batch, Sent, batches, send
from connectsql.agent.verdicts import Done, Fate, Later, Refused, Unknown
from connectsql.compiler.model import Desired, Table
from connectsql.config.model import LogLevel, Retention
from connectsql.database.connection import Connection, errors
from connectsql.database.lease import Lease
from connectsql.database.rows import Row, Rows
from connectsql.database.staging import Staging
from connectsql.database.trigger_log import Queue, TriggerLog
from connectsql.errors import DatabaseBusy, LeaseLost, SalesforceError
from connectsql.salesforce.collections import Collections
from connectsql.salesforce.rest import Rest
from connectsql.salesforce.session import Session

CLAIM = 1000  # entries at a time: five calls, read back by one
DEFERRED = 0.1  # seconds between looks at rows that applications are changing
TURNED_BACK = 1.0  # seconds until the log is looked at again where somebody had locked it
SETTLE = 10.0  # seconds that the end waits for them

_log = logging.getLogger("connectsql.agent")


class Interrupted(Exception):
    """No more of this claim is sent; ``later`` says until when, ``error`` what the org had."""

    def __init__(self, later: Later, error: SalesforceError | None = None) -> None:
        super().__init__(later.message)
        self.later = later
        self.error = error


class Writer:
    """Sends the changes of one schema, over one connection, under one lease."""

    def __init__(
        self,
        connection: Connection,
        desired: Desired,
        session: Session,
        lease: Lease,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._connection = connection
        self._lease = lease
        self._stopping = stopping
        self._log = TriggerLog(connection, desired, lease.agent)
        self._recorder = Recorder(connection, self._log)
        self._session = session
        self._collections = Collections(session)
        self._earlier = EarlierAttempts(Rest(session), self._log)
        self._read_back = ReadBack(session)
        self._tables = parents_first(desired.tables)
        self._by_name = desired.by_name
        self._rows = {one.name: Rows(connection, one) for one in desired.tables}
        self._stagings = {one.name: Staging(connection, one) for one in desired.tables}
        self._look_for_orphans = 0.0
        self._turned_back = False  # by a lock, so that nobody knows what there is to do
        self._unsent: set[int] = set()  # what is left of the claim in hand
        self._postponed: set[tuple[str, int]] = set()  # rows of it with a change to be sent later

    def work(self) -> int:
        """Send one claim; return how many log entries were handled.

        When it is time to stop, the call being made is the last one. Raises SalesforceError
        where the org cannot be reached (everything that was not sent is due again), LeaseLost,
        and DatabaseError.
        """
        self._turned_back = False
        self._note_deferred()
        try:
            if time.monotonic() >= self._look_for_orphans:
                orphans.adopt(self._connection, self._log, self._rows)
                self._look_for_orphans = time.monotonic() + self._lease.renew_after
            entries = self._log.claim(CLAIM)
        except DatabaseBusy:
            self._turned_back = True
            return 0
        self._unsent = {entry.id for entry in entries}
        self._postponed = set()
        try:
            for wave in waves(entries, self._ordered):
                self._wave(self._due(wave))
            if self._unsent:
                raise Interrupted(Later(delay=0.0, message="put back: an earlier change waits"))
        except Interrupted as interrupted:
            self._put_back(interrupted.later)
            if interrupted.error is not None:
                raise interrupted.error from interrupted
        return len(entries) - len(self._unsent)

    def queue(self) -> Queue:
        """Return what is left to do."""
        return self._log.queue()

    def failed(self) -> int:
        """Return how many changes Salesforce has refused."""
        return self._log.failed()

    def pause(self, longest: float) -> float:
        """Return the seconds after which there may be something to do unasked."""
        if self._recorder.deferred:
            return DEFERRED
        if self._turned_back:
            return min(longest, TURNED_BACK)
        next_in = self._log.queue().next_in
        return longest if next_in is None else min(longest, max(next_in, 0.05))

    def settle(self, wait: Callable[[float], object]) -> None:
        """Before the end: note what was put off, waiting a while for applications' locks."""
        patience = time.monotonic() + SETTLE
        while self._recorder.deferred and time.monotonic() < patience:
            self._note_deferred()
            wait(DEFERRED)

    def requeue_archived(self) -> int:
        """Put back what users have marked in the archive; return how much that was."""
        return self._log.requeue_archived()

    def archive(self, retention: Retention) -> None:
        """Move entries done long ago out of the log."""
        self._log.archive(retention, self._stopping)

    def _put_back(self, later: Later) -> None:
        with errors("putting back what was not sent"):
            self._log.requeue(
                sorted(self._unsent), delay=later.delay, message=later.message, unsure=True
            )

    def _note_deferred(self) -> None:
        if self._recorder.deferred:
            for table, sfids in self._recorder.retry().items():
                self._refresh(table, sfids)

    def _refresh(self, table: str, sfids: Sequence[str]) -> None:
        if sfids:
            self._read_back.refresh(self._stagings[table], sfids)

    def _ordered(self, table: str) -> bool:
        return self._by_name[table].ordered

    def _due(self, wave: Sequence[Change]) -> list[Change]:
        """Leave out changes of records whose earlier change is not through."""
        held = self._postponed | self._recorder.put_off
        return [one for one in wave if (one.entries[0].table, one.claimed_id) not in held]

    def _wave(self, wave: Sequence[Change]) -> None:
        """Send one change each of many records: parents, then children; deletes the other way."""
        operations: dict[str, list[Operation]] = {}
        for table in self._tables:
            changes = [one for one in wave if one.entries[0].table == table.name]
            operations[table.name] = self._decide(table, changes) if changes else []
        for table in self._tables:
            written: list[str] = []
            for kind in ("upsert", "create", "update"):
                written += self._send_all(table, kind, operations[table.name])
            self._refresh(table.name, written)
        for table in reversed(self._tables):
            self._send_all(table, "delete", operations[table.name])

    def _decide(self, table: Table, changes: Sequence[Change]) -> list[Operation]:
        """Return what is to be sent, and note the changes of which nothing is."""
        changes, rows = self._found(table, changes)
        standing = self._standing(table, changes, rows)
        left = self._without_made(table, changes, standing)
        decided = [decide(table, one, standing.get(one.record_id)) for one in left]
        needless = [one for one in decided if isinstance(one, Nothing)]
        self._recorder.nothing(needless)
        self._settled(one.change for one in needless)
        operations = [one for one in decided if isinstance(one, Operation)]
        self._note(
            table, [(one, Refused(message=one.problem)) for one in operations if one.problem]
        )
        return [one for one in operations if not one.problem]

    def _found(
        self, table: Table, changes: Sequence[Change]
    ) -> tuple[Sequence[Change], dict[int, Row]]:
        """Return the changes and their rows, under the ids that these have by now."""
        rows = self._rows[table.name].to_send([one.record_id for one in changes])
        with errors("looking for rows whose id was changed"):
            current = self._log.current_records(table.name, [one.ids[-1] for one in changes])
        followed = [one.follow(current) for one in changes]
        return (changes, rows) if followed == list(changes) else self._found(table, followed)

    def _standing(
        self, table: Table, changes: Sequence[Change], rows: dict[int, Row]
    ) -> dict[int, Row]:
        """Return the rows to send: as they are, or each as it was when its change was committed.

        ``log: full`` keeps the values of every change, so they need not be found.
        """
        if not table.ordered or table.mapping.log is LogLevel.FULL:
            return rows
        with errors("looking for later changes"):
            later = self._log.later_values(table.name, list(rows))
        return {
            one.record_id: as_it_was(rows[one.record_id], one, later.get(one.record_id, []))
            for one in changes
            if one.record_id in rows
        }

    def _without_made(
        self, table: Table, changes: Sequence[Change], standing: dict[int, Row]
    ) -> list[Change]:
        """Leave out inserts that an earlier attempt has done, but for what came since."""
        made = self._made(table, changes, standing)
        left: list[Change] = []
        done: list[tuple[Operation, Fate]] = []
        for change in changes:
            record = made.get(change.record_id)
            if record is None:
                left.append(change)
            elif row := standing.get(change.record_id):
                sent, since = change.split()
                operation = Operation(kind="upsert", change=sent, body={})
                done.append((operation, Done(sfid=record.sfid, created=True)))
                standing[row.id] = replace(row, sfid=record.sfid)
                left += [since] if since else []
            else:
                left.append(change)
                if not record.deleted:
                    self._log.delete_after_all(table.name, [(change.record_id, record.sfid)])
        self._refresh(table.name, self._note(table, done))
        return left

    def _made(
        self, table: Table, changes: Sequence[Change], standing: dict[int, Row]
    ) -> dict[int, Made]:
        try:
            with errors("looking for what earlier attempts have made"):
                return self._earlier.made(table, changes, standing)
        except SalesforceError as error:
            raise Interrupted(Later(delay=1.0, message=error.message), error) from error

    def _send_all(self, table: Table, kind: str, operations: Sequence[Operation]) -> list[str]:
        """Send all operations of one kind; return the records that stand now."""
        if kind == "create":
            operations = self._unambiguous(table, operations)
        written: list[str] = []
        for batch in batches(table, kind, operations):
            if self._stopping():
                raise Interrupted(Later(delay=0.0, message="put back: the agent was told to end"))
            sent = self._send(batch)
            written += self._note(table, sent.fates)
            _stop_where_useless(sent)
        return written

    def _send(self, batch: Batch) -> Sent:
        with errors("checking the claim"):
            blind = batch.kind == "create"
            mine = self._lease.runs and self._log.about_to_send(
                batch.entry_ids, self._session.server_now, blind=blind
            )
        if not mine:
            raise LeaseLost("another agent has taken over: this one was silent for too long")
        began = time.monotonic()
        sent = send(self._collections, batch)
        took = round((time.monotonic() - began) * 1000)
        done = sum(isinstance(fate, Done) for _, fate in sent.fates)
        words = "sent table=%s kind=%s rows=%d done=%d ms=%d"
        _log.info(words, batch.table.name, batch.kind, len(sent.fates), done, took)
        return sent

    def _unambiguous(self, table: Table, operations: Sequence[Operation]) -> list[Operation]:
        """Leave out inserts of rows that Salesforce may have already."""
        creates = [one for one in operations if one.kind == "create"]
        if not creates:
            return []
        with errors("looking for ambiguous inserts"):
            held = self._log.ambiguous_records(
                table.name, [one.change.record_id for one in creates]
            )
        self._note(table, [(one, Unknown()) for one in creates if one.change.record_id in held])
        return [one for one in creates if one.change.record_id not in held]

    def _note(self, table: Table, fates: Fates) -> list[str]:
        """Note fates; return the sfids of rows to read back."""
        self._settled(one.change for one, _ in fates)
        self._postponed |= {
            (table.name, one.change.claimed_id) for one, fate in fates if isinstance(fate, Later)
        }
        return self._recorder.fates(self._rows[table.name], fates)

    def _settled(self, changes: Iterable[Change]) -> None:
        self._unsent.difference_update(id_ for change in changes for id_ in change.ids)


def _stop_where_useless(sent: Sent) -> None:
    """Stop the claim where a whole call failed in a way that the next one would, too."""
    first = sent.fates[0][1]
    if sent.error is not None and isinstance(first, Later | Unknown):
        later = first if isinstance(first, Later) else Later(delay=1.0, message=str(sent.error))
        raise Interrupted(later, sent.error)
