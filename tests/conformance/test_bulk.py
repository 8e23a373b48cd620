"""Bulk jobs as the documentation shows them, and rows as they were recorded."""

from __future__ import annotations

import csv
import json
import re
import time

import pytest

from .conftest import Target
from .recordings import RECORDED, VERSION
from .samples import same_shape, sample


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
