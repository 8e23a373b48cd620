"""What came of a batch, as the files that clients fetch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from connectsql.emulator.bulk.dialect import Dialect
from connectsql.emulator.bulk.job import Batch, Job
from connectsql.emulator.bulk.job_store import JobStore, Result
from connectsql.emulator.bulk.reading import Broken, Table, Unusable

_FAILED = ["sf__Id", "sf__Error"]
_SUCCESSFUL = ["sf__Id", "sf__Created"]


def successful(store: JobStore, job: Job, batch: Batch | None) -> bytes:
    """Return the rows that were saved, with the ids of their records."""

    def told(result: Result) -> list[str] | None:
        _, record_id, created, error = result
        return None if error is not None else [record_id or "", _word(created)]

    return _told(store, job, batch, _SUCCESSFUL, told)


def failed(store: JobStore, job: Job, batch: Batch | None) -> bytes:
    """Return the rows that were refused, and why."""

    def told(result: Result) -> list[str] | None:
        _, record_id, _, error = result
        return None if error is None else [record_id or "", error]

    return _told(store, job, batch, _FAILED, told)


def unprocessed(store: JobStore, job: Job, batch: Batch | None) -> bytes:
    """Return the rows that were not reached."""
    table = _table(store, job, batch)
    if table is None or batch is None:
        return b""
    rows = islice(_cells(table), batch.position, None)
    return _file(job, chain([table.names], rows))


def _told(store: JobStore, job: Job, batch: Batch | None, names: list[str], told: Any) -> bytes:
    table = _table(store, job, batch)
    if table is None or batch is None:
        return _file(job, [names])
    rows = (
        first + cells
        for result, cells in zip(store.results(batch.id), _cells(table), strict=False)
        if (first := told(result)) is not None
    )
    return _file(job, chain([names + table.names], rows))


def _table(store: JobStore, job: Job, batch: Batch | None) -> Table | None:
    """Return what was uploaded, or None where there is nothing that can be read."""
    if batch is None:
        return None
    try:
        return Table(store.content(batch.id), Dialect(job.column_delimiter, job.line_ending))
    except Unusable:
        return None


def _cells(table: Table) -> Iterator[list[str]]:
    try:
        for row in table.rows():
            yield row.cells if isinstance(row, Broken) else row
    except Unusable:  # from here on it is no text
        return


def _file(job: Job, rows: Iterable[list[str]]) -> bytes:
    return Dialect(job.column_delimiter, job.line_ending).file(rows)


def _word(value: bool) -> str:
    return "true" if value else "false"
