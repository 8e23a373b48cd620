"""A series of calls in one, each of which may refer to the answers before it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Client

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "recorded" / "cumulusci"
ROOT = "/services/data/v60.0"
UNDONE = [
    {
        "message": "The transaction was rolled back since another operation in the same "
        "transaction failed.",
        "errorCode": "PROCESSING_HALTED",
    }
]


def sub(name: str, method: str, url: str, body: Any = None, **more: Any) -> dict[str, Any]:
    told = {"method": method, "url": f"{ROOT}/{url}", "referenceId": name, **more}
    return told | ({} if body is None else {"body": body})


def send(client: Client, *subs: dict[str, Any], version: str = "v60.0", **more: Any) -> list[Any]:
    body = {"compositeRequest": list(subs), **more}
    answer = client.call("POST", f"/services/data/{version}/composite", json=body)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["compositeResponse"]
    assert [one["referenceId"] for one in found] == [one["referenceId"] for one in subs]
    assert all(
        list(one) == ["body", "httpHeaders", "httpStatusCode", "referenceId"] for one in found
    )
    return found


def refused(client: Client, *subs: Any, version: str = "v60.0", **more: Any) -> dict[str, Any]:
    body = {"compositeRequest": list(subs), **more}
    answer = client.call("POST", f"/services/data/{version}/composite", json=body)
    assert answer.status_code == 400, answer.text
    (error,) = answer.json()
    return dict(error)


def statuses(results: list[Any]) -> list[int]:
    return [one["httpStatusCode"] for one in results]


def account_named(client: Client, name: str) -> list[Any]:
    return client.query(f"SELECT Id FROM Account WHERE Name = '{name}'")


def test_a_series_creates_reads_changes_and_deletes(client: Client) -> None:
    created, child, read, changed, gone = send(
        client,
        sub("a", "POST", "sobjects/Account", {"Name": "Series", "NumberOfEmployees": 7}),
        sub("c", "POST", "sobjects/Contact", {"LastName": "x", "AccountId": "@{a.id}"}),
        sub("r", "GET", "sobjects/Account/@{a.id}?fields=Name,NumberOfEmployees"),
        sub("u", "PATCH", "sobjects/Account/@{a.id}", {"NumberOfEmployees": 8}),
        sub("d", "DELETE", "sobjects/Contact/@{c.id}"),
    )
    record_id = created["body"]["id"]
    assert created["httpStatusCode"] == 201
    assert created["httpHeaders"] == {"Location": f"{ROOT}/sobjects/Account/{record_id}"}
    assert created["body"] == {"id": record_id, "success": True, "errors": []}
    assert child["httpStatusCode"] == 201
    assert read["body"]["NumberOfEmployees"] == 7
    for one in (changed, gone):
        assert (one["httpStatusCode"], one["body"]) == (204, None)


def test_a_reference_keeps_its_type_and_is_written_out_in_text(client: Client) -> None:
    known = client.create("Account", Name="Käse & Co", NumberOfEmployees=12, AnnualRevenue=1.5)
    _, copied, found = send(
        client,
        sub("a", "GET", f"sobjects/Account/{known}"),
        sub(
            "b",
            "POST",
            "sobjects/Account",
            {
                "Name": "@{a.Name} (@{a.NumberOfEmployees}, @{a.IsDeleted})",
                "NumberOfEmployees": "@{a.NumberOfEmployees}",
                "AnnualRevenue": "@{a.AnnualRevenue}",
                "Site": "@{a.attributes.type}",
            },
        ),
        sub("q", "GET", "query?q=SELECT Id FROM Account WHERE Name = '@{a.Name}'"),
    )
    copy = client.get(f"sobjects/Account/{copied['body']['id']}").json()
    assert copy["Name"] == "Käse & Co (12, false)"
    assert (copy["NumberOfEmployees"], copy["AnnualRevenue"]) == (12, 1.5)
    assert copy["Site"] == "Account"
    assert [one["Id"] for one in found["body"]["records"]] == [known]


def test_a_reference_reaches_into_lists_and_may_be_percent_encoded(client: Client) -> None:
    known = client.create("Account", Name="Reached", BillingCity="Bonn")
    _, read, city = send(
        client,
        sub("q", "GET", "query/?q=SELECT+Id,Name+FROM+Account+WHERE+Name='Reached'"),
        sub("r", "GET", "sobjects/Account/%40%7Bq.records%5B0%5D.Id%7D"),
        sub("c", "POST", "sobjects/Lead", {"LastName": "@{r.BillingAddress.city}", "Company": "x"}),
    )
    assert read["body"]["Id"] == known
    assert city["httpStatusCode"] == 201
    assert len(client.query("SELECT Id FROM Lead WHERE LastName = 'Bonn'")) == 1


@pytest.mark.parametrize(
    "reference", ["a.Id", "a", "a.errors", "a.errors[0]", "b.id", "c.id", "a[0].id", "a.id.x", ""]
)
def test_a_reference_that_leads_nowhere_fails_its_call_alone(
    client: Client, reference: str
) -> None:
    _, failed, last = send(
        client,
        sub("a", "POST", "sobjects/Account", {"Name": "x"}),
        sub("b", "POST", "sobjects/Contact", {"LastName": "x", "AccountId": f"@{{{reference}}}"}),
        sub("c", "POST", "sobjects/Account", {"Name": "y"}),
    )
    name = reference.split(".")[0].split("[")[0]
    assert failed["httpStatusCode"] == 400
    assert failed["body"] == [
        {
            "message": f"Invalid reference specified. No value for {reference} found in {name}. "
            f"Provided referenceId ('{reference}') must start with a letter or a number, and it "
            "can contain only letters, numbers and underscores ('_').",
            "errorCode": "PROCESSING_HALTED",
        }
    ]
    assert last["httpStatusCode"] == 201


def test_what_refers_to_a_failed_call_fails_with_it(client: Client) -> None:
    results = send(
        client,
        sub("a", "POST", "sobjects/Account", {}),
        sub("b", "GET", "sobjects/Account/@{a[0].errorCode}"),
        sub("c", "GET", "sobjects/Account/@{b.id}"),
    )
    codes = [one["body"][0]["errorCode"] for one in results]
    assert codes == ["REQUIRED_FIELD_MISSING", "PROCESSING_HALTED", "PROCESSING_HALTED"]
    assert statuses(results) == [400] * 3


def test_a_null_can_be_referred_to_since_52(client: Client) -> None:
    contact = client.create("Contact", LastName="Nameless")
    subs = (
        sub("c", "GET", f"sobjects/Contact/{contact}?fields=FirstName,LastName"),
        sub("n", "POST", "sobjects/Contact", {"FirstName": "@{c.FirstName}", "LastName": "y"}),
    )
    assert statuses(send(client, *subs, version="v52.0")) == [200, 201]
    assert statuses(send(client, *subs, version="v51.0")) == [200, 400]


def test_all_or_none_undoes_all(client: Client) -> None:
    results = send(
        client,
        sub("a", "POST", "sobjects/Account", {"Name": "Undone by allOrNone"}),
        sub("q", "GET", "query?q=SELECT Id FROM Account LIMIT 1"),
        sub("b", "POST", "sobjects/Contact", {"AccountId": "@{a.id}"}),
        sub("c", "POST", "sobjects/Account", {"Name": "Undone by allOrNone"}),
        allOrNone=True,
    )
    assert statuses(results) == [400] * 4
    assert results[2]["body"][0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert [results[at]["body"] for at in (0, 1, 3)] == [UNDONE] * 3
    assert all(one["httpHeaders"] == {} for one in results)
    assert account_named(client, "Undone by allOrNone") == []


def test_all_or_none_keeps_all_where_nothing_fails(client: Client) -> None:
    results = send(
        client,
        sub("a", "POST", "sobjects/Account", {"Name": "Kept by allOrNone"}),
        sub("b", "POST", "sobjects/Contact", {"LastName": "x", "AccountId": "@{a.id}"}),
        allOrNone=True,
        collateSubrequests=False,
    )
    assert statuses(results) == [201, 201]
    assert len(account_named(client, "Kept by allOrNone")) == 1


def test_a_query_of_many_pages_may_be_undone(fresh: Client) -> None:
    leads = [{"attributes": {"type": "Lead"}, "LastName": "x", "Company": "y"}] * 200
    for _ in range(2):
        fresh.collection("POST", "", leads)
    headers = {"Sforce-Query-Options": "batchSize=200"}
    for _ in range(60):
        results = send(
            fresh,
            sub("q", "GET", "query?q=SELECT Id FROM Lead", httpHeaders=headers),
            sub("b", "POST", "sobjects/Contact", {}),
            allOrNone=True,
        )
        assert statuses(results) == [400, 400]
    page = fresh.call("GET", "query", params={"q": "SELECT Id FROM Lead"}, headers=headers).json()
    assert fresh.call("GET", page["nextRecordsUrl"]).json()["done"] is True


@pytest.mark.parametrize(("outer", "inner"), [(False, False), (False, True), (True, False)])
def test_all_or_none_of_a_series_reaches_into_its_collections(
    client: Client, outer: bool, inner: bool
) -> None:
    name = f"Both {outer} {inner}"
    good, bad = ({"attributes": {"type": "Account"}, "Name": one} for one in (name, None))
    rows, other = send(
        client,
        sub("r", "POST", "composite/sobjects", {"allOrNone": inner, "records": [good, bad]}),
        sub("o", "POST", "sobjects/Account", {"Name": name}),
        allOrNone=outer,
    )
    assert rows["httpStatusCode"] == 200
    assert [one["success"] for one in rows["body"]] == [not (outer or inner), False]
    assert other["httpStatusCode"] == (400 if outer else 201)
    assert len(account_named(client, name)) == 2 - outer * 2 - (inner and not outer)


def test_all_or_none_reaches_into_deleted_collections(client: Client) -> None:
    kept = client.create("Account", Name="kept")
    (rows,) = send(
        client,
        sub("d", "DELETE", f"composite/sobjects?ids={kept},nonsense&allOrNone=false"),
        allOrNone=True,
    )
    assert [one["success"] for one in rows["body"]] == [False, False]
    assert client.get(f"sobjects/Account/{kept}").status_code == 200


def test_headers_of_a_subrequest_are_honoured(client: Client) -> None:
    first, second = send(
        client,
        sub("a", "GET", "sobjects/Account/describe"),
        sub(
            "b",
            "GET",
            "sobjects/Account/describe",
            httpHeaders={"If-Modified-Since": "Tue, 31 May 2050 18:00:00 GMT"},
        ),
    )
    assert first["body"]["name"] == "Account"
    assert set(first["httpHeaders"]) == {"ETag", "Last-Modified"}
    assert second["httpStatusCode"] == 304
    assert second["body"] is None
    assert second["httpHeaders"] == first["httpHeaders"]


@pytest.mark.parametrize("name", ["Accept", "Authorization", "content-type"])
def test_three_headers_are_inherited_and_must_not_be_set(client: Client, name: str) -> None:
    error = refused(client, sub("a", "GET", "sobjects", httpHeaders={name: "x"}))
    assert name.lower() in error["message"]


def test_a_subrequest_has_the_version_of_its_url(client: Client) -> None:
    upsert = {"method": "PATCH", "body": {"Name": "x"}}
    results = send(
        client,
        {**sub("a", "PATCH", "sobjects/Account/ExternalId__c/V1"), **upsert},
        {
            **upsert,
            "url": "/services/data/v45.0/sobjects/Account/ExternalId__c/V1",
            "referenceId": "b",
        },
        {
            **upsert,
            "url": "/services/data/v60.0/sobjects/Account/ExternalId__c/V1",
            "referenceId": "c",
        },
        {**upsert, "url": "sobjects/Account/ExternalId__c/V1", "referenceId": "d"},
    )
    assert statuses(results) == [201, 204, 200, 400]
    assert [one["body"]["created"] for one in results[::2]] == [True, False]


def test_only_records_queries_and_collections_can_be_called(client: Client) -> None:
    results = send(
        client,
        sub("a", "POST", "composite", {"compositeRequest": []}),
        sub("b", "POST", "jobs/query", {"operation": "query", "query": "SELECT Id FROM Lead"}),
        sub("c", "GET", "limits"),
        sub("d", "GET", "sobjects/Foo"),
        sub("e", "DELETE", "sobjects"),
    )
    assert [one["body"][0]["errorCode"] for one in results] == [
        *["PROCESSING_HALTED"] * 3,
        "NOT_FOUND",
        "METHOD_NOT_ALLOWED",
    ]
    assert results[3]["httpHeaders"] == {}


@pytest.mark.parametrize("name", ["new-account", "_a", "a.b", "a[1]", "a b"])
def test_a_malformed_reference_id_refuses_all_since_52(client: Client, name: str) -> None:
    call = sub(name, "POST", "sobjects/Account", {"Name": "x"})
    error = refused(client, call, version="v52.0")
    assert error == {
        "message": f"Provided referenceId ('{name}') must start with a letter or a number, and it "
        "can contain only letters, numbers and underscores ('_').",
        "errorCode": "JSON_PARSER_ERROR",
    }
    (old,) = send(client, call, version="v51.0")
    assert old["httpStatusCode"] == 201


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"compositeRequest": None},
        {"compositeRequest": []},
        {"compositeRequest": ["x"]},
        {"compositeRequest": [{"method": "GET", "url": f"{ROOT}/sobjects"}]},
        {"compositeRequest": [{"method": "get", "url": f"{ROOT}/sobjects", "referenceId": "a"}]},
        {"compositeRequest": [{"method": "GET", "referenceId": "a"}]},
        {"compositeRequest": [sub("a", "GET", "sobjects", httpHeaders=["x"])]},
        {"compositeRequest": [sub("a", "GET", "sobjects"), sub("a", "GET", "sobjects")]},
        [],
    ],
)
def test_a_malformed_request_is_refused_as_a_whole(client: Client, told: Any) -> None:
    answer = client.call("POST", "composite", json=told)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] in ("JSON_PARSER_ERROR", "MISSING_ARGUMENT")


def test_25_calls_of_which_5_are_wide_are_the_most(client: Client) -> None:
    narrow = [sub(f"n{n}", "GET", "sobjects/Account") for n in range(20)]
    wide = [sub(f"w{n}", "GET", "query?q=SELECT Id FROM Lead LIMIT 1") for n in range(4)]
    rows = sub("rows", "POST", "composite/sobjects/Lead", {"ids": ["00Q"], "fields": ["Id"]})
    assert statuses(send(client, *narrow, *wide, rows)) == [200] * 25
    more = sub("more", "GET", "sobjects/Account")
    assert refused(client, *narrow, *wide, rows, more)["errorCode"] == "LIMIT_EXCEEDED"
    more = sub("more", "GET", "queryAll?q=SELECT Id FROM Lead LIMIT 1")
    assert refused(client, *wide, rows, more)["errorCode"] == "LIMIT_EXCEEDED"


def test_a_series_counts_as_one_call_and_is_logged_with_all_its_records(fresh: Client) -> None:
    used = [
        int(fresh.get("limits").headers["sforce-limit-info"].split("=")[1].split("/")[0])
        for _ in range(2)
        if send(fresh, *(sub(f"a{n}", "POST", "sobjects/Lead", {}) for n in range(3)))
    ]
    assert used[1] - used[0] == 2
    lead = {"LastName": "x", "Company": "y"}
    send(fresh, *(sub(f"a{n}", "POST", "sobjects/Lead", lead) for n in range(3)))
    last = fresh.call("GET", "/__emulator__/calls").json()["calls"][-1]
    assert (last["path"], last["object"], last["records"]) == (f"{ROOT}/composite", "Lead", 3)


def test_the_resources_are_listed(client: Client) -> None:
    assert client.get("composite/").json() == {
        name: f"{ROOT}/composite/{name}" for name in ("tree", "batch", "sobjects", "graph")
    }
    assert "graph" not in client.call("GET", "/services/data/v49.0/composite").json()


def test_there_are_series_since_38_and_batches_since_34(client: Client) -> None:
    for path, version in (("", "37.0"), ("/batch", "33.0"), ("/graph", "49.0")):
        address = f"/services/data/v{version}/composite{path}"
        assert client.call("POST", address, json={}).status_code == 404


def test_a_planned_fault_can_happen_to_a_part_alone(fresh: Client) -> None:
    rows = {"records": [{"attributes": {"type": "Account"}, "Name": one} for one in "ab"]}
    busy = {"statusCode": "UNABLE_TO_LOCK_ROW", "message": "busy"}
    plan = [
        {"action": "row_error", "part": True, "path": "composite/sobjects", "index": 1, **busy},
        {"action": "error", "part": True, "object": "Lead", "status": 503}
        | {"errorCode": "SERVER_UNAVAILABLE", "message": "later"},
    ]
    assert fresh.call("POST", "/__emulator__/faults", json=plan).status_code == 200
    saved, failed, last = send(
        fresh,
        sub("a", "POST", "composite/sobjects", rows),
        sub("b", "POST", "sobjects/Lead", {"LastName": "x", "Company": "y"}),
        sub("c", "POST", "sobjects/Account", {"Name": "c"}),
    )
    assert [one["success"] for one in saved["body"]] == [True, False]
    assert saved["body"][1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert (failed["httpStatusCode"], last["httpStatusCode"]) == (503, 201)
    assert fresh.names("SELECT Name FROM Account ORDER BY Name") == ["a", "c"]


@pytest.mark.skipif(not RECORDED.exists(), reason="needs the shared recordings")
@pytest.mark.parametrize("name", ["test_errors", "test_reference_ids"])
def test_recorded_series_are_answered_alike(fresh: Client, name: str) -> None:
    file = RECORDED / f"TestCompositeParallelSalesforce.{name}.yaml"
    for one in yaml.safe_load(file.read_text())["interactions"]:
        body = one["request"]["body"].replace("vxx.0", "v60.0")
        answer = fresh.call("POST", "composite", data=body)
        assert answer.status_code == one["response"]["status"]["code"]
        assert answer.json() == json.loads(one["response"]["body"]["string"])
