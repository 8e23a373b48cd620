"""Undeleting, purging and merging records, with results as the APIs give them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectsql.emulator.org import ids
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal, refuse_row

Act = Callable[[SObject, str], None]
Result = dict[str, Any]


def each(org: Org, texts: Sequence[Any], act: Act) -> list[Result]:
    """Do something with each record, in a transaction of its own; return a result of each."""
    results: list[Result] = []
    for text in texts:
        try:
            with org.transaction():
                sobject, record_id = _known(org, text)
                act(sobject, record_id)
            results.append({"id": record_id, "success": True, "errors": []})
        except Refusal as refusal:
            results.append({"id": text, "success": False, "errors": refusal.as_rows()})
    return results


def merged(org: Org, master: Any, losers: Sequence[Any], fields: Mapping[str, Any]) -> Result:
    """Merge records; return the result of it. Raises the refusal of what cannot be merged."""
    sobject, master_id = _known(org, master)
    known = [_known(org, one) for one in losers]
    if any(other is not sobject for other, _ in known):
        raise refuse_row("MERGE_FAILED", "All records of a merge have to be of one object")
    loser_ids = [record_id for _, record_id in known]
    with org.transaction():
        moved = org.bin.merge(sobject, master_id, loser_ids, fields)
    result: Result = {"id": master_id, "success": True, "errors": []}
    return result | {"mergedRecordIds": loser_ids, "updatedRelatedIds": moved}


def _known(org: Org, text: Any) -> tuple[SObject, str]:
    record_id = ids.normalise(text) if isinstance(text, str) else None
    sobject = org.schema.of_id(record_id) if record_id else None
    if record_id is None or sobject is None:
        raise refuse_row("MALFORMED_ID", f"malformed id {text}")
    return sobject, record_id
