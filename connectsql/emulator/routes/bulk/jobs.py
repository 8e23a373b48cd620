"""What jobs that write and jobs that read have in common over HTTP."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectsql.emulator.bulk.dialect import DELIMITERS, LINE_ENDINGS
from connectsql.emulator.bulk.job import TERMINAL, Api, Batch, Job
from connectsql.emulator.routes.handler import flag
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call

_MOST_LISTED = 1_000
_DONE = {"JobComplete": "Completed"}

Described = Callable[[Job], dict[str, Any]]


def chosen_dialect(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the delimiter and line ending that a new job asks for."""
    return {
        "column_delimiter": chosen(body, "columnDelimiter", tuple(DELIMITERS), "COMMA"),
        "line_ending": chosen(body, "lineEnding", tuple(LINE_ENDINGS), "LF"),
    }


def chosen(body: Mapping[str, Any], name: str, among: tuple[str, ...], default: str) -> str:
    """Return the value of a property that has few; raises the refusal of any other."""
    value = body.get(name)
    if value is None:
        return default
    if value not in among:
        message = f"{value} is not a valid value for {name}, which is one of {', '.join(among)}"
        raise Refusal("JSON_PARSER_ERROR", f"{message} at [line:1, column:1]")
    return str(value)


def known_properties(call: Call, names: frozenset[str]) -> dict[str, Any]:
    """Return the body of a job that is to be made; raises for a property jobs lack."""
    body = call.json_object()
    for name in body:
        if name not in names:
            message = f'Unrecognized field "{name}" at [line:1, column:1]'
            raise Refusal("JSON_PARSER_ERROR", message)
    return body


def described(job: Job) -> dict[str, Any]:
    """Return what every answer tells of a job."""
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": job.created,
        "systemModstamp": job.modified,
        "state": job.state,
        "concurrencyMode": job.concurrency,
        "contentType": job.content_type,
        "apiVersion": job.version,
        "jobType": job.api,
        "lineEnding": job.line_ending,
        "columnDelimiter": job.column_delimiter,
    }


def change_state(org: Org, call: Call, job: Job, close: Callable[[], None] | None) -> None:
    """Close or abort a job as the body says; what cannot be closed has no ``close``."""
    wanted = call.json_object().get("state")
    if wanted == "Aborted":
        _refuse_if(job, TERMINAL, "Aborting")
        org.bulk.abort(job)
    elif wanted == "UploadComplete" and close:
        _refuse_if(job, TERMINAL | {"UploadComplete", "InProgress"}, "Closing")
        close()
    else:
        raise Refusal("INVALIDJOBSTATE", f"InvalidJobState : Invalid job state: {wanted}")


def delete(org: Org, job: Job, allowed: frozenset[str]) -> Answer:
    """Give up a job that is in one of some states."""
    if job.state not in allowed:
        message = "Error encountered when deleting the job because the job is not terminated"
        raise Refusal("API_ERROR", message)
    org.bulk.delete(job)
    return Answer(status=204, object=job.object)


def only_batch(org: Org, job: Job) -> Batch | None:
    """Return the one batch of a job, if it has been given its data."""
    return next(iter(org.bulk.store.batches(job.id)), None)


def listed(org: Org, call: Call, path: str, apis: tuple[Api, ...], show: Described) -> Answer:
    """Answer a page of the jobs of these APIs, the oldest first."""
    wanted = call.params.get("jobType")
    chunking = call.params.get("isPkChunkingEnabled")
    mode = call.params.get("concurrencyMode", "").lower()
    jobs = [
        job
        for job in org.bulk.store.jobs()
        if job.api in apis
        and wanted in (None, "", job.api)
        and mode in ("", job.concurrency.lower())
        and (chunking is None or flag(chunking) == bool(job.chunk_size))
    ]
    start = locator_start(call.params.get("queryLocator"))
    end = start + _MOST_LISTED
    more = f"{call.data_url}{path}?queryLocator={locator(end)}" if end < len(jobs) else None
    body = {
        "done": more is None,
        "records": [show(job) for job in jobs[start:end]],
        "nextRecordsUrl": more,
    }
    return Answer(body=body)


def locator(start: int) -> str:
    """Return the text that stands for a place in a result."""
    return base64.urlsafe_b64encode(str(start).encode()).decode().rstrip("=")


def locator_start(text: str | None) -> int:
    """Return the place that a locator stands for; none is the beginning."""
    if not text:
        return 0
    try:
        start = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
        if start.isdigit():
            return int(start)
    except (binascii.Error, ValueError):
        pass
    raise Refusal("INVALID_QUERY_LOCATOR", f"Invalid locator: {text}")


def file(
    body: bytes | Iterator[bytes], kind: str = "text/csv; charset=UTF-8", **more: str
) -> Answer:
    """Answer a file."""
    headers = {"Content-Type": kind, **{k.replace("_", "-"): v for k, v in more.items()}}
    return Answer(body=body, headers=headers)


def _refuse_if(job: Job, states: frozenset[str], verb: str) -> None:
    if job.state in states:
        state = _DONE.get(job.state, job.state)
        raise Refusal("INVALIDJOBSTATE", f"{verb} already {state} Job not allowed")
