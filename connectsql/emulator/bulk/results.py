"""What came of a batch, as the files that clients fetch.

Files are given in pieces: making a long one takes seconds, in which other calls have to be
answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from connectsql.emulator.bulk.dialect import Dialect, word
from connectsql.emulator.bulk.job import Batch, Job
from connectsql.emulator.bulk.job_store import JobStore, Result
from connectsql.emulator.bulk.reading import Broken, Table, Unusable
from connectsql.emulator.wire.errors import not_found

_PIECE = 2_000
_FAILED = ["sf__Id", "sf__Error"]
_SUCCESSFUL = ["sf__Id", "sf__Created"]

Pieces = Iterator[bytes]
Told = Callable[[Result], list[str] | None]


def successful(store: JobStore, job: Job, batch: Batch | None) -> Pieces:
    """Give the rows that were saved, with the ids of their records."""

    def told(result: Result) -> list[str] | None:
        _, record_id, created, error = result
        return None if error is not None else [record_id or "", word(created)]

    return _told(store, job, batch, _SUCCESSFUL, told)


def failed(store: JobStore, job: Job, batch: Batch | None) -> Pieces:
    """Give the rows that were refused, and why."""

    def told(result: Result) -> list[str] | None:
        _, record_id, _, error = result
        return None if error is None else [record_id or "", error]

    return _told(store, job, batch, _FAILED, told)


def unprocessed(store: JobStore, job: Job, batch: Batch | None) -> Pieces:
    """Give the rows that were not reached."""
    table = _table(store, job, batch)
    if table is None or batch is None:
        return
    dialect = _dialect(job)
    yield dialect.file([table.names])
    rows = enumerate(_cells(table))
    while some := list(islice(rows, _PIECE)):
        yield dialect.file(cells for number, cells in some if number >= batch.position)


def _told(store: JobStore, job: Job, batch: Batch | None, names: list[str], told: Told) -> Pieces:
    table = _table(store, job, batch)
    dialect = _dialect(job)
    if table is None or batch is None:
        yield dialect.file([names])
        return
    yield dialect.file([names + table.names])
    rows = zip(store.results(batch.id), _cells(table), strict=False)
    while some := list(islice(rows, _PIECE)):
        yield dialect.file(
            first + cells for result, cells in some if (first := told(result)) is not None
        )
    if store.batch(batch.id) is None:  # deleted meanwhile: what was given is not all
        raise not_found()


def _table(store: JobStore, job: Job, batch: Batch | None) -> Table | None:
    """Return what was uploaded, or None where there is nothing that can be read."""
    if batch is None:
        return None
    try:
        return Table(store.content(batch.id), _dialect(job))
    except Unusable:
        return None


def _cells(table: Table) -> Iterator[list[str]]:
    try:
        for row in table.rows():
            yield row.cells if isinstance(row, Broken) else row
    except Unusable:  # from here on it is no text
        return


def _dialect(job: Job) -> Dialect:
    return Dialect(job.column_delimiter, job.line_ending)
