"""Changing the org's objects and fields while it runs, below ``/__emulator__/``.

==============================  ==========================================================
POST objects                    adds an object: a whole describe, or in short
                                ``{"name": "Kid__c", "fields": [...]}``
DELETE objects/NAME             drops an object with its records
POST objects/NAME/fields        adds a field: ``{"name": "Size__c", "type": "double"}``
PATCH objects/NAME/fields/F     changes a field: ``{"type": "string", "length": 20}``
DELETE objects/NAME/fields/F    drops a field with its values
==============================  ==========================================================

``shorthand.py`` tells the words of the short form. Answers are describes.
"""

from __future__ import annotations

from typing import Any

from connectsql.emulator.org.reshaping.reshaping import Reshaping
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.routes.control.handler import ControlHandler, Controls, refusing
from connectsql.emulator.routes.handler import named_object
from connectsql.emulator.wire.errors import not_found
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

routes: Router[ControlHandler] = Router()


@routes.route("POST", "/__emulator__/objects")
async def add_object(controls: Controls, call: Call) -> Answer:
    """Add an object."""
    told = call.json_object()
    with refusing("INVALID_CHANGE"):
        sobject = Reshaping(controls.org).add_object(told)
    return Answer(status=201, body=controls.org.describes.whole(sobject, call.version))


@routes.route("DELETE", "/__emulator__/objects/{object}")
async def drop_object(controls: Controls, call: Call) -> Answer:
    """Drop an object with its records."""
    sobject = named_object(controls.org, call)
    with refusing("INVALID_CHANGE"):
        Reshaping(controls.org).drop_object(sobject)
    return Answer(status=204)


@routes.route("POST", "/__emulator__/objects/{object}/fields")
async def add_field(controls: Controls, call: Call) -> Answer:
    """Add a field."""
    sobject, told = named_object(controls.org, call), call.json_object()
    with refusing("INVALID_CHANGE"):
        field = Reshaping(controls.org).add_field(sobject, told)
    return Answer(status=201, body=_described(controls, sobject, field))


@routes.route("PATCH", "/__emulator__/objects/{object}/fields/{field}")
async def change_field(controls: Controls, call: Call) -> Answer:
    """Change a field."""
    sobject, told = named_object(controls.org, call), call.json_object()
    with refusing("INVALID_CHANGE"):
        field = Reshaping(controls.org).change_field(sobject, _named_field(sobject, call), told)
    return Answer(body=_described(controls, sobject, field))


@routes.route("DELETE", "/__emulator__/objects/{object}/fields/{field}")
async def drop_field(controls: Controls, call: Call) -> Answer:
    """Drop a field with its values."""
    sobject = named_object(controls.org, call)
    with refusing("INVALID_CHANGE"):
        Reshaping(controls.org).drop_field(sobject, _named_field(sobject, call))
    return Answer(status=204)


def _named_field(sobject: SObject, call: Call) -> Field:
    field = sobject.field(call.arguments["field"])
    if field is None:
        raise not_found()
    return field


def _described(controls: Controls, sobject: SObject, field: Field) -> dict[str, Any]:
    now = controls.org.schema.find(sobject.name) or sobject
    return next(dict(one) for one in now.raw["fields"] if one["name"] == field.name)
