"""One record: created, read, updated, upserted and deleted by id or external id."""

from __future__ import annotations

from collections.abc import Callable

from connectsql.emulator.org import ids
from connectsql.emulator.org.saving.records import without_id
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.routes import blobs, relations
from connectsql.emulator.routes.conditions import State, is_conditional
from connectsql.emulator.routes.handler import (
    Handler,
    external_key,
    flag,
    listed,
    named_object,
    since,
)
from connectsql.emulator.routes.results import saved
from connectsql.emulator.soql.read import read_records, selected_fields
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal, not_found, refuse_row
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

_BODY_ON_UPDATE_SINCE = 46.0
_CREATE_BY_ID_SINCE = 37.0
_RELATIONS_SINCE = 36.0
_DEEPEST = 5

_Act = Callable[[Org, Call, SObject, str], Answer]

routes: Router[Handler] = Router()


@routes.route("POST", "/sobjects/{object}")
def create(org: Org, call: Call) -> Answer:
    """Create a record."""
    sobject = named_object(org, call)
    body = call.json_object()
    with org.transaction():
        _refuse_if_planned(call)
        record_id = org.records(sobject).create(body)
    return _created(call, sobject, record_id)


@routes.route("POST", "/sobjects/{object}/Id")
def create_by_id(org: Org, call: Call) -> Answer:
    """Create a record at the address where others are upserted by their ids."""
    since(call, _CREATE_BY_ID_SINCE)
    return create(org, call)


@routes.route("GET", "/sobjects/{object}/{id}")
def read(org: Org, call: Call) -> Answer:
    """Answer a record, whole or the fields that ``fields`` names."""
    sobject = named_object(org, call)
    return _read(org, call, sobject, _known_id(org, sobject, call.arguments["id"]))


@routes.route("PATCH", "/sobjects/{object}/{id}")
def update(org: Org, call: Call) -> Answer:
    """Change a record."""
    sobject = named_object(org, call)
    return _update(org, call, sobject, _known_id(org, sobject, call.arguments["id"]))


@routes.route("DELETE", "/sobjects/{object}/{id}")
def delete(org: Org, call: Call) -> Answer:
    """Move a record to the recycle bin."""
    sobject = named_object(org, call)
    return _delete(org, call, sobject, _known_id(org, sobject, call.arguments["id"]))


@routes.route("PATCH", "/sobjects/{object}/{key}/{value}")
def upsert(org: Org, call: Call) -> Answer:
    """Update the record that has this external id, or create it."""
    sobject = named_object(org, call)
    if relations.is_record(sobject, call.arguments["key"]):
        return _related(org, call, _update)
    key = external_key(sobject, call.arguments["key"])
    value = call.arguments["value"]
    if key.type == "id":
        return _update(org, call, sobject, _known_id(org, sobject, value))
    body = call.json_object()
    if any(name.lower() == key.name.lower() for name in body):
        raise _not_in_body(key)
    found = org.records(sobject).find(key, value)
    if len(found) > 1:
        return Answer(status=300, body=[_url(call, sobject, one) for one in found])
    if not found and flag(call.params.get("updateOnly")):
        raise not_found()
    with org.transaction():
        _refuse_if_planned(call)
        if found:
            _check_conditions(org, call, sobject, found[0])
        record_id, is_new = org.records(sobject).upsert(key, value, body)
    if is_new:
        return _created(call, sobject, record_id, created=True)
    if call.version < _BODY_ON_UPDATE_SINCE:
        return Answer(status=204, records=1)
    return Answer(body=saved(record_id, created=False), records=1)


@routes.route("GET", "/sobjects/{object}/{key}/{value}")
def read_by_key(org: Org, call: Call) -> Answer:
    """Answer the record that has this external id, or what a relationship leads to."""
    return _by_key(org, call, _read)


@routes.route("DELETE", "/sobjects/{object}/{key}/{value}")
def delete_by_key(org: Org, call: Call) -> Answer:
    """Move the record that has this external id to the recycle bin."""
    return _by_key(org, call, _delete)


def _deeper(handler: Handler) -> Handler:
    """Serve paths that follow several relationships, too."""
    path = "/sobjects/{object}/{key}/{value}"
    for place in range(2, _DEEPEST + 1):
        path += f"/{{relationship{place}}}"
        for method in ("GET", "PATCH", "DELETE"):
            routes.route(method, path)(handler)
    return handler


@_deeper
def act_far_off(org: Org, call: Call) -> Answer:
    """Read, change or delete the record that several relationships lead to."""
    return _related(org, call, {"GET": _read, "PATCH": _update, "DELETE": _delete}[call.verb])


def _related(org: Org, call: Call, act: _Act) -> Answer:
    """Act on the record that relationships lead to, or answer a record's children."""
    since(call, _RELATIONS_SINCE)
    sobject = named_object(org, call)
    _, key, *names = call.arguments.values()
    record_id = _existing_id(org, sobject, key)
    if act is _read and blobs.is_blob(sobject, names[-1]) and len(names) == 1:
        return blobs.read(org, sobject, record_id, names[0])
    children = sobject.child_relationship(names[0]) if len(names) == 1 else None
    if children is not None and act is _read:
        return relations.children(org, call, record_id, children, listed(call, "fields"))
    return act(org, call, *relations.parent(org, sobject, record_id, names))


def _existing_id(org: Org, sobject: SObject, text: str) -> str:
    record_id = _known_id(org, sobject, text)
    if org.store.is_deleted(sobject, record_id):
        raise not_found()
    return record_id


def _by_key(org: Org, call: Call, act: _Act) -> Answer:
    sobject = named_object(org, call)
    if relations.is_record(sobject, call.arguments["key"]):
        return _related(org, call, act)
    key = external_key(sobject, call.arguments["key"])
    if key.type == "id":
        return act(org, call, sobject, _known_id(org, sobject, call.arguments["value"]))
    found = org.records(sobject).find(key, call.arguments["value"])
    if not found:
        raise not_found()
    if len(found) > 1:
        return Answer(status=300, body=[_url(call, sobject, one) for one in found])
    return act(org, call, sobject, found[0])


def _read(org: Org, call: Call, sobject: SObject, record_id: str) -> Answer:
    fields = _with_id(sobject, selected_fields(sobject, listed(call, "fields")))
    row = org.store.live(sobject, record_id)
    if row is None:
        raise not_found()
    state = State.of(sobject, row)
    if state.is_known(call):
        return Answer(status=304, headers=state.headers)
    (record,) = read_records(org.store, sobject, fields, [record_id], call.data_url)
    if record is not None:
        blobs.link(record, fields)
    return Answer(body=record, headers=state.headers, records=1)


def _with_id(sobject: SObject, fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """Add the id, which an org answers last where nobody asked for it."""
    record_id = sobject.by_name["id"]
    return fields if record_id in fields else (*fields, record_id)


def _update(org: Org, call: Call, sobject: SObject, record_id: str) -> Answer:
    body = call.json_object()
    if len(without_id(body)) < len(body):
        raise _not_in_body(sobject.by_name["id"])
    with org.transaction():
        _refuse_if_planned(call)
        _check_conditions(org, call, sobject, record_id)
        org.records(sobject).update(record_id, body)
    return Answer(status=204, records=1)


def _delete(org: Org, call: Call, sobject: SObject, record_id: str) -> Answer:
    with org.transaction():
        _refuse_if_planned(call)
        org.bin.delete(sobject, record_id)
    return Answer(status=204, records=1)


def _check_conditions(org: Org, call: Call, sobject: SObject, record_id: str) -> None:
    """Raise the 412 if the record is not in the state that a change expects."""
    row = org.store.fetch(sobject, record_id) if is_conditional(call) else None
    if row is not None:
        State.of(sobject, row).check_change(call)


def _known_id(org: Org, sobject: SObject, text: str) -> str:
    """Return the id of a record that is or was there, or raise one of the two 404s."""
    record_id = ids.normalise(text)
    if record_id is None:
        message = f"Provided external ID field does not exist or is not accessible: {text}"
        raise Refusal("NOT_FOUND", message, status=404)
    if org.store.is_deleted(sobject, record_id) is None:
        raise not_found()
    return record_id


def _created(
    call: Call, sobject: SObject, record_id: str, *, created: bool | None = None
) -> Answer:
    body = saved(record_id) if created is None else saved(record_id, created=created)
    headers = {"Location": _url(call, sobject, record_id)}
    return Answer(status=201, body=body, headers=headers, records=1)


def _url(call: Call, sobject: SObject, record_id: str) -> str:
    return f"{call.data_url}/sobjects/{sobject.name}/{record_id}"


def _not_in_body(field: Field) -> Refusal:
    message = f"The {field.name} field should not be specified in the sobject data."
    return refuse_row("INVALID_FIELD", message, field.name)


def _refuse_if_planned(call: Call) -> None:
    if 0 in call.planned:
        raise call.planned[0]
