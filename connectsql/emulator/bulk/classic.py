"""What Bulk API 1.0 tells of jobs, batches and rows, as XML or as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any

from connectsql.emulator.bulk import xml
from connectsql.emulator.bulk.dialect import Dialect, word
from connectsql.emulator.bulk.job import Batch, Job
from connectsql.emulator.bulk.job_store import JobStore
from connectsql.emulator.org import clock

JSON_TYPE, XML_TYPE, CSV_TYPE = "application/json", "application/xml", "text/csv"
_RESULT = "752"
_TIMES = frozenset({"createdDate", "systemModstamp"})
_RESULT_NAMES = ["Id", "Success", "Created", "Error"]

Told = dict[str, Any]


def job_info(job: Job, batches: Sequence[Batch]) -> Told:
    """Return what is told of a job, in the order of its XML."""
    states = Counter(batch.state for batch in batches)
    return {
        "id": job.id,
        "operation": job.operation,
        "object": job.object,
        "createdById": job.created_by,
        "createdDate": job.created,
        "systemModstamp": job.modified,
        "state": job.state,
        "externalIdFieldName": job.key,
        "concurrencyMode": job.concurrency,
        "contentType": job.content_type,
        "numberBatchesQueued": states["Queued"],
        "numberBatchesInProgress": states["InProgress"],
        "numberBatchesCompleted": states["Completed"],
        "numberBatchesFailed": states["Failed"],
        "numberBatchesTotal": len(batches),
        "numberRecordsProcessed": sum(batch.processed for batch in batches),
        "numberRetries": 0,
        "apiVersion": job.version,
        "assignmentRuleId": job.assignment_rule,
        "numberRecordsFailed": sum(batch.failed for batch in batches),
        "totalProcessingTime": sum(batch.total_ms for batch in batches),
        "apiActiveProcessingTime": sum(batch.active_ms for batch in batches),
        "apexProcessingTime": 0,
    }


def batch_info(batch: Batch) -> Told:
    """Return what is told of a batch."""
    return {
        "id": batch.id,
        "jobId": batch.job,
        "state": batch.state,
        "stateMessage": batch.error,
        "createdDate": batch.created,
        "systemModstamp": batch.modified,
        "numberRecordsProcessed": batch.processed,
        "numberRecordsFailed": batch.failed,
        "totalProcessingTime": batch.total_ms,
        "apiActiveProcessingTime": batch.active_ms,
        "apexProcessingTime": 0,
    }


def document(name: str, told: Told, *, as_json: bool) -> bytes:
    """Return a job or a batch; XML writes its times with ``Z``."""
    return _json(told) if as_json else xml.alone(name, _with_z(told))


def batch_list(batches: Sequence[Batch], *, as_json: bool) -> bytes:
    """Return all batches of a job."""
    told = [batch_info(batch) for batch in batches]
    if as_json:
        return _json({"batchInfo": told})
    children = (xml.element("batchInfo", _with_z(one), outer=False) for one in told)
    return xml.document("batchInfoList", children)


def result_id(batch: Batch) -> str:
    """Return the id of a query batch's one result."""
    return _RESULT + batch.id[3:15]


def result_list(batch: Batch, *, as_json: bool) -> bytes:
    """Return the ids of a query batch's results."""
    if as_json:
        return _json([result_id(batch)])
    return xml.document("result-list", [f"<result>{result_id(batch)}</result>"])


def row_results(store: JobStore, job: Job, batch: Batch) -> tuple[bytes, str]:
    """Return what came of a batch's rows, and the media type of that."""
    rows = store.results(batch.id)
    if job.content_type == "CSV":
        cells = (
            [record_id or "", word(not error), word(created), error or ""]
            for _, record_id, created, error in rows
        )
        return Dialect().file(chain([_RESULT_NAMES], cells)), CSV_TYPE
    told = [
        {
            "success": error is None,
            "created": created,
            "id": record_id,
            "errors": [_error(error)] if error else [],
        }
        for _, record_id, created, error in rows
    ]
    if job.content_type == "JSON":
        return _json(told), JSON_TYPE
    return xml.document("results", map(_xml_result, told)), XML_TYPE


def query_result(store: JobStore, job: Job, batch: Batch) -> tuple[bytes, str]:
    """Return all rows that a query batch found, and the media type of that."""
    lines = store.lines(batch.id, 0, batch.processed + 1)
    if job.content_type == "CSV":
        return "".join(lines).encode(), CSV_TYPE
    if job.content_type == "XML":
        return xml.query_result(lines), XML_TYPE
    return f"[{','.join(lines)}]".encode(), JSON_TYPE


def _xml_result(told: Told) -> str:
    errors = "".join(
        xml.element("errors", one | {"fields": None}, outer=False) for one in told["errors"]
    )
    inner = xml.element("result", {**told, "errors": None}, outer=False)
    return inner.replace("\n</result>", f"{errors}\n</result>")


def _error(text: str) -> Told:
    """Return an error told in parts; ``text`` is ``CODE:message:fields --``."""
    code, _, rest = text.partition(":")
    message, _, fields = rest.rpartition(":")
    names = [name for name in fields.removesuffix("--").strip().split(",") if name]
    return {
        "statusCode": code,
        "message": message,
        "fields": names,
        "extendedErrorDetails": None,
    }


def _with_z(told: Told) -> Told:
    return {name: clock.with_z(value) if name in _TIMES else value for name, value in told.items()}


def _json(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode()
