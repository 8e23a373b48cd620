"""Where jobs are kept: in the store's file, so that a restarted org goes on with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from connectsql.emulator.bulk.job import Batch, Job
from connectsql.emulator.org import ids
from connectsql.emulator.org.store import Store

_TABLES = (
    "CREATE TABLE IF NOT EXISTS _bulk_job (id TEXT PRIMARY KEY, created TEXT, data TEXT)",
    "CREATE INDEX IF NOT EXISTS _bulk_job_created ON _bulk_job (created)",
    "CREATE TABLE IF NOT EXISTS _bulk_batch "
    "(id TEXT PRIMARY KEY, job TEXT, number INTEGER, data TEXT)",
    "CREATE INDEX IF NOT EXISTS _bulk_batch_job ON _bulk_batch (job, number)",
    "CREATE TABLE IF NOT EXISTS _bulk_content (batch TEXT PRIMARY KEY, body BLOB)",
    "CREATE TABLE IF NOT EXISTS _bulk_result (batch TEXT, row INTEGER, id TEXT, "
    "created INTEGER, error TEXT, PRIMARY KEY (batch, row)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS _bulk_line (batch TEXT, number INTEGER, line TEXT, "
    "PRIMARY KEY (batch, number)) WITHOUT ROWID",
)
_OF_BATCH = ("_bulk_content", "_bulk_result", "_bulk_line")

Result = tuple[int, str | None, bool, str | None]  # row, id, created, error


class JobStore:
    """Jobs, batches, what was uploaded and what came of it.

    Whoever writes does so inside a transaction of the org.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        with store.transaction():
            for statement in _TABLES:
                store.first(statement)

    def new_id(self, prefix: str) -> str:
        """Return the id for a new job (750), batch (751) or result (752)."""
        return ids.make_id(prefix, self._store.next_number(f"_bulk.{prefix}"))

    def save(self, job: Job) -> None:
        """Keep a job as it is now."""
        values = (job.id, job.created, json.dumps(asdict(job)))
        self._store.first("INSERT OR REPLACE INTO _bulk_job VALUES (?, ?, ?)", values)

    def job(self, job_id: str) -> Job | None:
        """Return a job, or None if there is none."""
        found = self._store.first("SELECT data FROM _bulk_job WHERE id = ?", (job_id,))
        return Job(**json.loads(found[0][0])) if found else None

    def jobs(self) -> list[Job]:
        """Return all jobs, the oldest first."""
        found = self._store.first("SELECT data FROM _bulk_job ORDER BY created, id")
        return [Job(**json.loads(data)) for (data,) in found]

    def older_than(self, created: str) -> list[str]:
        """Return the ids of the jobs made before a moment."""
        found = self._store.first("SELECT id FROM _bulk_job WHERE created < ?", (created,))
        return [job_id for (job_id,) in found]

    def forget(self, job_id: str) -> None:
        """Give up a job and all that belongs to it."""
        for batch in self.batches(job_id):
            for table in _OF_BATCH:
                self._store.first(f"DELETE FROM {table} WHERE batch = ?", (batch.id,))  # noqa: S608
        self._store.first("DELETE FROM _bulk_batch WHERE job = ?", (job_id,))
        self._store.first("DELETE FROM _bulk_job WHERE id = ?", (job_id,))

    def save_batch(self, batch: Batch) -> None:
        """Keep a batch as it is now."""
        values = (batch.id, batch.job, batch.number, json.dumps(asdict(batch)))
        self._store.first("INSERT OR REPLACE INTO _bulk_batch VALUES (?, ?, ?, ?)", values)

    def batch(self, batch_id: str) -> Batch | None:
        """Return a batch, or None if there is none."""
        found = self._store.first("SELECT data FROM _bulk_batch WHERE id = ?", (batch_id,))
        return Batch(**json.loads(found[0][0])) if found else None

    def batches(self, job_id: str) -> list[Batch]:
        """Return a job's batches in their order."""
        statement = "SELECT data FROM _bulk_batch WHERE job = ? ORDER BY number"
        return [Batch(**json.loads(data)) for (data,) in self._store.first(statement, (job_id,))]

    def put(self, batch_id: str, body: bytes) -> None:
        """Keep what was uploaded for a batch."""
        self._store.first("INSERT INTO _bulk_content VALUES (?, ?)", (batch_id, body))

    def content(self, batch_id: str) -> bytes:
        """Return what was uploaded for a batch."""
        statement = "SELECT body FROM _bulk_content WHERE batch = ?"
        ((body,),) = self._store.first(statement, (batch_id,))
        return bytes(body)

    def note(self, batch_id: str, results: Iterable[Result]) -> None:
        """Keep what came of some rows."""
        rows = ((batch_id, *result) for result in results)
        self._store.many("INSERT INTO _bulk_result VALUES (?, ?, ?, ?, ?)", rows)

    def results(self, batch_id: str) -> Iterator[Result]:
        """Return what came of each row that was worked on, in their order."""
        start = -1
        statement = (
            "SELECT row, id, created, error FROM _bulk_result "
            "WHERE batch = ? AND row > ? ORDER BY row"
        )
        while found := self._store.first(statement, (batch_id, start), most=10_000):
            for row, record_id, created, error in found:
                yield row, record_id, bool(created), error
            start = found[-1][0]

    def add_lines(self, batch_id: str, start: int, lines: Iterable[str]) -> None:
        """Keep lines of a query's result; ``start`` is the number of the first, from 0."""
        rows = ((batch_id, number, line) for number, line in enumerate(lines, start))
        self._store.many("INSERT INTO _bulk_line VALUES (?, ?, ?)", rows)

    def drop_lines(self, batch_id: str) -> None:
        """Give up what a query had found before it was interrupted."""
        self._store.first("DELETE FROM _bulk_line WHERE batch = ?", (batch_id,))

    def lines(self, batch_id: str, start: int, size: int) -> list[str]:
        """Return so many lines of a query's result from ``start`` on."""
        statement = (
            "SELECT line FROM _bulk_line WHERE batch = ? AND number >= ? AND number < ? "
            "ORDER BY number"
        )
        values = (batch_id, start, start + size)
        return [line for (line,) in self._store.first(statement, values)]
