"""Runs the query of a batch and keeps its result, line by line, as it was at that time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectsql.emulator.bulk import fitness
from connectsql.emulator.bulk.dialect import Dialect
from connectsql.emulator.bulk.job import Job
from connectsql.emulator.bulk.progress import Progress
from connectsql.emulator.bulk.reading import Unusable
from connectsql.emulator.org.schema import NUMBERS
from connectsql.emulator.soql.bound import Column, Record
from connectsql.emulator.soql.flat import FlatColumn, rows_of
from connectsql.emulator.soql.run import Source, bind, chunks_of
from connectsql.emulator.wire.errors import Refusal

if TYPE_CHECKING:
    from connectsql.emulator.org.org import Org

_CHUNK = 2_000
_PLAIN_BELOW, _PLAIN_FROM = 1e16, 1e-4

Values = tuple[Any, ...]
Rendered = Iterator[list[str]]


async def query(org: Org, progress: Progress, batch_id: str) -> None:
    """Run the query of a batch; its result is complete when this returns."""
    job, _ = progress.begin(batch_id)
    text = progress.shelf.content(batch_id).decode()
    fault = org.faults.of_job(job.object)
    with org.transaction():
        progress.shelf.drop_lines(batch_id)
    try:
        await _keep(org, progress, job, batch_id, text)
    except Refusal as refusal:
        message = f"Failed to process query: {refusal.code}: {refusal.message}"
        raise Unusable(f"InvalidBatch : {message}") from None
    if fault:
        raise Unusable(fault.message)


async def _keep(org: Org, progress: Progress, job: Job, batch_id: str, text: str) -> None:
    started = time.perf_counter()
    render = _as_json if job.content_type == "JSON" else _as_csv
    at = 0
    chunks = render(org, job, batch_id, text)
    try:
        for number, lines in enumerate(chunks):
            _, batch = progress.check(batch_id)
            with org.transaction():
                progress.shelf.add_lines(batch_id, at, lines)
                at += len(lines)
                batch.processed = at if job.content_type == "JSON" else at - 1
                progress.spent(batch, started)
                progress.shelf.save_batch(batch)
            if number:
                await asyncio.sleep(0)
            started = time.perf_counter()
    finally:
        chunks.close()


def _as_csv(org: Org, job: Job, name: str, text: str) -> Any:
    """Give the header, then chunks of lines."""
    if job.api == "Classic":
        _check_root(job, fitness.checked(org, text, "Bulk Query"))
    found = rows_of(Source.of(org), text, name=name, deleted=job.operation == "queryAll")
    dialect = Dialect(job.column_delimiter, job.line_ending)
    try:
        yield dialect.lines([[column.name for column in found.columns]])
        convert = _conversion(found.columns)
        for start in range(0, found.total, _CHUNK):
            yield dialect.lines(map(convert, found.rows(start, _CHUNK)))
    finally:
        found.drop()


def _as_json(org: Org, job: Job, name: str, text: str) -> Any:
    """Give chunks of records, each as JSON; datetimes are milliseconds."""
    source = Source.of(org)
    bound = bind(source, text)
    _check_root(job, bound.table.sobject.name)
    if not isinstance(bound.result, Record):
        raise Refusal("FUNCTIONALITY_NOT_ENABLED", "Aggregate query not supported in Bulk Query")
    root = f"/services/data/v{job.version:.1f}"
    deleted = job.operation == "queryAll"
    for texts in chunks_of(source, text, name=name, root=root, size=_CHUNK, deleted=deleted):
        records = [json.loads(one) for one in texts]
        for record in records:
            _to_milliseconds(record, bound.result)
        yield [json.dumps(record, ensure_ascii=False) for record in records]


def _check_root(job: Job, name: str) -> None:
    if name != job.object:
        message = (
            f"The root entity of the requested query ({name}) does not match the entity of the "
            f"requested Bulk API Job ({job.object})."
        )
        raise Refusal("INVALID_TYPE_FOR_OPERATION", message)


def _to_milliseconds(record: dict[str, Any], shape: Record) -> None:
    for name, member in shape.members:
        value = record.get(name)
        if value is None:
            continue
        if isinstance(member, Record):
            _to_milliseconds(value, member)
        elif isinstance(member, Column) and member.field.type == "datetime":
            record[name] = round(datetime.fromisoformat(value).timestamp() * 1000)


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
        return lambda value: "true" if value else "false"
    if kind == "datetime":
        return lambda value: value[:-5] + "Z"
    return _decimal if kind in NUMBERS else None


def _decimal(value: float) -> float | str:
    """Return a number as it is, or its digits where Python would write an exponent."""
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return value
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.20f}".rstrip("0")
