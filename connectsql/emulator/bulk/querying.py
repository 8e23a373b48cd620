"""Runs the query of a batch and keeps its result, line by line, as it was at that time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any

from connectsql.emulator.bulk import query_check, xml
from connectsql.emulator.bulk.dialect import Dialect, word
from connectsql.emulator.bulk.job import Job
from connectsql.emulator.bulk.progress import Progress
from connectsql.emulator.bulk.reading import Unusable
from connectsql.emulator.org import clock
from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.org.schema import NUMBERS, Schema
from connectsql.emulator.soql.bound import Record
from connectsql.emulator.soql.flat import FlatColumn, rows_of
from connectsql.emulator.soql.run import Source, bind, chunks_of
from connectsql.emulator.wire.errors import Refusal

_CHUNK = 2_000
_PLAIN_BELOW, _PLAIN_FROM = 1e16, 1e-4

Values = tuple[Any, ...]
Shaped = dict[str, Any]
Rendered = Generator[list[str], None, None]


async def query(org: OrgCore, progress: Progress, batch_id: str) -> None:
    """Run the query of a batch; its result is complete when this returns."""
    job, _ = progress.begin(batch_id)
    text = progress.store.content(batch_id).decode("utf-8", "replace")
    fault = org.faults.of_job(job.object)
    with org.transaction():
        progress.store.drop_lines(batch_id)
    try:
        await _keep(org, progress, job, batch_id, text)
    except Refusal as refusal:
        message = f"Failed to process query: {refusal.code}: {refusal.message}"
        raise Unusable(f"InvalidBatch : {message}") from None
    except RecursionError:
        message = "Failed to process query: QUERY_TOO_COMPLICATED: it is nested too deeply"
        raise Unusable(f"InvalidBatch : {message}") from None
    if fault:
        raise Unusable(fault.message)


async def _keep(org: OrgCore, progress: Progress, job: Job, batch_id: str, text: str) -> None:
    started = time.perf_counter()
    in_csv = job.content_type == "CSV"
    render = _as_csv if in_csv else _as_records
    at = 0
    chunks = render(org, job, batch_id, text)
    try:
        for number, lines in enumerate(chunks):
            _, batch = progress.check(batch_id)
            with org.transaction():
                progress.store.add_lines(batch_id, at, lines)
                at += len(lines)
                batch.processed = at - 1 if in_csv else at
                progress.spent(batch, started)
                progress.store.save_batch(batch)
            if number:
                await org.tasks.give_way()
            started = time.perf_counter()
    finally:
        chunks.close()


def _as_csv(org: OrgCore, job: Job, name: str, text: str) -> Rendered:
    """Give the header, then chunks of lines."""
    if job.api == "Classic":
        _check_root(job, query_check.checked(org, text, "Bulk Query"))
    found = rows_of(Source.of(org), text, name=name, deleted=job.operation == "queryAll")
    dialect = Dialect(job.column_delimiter, job.line_ending)
    try:
        yield dialect.lines([[column.name for column in found.columns]])
        convert = _conversion(found.columns)
        for start in range(0, found.total, _CHUNK):
            yield dialect.lines(map(convert, found.rows(start, _CHUNK)))
    finally:
        found.drop()


def _as_records(org: OrgCore, job: Job, name: str, text: str) -> Rendered:
    """Give chunks of records, each as JSON or XML."""
    source = Source.of(org)
    bound = bind(source, text)
    _check_root(job, bound.table.sobject.name)
    if not isinstance(bound.result, Record):
        message = "Aggregate query not supported in Bulk Query"
        raise Refusal("FUNCTIONALITY_NOT_ENABLED", message)
    root = f"/services/data/v{job.version:.1f}"
    deleted = job.operation == "queryAll"
    render = _json_of if job.content_type == "JSON" else _xml_of
    for texts in chunks_of(source, text, name=name, root=root, size=_CHUNK, deleted=deleted):
        yield [render(json.loads(one), org.schema) for one in texts]


def _json_of(record: Shaped, schema: Schema) -> str:
    """Return a record as JSON; datetimes are milliseconds."""
    _restamp(record, schema, _milliseconds)
    return json.dumps(record, ensure_ascii=False)


def _xml_of(record: Shaped, schema: Schema) -> str:
    _restamp(record, schema, clock.with_z)
    return xml.record("records", record)


def _restamp(record: Shaped, schema: Schema, stamp: Callable[[str], Any]) -> None:
    """Write the datetimes of a record, its parents and its children in another way."""
    sobject = schema.find(record["attributes"]["type"])
    for name, value in record.items():
        if isinstance(value, dict):
            for inner in value.get("records", [value]):
                if "attributes" in inner:
                    _restamp(inner, schema, stamp)
        elif value is not None and sobject:
            field = sobject.field(name)
            if field and field.type == "datetime":
                record[name] = stamp(value)


def _check_root(job: Job, name: str) -> None:
    if name != job.object:
        message = (
            f"The root entity of the requested query ({name}) does not match the entity of the "
            f"requested Bulk API Job ({job.object})."
        )
        raise Refusal("INVALID_TYPE_FOR_OPERATION", message)


def _conversion(columns: tuple[FlatColumn, ...]) -> Callable[[Values], list[Any] | Values]:
    """Return what makes of a row's stored values those of a CSV file."""
    converters = [
        (place, converter)
        for place, column in enumerate(columns)
        if (converter := _converter(column.type))
    ]
    if not converters:
        return lambda row: row

    def convert(row: Values) -> list[Any]:
        values = list(row)
        for place, converter in converters:
            if values[place] is not None:
                values[place] = converter(values[place])
        return values

    return convert


def _converter(kind: str) -> Callable[[Any], Any] | None:
    if kind == "boolean":
        return word
    if kind == "datetime":
        return clock.with_z
    return _decimal if kind in NUMBERS else None


def _milliseconds(stamp: str) -> int:
    return clock.milliseconds(datetime.fromisoformat(stamp))


def _decimal(value: float) -> float | str:
    """Return a number as it is, or its digits where Python would write an exponent."""
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return value
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.20f}".rstrip("0")
