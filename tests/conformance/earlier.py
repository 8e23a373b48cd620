"""What an org already held when something was asked, made out from what the answer shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .compare import Ids, read
from .conftest import Target
from .recordings import Exchange

_THE_ORGS_OWN = ("User", "Organization", "RecordType", "AggregateResult")
_FILLERS = {
    "string": "x",
    "picklist": "x",
    "date": "2020-01-01",
    "datetime": "2020-01-01T00:00:00Z",
}


def create_what_was_there(org: Target, exchange: Exchange, ids: Ids) -> None:
    """Create the records that an answer shows and no exchange before it created."""
    if exchange.method != "GET" or exchange.answer is None:
        return
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for kind, record_id, fields in _records(read(exchange.answer)):
        if kind not in _THE_ORGS_OWN and not ids.knows(record_id):
            found.setdefault(record_id, (kind, {}))[1].update(fields)
    for record_id, (kind, fields) in sorted(found.items(), key=lambda one: one[1][0]):
        ids.learn(record_id, _create(org, kind, fields, ids))


def _create(org: Target, kind: str, fields: dict[str, Any], ids: Ids) -> str:
    described = org.get(f"sobjects/{kind}/describe").json()["fields"]
    createable = {one["name"] for one in described if one["createable"]}
    required = {
        one["name"]: _FILLERS.get(one["type"])
        for one in described
        if one["createable"] and not one["nillable"] and not one["defaultedOnCreate"]
    }
    given = {
        name: ids.own(value) if isinstance(value, str) else value
        for name, value in fields.items()
        if name in createable and value is not None
    }
    answer = org.call("POST", f"sobjects/{kind}", json=required | given)
    assert answer.status_code == 201, f"{kind} {given}: {answer.text}"
    record_id: str = answer.json()["id"]
    return record_id


def _records(answer: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield object, id and plain fields of every record in an answer; parents come along."""
    if isinstance(answer, list):
        for one in answer:
            yield from _records(one)
    elif isinstance(answer, dict):
        for one in answer.values():
            yield from _records(one)
        attributes = answer.get("attributes")
        if isinstance(attributes, dict) and "url" in attributes:
            record_id = attributes["url"].rpartition("/")[2]
            parents = {
                f"{name}Id": value["attributes"]["url"].rpartition("/")[2]
                for name, value in answer.items()
                if isinstance(value, dict) and "attributes" in value
            }
            plain = {name: one for name, one in answer.items() if not isinstance(one, dict | list)}
            yield attributes["type"], record_id, plain | parents
