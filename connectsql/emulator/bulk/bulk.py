"""The org's bulk jobs: made, fed, closed, aborted, found again and given up."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from connectsql.emulator.bulk.ingesting import ingest
from connectsql.emulator.bulk.job import TERMINAL, Api, Batch, Job
from connectsql.emulator.bulk.progress import Ended, Progress
from connectsql.emulator.bulk.querying import query
from connectsql.emulator.bulk.reading import Unusable
from connectsql.emulator.org import clock, datafile, ids
from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.wire.errors import Refusal, not_found
from connectsql.emulator.wire.http import Call

Work = Callable[[OrgCore, Progress, str], Awaitable[None]]

_LIFETIME = timedelta(days=7)
_log = logging.getLogger("connectsql.emulator")


class Bulk:
    """All bulk jobs of an org."""

    def __init__(self, org: OrgCore) -> None:
        self._org = org
        self._progress = Progress(org)
        self.store = self._progress.store
        self.batches = self._progress.batches
        self.queries = self._progress.queries

    def resume(self) -> None:
        """Go on with the work that was under way when the org was stopped."""
        for job in self.store.jobs():
            if job.state in TERMINAL or (job.state == "Open" and job.api != "Classic"):
                continue
            for batch in self.store.batches(job.id):
                if batch.state in ("Queued", "InProgress"):
                    self.start_batch(job, batch)

    def spend_query(self) -> None:
        """Count a query job, or raise the refusal of one too many in a day."""
        try:
            self._progress.queries.spend(1)
        except Refusal as refusal:
            raise Refusal("EXCEEDEDQUOTA", f"ExceededQuota : {refusal.message}") from None

    def create(self, call: Call, api: Api, state: str, **told: Any) -> Job:
        """Make a job as a call asks for."""
        self._forget_old()
        now = self._progress.stamp()
        with self._org.transaction():
            job = Job(
                id=self.store.new_id("750"),
                api=api,
                state=state,
                created_by=self._org.user_id,
                created=now,
                modified=now,
                version=call.version,
                client=call.client,
                **told,
            )
            self.store.save(job)
        return job

    def find(self, job_id: str, *apis: Api) -> Job:
        """Return a job of one of these APIs, or raise the 404."""
        self._forget_old()
        known = ids.normalise(job_id)
        job = self.store.job(known) if known else None
        if job is None or job.api not in apis:
            raise not_found()
        return job

    def add(self, job: Job, content: bytes, *, state: str = "Queued") -> Batch:
        """Add a batch with what it has to work on."""
        now = self._progress.stamp()
        with self._org.transaction():
            batch = Batch(
                id=self.store.new_id("751"),
                job=job.id,
                number=len(self.store.batches(job.id)),
                created=now,
                modified=now,
                state=state,
            )
            self.store.save_batch(batch)
            self.store.put(batch.id, content)
        return batch

    def start(self, job: Job) -> None:
        """Begin the work on the data of a job; one without any is complete."""
        for batch in self.store.batches(job.id) or [self.add(job, b"")]:
            self.start_batch(job, batch)

    def set_state(self, job: Job, state: str) -> None:
        """Let a job be in another state."""
        job.state, job.modified = state, self._progress.stamp()
        with self._org.transaction():
            self.store.save(job)

    def abort(self, job: Job) -> None:
        """Stop a job: what was done stays done, the rest is left alone."""
        with self._org.transaction():
            self.set_state(job, "Aborted")
            for batch in self.store.batches(job.id):
                if batch.state in ("Queued", "InProgress"):
                    batch.state = "NotProcessed"
                    self.store.save_batch(batch)

    def delete(self, job: Job) -> None:
        """Give up a job and its results."""
        with self._org.transaction():
            self.store.forget(job.id)

    def start_batch(self, job: Job, batch: Batch) -> None:
        """Begin the work on one batch."""
        self._org.tasks.spawn(self._worked_on(batch.id, query if job.is_query else ingest))

    async def _worked_on(self, batch_id: str, work: Work) -> None:
        """Do the work, and tell how it ended."""
        try:
            await self._org.tasks.give_way()
            await work(self._org, self._progress, batch_id)
        except Ended:
            self._progress.end(batch_id)
        except Unusable as told:
            self._progress.end(batch_id, str(told))
        except Refusal as refusal:
            self._progress.end(batch_id, f"{refusal.code} : {refusal.message}")
        except UnicodeEncodeError:  # JSON can hold halves of characters
            self._progress.end(batch_id, "InvalidBatch : Invalid UTF-8")
        except Exception as broken:  # a job ends, whatever went wrong inside the org
            if isinstance(broken, sqlite3.Error) and datafile.is_of_disk(broken):
                _log.error("the batch %s waits for the next start: %s", batch_id, broken)
                return
            _log.exception("the batch %s failed", batch_id)
            self._progress.end(batch_id, "Unknown : An unexpected error occurred")
        else:
            self._progress.end(batch_id)

    def _forget_old(self) -> None:
        oldest = clock.stamp(self._org.now() - _LIFETIME)
        for job_id in self.store.older_than(oldest):
            with self._org.transaction():
                self.store.forget(job_id)
