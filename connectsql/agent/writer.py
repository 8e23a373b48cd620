"""Postgres to Salesforce: claims what was logged, sends it, and notes what became of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from connectsql.agent.fold import Change, waves
from connectsql.agent.order import parents_first
from connectsql.agent.plan import Nothing, Operation, decide
from connectsql.agent.readback import ReadBack
from connectsql.agent.record import Recorder
from connectsql.agent.send import Batch, Sent, batches, send
from connectsql.agent.vanished import delete_what_was_made
from connectsql.agent.verdicts import Done, Later, Refused, Unknown
from connectsql.compiler.model import Desired, Table
from connectsql.database.connection import Connection, errors
from connectsql.database.lease import Lease
from connectsql.database.rows import Rows
from connectsql.database.staging import Staging
from connectsql.database.trigger_log import Orphan, Queue, TriggerLog
from connectsql.errors import DatabaseBusy, LeaseLost, SalesforceError
from connectsql.salesforce.collections import Collections
from connectsql.salesforce.rest import Rest
from connectsql.salesforce.session import Session

CLAIM = 1000  # entries at a time: five calls, read back by one
DEFERRED = 0.1  # seconds between looks at rows that applications are changing
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
        self._collections = Collections(session)
        self._rest = Rest(session)
        self._read_back = ReadBack(session)
        self._tables = parents_first(desired.tables)
        self._by_name = desired.by_name
        self._rows = {one.name: Rows(connection, one) for one in desired.tables}
        self._stagings = {one.name: Staging(connection, one) for one in desired.tables}
        self._look_for_orphans = 0.0

    def work(self) -> int:
        """Send one claim; return how many log entries were handled.

        When it is time to stop, the call being made is the last one. Raises SalesforceError
        where the org cannot be reached (everything that was not sent is due again), LeaseLost,
        and DatabaseError.
        """
        self._note_deferred()
        try:
            if time.monotonic() >= self._look_for_orphans:
                self._adopt_orphans()
            entries = self._log.claim(CLAIM)
        except DatabaseBusy:
            return 0
        unsent = {entry.id for entry in entries}
        try:
            for wave in waves(entries, self._ordered):
                self._wave(wave, unsent)
        except Interrupted as interrupted:
            later = interrupted.later
            with errors("putting back what was not sent"):
                self._log.requeue(sorted(unsent), delay=later.delay, message=later.message)
            if interrupted.error is not None:
                raise interrupted.error from interrupted
            return len(entries) - len(unsent)
        return len(entries)

    def queue(self) -> Queue:
        """Return what is left to do."""
        return self._log.queue()

    def pause(self, longest: float) -> float:
        """Return the seconds after which there may be something to do unasked."""
        if self._recorder.deferred:
            return DEFERRED
        next_in = self._log.queue().next_in
        return longest if next_in is None else min(longest, max(next_in, 0.05))

    def settle(self, wait: Callable[[float], object]) -> None:
        """Before the end: note what was put off, waiting a while for applications' locks."""
        patience = time.monotonic() + SETTLE
        while self._recorder.deferred and time.monotonic() < patience:
            self._note_deferred()
            wait(DEFERRED)

    def archive(self) -> None:
        """Move entries done long ago out of the log."""
        self._log.archive()

    def _note_deferred(self) -> None:
        if self._recorder.deferred:
            for table, sfids in self._recorder.retry().items():
                self._refresh(table, sfids)

    def _refresh(self, table: str, sfids: Sequence[str]) -> None:
        if sfids:
            self._read_back.refresh(self._stagings[table], sfids)

    def _ordered(self, table: str) -> bool:
        return self._by_name[table].ordered

    def _wave(self, wave: Sequence[Change], unsent: set[int]) -> None:
        """Send one change each of many records: parents, then children; deletes the other way."""
        operations: dict[str, list[Operation]] = {}
        for table in self._tables:
            changes = [one for one in wave if one.entries[0].table == table.name]
            operations[table.name] = self._decide(table, changes, unsent)
        for table in self._tables:
            written: list[str] = []
            for kind in ("upsert", "create", "update"):
                written += self._send_all(table, kind, operations[table.name], unsent)
            self._refresh(table.name, written)
        for table in reversed(self._tables):
            self._send_all(table, "delete", operations[table.name], unsent)

    def _decide(self, table: Table, changes: Sequence[Change], unsent: set[int]) -> list[Operation]:
        if not changes:
            return []
        rows = self._rows[table.name]
        standing = rows.to_send([one.record_id for one in changes])
        gone = [one for one in changes if one.record_id not in standing]
        self._forget(table, gone)
        decided = [decide(table, one, standing.get(one.record_id)) for one in changes]
        needless = [one for one in decided if isinstance(one, Nothing)]
        self._recorder.nothing(needless)
        operations = [one for one in decided if isinstance(one, Operation)]
        unfit = [(one, Refused(message=one.problem)) for one in operations if one.problem]
        self._recorder.fates(rows, unfit)
        unsent.difference_update(id_ for one in needless for id_ in one.change.ids)
        unsent.difference_update(id_ for one, _ in unfit for id_ in one.change.ids)
        return [one for one in operations if not one.problem]

    def _forget(self, table: Table, gone: Sequence[Change]) -> None:
        try:
            with errors("looking for what earlier attempts have made"):
                delete_what_was_made(self._rest, self._log, table, gone)
        except SalesforceError as error:
            raise Interrupted(Later(delay=1.0, message=error.message), error) from error

    def _send_all(
        self, table: Table, kind: str, operations: Sequence[Operation], unsent: set[int]
    ) -> list[str]:
        """Send all operations of one kind; return the records that stand now."""
        if kind == "create":
            operations = self._unambiguous(table, operations, unsent)
        written: list[str] = []
        for batch in batches(table, kind, operations):
            if self._stopping():
                raise Interrupted(Later(delay=0.0, message="put back: the agent was told to end"))
            sent = self._send(batch)
            written += self._recorder.fates(self._rows[table.name], sent.fates)
            unsent.difference_update(batch.entry_ids)
            _stop_where_useless(sent)
        return written

    def _send(self, batch: Batch) -> Sent:
        with errors("checking the claim"):
            if not (self._lease.runs and self._log.still_mine(batch.entry_ids)):
                raise LeaseLost("another agent has taken over: this one was silent for too long")
            if batch.kind == "create":
                self._log.about_to_send_blind(batch.entry_ids)
        began = time.monotonic()
        sent = send(self._collections, batch)
        took = round((time.monotonic() - began) * 1000)
        done = sum(isinstance(fate, Done) for _, fate in sent.fates)
        words = "sent table=%s kind=%s rows=%d done=%d ms=%d"
        _log.info(words, batch.table.name, batch.kind, len(sent.fates), done, took)
        return sent

    def _unambiguous(
        self, table: Table, operations: Sequence[Operation], unsent: set[int]
    ) -> list[Operation]:
        """Leave out inserts of rows that Salesforce may have already."""
        creates = [one for one in operations if one.kind == "create"]
        if not creates:
            return []
        with errors("looking for ambiguous inserts"):
            held = self._log.ambiguous_records(
                table.name, [one.change.record_id for one in creates]
            )
        again = [one for one in creates if one.change.record_id in held]
        if again:
            self._recorder.fates(self._rows[table.name], [(one, Unknown()) for one in again])
            unsent.difference_update(id_ for one in again for id_ in one.change.ids)
        return [one for one in creates if one.change.record_id not in held]

    def _adopt_orphans(self) -> None:
        """Take back what a dead agent had claimed; what it may have sent blindly is parked."""
        with errors("looking for abandoned claims"), self._connection.transaction():
            orphans = self._log.orphans()
            free = [one.id for one in orphans if not one.sent_blind]
            if free:
                self._log.requeue(free, delay=0, message=None)
            self._park([one for one in orphans if one.sent_blind])
        self._look_for_orphans = time.monotonic() + self._lease.renew_after

    def _park(self, orphans: Sequence[Orphan]) -> None:
        message = Unknown().message
        if orphans:
            _log.warning("parked as ambiguous: inserts=%d of an agent that is gone", len(orphans))
            self._log.park_ambiguous([one.id for one in orphans], message)
        for table in {one.table for one in orphans}:
            rows = [(one.record_id, message) for one in orphans if one.table == table]
            self._rows[table].note_refused(rows)


def _stop_where_useless(sent: Sent) -> None:
    """Stop the claim where a whole call failed in a way that the next one would, too."""
    first = sent.fates[0][1]
    if sent.error is not None and isinstance(first, Later | Unknown):
        later = first if isinstance(first, Later) else Later(delay=1.0, message=str(sent.error))
        raise Interrupted(later, sent.error)
