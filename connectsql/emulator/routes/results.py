"""What is answered of one record: saved or refused; and doing something with several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connectsql.emulator.org import ids
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal, refuse_row

Act = Callable[[SObject, str], None]
Result = dict[str, Any]


def saved(record_id: str, **more: Any) -> Result:
    """Return the result of a record that something was done with."""
    return {"id": record_id, "success": True, "errors": [], **more}


def refused(refusal: Refusal, **known: Any) -> Result:
    """Return the result of a record that nothing was done with; ``known`` comes first."""
    return {**known, "success": False, "errors": refusal.as_rows()}


def known_record(org: Org, text: Any) -> tuple[SObject, str]:
    """Return what an id stands for, or raise the refusal of one that is none of this org."""
    record_id = ids.normalise(text) if isinstance(text, str) else None
    sobject = org.schema.of_id(record_id) if record_id else None
    if record_id is None or sobject is None:
        raise refuse_row("MALFORMED_ID", f"malformed id {text}")
    return sobject, record_id


def each(org: Org, texts: Sequence[Any], act: Act) -> list[Result]:
    """Do something with each record, in a transaction of its own; return a result of each."""
    results: list[Result] = []
    for text in texts:
        try:
            with org.transaction():
                sobject, record_id = known_record(org, text)
                act(sobject, record_id)
            results.append(saved(record_id))
        except Refusal as refusal:
            results.append(refused(refusal, id=text))
    return results


def merged(org: Org, master: Any, losers: Sequence[Any], fields: Mapping[str, Any]) -> Result:
    """Merge records; return the result of it. Raises the refusal of what cannot be merged."""
    sobject, master_id = known_record(org, master)
    known = [known_record(org, one) for one in losers]
    if any(other is not sobject for other, _ in known):
        raise refuse_row("MERGE_FAILED", "All records of a merge have to be of one object")
    loser_ids = [record_id for _, record_id in known]
    with org.transaction():
        moved = org.bin.merge(sobject, master_id, loser_ids, fields)
    return saved(master_id, mergedRecordIds=loser_ids, updatedRelatedIds=moved)
