"""Bulk API 2.0, reading: query jobs and the pages of their results."""

from __future__ import annotations

from typing import Any

from connectsql.emulator.bulk import query_check
from connectsql.emulator.bulk.job import QUERIES, TERMINAL, Batch, Job
from connectsql.emulator.routes.bulk import jobs
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal, not_found
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

_PATH = "/jobs/query"
_PROPERTIES = frozenset(
    {"columnDelimiter", "concurrencyMode", "contentType", "lineEnding", "operation", "query"}
)
_PAGE = 10_000
_MOST_DIGITS = 15  # a number that long is more rows than there can be
_PAGES_AT_ONCE = 5
_PAGES_SINCE = 58.0

routes: Router[Handler] = Router()


@routes.route("POST", _PATH)
def create(org: Org, call: Call) -> Answer:
    """Make a job; its query is checked now and run in the background."""
    body = jobs.known_properties(call, _PROPERTIES)
    operation, text = body.get("operation"), body.get("query")
    if operation not in QUERIES:
        raise Refusal("INVALIDJOB", f"InvalidJob : Invalid operation: {operation}")
    if not isinstance(text, str) or not text.strip():
        raise Refusal("MALFORMED_QUERY", "A query string has to be specified")
    jobs.chosen(body, "contentType", ("CSV",), "CSV")
    told = jobs.chosen_dialect(body)
    sobject = query_check.checked(org, text)
    org.bulk.spend_query()
    with org.transaction():
        job = org.bulk.create(
            call, "V2Query", "UploadComplete", operation=operation, object=sobject, **told
        )
        org.bulk.add(job, text.encode())
        org.bulk.start(job)
    return Answer(body=jobs.described(job), object=job.object)


@routes.route("GET", _PATH)
def list_jobs(org: Org, call: Call) -> Answer:
    """Answer the jobs that read, 1,000 at a time."""
    return jobs.listed(org, call, _PATH, ("V2Query", "Classic"), jobs.described)


@routes.route("GET", _PATH + "/{id}")
def info(org: Org, call: Call) -> Answer:
    """Answer how far a job is."""
    job, batch = _job(org, call)
    body: dict[str, Any] = jobs.described(job) | {
        "numberRecordsProcessed": batch.processed,
        "retries": 0,
        "totalProcessingTime": batch.total_ms,
        "isPkChunkingSupported": True,
    }
    if job.error:
        body["errorMessage"] = job.error
    return Answer(body=body, object=job.object)


@routes.route("PATCH", _PATH + "/{id}")
def update(org: Org, call: Call) -> Answer:
    """Abort a job."""
    job, _ = _job(org, call)
    jobs.change_state(org, call, job, None)
    return Answer(body=jobs.described(job), object=job.object)


@routes.route("DELETE", _PATH + "/{id}")
def delete(org: Org, call: Call) -> Answer:
    """Give up a job that has ended."""
    return jobs.delete(org, _job(org, call)[0], TERMINAL)


@routes.route("GET", _PATH + "/{id}/results")
def results(org: Org, call: Call) -> Answer:
    """Answer a page of the result: from ``locator`` on, up to ``maxRecords`` rows."""
    job, batch = _complete(org, call)
    start, size = _start(call, batch), _size(call)
    header = org.bulk.store.lines(batch.id, 0, 1)
    lines = org.bulk.store.lines(batch.id, start + 1, size)
    end = start + len(lines)
    answered = jobs.file(
        "".join(header + lines).encode(),
        Sforce_Locator=jobs.locator(end) if end < batch.processed else "null",
        Sforce_NumberOfRecords=str(len(lines)),
    )
    answered.object, answered.records = job.object, len(lines)
    return answered


@routes.route("GET", _PATH + "/{id}/resultPages")
@routes.route("GET", _PATH + "/{id}/resultpages")
def result_pages(org: Org, call: Call) -> Answer:
    """Answer the addresses of up to five pages, to be fetched at the same time."""
    if call.version < _PAGES_SINCE:
        raise not_found()
    job, batch = _complete(org, call)
    start = _start(call, batch)
    url = f"{call.data_url}{_PATH}/{job.id}"
    after = start + _PAGES_AT_ONCE * _PAGE
    body: dict[str, Any] = {
        "resultPages": [
            {"resultUrl": f"{url}/results?locator={jobs.locator(at)}"}
            for at in range(start, min(after, max(batch.processed, 1)), _PAGE)
        ]
    }
    if after < batch.processed:
        body["nextRecordsUrl"] = f"{url}/resultPages?locator={jobs.locator(after)}"
    return Answer(body=body | {"done": after >= batch.processed}, object=job.object)


def _job(org: Org, call: Call) -> tuple[Job, Batch]:
    job = org.bulk.find(call.arguments["id"], "V2Query")
    (batch,) = org.bulk.store.batches(job.id)
    return job, batch


def _complete(org: Org, call: Call) -> tuple[Job, Batch]:
    job, batch = _job(org, call)
    if call.version != job.version:
        message = (
            f"The results of a query have to be fetched with the API version {job.version:.1f}, "
            "which it was created with"
        )
        raise Refusal("API_ERROR", message, status=409)
    if job.state != "JobComplete":
        message = f"InvalidJobState : The job is not complete: {job.state}"
        raise Refusal("INVALIDJOBSTATE", message)
    return job, batch


def _start(call: Call, batch: Batch) -> int:
    text = call.params.get("locator")
    start = jobs.locator_start(text)
    if start and start >= batch.processed:
        raise Refusal("INVALID_QUERY_LOCATOR", f"Invalid locator: {text}")
    return start


def _size(call: Call) -> int:
    wanted = call.params.get("maxRecords")
    if wanted is None:
        return _PAGE
    if not (wanted.isascii() and wanted.isdigit() and wanted.strip("0")):
        raise Refusal("INVALID_REQUEST", f"Invalid value for maxRecords: {wanted}")
    return int(wanted.lstrip("0")[:_MOST_DIGITS])
