"""The outbox: claiming entries, and noting what became of them."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql
from psycopg.types.hstore import HstoreLoader
from psycopg.types.json import Jsonb

from connectsql.compiler.model import Desired
from connectsql.config.model import Retention
from connectsql.database.connection import Connection, errors
from connectsql.database.queries import Queries

ARCHIVE_BATCH = 5000  # rows in one transaction
LOOK_BACK = 5.0  # seconds between claims that look at the whole log
_DAY = 86400


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One captured change. ``values`` is what was logged: whole row, changed columns, or None."""

    id: int
    action: str  # INSERT, UPDATE or DELETE
    table: str
    record_id: int
    sfid: str | None
    values: dict[str, str | None] | None
    attempts: int
    sent_at: datetime | None = None  # the org's clock, where an earlier outcome is not known


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """An entry that was in the hands of an agent that is gone."""

    id: int
    table: str
    record_id: int
    sent_blind: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an entry: its final state, and Salesforce's words where it was refused."""

    id: int
    state: str  # SUCCESS, FAILED, MERGED or IGNORED
    message: str | None = None
    sfid: str | None = None


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What is left to do. ``next_in`` is seconds until the next retry is due, if one waits."""

    waiting: int
    in_flight: int
    next_in: float | None

    @property
    def empty(self) -> bool:
        """Whether nothing waits and nothing is in flight."""
        return not (self.waiting or self.in_flight)


class TriggerLog:
    """The trigger log of one schema, as one agent sees it."""

    def __init__(self, connection: Connection, desired: Desired, agent: int) -> None:
        self._connection = connection
        self._queries = Queries(
            log=sql.Identifier(desired.schema, "_trigger_log"),
            archive=sql.Identifier(desired.schema, "_trigger_log_archive"),
        )
        self._schema = desired.schema
        self._settled = _Settled()
        self._common = {
            "schema": desired.schema,
            "agent": agent,
            "tables": [table.name for table in desired.tables],
        }

    def claim(self, limit: int) -> list[Entry]:
        """Take up to ``limit`` entries, oldest first; they are PENDING and ours.

        A record with an entry in flight or waiting for a retry is left alone, so that changes
        of one record keep their order.
        """
        behind = self._settled.behind
        with errors("claiming changes"):
            with self._connection.transaction():
                self._run("serialise_claims")
                rows = self._run("claim", limit=limit, behind=behind)
                if rows:
                    self._run("ping", channel=f"{self._schema}.hc_trigger_log")
            # A transaction of its own: its number is to be later than those of all writers.
            sequence = sql.Identifier(self._schema, "_trigger_log_id_seq").as_string(None)
            self._settled.note(*self._run("settled", behind=behind, sequence=sequence)[0])
        return sorted((_entry(row) for row in rows), key=lambda entry: entry.id)

    def orphans(self) -> list[Orphan]:
        """Return PENDING entries that no living agent holds; call it in a transaction."""
        return [
            Orphan(id=row[0], table=row[1], record_id=row[2], sent_blind=row[3])
            for row in self._run("orphaned")
        ]

    def requeue(
        self, ids: Sequence[int], *, delay: float, message: str | None, unsure: bool
    ) -> None:
        """Put entries back; they are due again in ``delay`` seconds.

        ``unsure``: whether Salesforce may have acted on them all the same.
        """
        self._run("requeue", ids=list(ids), delay=delay, message=message, unsure=unsure)
        self._settled.forget()

    def about_to_send(self, ids: Sequence[int], now: datetime, *, blind: bool) -> bool:
        """Note a call before it is made; False where a claim is not this agent's any more.

        ``now`` is the org's clock. ``blind`` says that sending twice would insert twice.
        """
        return len(self._run("about_to_send", ids=list(ids), now=now, blind=blind)) == len(ids)

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        """Note final states, but for claims that are not this agent's any more."""
        if not outcomes:
            return
        mine = {row[0] for row in self._run("release", ids=[one.id for one in outcomes])}
        noted = {one.id: (one.state, one.message, one.sfid) for one in outcomes if one.id in mine}
        self._run("finish", ids=list(noted), outcomes=Jsonb(noted))

    def current_records(self, table: str, ids: Sequence[int]) -> dict[int, int]:
        """Return by entry the id that its row has now; a row can be given another one."""
        return dict(self._run("current_records", table=table, ids=list(ids)))

    def park_ambiguous(self, ids: Sequence[int], message: str) -> None:
        """Note that nobody knows whether these inserts were done."""
        self._run("park_ambiguous", ids=list(ids), message=message)

    def ambiguous_records(self, table: str, records: Sequence[int]) -> set[int]:
        """Return those of the rows that Salesforce may have already, unknown to us."""
        rows = self._run("ambiguous_records", table=table, records=list(records))
        return {row[0] for row in rows}

    def delete_after_all(self, table: str, gone: Sequence[tuple[int, str]]) -> None:
        """Send the deletes of rows that went away while their insert was on its way."""
        ids, sfids = [one[0] for one in gone], [one[1] for one in gone]
        self._run("delete_after_all", table=table, ids=ids, sfids=sfids)

    def deleted_unsent(
        self, table: str, records: Sequence[int]
    ) -> dict[int, dict[str, str | None]]:
        """Return what deleted rows held whose delete was not sent for want of an sfid."""
        rows = self._run("deleted_unsent", table=table, records=list(records))
        return {row[0]: _hstore(row[1]) for row in rows}

    def later_values(
        self, table: str, records: Sequence[int]
    ) -> dict[int, list[tuple[int, dict[str, str | None]]]]:
        """Return by row what changes that wait have replaced: their ids and old values.

        The latest comes first: taken back one after the other, they lead to the row as it was.
        """
        found: dict[int, list[tuple[int, dict[str, str | None]]]] = defaultdict(list)
        for record, id_, old in self._run("later_values", table=table, records=list(records)):
            found[record].append((id_, _hstore(old)))
        return found

    def queue(self) -> Queue:
        """Return how much is left to do."""
        with errors("looking at the queue"):
            waiting, in_flight, next_in = self._run("queue")[0]
        return Queue(waiting=waiting, in_flight=in_flight, next_in=next_in)

    def failed(self) -> int:
        """Return how many entries Salesforce has refused and nobody has dealt with."""
        with errors("looking for refused changes"):
            return int(self._run("failed")[0][0])

    def requeue_archived(self) -> int:
        """Put back what users have marked REQUEUE in the archive; return how much that was."""
        with errors("putting back archived changes"):
            return len(self._run("requeue_archived", limit=ARCHIVE_BATCH))

    def archive(self, retention: Retention, stopping: Callable[[], bool]) -> None:
        """Move what was done long ago to the archive, and purge what is older still.

        Works in batches, each a short transaction of its own, until nothing is left to move.
        """
        with errors("archiving the trigger log"):
            behind = 0
            while not stopping():
                page = self._run(
                    "archive",
                    behind=behind,
                    limit=ARCHIVE_BATCH,
                    age=retention.log_hours * 3600,
                    values=retention.values,
                )[0]
                behind, old, seen = page
                if old < ARCHIVE_BATCH or seen < ARCHIVE_BATCH:
                    break
            self._purge("purge_archive", retention.archive_days * _DAY, stopping)
            self._purge("purge_violations", retention.archive_days * _DAY, stopping)

    def _purge(self, name: str, age: int, stopping: Callable[[], bool]) -> None:
        while not stopping():
            if len(self._run(name, age=age, limit=ARCHIVE_BATCH)) < ARCHIVE_BATCH:
                break

    def _run(self, name: str, **parameters: object) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(self._queries[name], {**self._common, **parameters})
        return cursor.fetchall() if cursor.description else []


class _Settled:
    """Up to which entry nothing can be waiting any more, so that claims need not look there.

    What an old snapshot keeps of entries that were done long ago would otherwise be stepped over
    with every claim. States that people change further back are found all the same, every few
    seconds.
    """

    def __init__(self) -> None:
        self._behind = 0
        self._next: tuple[int, int] | None = None  # the last id at a time, and who may have it
        self._looked_back = 0.0

    @property
    def behind(self) -> int:
        """The entry behind which to look."""
        if time.monotonic() - self._looked_back > LOOK_BACK:
            self.forget()
        return self._behind

    def forget(self) -> None:
        """Look at the whole log next time."""
        self._behind = 0
        self._looked_back = time.monotonic()

    def note(self, last: int, transaction: int, oldest: int, waiting: int | None) -> None:
        """Take in what ``settled`` found; ``waiting`` is the first entry that does."""
        if self._next is None:
            self._next = (last, transaction)
        elif oldest >= self._next[1]:
            settled = self._next[0]
            self._behind = settled if waiting is None else min(settled, waiting - 1)
            self._next = (last, transaction)


def _entry(row: Sequence[Any]) -> Entry:
    id_, action, table, record_id, sfid, values, attempts, sent_at = row
    return Entry(
        id=id_,
        action=action,
        table=table,
        record_id=record_id,
        sfid=sfid,
        values=None if values is None else _hstore(values),
        attempts=attempts,
        sent_at=sent_at,
    )


def _hstore(text: str) -> dict[str, str | None]:
    return HstoreLoader(0).load(text.encode())
