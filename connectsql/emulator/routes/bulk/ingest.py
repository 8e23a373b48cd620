"""Bulk API 2.0, writing: jobs, their data, their results."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from connectsql.emulator.bulk import results
from connectsql.emulator.bulk.job import OPERATIONS, TERMINAL, Batch, Job
from connectsql.emulator.bulk.job_store import JobStore
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.routes.bulk import jobs
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

_PATH = "/jobs/ingest"
_PROPERTIES = frozenset(
    {
        "assignmentRuleId",
        "columnDelimiter",
        "concurrencyMode",
        "contentType",
        "externalIdFieldName",
        "lineEnding",
        "object",
        "operation",
    }
)
_LARGEST = 150 * 1024 * 1024
_LARGEST_PART = 100_000
_DELETABLE = TERMINAL | {"UploadComplete"}
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_PART = re.compile(rb'name="?(job|content)"?', re.IGNORECASE)

routes: Router[Handler] = Router()


@routes.route("POST", _PATH)
def create(org: Org, call: Call) -> Answer:
    """Make a job; a multipart body brings its data along and closes it."""
    content = None
    if call.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        call.body, content = _parts(call)
    body = jobs.known_properties(call, _PROPERTIES)
    with org.transaction():
        job = org.bulk.create(call, "V2Ingest", "Open", **_told(org, body))
        if content is not None:
            org.bulk.add(job, content)
            _close(org, job)
    return Answer(body=_made(job), object=job.object)


@routes.route("GET", _PATH)
def list_jobs(org: Org, call: Call) -> Answer:
    """Answer the jobs that write, 1,000 at a time."""
    return jobs.listed(org, call, _PATH, ("V2Ingest", "Classic"), _made)


@routes.route("PUT", _PATH + "/{id}/batches")
def upload(org: Org, call: Call) -> Answer:
    """Take the data of a job; once."""
    job = _job(org, call)
    if job.state != "Open":
        raise Refusal("INVALIDJOBSTATE", f"InvalidJobState : Job is not open: {job.state}")
    earlier = jobs.only_batch(org, job)
    if earlier:
        raise Refusal(
            "CLIENTINPUTERROR",
            f"Found multiple contents for job: <{job.id}>, please 'Close' / 'Abort' / 'Delete' "
            "the current Job then create a new Job and make sure you only do 'PUT' once on a "
            "given Job.",
        )
    content = call.body
    if len(content) > _LARGEST:
        message = f"The data of a job may have at most {_LARGEST} bytes"
        raise Refusal("EXCEEDED_MAX_SIZE_REQUEST", message, status=413)
    org.bulk.add(job, content)
    return Answer(status=201, object=job.object)


@routes.route("PATCH", _PATH + "/{id}")
def update(org: Org, call: Call) -> Answer:
    """Close a job, so that its work begins, or abort it."""
    job = _job(org, call)
    jobs.change_state(org, call, job, lambda: _close(org, job))
    return Answer(body=_made(job), object=job.object)


@routes.route("GET", _PATH + "/{id}")
def info(org: Org, call: Call) -> Answer:
    """Answer how far a job is."""
    job = _job(org, call)
    batch = jobs.only_batch(org, job)
    body = _made(job) | {
        "retries": 0,
        "totalProcessingTime": batch.total_ms if batch else 0,
        "apiActiveProcessingTime": batch.active_ms if batch else 0,
        "apexProcessingTime": 0,
        "numberRecordsProcessed": batch.processed if batch else 0,
        "numberRecordsFailed": batch.failed if batch else 0,
    }
    if job.error:
        body["errorMessage"] = job.error
    return Answer(body=body, object=job.object)


@routes.route("DELETE", _PATH + "/{id}")
def delete(org: Org, call: Call) -> Answer:
    """Give up a job and its data."""
    return jobs.delete(org, _job(org, call), frozenset(_DELETABLE))


@routes.route("GET", _PATH + "/{id}/successfulResults")
def successful_results(org: Org, call: Call) -> Answer:
    """Answer the rows that were saved."""
    return _results(org, call, results.successful)


@routes.route("GET", _PATH + "/{id}/failedResults")
def failed_results(org: Org, call: Call) -> Answer:
    """Answer the rows that were refused."""
    return _results(org, call, results.failed)


@routes.route("GET", _PATH + "/{id}/unprocessedrecords")
@routes.route("GET", _PATH + "/{id}/unprocessedRecords")
def unprocessed_records(org: Org, call: Call) -> Answer:
    """Answer the rows that were not reached."""
    return _results(org, call, results.unprocessed)


def _results(
    org: Org, call: Call, read: Callable[[JobStore, Job, Batch | None], results.Pieces]
) -> Answer:
    job = _job(org, call)
    if job.state not in TERMINAL:
        message = f"InvalidJobState : The job has not ended yet: {job.state}"
        raise Refusal("INVALIDJOBSTATE", message)
    body = read(org.bulk.store, job, jobs.only_batch(org, job))
    answered = jobs.file(body)
    answered.object = job.object
    return answered


def _job(org: Org, call: Call) -> Job:
    return org.bulk.find(call.arguments["id"], "V2Ingest")


def _close(org: Org, job: Job) -> None:
    with org.transaction():
        org.bulk.set_state(job, "UploadComplete")
        org.bulk.start(job)


def _made(job: Job) -> dict[str, Any]:
    body = jobs.described(job)
    if job.api == "V2Ingest":
        path = f"services/data/v{job.version:.1f}{_PATH}/{job.id}/batches"
        body["contentUrl"] = path
    if job.key:
        body["externalIdFieldName"] = job.key
    if job.assignment_rule:
        body["assignmentRuleId"] = job.assignment_rule
    return body


def _told(org: Org, body: dict[str, Any]) -> dict[str, Any]:
    """Return what a new job is to be, or raise the refusal of what cannot be."""
    operation = body.get("operation")
    if operation not in OPERATIONS:
        raise _invalid(f"Invalid operation: {operation}" if operation else "No operation given")
    name = body.get("object")
    sobject = org.object(name) if isinstance(name, str) else None
    if sobject is None:
        raise _invalid(f"Unable to find object: {name}" if name else "No object given")
    jobs.chosen(body, "contentType", ("CSV",), "CSV")
    jobs.chosen(body, "concurrencyMode", ("Parallel", "Serial"), "Parallel")
    return {
        "operation": operation,
        "object": sobject.name,
        "key": external_key(sobject, operation, body.get("externalIdFieldName")),
        "assignment_rule": body.get("assignmentRuleId"),
        **jobs.chosen_dialect(body),
    }


def external_key(sobject: SObject, operation: str, name: Any) -> str | None:
    """Return the field that an upsert finds its records by; other operations have none."""
    if operation != "upsert":
        return None
    if not name:
        raise _invalid(
            f"External ID was blank for {sobject.name}. "
            "An External ID must be specified for upsert."
        )
    field = sobject.field(str(name))
    if field is None or not (field.identifies or field.type == "id"):
        raise _invalid(
            f"Field name provided, {name} does not match an External ID, Salesforce Id, or "
            f"indexed field for {sobject.name}"
        )
    return field.name


def _invalid(message: str) -> Refusal:
    return Refusal("INVALIDJOB", f"InvalidJob : {message}")


def _parts(call: Call) -> tuple[bytes, bytes]:
    """Return the parts ``job`` and ``content`` of a multipart body."""
    boundary = _BOUNDARY.search(call.headers["content-type"])
    found = {}
    for part in call.body.split(b"--" + boundary[1].encode())[1:] if boundary else ():
        head, _, content = part.partition(b"\r\n\r\n")
        if not content:
            head, _, content = part.partition(b"\n\n")
        name = _PART.search(head)
        if name:
            found[name[1].decode().lower()] = _without_line_end(content)
    if set(found) != {"job", "content"}:
        message = "ClientInputError : A multipart body has the parts job and content"
        raise Refusal("CLIENTINPUTERROR", message)
    if len(found["content"].decode("utf-8", "replace")) > _LARGEST_PART:
        message = f"The data of a multipart call may have at most {_LARGEST_PART} characters"
        raise Refusal("EXCEEDED_MAX_SIZE_REQUEST", message, status=413)
    return found["job"], found["content"]


def _without_line_end(content: bytes) -> bytes:
    return content.removesuffix(b"\n").removesuffix(b"\r")
