"""Recorded and documented answers without their requests: asked for again, and compared.

What is marked ``harmless`` reads and no more, and is asked of a real org, too.
"""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connectsql.emulator import Options, start_in_thread

from .compare import Ids, differences
from .conftest import Target
from .recordings import DATA, RECORDED, VERSION, cassette, described
from .whizbang import WHIZBANG, describe

harmless = pytest.mark.harmless


def restforce(name: str) -> Any:
    return json.loads((RECORDED / "restforce" / f"{name}.json").read_text())


def same_shape(recorded: Any, answered: Any, *, excerpt: bool = False) -> None:
    """Compare keys and types; an excerpt has fewer keys than the answer may have."""
    wrong = differences(recorded, answered, Ids(), excerpt=excerpt, values=False)
    assert not wrong, "\n".join(wrong[:20])


def same(recorded: Any, answered: Any) -> None:
    """Compare values, too."""
    wrong = differences(recorded, answered, Ids())
    assert not wrong, "\n".join(wrong[:20])


def sample(name: str, begin: str) -> Any:
    """Return the JSON of a documented answer that begins with this text."""
    text = (RECORDED / "docs-samples" / name).read_text()
    body = text[text.index(begin) :]
    page_header = re.compile(r"\n\nBulk API 2\.0 .*\n")
    return json.JSONDecoder().raw_decode(page_header.sub("\n", body))[0]


@pytest.fixture(scope="module")
def whizbangs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """An org with the object that the recorded answers are about, and two records of it."""
    folder = tmp_path_factory.mktemp("describes")
    (folder / "whizbang.json").write_text(json.dumps(describe()))
    with start_in_thread(Options(describe=folder)) as running:
        org = Target(running.url, running.access_token)
        parent = create(org, Name="Parent Whizbang", Text_Label__c="Hello")
        create(org, ParentWhizbang__c=parent, **WHIZBANG)
        yield org


def create(org: Target, **fields: Any) -> str:
    answer = org.call("POST", "sobjects/Whizbang__c", json=fields)
    assert answer.status_code == 201, answer.text
    same_shape(restforce("create_success_response"), answer.json())
    record_id: str = answer.json()["id"]
    return record_id


def bare(value: Any) -> Any:
    """Take the endings of custom names off: the recorded answers have none."""
    return json.loads(re.sub(r"(?<=_Label)__c|(?<=Auto_Number)__c", "", json.dumps(value)))


# Versions, limits, describes


@harmless
def test_versions(target: Target) -> None:
    answer = requests.get(f"{target.url}/services/data/", timeout=60)
    same_shape(restforce("services_data_success_response"), answer.json()[:2])


@harmless
def test_limits(target: Target) -> None:
    answer = target.get("limits")
    assert re.match(r"api-usage=\d+/\d+", answer.headers["Sforce-Limit-Info"])
    assert {"Max", "Remaining"} <= set(answer.json()["DailyApiRequests"])


@harmless
@pytest.mark.parametrize(
    "name", ["list_sobjects_success_response", "describe_sobjects_success_response"]
)
def test_the_list_of_objects(target: Target, name: str) -> None:
    listed = target.get("sobjects").json()
    listed["sobjects"] = [one for one in listed["sobjects"] if one["name"] == "Account"]
    same_shape(restforce(name), listed, excerpt=True)
    recorded = json.loads((DATA / "describe" / "cumulusci-Global.json").read_text())
    recorded["sobjects"] = [one for one in recorded["sobjects"] if one["name"] == "Account"]
    recorded["sobjects"][0]["urls"] = restforce(name)["sobjects"][0]["urls"]  # others: screens
    same_shape(recorded, listed, excerpt=True)


@harmless
def test_a_describe(target: Target) -> None:
    answer = target.get("sobjects/Account/describe")
    assert {"ETag", "Last-Modified"} <= set(answer.headers)
    told = answer.json()
    recorded = json.loads(described("Account"))
    missing = set(recorded) - set(told)
    assert missing == set()
    assert set(recorded["fields"][0]) <= set(told["fields"][0])
    old = restforce("sobject_describe_success_response")
    old["fields"], old["childRelationships"], old["recordTypeInfos"] = [], [], []
    old["urls"] = {name: url for name, url in old["urls"].items() if not name.startswith("ui")}
    same_shape(old, told, excerpt=True)


@harmless
def test_a_describe_that_has_not_changed(target: Target) -> None:
    """As in the recorded test_http_headers: one that asks for news since a later moment."""
    (recorded,) = cassette("ManualEditTestCompositeParallelSalesforce.test_http_headers.yaml")
    assert recorded.answer
    headers = {"If-Modified-Since": "Thu, 03 Sep 2099 21:35:07 GMT"}
    url = f"/services/data/v{VERSION}/sobjects"
    asked = {"method": "GET", "url": url, "referenceId": "CCI__RefId__0__", "httpHeaders": headers}
    answer = target.call("POST", "composite", json={"compositeRequest": [asked]})
    first = json.loads(recorded.answer)["compositeResponse"][:1]
    same(first, answer.json()["compositeResponse"])
    alone = target.call("GET", "sobjects", headers=headers)
    assert (alone.status_code, alone.content) == (304, b"")


# Errors


@harmless
def test_a_token_that_is_no_longer_good(target: Target) -> None:
    answer = Target(target.url, "00D000000000000!ended").get("limits")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Token")
    assert answer.json() == restforce("expired_session_response")


@harmless
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sobject_describe_error_response", "sobjects/Whizzbang__c/describe"),
        ("sobject_find_error_response", "sobjects/Account/23foo"),
    ],
)
def test_what_is_not_there(target: Target, name: str, path: str) -> None:
    answer = target.get(path)
    assert answer.status_code == 404
    same(restforce(name), answer.json())


@harmless
def test_queries_that_are_refused(target: Target) -> None:
    for soql, code in (
        ("SELECT Id FROM Whizzbang__c", "INVALID_TYPE"),
        ("SELECT Whizz__c FROM Account", "INVALID_FIELD"),
        ("SELECT FROM Account", "MALFORMED_QUERY"),
    ):
        answer = target.get("query", q=soql)
        assert answer.status_code == 400
        (error,) = answer.json()
        assert error["errorCode"] == code
        same_shape(restforce("query_error_response"), answer.json())


def test_writes_that_are_refused(target: Target) -> None:
    answer = target.call("POST", "sobjects/Account", json={"foo": "x"})
    (recorded,) = restforce("write_error_response")
    assert answer.json() == [{**recorded, "message": recorded["message"].replace("Bar", "Account")}]
    answer = target.call("PATCH", "sobjects/Account/Namez/x", json={"Name": "x"})
    assert answer.json() == restforce("upsert_error_response")
    answer = target.call("DELETE", "sobjects/Account/rid")
    assert (answer.status_code, answer.json()) == (404, restforce("delete_error_response"))


# Logging in


def test_logins(target: Target) -> None:
    client = {"client_id": Options().client_id, "client_secret": Options().client_secret}
    user = {"username": Options().username, "password": Options().password}

    def token(**form: str) -> requests.Response:
        return requests.post(f"{target.url}/services/oauth2/token", data=client | form, timeout=60)

    refresh = {"grant_type": "refresh_token", "refresh_token": Options().refresh_token}
    for name, form in (
        ("auth_success_response", user | {"grant_type": "password"}),
        ("reauth_success_response", user | {"grant_type": "password"}),
        ("refresh_success_response", refresh),
    ):
        same_shape(restforce(name), token(**form).json(), excerpt=True)
    wrong = token(**user | {"grant_type": "password", "password": "wrong"})
    assert wrong.status_code == 400
    same_shape(restforce("auth_error_response"), wrong.json())
    assert wrong.json()["error"] == restforce("auth_error_response")["error"]
    expired = token(**refresh | {"refresh_token": "gone"})
    assert (expired.status_code, expired.json()) == (400, restforce("refresh_error_response"))


# Records and queries


@harmless
def test_an_empty_result(target: Target) -> None:
    answer = target.get("query", q="SELECT Id FROM Account WHERE Name = 'nobody at all'")
    assert answer.json() == restforce("query_empty_response")
    assert list(answer.json()) == list(restforce("query_empty_response"))


@harmless
def test_the_organization(target: Target) -> None:
    answer = target.get("query", q="SELECT Id FROM Organization")
    same_shape(restforce("org_query_response"), answer.json())
    record = answer.json()["records"][0]
    (recorded,) = cassette("GET_sobjects_Organization.yaml")
    assert recorded.answer
    told = target.get(record["attributes"]["url"]).json()
    fields = json.loads(recorded.answer)
    same_shape({name: fields[name] for name in fields if name in told}, told, excerpt=True)
    assert {"Id", "Name", "OrganizationType", "IsSandbox", "InstanceName"} <= set(told)


def test_a_query_with_a_parent_and_children(whizbangs: Target) -> None:
    (recorded,) = restforce("query_success_response")["records"]
    children = "(SELECT Name FROM Whizbangs__r)"
    fields = "Checkbox_Label__c, Text_Label__c, Date_Label__c, DateTime_Label__c"
    soql = f"SELECT {fields}, Picklist_Multiselect_Label__c, ParentWhizbang__r.Name, {children}"
    soql += ", ParentWhizbang__r.Text_Label__c FROM Whizbang__c WHERE Text_Label__c = 'Hi there!'"
    (answered,) = bare(whizbangs.get("query", q=soql).json()["records"])
    assert recorded.pop("Whizbangs__r")["totalSize"] == 1
    assert answered.pop("Whizbangs__r") is None
    same_shape(recorded, answered)
    for name in ("Checkbox_Label", "Text_Label", "Date_Label", "DateTime_Label"):
        assert answered[name] == recorded[name]
    soql = f"SELECT Name, {children} FROM Whizbang__c WHERE Name = 'Parent Whizbang'"
    (parent,) = whizbangs.get("query", q=soql).json()["records"]
    same_shape(
        restforce("query_success_response")["records"][0]["Whizbangs__r"], parent["Whizbangs__r"]
    )


def test_a_record(whizbangs: Target) -> None:
    soql = "SELECT Id FROM Whizbang__c WHERE Text_Label__c = 'Hi there!'"
    (found,) = whizbangs.get("query", q=soql).json()["records"]
    answered = bare(whizbangs.get(found["attributes"]["url"]).json())
    same_shape(restforce("sobject_find_success_response"), answered, excerpt=True)
    selected = whizbangs.get(f"{found['attributes']['url']}?fields=External_Field__c")
    same_shape(restforce("sobject_select_success_response"), selected.json())


def test_upserts(whizbangs: Target) -> None:
    path = "sobjects/Whizbang__c/External_Field__c/u-1"
    created = whizbangs.call("PATCH", path, json={"Name": "first"})
    same_shape(restforce("upsert_created_success_response"), created.json(), excerpt=True)
    old = f"/services/data/v45.0/{path}"
    updated = whizbangs.call("PATCH", old, json={"Name": "second"})
    recorded = (RECORDED / "restforce" / "upsert_updated_success_response.json").read_bytes()
    assert (updated.status_code, updated.content) == (204, recorded)
    for _ in range(2):
        create(whizbangs, Name="twin", Email_Label__c="twin@example.com")
    path = "sobjects/Whizbang__c/Email_Label__c/twin@example.com"
    several = whizbangs.call("PATCH", path, json={"Name": "which"})
    assert several.status_code == 300
    same_shape(restforce("upsert_multiple_error_response"), several.json())


def test_pages(whizbangs: Target) -> None:
    rows = [{"attributes": {"type": "Whizbang__c"}, "Name": "page"}] * 200
    for _ in range(2):
        assert whizbangs.call("POST", "composite/sobjects", json={"records": rows}).ok
    headers = {"Sforce-Query-Options": "batchSize=200"}
    soql = {"q": "SELECT Text_Label__c FROM Whizbang__c WHERE Name = 'page'"}
    first = whizbangs.call("GET", "query", params=soql, headers=headers).json()
    last = whizbangs.get(first["nextRecordsUrl"]).json()
    for name, page in (("first", first), ("last", last)):
        page["records"] = bare(page["records"][:1])
        same_shape(restforce(f"query_paginated_{name}_page_response"), page)


def test_sums(whizbangs: Target) -> None:
    soql = (
        "SELECT ParentWhizbang__c, SUM(Number_Label__c) FROM Whizbang__c GROUP BY ParentWhizbang__c"
    )
    answered = whizbangs.get("query", q=soql).json()
    recorded = restforce("query_aggregate_success_response")
    for one in recorded["records"]:
        one["ParentWhizbang__c"] = one.pop("CampaignId")
    same_shape(recorded, answered)


def test_what_was_changed_and_deleted(whizbangs: Target) -> None:
    gone = create(whizbangs, Name="gone")
    answer = whizbangs.call("DELETE", f"sobjects/Whizbang__c/{gone}")
    assert (answer.status_code, answer.content) == (204, b"")
    for name in ("updated", "deleted"):
        answered = whizbangs.get(f"sobjects/Whizbang__c/{name}", **_span())
        assert answered.status_code == 200, answered.text
        same_shape(restforce(f"get_{name}_success_response"), answered.json())


def _span() -> dict[str, str]:
    now = datetime.now(UTC)
    moments = {"start": now - timedelta(hours=1), "end": now + timedelta(minutes=2)}
    return {name: one.strftime("%Y-%m-%dT%H:%M:%SZ") for name, one in moments.items()}


# Bulk


def test_the_job_of_the_documentation(target: Target) -> None:
    recorded = sample("bulk2-ingest-job-info.txt", '{\n"id" : "7506g00000DhRA2AAN"')
    job = {"object": "Account", "operation": "insert", "contentType": "CSV", "lineEnding": "LF"}
    opened = target.call("POST", "jobs/ingest", json=job)
    assert opened.status_code == 200
    answered = target.get(f"jobs/ingest/{opened.json()['id']}").json()
    same_shape(recorded, answered, excerpt=True)
    for name in ("operation", "object", "state", "contentType", "jobType", "lineEnding"):
        assert answered[name] == recorded[name]
    assert answered["contentUrl"] == recorded["contentUrl"].replace("66.0", VERSION).replace(
        recorded["id"], answered["id"]
    )
    unknown = target.get("jobs/query/7506g00000DhRA2AAN")
    gone = sample("bulk2-ingest-job-info.txt", '[{\n"errorCode": "NOT_FOUND"')
    assert (unknown.status_code, unknown.json()) == (404, gone)


def test_a_row_through_rest_and_through_bulk(target: Target) -> None:
    lines = (RECORDED / "airbyte-REST-vs-BULK-rows.jsonl").read_text().splitlines()
    by_rest, by_bulk = map(json.loads, lines)
    row = {"Name": by_rest["Name"], "NumberOfEmployees": by_rest["NumberOfEmployees"]}
    row |= {f"Billing{name.title()}": one for name, one in by_rest["BillingAddress"].items()
            if name in ("city", "state", "street")}  # fmt: skip
    made = target.call("POST", "sobjects/Account", json=row).json()["id"]
    answered = target.get(f"sobjects/Account/{made}").json()
    shared = {name: one for name, one in by_rest.items() if name in answered}
    same_shape(shared, answered, excerpt=True)
    assert answered["BillingAddress"] == by_rest["BillingAddress"]

    fields = "Id, IsDeleted, SystemModstamp, NumberOfEmployees, AnnualRevenue"
    soql = f"SELECT {fields} FROM Account WHERE Id = '{made}'"
    job = target.call("POST", "jobs/query", json={"operation": "query", "query": soql}).json()
    _wait_for(target, job["id"])
    text = target.get(f"jobs/query/{job['id']}/results").text
    (record,) = csv.DictReader(text.splitlines())
    moment = re.compile(r"[\d-]{10}T[\d:]{8}\.000Z")
    assert moment.fullmatch(by_bulk["SystemModstamp"])
    assert moment.fullmatch(record["SystemModstamp"])
    assert (record["IsDeleted"], record["NumberOfEmployees"]) == ("false", "39000")
    assert record["AnnualRevenue"] == ""


def _wait_for(target: Target, job_id: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if target.get(f"jobs/query/{job_id}").json()["state"] == "JobComplete":
            return
    pytest.fail("the job does not come to an end")


def test_result_pages(target: Target) -> None:
    recorded = sample("bulk2-query-results-and-resultPages.txt", '{\n"resultPages": [')
    rows = [{"attributes": {"type": "Lead"}, "LastName": "page", "Company": "x"}] * 200
    assert target.call("POST", "composite/sobjects", json={"records": rows}).ok
    query = {"operation": "query", "query": "SELECT Id, LastName FROM Lead"}
    job = target.call("POST", "jobs/query", json=query).json()
    _wait_for(target, job["id"])
    pages = target.get(f"jobs/query/{job['id']}/resultPages").json()
    same_shape(recorded["resultPages"], pages["resultPages"])
    assert pages["done"] is (pages.get("nextRecordsUrl") is None)
    assert pages["resultPages"][0]["resultUrl"].startswith(
        f"/services/data/v{VERSION}/jobs/query/{job['id']}/results?locator="
    )
    headers = {"Accept": "text/csv"}
    part = target.call(
        "GET", f"jobs/query/{job['id']}/results", params={"maxRecords": 150}, headers=headers
    )
    assert part.headers["Sforce-NumberOfRecords"] == "150"
    assert part.text.splitlines()[0] == '"Id","LastName"'
    rest = {"maxRecords": 150, "locator": part.headers["Sforce-Locator"]}
    last = target.get(f"jobs/query/{job['id']}/results", **rest)
    assert (last.headers["Sforce-Locator"], last.headers["Sforce-NumberOfRecords"]) == (
        "null",
        "50",
    )
