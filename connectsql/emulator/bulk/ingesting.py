"""Works on the rows of a batch in the background, 200 in each transaction.

Between two transactions other calls have their turn. What has been done and how far is
written in the same transaction, so a job goes on where it was when its org comes back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from connectsql.emulator.bulk import xml
from connectsql.emulator.bulk.columns import Columns, checked
from connectsql.emulator.bulk.dialect import Dialect
from connectsql.emulator.bulk.job import Batch, Job
from connectsql.emulator.bulk.progress import Progress
from connectsql.emulator.bulk.reading import Broken, Table, Unusable
from connectsql.emulator.bulk.saving import CHUNK, Row, Saver, as_text
from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.org.journal import Caller
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.wire.errors import Refusal, refuse_row

_ROWS_IN_A_BATCH = 10_000
_DELETES = ("delete", "hardDelete")


async def ingest(org: OrgCore, progress: Progress, batch_id: str) -> None:
    """Work on a batch until all of its rows are done with, or its job is aborted."""
    job, batch = progress.begin(batch_id)
    sobject = _object(org, job)
    rows = rows_of(org, job, sobject, progress.store.content(batch_id))
    for _ in islice(rows, batch.position):
        pass
    fault = org.faults.of_job(sobject.name)
    left = int(fault.after_rows) - batch.position if fault else None
    while chunk := list(islice(rows, CHUNK if left is None else max(0, min(CHUNK, left)))):
        _spend(org, progress, batch.position, len(chunk))
        for place, refusal in org.faults.of_job_rows(sobject.name, len(chunk)).items():
            chunk[place] = refusal
        batch = _save(org, progress, job, batch_id, chunk)
        left = None if left is None else left - len(chunk)
        await org.tasks.give_way()
        progress.check(batch_id)
    if fault and next(rows, None) is not None:
        raise Unusable(fault.message)


def _save(org: OrgCore, progress: Progress, job: Job, batch_id: str, chunk: list[Row]) -> Batch:
    """Save a chunk and note what came of it, in one transaction.

    Where the transaction as a whole is refused, so is each of its rows. The object is looked
    up anew: it may have been changed since the last chunk.
    """
    sobject = _object(org, job)
    key = sobject.field(job.key) if job.key else None
    saver = Saver(org, sobject, job.operation, key)
    started = time.perf_counter()
    try:
        with org.data.acting(Caller(job.created_by, job.origin)), org.transaction():
            return progress.note(batch_id, saver.save(chunk), started)
    except Refusal as refusal:
        with org.transaction():
            return progress.note(batch_id, [(None, False, as_text(refusal))] * len(chunk), started)


def _object(org: OrgCore, job: Job) -> SObject:
    sobject = org.schema.find(job.object)
    if sobject is None:
        raise Unusable(f"InvalidJob : Unable to find object: {job.object}")
    return sobject


def _spend(org: OrgCore, progress: Progress, position: int, rows: int) -> None:
    """Count rows, and each 10,000 of them as a batch; a limit reached ends the job."""
    try:
        if position % _ROWS_IN_A_BATCH == 0:
            progress.batches.spend(1)
        org.quota.spend_bulk_rows(rows)
    except Refusal as refusal:
        raise Unusable(f"ExceededQuota : {refusal.message}") from None


def rows_of(org: OrgCore, job: Job, sobject: SObject, body: bytes) -> Iterator[Row]:
    """Return the rows of an upload as bodies of records; raises ``Unusable``."""
    if job.content_type == "CSV":
        return _of_csv(org, job, sobject, body)
    read = _of_json if job.content_type == "JSON" else _of_xml
    records = [checked(record, sobject) for record in read(body)]
    if len(records) > _ROWS_IN_A_BATCH:
        raise Unusable(f"InvalidBatch : A batch has at most {_ROWS_IN_A_BATCH} records")
    if job.operation in _DELETES and any(set(record) - {"Id"} for record in records):
        raise _only_ids(job)
    return iter(records)


def _of_csv(org: OrgCore, job: Job, sobject: SObject, body: bytes) -> Iterator[Row]:
    dialect = Dialect(job.column_delimiter, job.line_ending)
    table = Table(body, dialect, either_ending=job.api == "Classic")
    if not table.names:
        return
    columns = Columns(table.names, sobject, org.schema)
    if job.operation in _DELETES and columns.names != ["Id"]:
        raise _only_ids(job)
    for cells in table.rows():
        if isinstance(cells, Broken):
            yield refuse_row("InvalidBatch", cells.message)
        else:
            yield columns.body(cells)


def _only_ids(job: Job) -> Unusable:
    return Unusable(f"InvalidBatch : The '{job.operation}' batch must contain only ids")


def _of_json(body: bytes) -> list[dict[str, Any]]:
    try:
        records = json.loads(body)
    except ValueError as broken:
        raise Unusable(f"InvalidBatch : Failed to parse JSON: {broken}") from None
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise Unusable("InvalidBatch : The batch has to be a JSON array of records")
    return records


def _of_xml(body: bytes) -> list[dict[str, Any]]:
    try:
        return xml.records(body)
    except ValueError as broken:
        raise Unusable(f"InvalidBatch : Failed to parse XML: {broken}") from None
