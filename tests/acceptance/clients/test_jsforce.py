"""jsforce, a client for JavaScript, finds an org at the other end: a script for each family."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectsql.emulator import Options, RunningOrg, start_in_thread

from .support.installed import NODE_MODULES, needs, node

LEADS = 2_300

pytestmark = needs(NODE_MODULES / "jsforce")


@pytest.fixture(scope="module")
def org() -> Iterator[RunningOrg]:
    with start_in_thread(Options()) as running:
        yield running


def succeeded(results: list[dict[str, Any]]) -> list[bool]:
    return [one["success"] for one in results]


def test_logging_in(org: RunningOrg) -> None:
    told = node("login.js", org)
    assert told["byToken"] == told["credentials"] == org.username
    for way, user in (("password", "user"), ("soap", "soapUser")):
        assert told[way]["queried"] == 1
        assert told[way][user]["organizationId"].startswith("00D")
    assert "INVALID_LOGIN" in told["wrongPassword"]["message"]
    assert told["expired"]["code"] == "INVALID_SESSION_ID"


def test_describing(org: RunningOrg) -> None:
    told = node("describe.js", org)
    assert {"Account", "Contact", "User"} <= set(told["objects"])
    assert {"Id", "AccountId", "LastName"} <= set(told["fields"])
    assert told["cached"] == "Contact"
    assert told["limits"]["Remaining"] <= told["limits"]["Max"]
    assert told["limitInfo"]["apiUsage"]["used"] > 0
    assert "60.0" in told["versions"]


def test_records_one_by_one_and_many(org: RunningOrg) -> None:
    told = node("rows.js", org)
    assert told["one"] == {"id": told["one"]["id"], "success": True, "errors": []}
    assert (told["updated"]["success"], told["updated"]["id"]) == (True, told["one"]["id"])
    assert told["read"] == ["One", "7"]
    assert told["again"]["created"] is False
    assert told["fresh"]["created"] is True
    assert succeeded(told["many"]) == [True, False, True]
    assert told["many"][1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert succeeded(told["manyUpdated"]) == [True, True]
    assert told["manyRead"] == [["a", "8"], ["c", "8"]]
    assert [one["created"] for one in told["manyUpserted"]] == [False, True]
    assert told["lots"] == 450


def test_what_was_changed_and_deleted(org: RunningOrg) -> None:
    told = node("rows.js", org)
    assert succeeded([told["destroyed"], *told["manyDestroyed"]]) == [True] * 3
    gone = {one["id"] for one in told["deletions"]["deletedRecords"]}
    assert {told["one"]["id"], *(one["id"] for one in told["manyDestroyed"])} <= gone
    assert told["fresh"]["id"] in told["changes"]["ids"]
    assert told["gone"]["code"] in ("NOT_FOUND", "ENTITY_IS_DELETED")
    assert told["incomplete"]["code"] == "REQUIRED_FIELD_MISSING"
    assert told["unknown"]["code"] == "NOT_FOUND"


def test_queries() -> None:
    with start_in_thread(Options(seed_records={"Lead": LEADS})) as org:
        told = node("query.js", org)
    assert told["first"] == [LEADS, False, 2000]
    assert told["second"] == [True, LEADS - 2000]
    assert told["all"] == [LEADS, LEADS, LEADS]
    assert told["built"] == [["Beta", "Query's parent"], ["Alpha", "Query's parent"]]
    assert told["born"] == ["Alpha"]
    assert told["children"] == [["Alpha", "Beta"]]
    assert told["count"] == 2
    assert told["malformed"]["code"] == "MALFORMED_QUERY"


def test_many_requests_in_one(org: RunningOrg) -> None:
    told = node("composite.js", org)
    assert told == {
        "composite": [201, 200],
        "name": "C",
        "tree": [False, ["a", "c"]],
        "batch": [False, ["Tree"]],
    }


def test_bulk(org: RunningOrg) -> None:
    told = node("bulk.js", org)
    assert told["loaded"] == [[True, 0]] * 30 + [[False, 1]]
    assert told["changed"] == [True, True]
    titles = dict(told["queried"])
    assert len(titles) == 30
    assert (titles["0"], titles["1"], titles["2"]) == ('a "quoted", title',) * 2 + ("",)
    assert told["removed"] == [True]
    assert told["second"]["created"] == ["true"] * 30
    ((error, key),) = told["second"]["failed"]
    assert error.startswith("REQUIRED_FIELD_MISSING:")
    assert key == "v2-x"
    assert told["second"]["unprocessed"] == 0
    assert len(told["fetched"]) == 30
    assert told["states"] == ["Open", "Aborted"]
    assert told["deleted"]["code"] == "NOT_FOUND"
    assert "Nothing__c" in told["badQuery"]["message"]
