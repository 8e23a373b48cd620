"""Bulk API 2.0, reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectsql.emulator import Options, start_in_thread

from .bulk import Ingest, refused, rows, until
from .conftest import Client


class Read:
    """One job that reads."""

    def __init__(self, client: Client, query: str, operation: str = "query", **more: Any) -> None:
        self.client = client
        body = {"operation": operation, "query": query, **more}
        answer = client.call("POST", "jobs/query", json=body)
        assert answer.status_code == 200, answer.text
        self.made: dict[str, Any] = answer.json()
        self.path = f"jobs/query/{self.made['id']}"

    def info(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client.get(self.path).json()
        return told

    def ended(self) -> dict[str, Any]:
        under_way = ("UploadComplete", "InProgress")
        told: dict[str, Any] = until(
            lambda: told if (told := self.info())["state"] not in under_way else None
        )
        return told

    def page(self, **params: Any) -> requests.Response:
        self.ended()
        answer = self.client.get(f"{self.path}/results", **params)
        assert answer.status_code == 200, answer.text
        answer.encoding = "utf-8"
        return answer


@pytest.fixture(scope="module")
def filled(client: Client) -> Client:
    lines = "".join(f"Bulk {number:02}\n" for number in range(25))
    assert Ingest(client, "Account", "insert").run("Name\n" + lines)["state"] == "JobComplete"
    return client


BULK = "SELECT Id, Name FROM Account WHERE Name LIKE 'Bulk %' ORDER BY Name"


def refusal(client: Client, query: str) -> tuple[str, str]:
    body = {"operation": "query", "query": query}
    return refused(client.call("POST", "jobs/query", json=body))


def test_a_job_is_made_and_told_of(filled: Client) -> None:
    job = Read(filled, BULK, lineEnding="CRLF")
    made = job.made
    assert (made["state"], made["object"], made["operation"]) == (
        "UploadComplete",
        "Account",
        "query",
    )
    assert (made["apiVersion"], made["jobType"]) == (60.0, "V2Query")
    told = job.ended()
    assert set(told) - set(made) == {
        "numberRecordsProcessed",
        "retries",
        "totalProcessingTime",
        "isPkChunkingSupported",
    }
    assert (told["state"], told["numberRecordsProcessed"]) == ("JobComplete", 25)


def test_values_are_written_as_bulk_has_them(client: Client) -> None:
    lead = client.create("Lead", LastName='A "b", c', Company="x\ny", AnnualRevenue=1e9)
    fields = "Id, lastname, Company, AnnualRevenue, IsConverted, CreatedDate, Phone, Owner.Name"
    job = Read(client, f"SELECT {fields} FROM Lead WHERE Id = '{lead}'")
    text = job.page().text
    stamp = client.query("SELECT CreatedDate FROM Lead")[0]["CreatedDate"].replace("+0000", "Z")
    assert text == (
        '"Id","LastName","Company","AnnualRevenue","IsConverted","CreatedDate","Phone",'
        '"Owner.Name"\n'
        f'"{lead}","A ""b"", c","x\ny","1000000000.0","false","{stamp}","",'
        '"Integration User"\n'
    )


def test_numbers_keep_all_their_digits(client: Client) -> None:
    given = [0.1 + 0.2, 123456789012345.67, 0.00001, 3, 0, -2.5]
    for number in given:
        client.create("Lead", LastName="digits", Company="x", AnnualRevenue=number)
    query = "SELECT AnnualRevenue FROM Lead WHERE LastName = 'digits' ORDER BY Id"
    told = [row["AnnualRevenue"] for row in rows(Read(client, query).page().text)]
    assert [float(number) for number in told] == given
    assert not any("e" in number.lower() for number in told)


def test_other_delimiters_and_line_endings(filled: Client) -> None:
    job = Read(filled, BULK + " LIMIT 1", columnDelimiter="TAB", lineEnding="CRLF")
    header, row, end = job.page().text.split("\r\n")
    assert header == '"Id"\t"Name"'
    assert row.endswith('\t"Bulk 00"')
    assert end == ""


def test_pages_follow_their_locators(filled: Client) -> None:
    job = Read(filled, BULK)
    names: list[str] = []
    sizes = []
    more: dict[str, Any] = {}
    while more.get("locator") != "null":
        page = job.page(maxRecords=10, **more)
        names += [row["Name"] for row in rows(page.text)]
        sizes.append(page.headers["Sforce-NumberOfRecords"])
        more = {"locator": page.headers["Sforce-Locator"]}
    assert sizes == ["10", "10", "5"]
    assert names == [f"Bulk {number:02}" for number in range(25)]


def test_a_result_is_of_the_time_of_its_query(fresh: Client) -> None:
    one = fresh.create("Account", Name="before")
    job = Read(fresh, "SELECT Name FROM Account")
    job.ended()
    fresh.call("PATCH", f"sobjects/Account/{one}", json={"Name": "after"})
    assert rows(job.page().text) == [{"Name": "before"}]


def test_nothing_found_is_a_header(client: Client) -> None:
    page = Read(client, "SELECT Id FROM Account WHERE Name = 'nobody'").page()
    assert page.text == '"Id"\n'
    assert (page.headers["Sforce-Locator"], page.headers["Sforce-NumberOfRecords"]) == ("null", "0")


def test_results_are_packed_where_that_is_asked_for(filled: Client) -> None:
    job = Read(filled, BULK)
    packed = job.page()
    assert packed.headers["Content-Encoding"] == "gzip"
    plain = filled.call("GET", f"{job.path}/results", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.content == packed.content


def test_query_all_sees_the_bin(fresh: Client) -> None:
    one = fresh.create("Account", Name="deleted")
    fresh.call("DELETE", f"sobjects/Account/{one}")
    query = "SELECT Name, IsDeleted FROM Account"
    assert rows(Read(fresh, query).page().text) == []
    found = rows(Read(fresh, query, "queryAll").page().text)
    assert found == [{"Name": "deleted", "IsDeleted": "true"}]


def test_the_pages_of_a_small_result(filled: Client) -> None:
    job = Read(filled, BULK)
    job.ended()
    told = filled.get(f"{job.path}/resultPages").json()
    (page,) = told["resultPages"]
    assert told["done"] is True
    assert "nextRecordsUrl" not in told
    answer = filled.call("GET", page["resultUrl"])
    assert len(rows(answer.text)) == 25
    assert answer.headers["Sforce-Locator"] == "null"


@pytest.fixture(scope="module")
def large() -> Iterator[Client]:
    with start_in_thread(Options(seed_records={"Account": 50_001})) as org:
        client = Client(org)
        yield client
        client.close()


def test_the_pages_of_a_large_result_hold_each_row_once(large: Client) -> None:
    job = Read(large, "SELECT Id FROM Account")
    assert job.ended()["numberRecordsProcessed"] == 50_001
    path = f"/services/data/v60.0/{job.path}/resultPages"
    seen: set[str] = set()
    pages = []
    while path:
        told = large.call("GET", path).json()
        pages.append(len(told["resultPages"]))
        for one in told["resultPages"]:
            found = [row["Id"] for row in rows(large.call("GET", one["resultUrl"]).text)]
            assert not seen.intersection(found)
            seen.update(found)
        path = told.get("nextRecordsUrl")
        assert told["done"] == (path is None)
    assert pages == [5, 1]
    assert len(seen) == 50_001


def test_a_large_result_can_be_aborted(large: Client) -> None:
    job = Read(large, "SELECT Id, Name FROM Account")
    answer = large.call("PATCH", job.path, json={"state": "Aborted"})
    assert answer.json()["state"] == "Aborted"
    assert job.info()["state"] == "Aborted"
    assert refused(large.get(f"{job.path}/results"))[0] == "INVALIDJOBSTATE"
    assert large.call("DELETE", job.path).status_code == 204


def test_another_version_cannot_fetch_results(filled: Client) -> None:
    job = Read(filled, BULK)
    job.ended()
    for what in ("results", "resultPages"):
        refused(filled.get(f"/services/data/v61.0/{job.path}/{what}"), 409)


def test_result_pages_came_with_version_58(client: Client) -> None:
    body = {"operation": "query", "query": "SELECT Id FROM Account"}
    made = client.call("POST", "/services/data/v57.0/jobs/query", json=body).json()
    assert made["apiVersion"] == 57.0
    refused(client.get(f"/services/data/v57.0/jobs/query/{made['id']}/resultPages"), 404)


@pytest.mark.parametrize("most", ["9" * 19, "1" + "0" * 5_000, "007777"])
def test_a_page_may_be_asked_to_be_larger_than_any_result(filled: Client, most: str) -> None:
    job = Read(filled, BULK)
    job.ended()
    assert len(rows(job.page(maxRecords=most).text)) == 25


@pytest.mark.parametrize("params", [{"locator": "x"}, {"locator": "OTk5OQ"}, {"maxRecords": "0"}])
def test_pages_that_are_none(filled: Client, params: dict[str, str]) -> None:
    job = Read(filled, BULK)
    job.ended()
    refused(filled.get(f"{job.path}/results", **params))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT COUNT(Id) FROM Account", "Aggregate query not supported"),
        ("SELECT count() FROM Account", "Aggregate query not supported"),
        ("SELECT Name FROM Account GROUP BY Name", "GROUP BY not supported"),
        ("SELECT Name FROM Account LIMIT 1 OFFSET 2", "OFFSET not supported"),
        ("SELECT FIELDS(ALL) FROM Account LIMIT 1", "FIELDS(ALL) not supported"),
        ("SELECT BillingAddress FROM Account", "Selecting compound data not supported in Bulk"),
        (
            "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
            "Aggregate Relationships not supported in Bulk V2 Query with CSV content type",
        ),
        (
            "SELECT TYPEOF Owner WHEN User THEN Name END FROM Lead",
            "TypeOf expressions not supported in Bulk V2 Query with CSV content type",
        ),
    ],
)
def test_queries_that_bulk_does_not_run(client: Client, query: str, message: str) -> None:
    code, told = refusal(client, query)
    assert code == "FUNCTIONALITY_NOT_ENABLED"
    assert message in told


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT", "MALFORMED_QUERY"),
        ("", "MALFORMED_QUERY"),
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        (
            f"SELECT Id FROM Account WHERE {'(NOT ' * 3000}Name = 'x'{')' * 3000}",
            "QUERY_TOO_COMPLICATED",
        ),
    ],
)
def test_queries_that_nobody_runs(client: Client, query: str, code: str) -> None:
    assert refusal(client, query)[0] == code


def test_only_jobs_that_ended_are_deleted(large: Client) -> None:
    job = Read(large, "SELECT Id, Name FROM Account")
    message = "Error encountered when deleting the job because the job is not terminated"
    assert refused(large.call("DELETE", job.path)) == ("API_ERROR", message)
    job.ended()
    assert large.call("DELETE", job.path).status_code == 204
    refused(large.get(job.path), 404)


def test_a_query_cannot_be_closed_or_aborted_when_done(filled: Client) -> None:
    job = Read(filled, BULK)
    job.ended()
    for state in ("Aborted", "UploadComplete"):
        answer = filled.call("PATCH", job.path, json={"state": state})
        assert refused(answer)[0] == "INVALIDJOBSTATE"


def test_jobs_that_read_are_listed_apart(fresh: Client) -> None:
    Ingest(fresh, "Account", "insert")
    job = Read(fresh, "SELECT Id FROM Account")
    listed = fresh.get("jobs/query").json()["records"]
    assert [one["id"] for one in listed] == [job.made["id"]]


def test_a_result_outlives_a_restart(tmp_path: Path) -> None:
    options = Options(data=tmp_path / "org.sqlite", seed_records={"Account": 3})
    with start_in_thread(options) as org:
        client = Client(org)
        job = Read(client, "SELECT Id FROM Account")
        text = job.page().text
        client.close()
    with start_in_thread(options) as org:
        job.client = Client(org)
        assert job.page().text == text
        job.client.close()
