"""Bulk API 1.0, below ``/services/async/XX.X``: jobs and the batches in them.

Clients speak XML of jobs unless they say JSON; batches and results are as the job's
``contentType`` says.
"""

from __future__ import annotations

import re
from typing import Any

from connectsql.emulator.bulk import chunking, classic, xml
from connectsql.emulator.bulk.job import OPERATIONS, QUERIES, Batch, Job
from connectsql.emulator.routes.bulk.ingest import external_key
from connectsql.emulator.routes.bulk.jobs import file
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.routes.versions import NEWEST, OLDEST
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

PREFIX = "/services/async/"
_VERSIONED = re.compile(r"/+services/async/(\d+)\.(\d)(/.*)")  # old clients send two slashes
_CONTENT_TYPES = ("CSV", "JSON", "XML")
_MODES = ("Parallel", "Serial")
_LARGEST_BATCH = 10_000_000
_CODES = {
    "INVALIDJOB": "InvalidJob",
    "CLIENTINPUTERROR": "ClientInputError",
    "INVALID_SESSION_ID": "InvalidSessionId",
    "INVALID_AUTH_HEADER": "InvalidSessionId",
    "REQUEST_LIMIT_EXCEEDED": "ExceededQuota",
    "METHOD_NOT_ALLOWED": "MethodNotAllowed",
    "NOT_FOUND": "InvalidUrl",
    "GONE": "InvalidUrl",
}
_SESSION_CODES = frozenset({"InvalidSessionId"})

routes: Router[Handler] = Router()


def is_meant(call: Call) -> bool:
    """Tell whether a call is one of Bulk API 1.0."""
    return call.path.lstrip("/").startswith(PREFIX.lstrip("/"))


def answer(org: Org, call: Call) -> Answer:
    """Answer a call whose session has been checked."""
    versioned = _VERSIONED.fullmatch(call.path)
    try:
        if not versioned or not OLDEST <= int(versioned[1]) <= NEWEST:
            raise Refusal("InvalidUrl", f"Invalid url: {call.path}", status=404)
        call.version = float(versioned[1])
        handler, call.arguments = routes.find(call.verb, versioned[3])
        org.quota.spend()
        return handler(org, call)
    except Refusal as refusal:
        return refused(org, call, refusal)


def refused(org: Org, call: Call, refusal: Refusal) -> Answer:
    """Return a refusal in the form that the caller speaks."""
    code = _CODES.get(refusal.code, refusal.code)
    told = {"exceptionCode": code, "exceptionMessage": _plain(refusal)}
    status = 400 if code in _SESSION_CODES else refusal.status
    answered = _document("error", told, as_json=_speaks_json(org, call))
    answered.status = status
    return answered


@routes.route("POST", "/job")
def create(org: Org, call: Call) -> Answer:
    """Make a job."""
    job = org.bulk.create(call, "Classic", "Open", **_told(org, call, _control(call)))
    return _job_info(org, call, job, status=201)


@routes.route("GET", "/job/{id}")
def info(org: Org, call: Call) -> Answer:
    """Answer how far a job is."""
    return _job_info(org, call, _job(org, call))


@routes.route("POST", "/job/{id}")
def update(org: Org, call: Call) -> Answer:
    """Close a job to further batches, or abort it."""
    job = _job(org, call)
    wanted = _control(call).get("state")
    if wanted not in ("Closed", "Aborted"):
        raise Refusal("InvalidJobState", f"Invalid job state: {wanted}")
    if job.state == "Aborted" or (job.state == "Closed" and wanted == "Closed"):
        verb = "Closing" if wanted == "Closed" else "Aborting"
        raise Refusal("InvalidJobState", f"{verb} already {job.state} Job not allowed")
    if wanted == "Closed":
        org.bulk.set_state(job, "Closed")
    else:
        org.bulk.abort(job)
    return _job_info(org, call, job)


@routes.route("POST", "/job/{id}/batch")
def add_batch(org: Org, call: Call) -> Answer:
    """Take a batch, rows or a query, and begin with it."""
    job = _job(org, call)
    if job.state != "Open":
        raise Refusal("InvalidJobState", f"Job is not open: {job.state}")
    content = call.body
    if len(content) > _LARGEST_BATCH:
        message = f"A batch may have at most {_LARGEST_BATCH} bytes"
        raise Refusal("ClientInputError", message, status=413)
    parts = _chunks(org, job, content)
    with org.transaction():
        batch = org.bulk.add(job, content, state="NotProcessed" if parts else "Queued")
        for part in parts:
            org.bulk.start_batch(job, org.bulk.add(job, part.encode()))
        if not parts:
            org.bulk.start_batch(job, batch)
    answered = _batch_info(call, job, batch)
    answered.status = 201
    answered.headers["Location"] = f"{PREFIX}{call.version:.1f}/job/{job.id}/batch/{batch.id}"
    return answered


@routes.route("GET", "/job/{id}/batch")
def list_batches(org: Org, call: Call) -> Answer:
    """Answer all batches of a job."""
    job = _job(org, call)
    as_json = _wants_json(call, job)
    body = classic.batch_list(org.bulk.store.batches(job.id), as_json=as_json)
    return _file(job, body, classic.JSON_TYPE if as_json else classic.XML_TYPE)


@routes.route("GET", "/job/{id}/batch/{batch}")
def batch_info(org: Org, call: Call) -> Answer:
    """Answer how far a batch is."""
    job = _job(org, call)
    return _batch_info(call, job, _batch(org, call, job))


@routes.route("GET", "/job/{id}/batch/{batch}/request")
def batch_request(org: Org, call: Call) -> Answer:
    """Answer what the batch was sent as."""
    job = _job(org, call)
    kinds = {"CSV": classic.CSV_TYPE, "JSON": classic.JSON_TYPE, "XML": classic.XML_TYPE}
    content = org.bulk.store.content(_batch(org, call, job).id)
    return _file(job, content, kinds[job.content_type])


@routes.route("GET", "/job/{id}/batch/{batch}/result")
def batch_result(org: Org, call: Call) -> Answer:
    """Answer what came of the rows, or the ids of a query's results."""
    job = _job(org, call)
    batch = _batch(org, call, job)
    if batch.state == "Failed":
        raise Refusal("InvalidBatch", "Records not processed")
    if batch.state != "Completed":
        raise Refusal("InvalidBatch", "Batch not completed")
    if not job.is_query:
        return _file(job, *classic.row_results(org.bulk.store, job, batch))
    as_json = _wants_json(call, job)
    body = classic.result_list(batch, as_json=as_json)
    return _file(job, body, classic.JSON_TYPE if as_json else classic.XML_TYPE)


@routes.route("GET", "/job/{id}/batch/{batch}/result/{result}")
def query_result(org: Org, call: Call) -> Answer:
    """Answer the rows that a query found."""
    job = _job(org, call)
    batch = _batch(org, call, job)
    wanted = call.arguments["result"][:15]
    if not job.is_query or batch.state != "Completed" or wanted != classic.result_id(batch):
        raise Refusal("InvalidBatch", f"Invalid result id: {call.arguments['result']}")
    answered = _file(job, *classic.query_result(org.bulk.store, job, batch))
    answered.records = batch.processed
    return answered


def _told(org: Org, call: Call, told: dict[str, Any]) -> dict[str, Any]:
    """Return what a new job is to be, or raise the refusal of what cannot be."""
    operation, name = told.get("operation"), told.get("object")
    operations = {one.lower(): one for one in (*OPERATIONS, *QUERIES)}
    known = operations.get(str(operation).lower())
    if known is None:
        raise Refusal("InvalidJob", f"Unknown operation: {operation}")
    sobject = org.object(str(name))
    if sobject is None:
        raise Refusal("InvalidJob", f"Unable to find object: {name}")
    content_type = _one_of(told, "contentType", _CONTENT_TYPES, "XML")
    header = call.headers.get("sforce-enable-pkchunking", "")
    return {
        "operation": known,
        "object": sobject.name,
        "content_type": content_type,
        "concurrency": _one_of(told, "concurrencyMode", _MODES, "Parallel"),
        "key": external_key(sobject, known, told.get("externalIdFieldName")),
        "assignment_rule": told.get("assignmentRuleId") or None,
        "chunk_size": chunking.chunk_size(header) if known in QUERIES else 0,
    }


def _one_of(told: dict[str, Any], name: str, among: tuple[str, ...], default: str) -> str:
    value = told.get(name) or default
    if value not in among:
        raise Refusal("InvalidJob", f"Unsupported {name}: {value}")
    return str(value)


def _chunks(org: Org, job: Job, content: bytes) -> list[str]:
    """Return the queries that a batch is split into, if its job asks for that."""
    sobject = org.object(job.object)
    if not job.chunk_size or sobject is None:
        return []
    try:
        return chunking.chunks(org, sobject, content.decode(), job.chunk_size)
    except (Refusal, UnicodeDecodeError):  # the batch itself fails with the reason
        return []


def _control(call: Call) -> dict[str, Any]:
    """Return what the body says of a job, in JSON or XML."""
    if _is_json(call):
        return call.json_object()
    try:
        return dict(xml.fields(call.body))
    except ValueError as broken:
        raise Refusal("InvalidXML", f"Unable to parse the job: {broken}") from None


def _job(org: Org, call: Call) -> Job:
    try:
        return org.bulk.find(call.arguments["id"], "Classic")
    except Refusal:
        raise Refusal("InvalidJob", f"Invalid job id: {call.arguments['id']}") from None


def _batch(org: Org, call: Call, job: Job) -> Batch:
    wanted = call.arguments["batch"]
    found = (one for one in org.bulk.store.batches(job.id) if wanted in (one.id, one.id[:15]))
    batch = next(found, None)
    if batch is None:
        raise Refusal("InvalidBatch", f"Invalid batch id: {wanted}")
    return batch


def _job_info(org: Org, call: Call, job: Job, *, status: int = 200) -> Answer:
    told = classic.job_info(job, org.bulk.store.batches(job.id))
    as_json = _is_json(call) if call.body else _wants_json(call, job)
    answered = _document("jobInfo", told, as_json=as_json)
    answered.status, answered.object = status, job.object
    return answered


def _batch_info(call: Call, job: Job, batch: Batch) -> Answer:
    told = classic.batch_info(batch)
    answered = _document("batchInfo", told, as_json=_wants_json(call, job))
    answered.object = job.object
    return answered


def _document(name: str, told: dict[str, Any], *, as_json: bool) -> Answer:
    body = classic.document(name, told, as_json=as_json)
    return file(body, classic.JSON_TYPE if as_json else classic.XML_TYPE)


def _file(job: Job, body: bytes, kind: str) -> Answer:
    answered = file(body, kind)
    answered.object = job.object
    return answered


def _wants_json(call: Call, job: Job) -> bool:
    """Tell whether a job's batches are told of in JSON."""
    return job.content_type == "JSON" or (job.content_type != "CSV" and _is_json(call))


def _speaks_json(org: Org, call: Call) -> bool:
    """Tell whether an error is to be told in JSON: as the job's content, or as the caller."""
    try:
        return (
            _is_json(call) or org.bulk.find(call.arguments["id"], "Classic").content_type == "JSON"
        )
    except (Refusal, KeyError):
        return False


def _is_json(call: Call) -> bool:
    return "json" in call.headers.get("content-type", "").lower()


def _plain(refusal: Refusal) -> str:
    """Return a message as Bulk API 1.0 has it: without the code that 2.0 begins it with."""
    if _CODES.get(refusal.code) in _SESSION_CODES:
        return "Invalid session id"
    return refusal.message.removeprefix("InvalidJob : ").removeprefix("ClientInputError : ")
