"""Up to 200 records in one call, each with a result of its own, in the order they came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any

from connectsql.emulator.org import ids
from connectsql.emulator.org.saving.records import without_id
from connectsql.emulator.org.schema import Field, SObject
from connectsql.emulator.routes.handler import (
    Handler,
    external_key,
    flag,
    listed,
    named_object,
    since,
)
from connectsql.emulator.routes.results import Result, known_record, refused, saved
from connectsql.emulator.soql.read import read_records, selected_fields
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal, refuse_row
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

_MOST_RECORDS = 200
_MOST_READ = 2000
_MOST_CHUNKS = 10
_KEYS = (str, int, float)
_SINCE = 42.0
_UPSERT_SINCE = 46.0

Save = Callable[[Any], Result]

routes: Router[Handler] = Router()


@routes.route("POST", "/composite/sobjects")
def create(org: Org, call: Call) -> Answer:
    """Create records, of several objects if need be."""
    since(call, _SINCE)
    body, records = _records(call)
    _refuse_many_chunks(records)

    def save(record: Any) -> Result:
        sobject = _type_of(org, record)
        return saved(org.records(sobject).create(record))

    all_or_none = flag(body.get("allOrNone"))
    return _each(org, call, records, save, all_or_none=all_or_none, creates=True)


@routes.route("PATCH", "/composite/sobjects")
def update(org: Org, call: Call) -> Answer:
    """Change records; each carries its id."""
    since(call, _SINCE)
    body, records = _records(call)
    _refuse_many_chunks(records)
    repeated = _repeated(_long(_value_of(record, "Id")) for record in records)

    def save(record: Any) -> Result:
        sobject = _type_of(org, record)
        given = _value_of(record, "Id")
        if not given:
            message = "Id not specified in an update call"
            raise refuse_row("MISSING_ARGUMENT", message, "Id")
        if _long(given) in repeated:
            raise refuse_row("DUPLICATE_VALUE", f"Duplicate id specified: {given}", "Id")
        rows = org.records(sobject)
        record_id = rows.own_id(given)
        rows.update(record_id, without_id(record))
        return saved(record_id)

    return _each(org, call, records, save, all_or_none=flag(body.get("allOrNone")))


@routes.route("DELETE", "/composite/sobjects")
def delete(org: Org, call: Call) -> Answer:
    """Move records to the recycle bin, by a list of ids."""
    since(call, _SINCE)
    wanted = listed(call, "ids")
    if not wanted:
        raise Refusal("MISSING_ARGUMENT", "The ids parameter is required")
    _refuse_many(wanted)
    repeated = _repeated(map(_long, wanted))

    def save(text: Any) -> Result:
        sobject, record_id = known_record(org, text)
        if record_id in repeated:
            raise refuse_row("DUPLICATE_VALUE", f"Duplicate id specified: {text}", "Id")
        org.bin.delete(sobject, record_id)
        return saved(record_id)

    return _each(org, call, wanted, save, all_or_none=flag(call.params.get("allOrNone")))


@routes.route("PATCH", "/composite/sobjects/{object}/{key}")
def upsert(org: Org, call: Call) -> Answer:
    """Update the records that are there and create the others, by an external id or by Id."""
    since(call, _UPSERT_SINCE)
    sobject = named_object(org, call)
    key = external_key(sobject, call.arguments["key"])
    body, records = _records(call)
    repeated = _repeated(_compared(key, _value_of(record, key.name)) for record in records)

    def save(record: Any) -> Result:
        if _type_of(org, record) is not sobject:
            message = f"all records have to be of type {sobject.name}"
            raise refuse_row("INVALID_TYPE", message)
        value = _value_of(record, key.name)
        if isinstance(value, _KEYS) and _compared(key, value) in repeated:
            message = f"Duplicate external id specified: {value}"
            raise refuse_row("DUPLICATE_VALUE", message, key.name)
        record_id, is_new = _upsert(org, sobject, key, value, record)
        return saved(record_id, created=is_new)

    return _each(org, call, records, save, all_or_none=flag(body.get("allOrNone")))


@routes.route("GET", "/composite/sobjects/{object}")
def retrieve(org: Org, call: Call) -> Answer:
    """Answer records by their ids, as the query's ``ids`` and ``fields`` say."""
    return _retrieve(org, call, listed(call, "ids"), listed(call, "fields"))


@routes.route("POST", "/composite/sobjects/{object}")
def retrieve_by_post(org: Org, call: Call) -> Answer:
    """Answer records by their ids, as the body's ``ids`` and ``fields`` say."""
    body = call.json_object()
    wanted, fields = body.get("ids"), body.get("fields")
    if not isinstance(wanted, list) or not isinstance(fields, list):
        raise Refusal("JSON_PARSER_ERROR", "The body has to have lists of ids and fields")
    return _retrieve(org, call, list(map(str, wanted)), list(map(str, fields)))


def _retrieve(org: Org, call: Call, wanted: list[str], names: list[str]) -> Answer:
    since(call, _SINCE)
    sobject = named_object(org, call)
    if not wanted or not names:
        missing = "fields" if wanted else "ids"
        raise Refusal("MISSING_ARGUMENT", f"The {missing} parameter is required")
    if len(wanted) > _MOST_READ:
        raise _too_many(_MOST_READ)
    fields = selected_fields(sobject, names)
    known = [ids.normalise(one) or "" for one in wanted]
    found = read_records(org.store, sobject, fields, known, call.data_url)
    return Answer(body=found, records=len(found))


def _upsert(org: Org, sobject: SObject, key: Field, value: Any, record: Any) -> tuple[str, bool]:
    rows = org.records(sobject)
    if key.type != "id":
        rest = {name: one for name, one in record.items() if name.lower() != key.name.lower()}
        return rows.upsert(key, value, rest)
    if not value:
        return rows.create(without_id(record)), True
    record_id = rows.own_id(value)
    rows.update(record_id, without_id(record))
    return record_id, False


def _each(
    org: Org,
    call: Call,
    records: Sequence[Any],
    save: Save,
    *,
    all_or_none: bool,
    creates: bool = False,
) -> Answer:
    """Save each record in one transaction; a refused one is answered in its place.

    ``creates`` is whether a record whose result does not tell is a new one.
    """
    results: list[Result] = []
    try:
        with org.transaction():
            for index, record in enumerate(records):
                results.append(_result(record, save, call.planned.get(index)))
            if all_or_none and not all(one["success"] for one in results):
                raise _RolledBack
    except _RolledBack:
        results = [_rolled_back(one, creates) if one["success"] else one for one in results]
    return Answer(body=results, records=len(results), object=_common_type(records))


def _result(record: Any, save: Save, planned: Refusal | None) -> Result:
    try:
        if planned:
            raise planned
        return save(record)
    except Refusal as refusal:
        return refused(refusal)


class _RolledBack(Exception):
    """A row failed where all were to succeed."""


def _rolled_back(result: Result, creates: bool) -> Result:
    """Return a row's result when it was undone: what was there before keeps its id."""
    message = (
        "Record rolled back because not all records were valid and the request was using "
        "AllOrNone header"
    )
    refusal = refuse_row("ALL_OR_NONE_OPERATION_ROLLED_BACK", message)
    known = {} if result.get("created", creates) else {"id": result["id"]}
    return refused(refusal, **known)


def _records(call: Call) -> tuple[dict[str, Any], list[Any]]:
    body = call.json_object()
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise Refusal("JSON_PARSER_ERROR", "The body has to have a list of records")
    _refuse_many(records)
    return body, records


def _refuse_many(records: Sequence[Any]) -> None:
    if len(records) > _MOST_RECORDS:
        raise _too_many(_MOST_RECORDS)


def _too_many(limit: int) -> Refusal:
    message = f"record limit reached. cannot submit more than {limit} records into this call"
    return Refusal("EXCEEDED_ID_LIMIT", message)


def _refuse_many_chunks(records: list[Any]) -> None:
    """Refuse records whose objects alternate too often: each run of one object is a chunk."""
    types = [_type_name(record) for record in records]
    if sum(1 for _ in groupby(types)) > _MOST_CHUNKS:
        message = (
            f"Cannot have more than {_MOST_CHUNKS} chunks in a single operation. "
            "Please rearrange the data to reduce chunking."
        )
        raise Refusal("LIMIT_EXCEEDED", message)


def _type_name(record: Any) -> str | None:
    attributes = record.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    return name if isinstance(name, str) else None


def _common_type(records: Sequence[Any]) -> str | None:
    """Return the object of all records, for the call log."""
    types = {_type_name(one) if isinstance(one, dict) else None for one in records}
    return types.pop() if len(types) == 1 else None


def _type_of(org: Org, record: Any) -> SObject:
    name = _type_name(record)
    if name is None:
        raise refuse_row("MISSING_ARGUMENT", "attributes.type is required", "attributes")
    sobject = org.object(name)
    if sobject is None:
        raise refuse_row("INVALID_TYPE", f"sObject type '{name}' is not supported.")
    return sobject


def _long(text: Any) -> str | None:
    return ids.normalise(text) if isinstance(text, str) else None


def _value_of(record: Any, field: str) -> Any:
    """Return what a record says of a field, in whatever spelling."""
    wanted = field.lower()
    return next((one for name, one in record.items() if name.lower() == wanted), None)


def _compared(key: Field, value: Any) -> Any:
    """Return what two values of an external id have in common when they are the same."""
    return value.strip().lower() if key.folds_case and isinstance(value, str) else value


def _repeated(values: Iterable[Any]) -> set[Any]:
    known = [one for one in values if isinstance(one, _KEYS)]
    return {value for value, times in Counter(known).items() if times > 1}
