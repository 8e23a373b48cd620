"""Brings into the rows what Salesforce made of our writes: defaults, formulas, stamps."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from connectsql.compiler.model import Table
from connectsql.database.staging import Staging
from connectsql.errors import DatabaseBusy, SalesforceError
from connectsql.salesforce import soql
from connectsql.salesforce.collections import Collections
from connectsql.salesforce.record import flatten
from connectsql.salesforce.rest import Rest
from connectsql.salesforce.session import Session

IDS_IN_A_QUERY = 200  # an id takes 27 characters of a URL, which may have 16,000

_log = logging.getLogger("connectsql.agent")


class ReadBack:
    """Reads records again that were just written."""

    def __init__(self, session: Session) -> None:
        self._collections = Collections(session)
        self._rest = Rest(session)

    def refresh(self, staging: Staging, sfids: Sequence[str]) -> None:
        """Let the rows of these records take over what the org has.

        A failure to read is not one of the write: the next poll brings the same.
        """
        table = staging.table
        try:
            records = [flatten(one, table.select) for one in self._read(table, sfids)]
        except SalesforceError as error:
            _log.warning("not read back table=%s rows=%d: %s", table.name, len(sfids), error)
            return
        with suppress(DatabaseBusy):  # whoever has changed the row is sent and read back in turn
            staging.refresh(records)

    def _read(self, table: Table, sfids: Sequence[str]) -> Iterator[dict[str, Any]]:
        if any(column.lookup for column in table.columns):
            return self._query(table, sfids)
        found = self._collections.retrieve(table.object.name, sfids, table.select)
        return (one for one in found if one is not None)

    def _query(self, table: Table, sfids: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Read by query: a collection does not reach a parent's fields."""
        for start in range(0, len(sfids), IDS_IN_A_QUERY):
            wanted = soql.one_of("Id", sfids[start : start + IDS_IN_A_QUERY])
            query = soql.select(table.select, table.object.name, where=wanted)
            for page in self._rest.query_pages(query):
                yield from page.records
