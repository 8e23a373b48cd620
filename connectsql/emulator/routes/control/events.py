"""Gaps in the change events, below ``/__emulator__/``: what an org sends when it lost track."""

from __future__ import annotations

from connectsql.emulator.routes.control.handler import ControlHandler, Controls, refusing
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

routes: Router[ControlHandler] = Router()


@routes.route("POST", "/__emulator__/events/gap")
async def gap(controls: Controls, call: Call) -> Answer:
    """Publish a gap: ``{"object": "Account", "ids": [...], "kind": "UPDATE" | "OVERFLOW"}``."""
    events = controls.org.events
    if events is None:
        raise Refusal("INVALID_GAP", "this org has no change events; start it with --events")
    told = call.json_object()
    ids = told.get("ids", [])
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise Refusal("INVALID_GAP", "ids is a list of ids")
    with refusing("INVALID_GAP"):
        events.gap(str(told.get("object")), ids, str(told.get("kind", "UPDATE")))
    return Answer(status=204)
