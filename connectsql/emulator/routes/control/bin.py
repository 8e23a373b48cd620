"""What REST cannot do with deleted and doubled records, below ``/__emulator__/``."""

from __future__ import annotations

from typing import Any

from connectsql.emulator.routes.control.handler import ControlHandler, Controls
from connectsql.emulator.routes.results import Act, each, merged
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
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
    told = call.json_object()
    fields = told.get("fields", {})
    if not isinstance(fields, dict):
        raise Refusal("JSON_PARSER_ERROR", "fields has to be a JSON object")
    losers = _listed(told, "losers")
    return Answer(body=merged(controls.org, told.get("master"), losers, fields))


def _each(org: Org, call: Call, act: Act) -> Answer:
    return Answer(body={"results": each(org, _listed(call.json_object(), "ids"), act)})


def _listed(told: dict[str, Any], name: str) -> list[Any]:
    listed = told.get(name)
    if not isinstance(listed, list):
        raise Refusal("JSON_PARSER_ERROR", f"{name} has to be a list of ids")
    return listed
