"""What REST cannot do with deleted and doubled records, below ``/__emulator__/``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectsql.emulator.org import ids
from connectsql.emulator.org.org import Org
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.routes.controls import ControlHandler, Controls
from connectsql.emulator.wire.errors import Refusal, refuse_row
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

routes: Router[ControlHandler] = Router()


@routes.route("POST", "/__emulator__/undelete")
async def undelete(controls: Controls, call: Call) -> Answer:
    """Bring the records of ``{"ids": [...]}`` back; each has a result of its own."""
    return _each(controls.org, call, controls.org.bin.undelete)


@routes.route("POST", "/__emulator__/purge")
async def purge(controls: Controls, call: Call) -> Answer:
    """Take the records of ``{"ids": [...]}`` away for good, deleted or not."""
    return _each(controls.org, call, controls.org.bin.purge)


@routes.route("DELETE", "/__emulator__/bin")
async def empty(controls: Controls, call: Call) -> Answer:
    """Empty the recycle bin."""
    with controls.org.transaction():
        return Answer(body={"purged": controls.org.bin.empty()})


@routes.route("POST", "/__emulator__/merge")
async def merge(controls: Controls, call: Call) -> Answer:
    """Merge ``{"master": id, "losers": [ids], "fields": {...}}``."""
    org = controls.org
    told = call.json_object()
    fields = told.get("fields", {})
    if not isinstance(fields, dict):
        raise Refusal("JSON_PARSER_ERROR", "fields has to be a JSON object")
    sobject, master = _known(org, told.get("master"))
    losers = [_known(org, one) for one in _listed(told, "losers")]
    if any(other is not sobject for other, _ in losers):
        raise refuse_row("MERGE_FAILED", "All records of a merge have to be of one object")
    with org.transaction():
        moved = org.bin.merge(sobject, master, [one for _, one in losers], fields)
    merged = [record_id for _, record_id in losers]
    body = {"id": master, "success": True, "errors": []}
    return Answer(body=body | {"mergedRecordIds": merged, "updatedRelatedIds": moved})


def _each(org: Org, call: Call, act: Callable[[SObject, str], None]) -> Answer:
    results = []
    for text in _listed(call.json_object(), "ids"):
        try:
            with org.transaction():
                sobject, record_id = _known(org, text)
                act(sobject, record_id)
            results.append({"id": record_id, "success": True, "errors": []})
        except Refusal as refusal:
            results.append({"id": text, "success": False, "errors": [refusal.as_row()]})
    return Answer(body={"results": results})


def _listed(told: dict[str, Any], name: str) -> list[Any]:
    listed = told.get(name)
    if not isinstance(listed, list):
        raise Refusal("JSON_PARSER_ERROR", f"{name} has to be a list of ids")
    return listed


def _known(org: Org, text: Any) -> tuple[SObject, str]:
    record_id = ids.normalise(text) if isinstance(text, str) else None
    sobject = org.schema.of_id(record_id) if record_id else None
    if record_id is None or sobject is None:
        raise refuse_row("MALFORMED_ID", f"malformed id {text}")
    return sobject, record_id
