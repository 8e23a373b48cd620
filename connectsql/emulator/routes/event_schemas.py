"""The Avro schemas of change events."""

from __future__ import annotations

import json

from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal, not_found
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router
from connectsql.eventbus.schema import EventSchema, expanded

_FORMATS = ("COMPACT", "EXPANDED")

routes: Router[Handler] = Router()


@routes.route("GET", "/event/eventSchema/{id}")
def by_id(org: Org, call: Call) -> Answer:
    """Answer the schema of that id, be it of today or of events that are older."""
    schema = org.events.schema(call.arguments["id"]) if org.events else None
    return _answer(call, schema)


@routes.route("GET", "/sobjects/{event}/eventSchema")
def by_event(org: Org, call: Call) -> Answer:
    """Answer the schema of an event as the object is now."""
    sobject = org.events.of_event(call.arguments["event"]) if org.events else None
    return _answer(call, org.events.schema_of(sobject) if org.events and sobject else None)


def _answer(call: Call, schema: EventSchema | None) -> Answer:
    if schema is None:
        raise not_found()
    form = call.params.get("payloadFormat", "EXPANDED").upper()
    if form not in _FORMATS:
        message = f"payloadFormat must be one of {', '.join(_FORMATS)}"
        raise Refusal("INVALID_PARAMETER_VALUE", message)
    tree = json.loads(schema.json)
    return Answer(body=(tree if form == "COMPACT" else expanded(tree)) | {"uuid": schema.id})
