"""Rows that were deleted here while nobody knew whether Salesforce had got them.

An insert whose answer was lost, of a row that is gone by the time it would be sent again: if
the record was made, it has to be deleted after all. Its external id tells.
"""

from __future__ import annotations

from collections.abc import Sequence

from connectsql.agent.fold import Change
from connectsql.compiler.model import Table
from connectsql.database.trigger_log import TriggerLog
from connectsql.salesforce import soql
from connectsql.salesforce.rest import Rest

VALUES_IN_A_QUERY = 50  # an external id may have 255 characters, a URL 16,000


def delete_what_was_made(rest: Rest, log: TriggerLog, table: Table, gone: Sequence[Change]) -> None:
    """Queue deletes for records that earlier attempts to send these changes have made.

    Raises SalesforceError where the org cannot be asked.
    """
    tried = [one.record_id for one in gone if one.action == "INSERT" and one.attempts > 1]
    if not tried or table.identifier is None:
        return
    held = log.deleted_unsent(table.name, tried)
    wanted = {values.get(table.identifier.name): row for row, values in held.items()}
    found = _find(rest, table, [value for value in wanted if value])
    log.delete_after_all(table.name, [(wanted[value], sfid) for value, sfid in found.items()])


def _find(rest: Rest, table: Table, values: Sequence[str]) -> dict[str, str]:
    """Return the records' Ids by external id."""
    assert table.identifier is not None
    path = table.identifier.path
    spelled = {value.lower(): value for value in values}  # Salesforce may ignore case
    found = {}
    for start in range(0, len(values), VALUES_IN_A_QUERY):
        where = soql.one_of(path, values[start : start + VALUES_IN_A_QUERY])
        for page in rest.query_pages(soql.select(["Id", path], table.object.name, where=where)):
            for record in page.records:
                found[spelled[str(record[path]).lower()]] = str(record["Id"])
    return found
