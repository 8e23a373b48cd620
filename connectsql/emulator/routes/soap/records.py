"""What only the SOAP API can do with records: undelete, empty the recycle bin, merge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectsql.emulator.routes import results
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Call
from connectsql.emulator.wire.soap import Part, Request, api_fault

Result = dict[str, Any] | list[dict[str, Any]] | None
Operation = Callable[[Org, Call, Request], Result]

_MOST_RECORDS = 200


def _undelete(org: Org, call: Call, request: Request) -> Result:
    return _each(org, request, org.bin.undelete)


def _empty_recycle_bin(org: Org, call: Call, request: Request) -> Result:
    return _each(org, request, org.bin.purge_entry)


def _merge(org: Org, call: Call, request: Request) -> Result:
    wanted = [part for part in request.parts if part.name == "request"]
    _refuse_many(wanted)
    return [_merged(org, one) for one in wanted]


def _each(org: Org, request: Request, act: results.Act) -> Result:
    wanted = request.texts("ids")
    _refuse_many(wanted)
    return [_in_order(one) for one in results.each(org, wanted, act)]


def _merged(org: Org, request: Part) -> dict[str, Any]:
    record = next((part.parts for part in request.parts if part.name == "masterRecord"), ())
    losers = [part.text for part in request.parts if part.name == "recordToMergeIds"]
    fields: dict[str, Any] = {part.text: None for part in record if part.name == "fieldsToNull"}
    given = [part for part in record if part.name not in ("type", "fieldsToNull")]
    fields |= {part.name: None if part.is_null else part.text for part in given}
    master = next((fields.pop(name) for name in list(fields) if name.lower() == "id"), None)
    try:
        return _in_order(results.merged(org, master, losers, fields))
    except Refusal as refusal:
        return _in_order(results.refused(refusal, id=None))


def _in_order(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result with its elements in the order of the WSDL, which is the alphabet's."""
    errors = [dict(sorted(error.items())) for error in result["errors"]]
    return dict(sorted({**result, "errors": errors}.items()))


def _refuse_many(wanted: list[Any]) -> None:
    if len(wanted) > _MOST_RECORDS:
        message = f"too many records in this request; {_MOST_RECORDS} are allowed"
        raise api_fault("EXCEEDED_ID_LIMIT", message, "InvalidIdFault")


RECORD_OPERATIONS: dict[str, Operation] = {
    "undelete": _undelete,
    "emptyRecycleBin": _empty_recycle_bin,
    "merge": _merge,
}
