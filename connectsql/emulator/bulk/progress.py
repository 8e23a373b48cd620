"""How far the jobs are: every change of a job's or a batch's state is made here."""

from __future__ import annotations

import time
from collections.abc import Sequence

from connectsql.emulator.bulk.job import Batch, Job
from connectsql.emulator.bulk.job_store import JobStore
from connectsql.emulator.bulk.saving import Saved
from connectsql.emulator.org import clock
from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.org.quota import Allowance

_DAILY_BATCHES = 15_000
_DAILY_QUERIES = 10_000


class Ended(Exception):
    """The job was aborted or deleted: its work is to stop."""


class Progress:
    """The state of jobs. ``batches`` and ``queries`` are what may be started in a day."""

    def __init__(self, org: OrgCore) -> None:
        self._org = org
        self.store = JobStore(org.store)
        self.batches = Allowance("ApiBatchItems", _DAILY_BATCHES, org.data.now)
        self.queries = Allowance("BulkV2QueryJobs", _DAILY_QUERIES, org.data.now)
        self._started: dict[str, float] = {}

    def stamp(self) -> str:
        """Return the present moment, as jobs have it."""
        return clock.stamp(self._org.now())

    def begin(self, batch_id: str) -> tuple[Job, Batch]:
        """Tell that the work on a batch begins, or goes on after a restart."""
        job, batch = self.check(batch_id)
        self._started[batch_id] = time.perf_counter() - batch.total_ms / 1000
        batch.state = "InProgress"
        if job.api != "Classic":
            job.state = "InProgress"
        with self._org.transaction():
            self._save(job, batch)
        return job, batch

    def check(self, batch_id: str) -> tuple[Job, Batch]:
        """Return a batch and its job as they are now; raises ``Ended``."""
        batch = self.store.batch(batch_id)
        job = self.store.job(batch.job) if batch else None
        if batch is None or job is None or job.state == "Aborted":
            raise Ended
        return job, batch

    def note(self, batch_id: str, saved: Sequence[Saved], started: float) -> Batch:
        """Tell what came of the next rows; inside the transaction that saved them."""
        batch = self.store.batch(batch_id)
        assert batch is not None
        start = batch.position
        self.store.note(batch_id, ((start + n, *one) for n, one in enumerate(saved)))
        batch.position += len(saved)
        batch.processed += len(saved)
        batch.failed += sum(1 for _, _, error in saved if error is not None)
        self.spent(batch, started)
        self.store.save_batch(batch)
        return batch

    def spent(self, batch: Batch, started: float) -> None:
        """Add the time since ``started`` to that of a batch."""
        now = time.perf_counter()
        batch.active_ms += round((now - started) * 1000)
        batch.total_ms = round((now - self._started.get(batch.id, started)) * 1000)

    def end(self, batch_id: str, error: str | None = None) -> None:
        """Tell that the work on a batch is over, with an error if it failed."""
        self._started.pop(batch_id, None)
        try:
            job, batch = self.check(batch_id)
        except Ended:
            return
        batch.state, batch.error = "Failed" if error else "Completed", error
        batch.modified = self.stamp()
        if job.api != "Classic":
            job.state, job.error = "Failed" if error else "JobComplete", error
            job.modified = batch.modified
        with self._org.transaction():
            self._save(job, batch)

    def _save(self, job: Job, batch: Batch) -> None:
        self.store.save(job)
        self.store.save_batch(batch)
