"""Limits: what is counted, what is left, and what an org answers when nothing is."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests

from connectsql.emulator import Options, start_in_thread

from .conftest import Client


@pytest.fixture
def stingy() -> Iterator[Client]:
    """A client of an org that allows three calls a day."""
    with start_in_thread(Options(daily_calls=3)) as org:
        made = Client(org)
        yield made
        made.close()


def used(answer: requests.Response) -> str:
    return answer.headers["sforce-limit-info"].removeprefix("api-usage=")


def test_calls_are_counted_whatever_becomes_of_them(stingy: Client) -> None:
    assert used(stingy.get("limits")) == "1/3"
    assert used(stingy.get("sobjects/Foo")) == "2/3"
    assert used(stingy.get("nowhere")) == "3/3"


def test_a_call_too_many_is_refused_and_does_nothing(stingy: Client) -> None:
    for _ in range(3):
        stingy.get("limits")
    answer = stingy.call("POST", "sobjects/Account", json={"Name": "x"})
    assert answer.status_code == 403
    assert answer.json() == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]
    assert used(answer) == "3/3"
    stingy.call("POST", "/__emulator__/quota", json={"calls": 0})
    assert stingy.query("SELECT Id FROM Account") == []


def test_what_is_no_call_of_the_api_is_not_counted(stingy: Client) -> None:
    url = stingy.org.url
    wrong = {"Authorization": "Bearer nobody"}
    assert stingy.call("GET", "limits", headers=wrong).status_code == 401
    form = {"grant_type": "client_credentials"}
    auth = (stingy.org.client_id, stingy.org.client_secret)
    token = requests.post(f"{url}/services/oauth2/token", data=form, auth=auth, timeout=30)
    assert token.status_code == 200
    for path in ("/services/data", "/services/oauth2/userinfo", "/__emulator__/calls"):
        answer = stingy.get(path)
        assert answer.status_code == 200
        assert "sforce-limit-info" not in answer.headers
    assert used(stingy.get("limits")) == "1/3"


def test_the_limits_tell_what_is_left(stingy: Client) -> None:
    stingy.get("limits")
    told = stingy.get("limits").json()
    assert told["DailyApiRequests"] == {"Max": 3, "Remaining": 1}
    assert told["DailyBulkApiBatches"] == {"Max": 15_000, "Remaining": 15_000}
    assert len(told) > 60
    assert list(told) == sorted(told)
    assert all({"Max", "Remaining"} <= set(limit) for limit in told.values())
    assert all(0 <= limit["Remaining"] <= limit["Max"] for limit in told.values())


def test_the_limits_tell_of_bulk_jobs(fresh: Client) -> None:
    query = {"operation": "query", "query": "SELECT Id FROM Account"}
    assert fresh.call("POST", "jobs/query", json=query).status_code == 200
    job = fresh.call("POST", "jobs/ingest", json={"object": "Account", "operation": "insert"})
    path = f"jobs/ingest/{job.json()['id']}"
    fresh.call("PUT", f"{path}/batches", data="Name\nx\n", headers={"Content-Type": "text/csv"})
    fresh.call("PATCH", path, json={"state": "UploadComplete"})
    _until_complete(fresh, path)
    told = fresh.get("limits").json()
    assert told["DailyBulkV2QueryJobs"] == {"Max": 10_000, "Remaining": 9_999}
    assert told["DailyBulkApiBatches"] == {"Max": 15_000, "Remaining": 14_999}
    old = fresh.get("/services/data/v48.0/limits").json()
    assert "DailyBulkApiBatches" not in old
    assert old["DailyBulkApiRequests"] == told["DailyBulkApiBatches"]


def _until_complete(client: Client, path: str) -> None:
    deadline = time.monotonic() + 30
    while client.get(path).json()["state"] != "JobComplete":
        assert time.monotonic() < deadline


def test_the_limits_tell_of_storage() -> None:
    with start_in_thread(Options(seed_records={"Account": 600})) as org:
        client = Client(org)
        storage = client.get("limits").json()["DataStorageMB"]
        assert storage["Max"] - storage["Remaining"] == 1
        client.close()


def test_counts_of_records(fresh: Client) -> None:
    fresh.create("Account", Name="a")
    fresh.create("Account", Name="b")
    everything = fresh.get("limits/recordCount").json()
    assert everything["sObjects"] == [
        {"count": 2, "name": "Account"},
        {"count": 1, "name": "User"},
        {"count": 1, "name": "Organization"},
    ]
    some = fresh.get("limits/recordCount", sObjects="Contact, account,Nothing__c").json()
    assert some == {"sObjects": [{"count": 2, "name": "Account"}]}
