"""Salesforce to Postgres: the initial load of a table, then polling for what has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectsql.compiler.model import Desired, Table
from connectsql.config.model import RemoteDeletes
from connectsql.database.connection import Connection
from connectsql.database.progress import Progress, State
from connectsql.database.staging import Merged, Staging, Stamps
from connectsql.salesforce import soql
from connectsql.salesforce.record import flatten
from connectsql.salesforce.rest import Page, Rest
from connectsql.salesforce.session import Session


@dataclass(frozen=True, kw_only=True)
class Loading:
    """How an initial load stands. ``total`` counts the records that were left when it began."""

    table: str
    done: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Read:
    """What one read of a table did. ``again``: records were held back, read soon once more."""

    table: str
    changed: int
    loaded: bool = False
    again: bool = False


class _Stopped(Exception):
    """It is time to stop, in the middle of a table."""


class Reader:
    """Reads the mapped tables of one schema, over one connection."""

    def __init__(
        self,
        connection: Connection,
        desired: Desired,
        session: Session,
        *,
        lookback: timedelta,
        stopping: Callable[[], bool] = lambda: False,
        on_loading: Callable[[Loading], None] = lambda _: None,
    ) -> None:
        self._rest = Rest(session)
        self._progress = Progress(connection, desired.schema)
        self._stagings = {one.name: Staging(connection, one) for one in desired.tables}
        self._lookback = lookback
        self._stopping = stopping
        self._on_loading = on_loading

    def read(self, table: Table) -> Read:
        """Bring a table up to date: load it where that is not done, else poll.

        An interrupted load goes on behind the last page that was stored. When it is time to
        stop, no further page is stored. Raises SalesforceError and DatabaseError; what was
        stored until then stays.
        """
        state = self._progress.of(table.name)
        try:
            if state.loaded_at is None:
                return self._load(table, state)
            return self._poll(table, state)
        except _Stopped:
            return Read(table=table.name, changed=0, again=True)

    def note_problem(self, table: Table, problem: str) -> None:
        """Note for people why a table cannot be read."""
        self._progress.note_problem(table.name, problem)

    def _load(self, table: Table, state: State) -> Read:
        changed = done = 0
        again = False
        staging = self._stagings[table.name]
        # Only a change of the filter leaves rows whose records a load does not bring.
        unmatched = staging.linked_rows() if table.filter else {}
        for page in self._pages_of_load(table, state):
            _strike(unmatched, page)
            if state.load_started is None and done == 0:
                self._progress.begin_load(table.name, _clock(page))
            merged = self._store(table, page)
            changed += merged.changed
            again = again or merged.held > 0
            done += len(page.records)
            if page.records and not again:
                self._progress.note_loaded(table.name, page.records[-1]["Id"])
            self._on_loading(Loading(table=table.name, done=done, total=page.total_size))
        if unmatched and not again:
            removed = self._remove_unmatched(table, unmatched)
            changed += removed.changed
            again = removed.held > 0
        if not again:
            self._progress.finish_load(table.name)
        return Read(table=table.name, changed=changed, loaded=not again, again=again)

    def _pages_of_load(self, table: Table, state: State) -> Iterator[Page]:
        """Ordered by Id, so that the greatest Id stored tells where to go on."""
        where = [soql.compare("Id", ">", state.loaded_up_to)] if state.loaded_up_to else []
        query = soql.select(
            table.select, table.object.name, where=_filtered(table, *where), order_by=["Id"]
        )
        return self._until_stopped(self._rest.query_pages(query))

    def _remove_unmatched(self, table: Table, rows: Stamps) -> Merged:
        """Remove those of the rows whose records do not match, a load's earlier pages included."""
        query = soql.select(["Id"], table.object.name, where=_filtered(table))
        kept = table.has_isdeleted and table.mapping.remote_deletes is RemoteDeletes.KEEP
        for page in self._until_stopped(self._rest.query_pages(query, deleted=kept)):
            _strike(rows, page)
        return self._stagings[table.name].remove(rows)

    def _poll(self, table: Table, state: State) -> Read:
        assert state.read_until is not None
        since = state.read_until - self._lookback
        where = soql.compare("SystemModstamp", ">=", since)
        unmatched, until = self._changed_rows(table, where)
        query = soql.select(table.select, table.object.name, where=_filtered(table, where))
        changed = held = 0
        pages = self._rest.query_pages(query, deleted=table.has_isdeleted)
        for page in self._until_stopped(pages):
            until = until or _clock(page)
            _strike(unmatched, page)
            merged = self._store(table, page)
            changed += merged.changed
            held += merged.held
        if unmatched:
            removed = self._stagings[table.name].remove(unmatched)
            changed += removed.changed
            held += removed.held
        if until is not None and not held:
            self._progress.note_read(table.name, until)
        return Read(table=table.name, changed=changed, again=held > 0)

    def _changed_rows(self, table: Table, where: str) -> tuple[Stamps, datetime | None]:
        """Return the rows of changed records that may have left the filter, and the org's time.

        Asked before the matching records are: what comes to match in between is not struck out
        of the rows for nothing. Without a filter nothing is asked.
        """
        rows: Stamps = {}
        until = None
        if table.filter:
            query = soql.select(["Id"], table.object.name, where=where)
            pages = self._rest.query_pages(query, deleted=table.has_isdeleted)
            for page in self._until_stopped(pages):
                until = until or _clock(page)
                rows |= self._stagings[table.name].rows_of([one["Id"] for one in page.records])
        return rows, until

    def _until_stopped(self, pages: Iterator[Page]) -> Iterator[Page]:
        for page in pages:
            if self._stopping():
                raise _Stopped
            yield page

    def _store(self, table: Table, page: Page) -> Merged:
        records = [flatten(record, table.select) for record in page.records]
        return self._stagings[table.name].merge(records)


def _filtered(table: Table, *where: str) -> str:
    """Return the conditions together with the mapping's filter."""
    conditions = [*where, *([table.filter] if table.filter else [])]
    return soql.both(*conditions) if conditions else ""


def _strike(rows: Stamps, page: Page) -> None:
    """Strike out the rows whose records are on the page."""
    for record in page.records:
        rows.pop(record["Id"], None)


def _clock(page: Page) -> datetime:
    """Return the org's time of a page; ours only where the org does not tell."""
    return page.server_time or datetime.now(UTC)
