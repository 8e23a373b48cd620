"""Calls that have nothing to do with one another, sent together."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client


def send(client: Client, *requests: tuple[Any, ...], **more: Any) -> dict[str, Any]:
    keys = ("method", "url", "richInput")
    body = {"batchRequests": [dict(zip(keys, one, strict=False)) for one in requests], **more}
    answer = client.call("POST", "composite/batch", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert list(found) == ["hasErrors", "results"]
    assert all(list(one) == ["statusCode", "result"] for one in found["results"])
    return found


def test_each_call_is_answered_in_its_place(client: Client) -> None:
    known = client.create("Account", Name="old")
    found = send(
        client,
        ("PATCH", f"v60.0/sobjects/account/{known}", {"Name": "NewName"}),
        ("GET", f"v59.0/sobjects/account/{known}?fields=Name"),
        ("POST", "/services/data/v60.0/sobjects/Lead", {"LastName": "x", "Company": "y"}),
        ("GET", "/v60.0/query?q=SELECT+Id+FROM+Account+LIMIT+1"),
        ("get", "v60.0/limits"),
        ("GET", "v60.0/sobjects/Account/describe"),
    )
    patched, read, created, queried, limits, described = found["results"]
    assert found["hasErrors"] is False
    assert patched == {"statusCode": 204, "result": None}
    assert read["statusCode"] == 200
    assert read["result"]["Name"] == "NewName"
    assert read["result"]["attributes"]["url"].startswith("/services/data/v59.0/")
    assert created["statusCode"] == 201
    assert created["result"]["success"] is True
    assert queried["result"]["totalSize"] == 1
    assert limits["result"]["DailyApiRequests"]["Max"] > 0
    assert described["result"]["name"] == "Account"


def test_a_failed_call_undoes_nothing(client: Client) -> None:
    found = send(
        client,
        ("POST", "v60.0/sobjects/Account", {"Name": "Batched once"}),
        ("POST", "v60.0/sobjects/Account", {}),
        ("POST", "v60.0/sobjects/Account", {"Name": "Batched twice"}),
    )
    assert found["hasErrors"] is True
    assert [one["statusCode"] for one in found["results"]] == [201, 400, 201]
    assert found["results"][1]["result"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert len(client.query("SELECT Id FROM Account WHERE Name LIKE 'Batched %'")) == 2


def test_the_calls_after_a_failed_one_can_be_halted(client: Client) -> None:
    found = send(
        client,
        ("POST", "v60.0/sobjects/Account", {"Name": "Before the halt"}),
        ("GET", "v60.0/sobjects/Nope"),
        ("POST", "v60.0/sobjects/Account", {"Name": "After the halt"}),
        ("GET", "v60.0/limits"),
        haltOnError=True,
    )
    assert found["hasErrors"] is True
    assert [one["statusCode"] for one in found["results"]] == [201, 404, 412, 412]
    codes = [one["result"][0]["errorCode"] for one in found["results"][2:]]
    assert codes == ["BATCH_PROCESSING_HALTED"] * 2
    assert client.names("SELECT Name FROM Account WHERE Name LIKE '% the halt'") == [
        "Before the halt"
    ]


def test_each_call_is_counted(fresh: Client) -> None:
    def used() -> int:
        info = fresh.get("limits").headers["sforce-limit-info"]
        return int(info.removeprefix("api-usage=").split("/")[0])

    before = used()
    send(fresh, *[("GET", "v60.0/sobjects/Account")] * 25)
    assert used() - before == 26


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"batchRequests": []},
        {"batchRequests": ["x"]},
        {"batchRequests": [{"url": "v60.0/limits"}]},
        {"batchRequests": [{"method": "FETCH", "url": "v60.0/limits"}]},
        {"batchRequests": [{"method": "GET"}]},
        {"batchRequests": [{"method": "GET", "url": "limits"}]},
        {"batchRequests": [{"method": "GET", "url": "v61.0/limits"}]},
        {"batchRequests": [{"method": "GET", "url": "v33.0/limits"}]},
        {"batchRequests": [{"method": "POST", "url": "v60.0/composite"}]},
        {"batchRequests": [{"method": "GET", "url": "v60.0/jobs/query"}]},
        {"batchRequests": [{"method": "GET", "url": "v60.0/limits"}] * 26},
        {
            "batchRequests": [
                {"method": "POST", "url": "v60.0/sobjects/Account", "richInput": {"Name": "No"}},
                {"method": "POST", "url": "v60.0/sobjects/Document", "binaryPartName": "x"},
            ]
        },
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(client: Client, told: Any) -> None:
    answer = client.call("POST", "composite/batch", json=told)
    assert answer.status_code == 400, answer.text
    assert client.query("SELECT Id FROM Account WHERE Name = 'No'") == []


def test_a_batch_is_logged_with_all_its_records(fresh: Client) -> None:
    lead = {"LastName": "x", "Company": "y"}
    send(fresh, *[("POST", "v60.0/sobjects/Lead", lead)] * 3)
    last = fresh.call("GET", "/__emulator__/calls").json()["calls"][-1]
    assert (last["object"], last["records"]) == ("Lead", 3)
