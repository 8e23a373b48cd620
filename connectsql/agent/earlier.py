"""What earlier attempts have made, where their answers were lost.

Before an insert of unknown outcome is sent again the org is asked by external id. A record
made since the first attempt is that insert's: it is not sent again, which would overwrite what
others have changed in it since, or bring it back where they have deleted it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectsql.agent.fold import Change
from connectsql.compiler.model import Table
from connectsql.database.rows import Row
from connectsql.database.trigger_log import TriggerLog
from connectsql.salesforce import soql
from connectsql.salesforce.rest import Rest

VALUES_IN_A_QUERY = 50  # an external id may have 255 characters, a URL 16,000
CLOCK_MARGIN = timedelta(seconds=5)  # the org's clock is known to about a second


@dataclass(frozen=True, kw_only=True)
class Made:
    """A record that an earlier attempt has made; it may have been deleted since."""

    sfid: str
    deleted: bool


class EarlierAttempts:
    """Asks the org about inserts of one schema whose outcome is not known."""

    def __init__(self, rest: Rest, log: TriggerLog) -> None:
        self._rest = rest
        self._log = log

    def made(
        self, table: Table, changes: Sequence[Change], standing: dict[int, Row]
    ) -> dict[int, Made]:
        """Return by row id what was made; rows that are gone are known by what they held.

        Raises SalesforceError where the org cannot be asked.
        """
        unsure = {
            one.record_id: one.sent_at
            for one in changes
            if one.action == "INSERT" and one.sent_at is not None
        }
        if not unsure or table.identifier is None or not table.object.field("CreatedDate"):
            return {}
        column = table.identifier.name
        held = {id_: row.values for id_, row in standing.items() if id_ in unsure and not row.sfid}
        gone = [id_ for id_ in unsure if id_ not in standing]
        held |= self._log.deleted_unsent(table.name, gone) if gone else {}
        rows = {value: id_ for id_, values in held.items() if (value := values.get(column))}
        found = sorted(self._find(table, list(rows)), key=lambda one: not one[2].deleted)
        return {
            rows[value]: made  # a living one outdoes a deleted one
            for value, created, made in found
            if created >= unsure[rows[value]] - CLOCK_MARGIN
        }

    def _find(self, table: Table, values: Sequence[str]) -> Iterator[tuple[str, datetime, Made]]:
        """Yield external id, time of creation and record."""
        assert table.identifier is not None
        path = table.identifier.path
        deleted = ["IsDeleted"] if table.has_isdeleted else []
        spelled = {value.lower(): value for value in values}  # Salesforce may ignore case
        for start in range(0, len(values), VALUES_IN_A_QUERY):
            query = soql.select(
                ["Id", "CreatedDate", path, *deleted],
                table.object.name,
                where=soql.one_of(path, values[start : start + VALUES_IN_A_QUERY]),
            )
            for page in self._rest.query_pages(query, deleted=bool(deleted)):
                for record in page.records:
                    created = datetime.fromisoformat(record["CreatedDate"])
                    made = Made(sfid=record["Id"], deleted=bool(record.get("IsDeleted")))
                    yield spelled[str(record[path]).lower()], created, made
