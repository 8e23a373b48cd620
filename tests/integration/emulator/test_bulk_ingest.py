"""Bulk API 2.0, writing."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import Options, start_in_thread

from .bulk import Ingest, refused, until
from .conftest import Client


def csv_of(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def many(count: int, name: str = "Bulk") -> str:
    return csv_of("Name", *(f"{name} {number}" for number in range(count)))


def test_a_job_is_made_with_all_it_was_told(client: Client) -> None:
    job = Ingest(client, "account", "insert", lineEnding="CRLF", columnDelimiter="PIPE")
    made = job.made
    assert made.pop("createdDate") == made.pop("systemModstamp")
    assert made == {
        "id": made["id"],
        "operation": "insert",
        "object": "Account",
        "createdById": client.query("SELECT Id FROM User")[0]["Id"],
        "state": "Open",
        "concurrencyMode": "Parallel",
        "contentType": "CSV",
        "apiVersion": 60.0,
        "jobType": "V2Ingest",
        "lineEnding": "CRLF",
        "columnDelimiter": "PIPE",
        "contentUrl": f"services/data/v60.0/jobs/ingest/{made['id']}/batches",
    }
    assert made["id"].startswith("750")


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"object": "Nope", "operation": "insert"}, "INVALIDJOB", "Unable to find object: Nope"),
        ({"operation": "insert"}, "INVALIDJOB", "No object given"),
        ({"object": "Account"}, "INVALIDJOB", "No operation given"),
        ({"object": "Account", "operation": "merge"}, "INVALIDJOB", "Invalid operation: merge"),
        ({"object": "Account", "operation": "upsert"}, "INVALIDJOB", "External ID was blank"),
        (
            {"object": "Account", "operation": "upsert", "externalIdFieldName": "Phone"},
            "INVALIDJOB",
            "does not match an External ID",
        ),
        (
            {"object": "Account", "operation": "insert", "columnDelimiter": "DOT"},
            "JSON_PARSER_ERROR",
            "DOT is not a valid value for columnDelimiter",
        ),
        (
            {"object": "Account", "operation": "insert", "lineEnding": "CR"},
            "JSON_PARSER_ERROR",
            "CR is not a valid value for lineEnding",
        ),
        (
            {"object": "Account", "operation": "insert", "contentType": "JSON"},
            "JSON_PARSER_ERROR",
            "JSON is not a valid value for contentType",
        ),
        (
            {"object": "Account", "operation": "insert", "foo": 1},
            "JSON_PARSER_ERROR",
            'Unrecognized field "foo"',
        ),
    ],
)
def test_a_job_that_cannot_be(
    client: Client, body: dict[str, Any], code: str, message: str
) -> None:
    refusal = refused(client.call("POST", "jobs/ingest", json=body))
    assert refusal[0] == code
    assert message in refusal[1]


def test_rows_are_inserted_and_told(client: Client) -> None:
    job = Ingest(client, "Account", "insert")
    told = job.run(csv_of("Name,description", '"Ada, ""the""",first', "Grace,"))
    assert (told["state"], told["numberRecordsProcessed"]) == ("JobComplete", 2)
    assert (told["numberRecordsFailed"], told["retries"]) == (0, 0)
    assert told["totalProcessingTime"] >= 0
    assert "errorMessage" not in told
    ada, grace = job.successful()
    assert list(ada) == ["sf__Id", "sf__Created", "Name", "description"]
    assert (ada["sf__Created"], ada["Name"]) == ("true", 'Ada, "the"')
    (kept,) = client.query(f"SELECT Name, Description FROM Account WHERE Id = '{ada['sf__Id']}'")
    assert (kept["Name"], kept["Description"]) == ('Ada, "the"', "first")
    (kept,) = client.query(f"SELECT Description FROM Account WHERE Id = '{grace['sf__Id']}'")
    assert kept["Description"] is None
    assert job.file("failedResults") == []
    assert job.file("unprocessedrecords/") == []


def test_the_states_can_be_seen(fresh: Client) -> None:
    job = Ingest(fresh, "Account", "insert")
    assert job.info()["state"] == "Open"
    job.put(many(3000))
    assert job.state("UploadComplete").json()["state"] == "UploadComplete"
    assert until(lambda: job.info()["state"] == "InProgress")
    assert job.ended()["state"] == "JobComplete"


def test_a_job_without_data_completes(client: Client) -> None:
    job = Ingest(client, "Account", "insert")
    job.state("UploadComplete")
    assert job.ended()["state"] == "JobComplete"
    assert job.successful() == []


def test_data_come_once_and_while_the_job_is_open(client: Client) -> None:
    job = Ingest(client, "Account", "insert")
    assert job.put("Name\nx\n").status_code == 201
    code, message = refused(job.put("Name\ny\n"))
    assert code == "CLIENTINPUTERROR"
    assert message.startswith("Found multiple contents for job")
    job.state("Aborted")
    assert refused(job.put("Name\ny\n"))[0] == "INVALIDJOBSTATE"


def test_data_may_be_packed(client: Client) -> None:
    job = Ingest(client, "Account", "insert")
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    body = gzip.compress(b"Name\npacked\n")
    answer = client.call("PUT", f"{job.path}/batches", data=body, headers=headers)
    assert answer.status_code == 201
    job.state("UploadComplete")
    assert job.ended()["numberRecordsProcessed"] == 1
    headers = {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    other = Ingest(client, "Account", "insert")
    answer = client.call("PUT", f"{other.path}/batches", data=b"no gzip", headers=headers)
    assert refused(answer)[0] == "CLIENTINPUTERROR"


def test_update_ignores_what_is_empty_and_nulls_what_says_so(client: Client) -> None:
    one = client.create("Account", Name="one", Phone="1", Fax="1")
    job = Ingest(client, "Account", "update")
    told = job.run(csv_of("Id,Name,Phone,Fax", f"{one[:15]},,#N/A,2"))
    assert told["numberRecordsFailed"] == 0
    (kept,) = client.query(f"SELECT Name, Phone, Fax FROM Account WHERE Id = '{one}'")
    assert (kept["Name"], kept["Phone"], kept["Fax"]) == ("one", None, "2")
    assert job.successful()[0]["sf__Created"] == "false"


def test_an_update_needs_ids_each_once(client: Client) -> None:
    one = client.create("Account", Name="one")
    job = Ingest(client, "Account", "update")
    told = job.run(csv_of("Id,Name", f"{one},a", f"{one[:15]},b", ",c", "001xx,d"))
    assert (told["state"], told["numberRecordsFailed"]) == ("JobComplete", 4)
    assert job.errors() == [
        f"DUPLICATE_VALUE:Duplicate id specified: {one}:Id --",
        f"DUPLICATE_VALUE:Duplicate id specified: {one[:15]}:Id --",
        "MISSING_ARGUMENT:Id not specified in an update call:--",
        "MALFORMED_ID:Account ID: id value of incorrect type: 001xx:Id --",
    ]
    assert job.file("failedResults")[0]["sf__Id"] == one


def test_deleting_takes_ids_only(client: Client) -> None:
    one = client.create("Account", Name="gone")
    job = Ingest(client, "Account", "delete")
    assert job.run(csv_of("Id", one, one[:3] + "Em0000009999"))["numberRecordsFailed"] == 1
    assert job.errors() == ["INVALID_CROSS_REFERENCE_KEY:invalid cross reference id:--"]
    assert client.query(f"SELECT Id FROM Account WHERE Id = '{one}'") == []
    answer = client.get("queryAll", q=f"SELECT Id FROM Account WHERE Id = '{one}'")
    assert answer.json()["totalSize"] == 1
    wrong = Ingest(client, "Account", "delete").run("Id,Name\n1,2\n")
    message = "InvalidBatch : The 'delete' batch must contain only ids"
    assert (wrong["state"], wrong["errorMessage"]) == ("Failed", message)


def test_deleting_for_good_leaves_nothing_in_the_bin(client: Client) -> None:
    one = client.create("Account", Name="gone for good")
    assert Ingest(client, "Account", "hardDelete").run(f"Id\n{one}\n")["numberRecordsFailed"] == 0
    answer = client.get("queryAll", q=f"SELECT Id FROM Account WHERE Id = '{one}'")
    assert answer.json()["totalSize"] == 0


def test_upsert_by_id_updates_and_creates(client: Client) -> None:
    one = client.create("Account", Name="one")
    job = Ingest(client, "Account", "upsert", externalIdFieldName="Id")
    job.run(csv_of("Id,Name", f"{one},changed", ",new"))
    assert [row["sf__Created"] for row in job.successful()] == ["false", "true"]


def test_upsert_by_another_key(client: Client) -> None:
    one = client.create("Contact", LastName="one", Email="one@x.example")
    job = Ingest(client, "Contact", "upsert", externalIdFieldName="email")
    assert job.made["externalIdFieldName"] == "Email"
    lines = ("Email,LastName", "one@x.example,changed", "two@x.example,new", ",x")
    job.run(csv_of(*lines, "DUP@x.example,a", "dup@x.example,b"))
    changed, new = job.successful()
    assert (changed["sf__Id"], changed["sf__Created"]) == (one, "false")
    assert new["sf__Created"] == "true"
    codes = [error.split(":")[0] for error in job.errors()]
    assert codes == ["MISSING_ARGUMENT", "DUPLICATE_VALUE", "DUPLICATE_VALUE"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Name,Nope__c", "InvalidBatch : Field name not found : Nope__c"),
        ("Name,BillingAddress", "InvalidBatch : Field name not found : BillingAddress"),
        ("Name,name", "InvalidBatch : Duplicate field name : Name"),
        ("Name,", "InvalidBatch : Field name not found : "),
        ("Name,Owner.Nope", "InvalidBatch : Field name not found : Owner.Nope"),
        ("Name,Account:Parent.Id", "InvalidBatch : Field name not found : Account:Parent.Id"),
        (
            "Name\r",
            "ClientInputError : LineEnding is invalid on user data. "
            "Current LineEnding setting is LF",
        ),
    ],
)
def test_a_header_that_fails_the_job(client: Client, header: str, message: str) -> None:
    job = Ingest(client, "Account", "insert")
    told = job.run(f"{header}\nx,y\n")
    assert (told["state"], told["errorMessage"]) == ("Failed", message)
    assert told["numberRecordsProcessed"] == 0
    assert job.successful() == []


def test_a_broken_row_fails_alone(client: Client) -> None:
    job = Ingest(client, "Account", "insert")
    told = job.run(csv_of("Name,Phone", "good,1", '"bad", "1"', "short", "good too,2"))
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (4, 2)
    assert [row["Name"] for row in job.successful()] == ["good", "good too"]
    assert all(error.startswith("InvalidBatch:") for error in job.errors())


def test_values_of_the_wrong_type_are_told_with_their_field(client: Client) -> None:
    job = Ingest(client, "Opportunity", "insert")
    job.run(
        csv_of(
            "Name,StageName,CloseDate,Amount",
            "a,Prospecting,2026-13-01,1",
            "b,Prospecting,2026-12-01,many",
            "c,Prospecting,2026-12-01,1e3",
            ",Prospecting,2026-12-01,1",
        )
    )
    first, second, third = job.errors()
    assert first == (
        "INVALID_TYPE_ON_FIELD_IN_RECORD:Close Date: value not of required type: "
        "2026-13-01:CloseDate --"
    )
    assert second.startswith("INVALID_TYPE_ON_FIELD_IN_RECORD:Amount: value not of required")
    assert third == "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --"
    assert client.query("SELECT Amount FROM Opportunity")[0]["Amount"] == 1000.0


def test_truth_is_told_in_words_or_digits(client: Client) -> None:
    job = Ingest(client, "Contact", "insert")
    told = ("TRUE", "1", "false", "0", "", "yes")
    job.run(csv_of("LastName,DoNotCall", *(f"truth,{one}" for one in told)))
    (error,) = job.errors()
    assert error.startswith("INVALID_TYPE_ON_FIELD_IN_RECORD:")
    kept = client.query("SELECT DoNotCall FROM Contact WHERE LastName = 'truth' ORDER BY Id")
    assert [one["DoNotCall"] for one in kept] == [True, True, False, False, False]


def test_parents_by_external_id(client: Client) -> None:
    user = client.query("SELECT Id, Username FROM User")[0]
    job = Ingest(client, "Lead", "insert")
    told = job.run(csv_of("LastName,Company,User:Owner.Username", f"x,y,{user['Username']}"))
    assert told.get("errorMessage") is None
    assert job.errors() == []
    (kept,) = client.query(f"SELECT OwnerId FROM Lead WHERE Id = '{job.successful()[0]['sf__Id']}'")
    assert kept["OwnerId"] == user["Id"]


def test_a_parent_by_its_own_external_id(client: Client) -> None:
    parent = client.create("Account", Name="parent", ExternalId__c="P1")
    job = Ingest(client, "Account", "insert")
    lines = ("Name,parent.externalid__c", "child,P1", "orphan,P2", "alone,#N/A", "alone,")
    job.run(csv_of(*lines))
    told = [row["sf__Id"] for row in job.successful()]
    kept = client.query(f"SELECT ParentId FROM Account WHERE Id IN {tuple(told)}")
    assert [one["ParentId"] for one in kept] == [parent, None, None]
    (error,) = job.errors()
    assert error.startswith("INVALID_FIELD:Foreign key external ID: P2 not found")


def test_a_parent_of_several_objects_needs_its_type(client: Client) -> None:
    told = Ingest(client, "Lead", "insert").run("LastName,Owner.Username\nx,y\n")
    assert told["errorMessage"] == "InvalidBatch : Field name not found : Owner.Username"


@pytest.mark.parametrize(
    ("delimiter", "character"),
    [("BACKQUOTE", "`"), ("CARET", "^"), ("PIPE", "|"), ("SEMICOLON", ";"), ("TAB", "\t")],
)
def test_other_delimiters(client: Client, delimiter: str, character: str) -> None:
    job = Ingest(client, "Account", "insert", columnDelimiter=delimiter, lineEnding="CRLF")
    told = job.run(f"Name{character}Phone\r\na, b{character}1\r\n")
    assert told["numberRecordsFailed"] == 0, job.errors()
    text = client.get(f"{job.path}/successfulResults").text
    assert text.startswith(f'"sf__Id"{character}"sf__Created"{character}"Name"')
    assert '"a, b"' in text


def test_an_abort_in_the_middle_leaves_the_rest_unprocessed(fresh: Client) -> None:
    job = Ingest(fresh, "Account", "insert")
    job.put(many(30_000))
    job.state("UploadComplete")
    assert until(lambda: job.info()["numberRecordsProcessed"])
    assert job.state("Aborted").json()["state"] == "Aborted"
    told = job.info()
    done = told["numberRecordsProcessed"]
    assert 0 < done < 30_000
    assert done % 200 == 0
    assert len(job.successful()) == done
    left = job.file("unprocessedrecords")
    assert [left[0]["Name"], len(left)] == [f"Bulk {done}", 30_000 - done]
    assert fresh.get("query", q="SELECT count() FROM Account").json()["totalSize"] == done


def test_states_that_cannot_follow(client: Client) -> None:
    job = Ingest(client, "Account", "insert")
    assert refused(job.state("JobComplete"))[0] == "INVALIDJOBSTATE"
    job.run("Name\nx\n")
    refusal = ("INVALIDJOBSTATE", "Aborting already Completed Job not allowed")
    assert refused(job.state("Aborted")) == refusal
    refusal = ("INVALIDJOBSTATE", "Closing already Completed Job not allowed")
    assert refused(job.state("UploadComplete")) == refusal


def test_results_wait_for_the_end_of_the_job(client: Client) -> None:
    job = Ingest(client, "Account", "insert")
    for which in ("successfulResults", "failedResults", "unprocessedrecords"):
        assert refused(client.get(f"{job.path}/{which}"))[0] == "INVALIDJOBSTATE"


def test_deleting_a_job(client: Client) -> None:
    job = Ingest(client, "Account", "insert")
    refusal = refused(client.call("DELETE", job.path))
    assert refusal[0] == "API_ERROR"
    job.run("Name\nx\n")
    assert client.call("DELETE", job.path).status_code == 204
    assert refused(client.get(job.path), 404)[0] == "NOT_FOUND"
    assert refused(client.get("jobs/ingest/nope"), 404)[0] == "NOT_FOUND"


def test_jobs_are_listed_in_pages(fresh: Client) -> None:
    for _ in range(3):
        Ingest(fresh, "Account", "insert")
    told = fresh.get("jobs/ingest").json()
    assert (told["done"], len(told["records"]), told["nextRecordsUrl"]) == (True, 3, None)
    assert fresh.get("jobs/ingest", jobType="Classic").json()["records"] == []
    assert fresh.get("jobs/ingest", isPkChunkingEnabled="true").json()["records"] == []
    assert len(fresh.get("jobs/ingest", isPkChunkingEnabled="false").json()["records"]) == 3
    assert refused(fresh.get("jobs/ingest", queryLocator="?"))[0] == "INVALID_QUERY_LOCATOR"


def test_a_multipart_call_makes_and_closes_a_job(client: Client) -> None:
    job = '{"object": "Account", "operation": "insert", "lineEnding": "CRLF"}'
    files = {
        "job": (None, job, "application/json"),
        "content": ("content", "Name\r\nmultipart\r\n", "text/csv"),
    }
    answer = client.call("POST", "jobs/ingest", files=files)
    assert answer.status_code == 200, answer.text
    path = f"jobs/ingest/{answer.json()['id']}"
    assert answer.json()["state"] == "UploadComplete"
    told = until(
        lambda: told if (told := client.get(path).json())["state"] == "JobComplete" else None
    )
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (1, 0)
    answer = client.call("POST", "jobs/ingest", files={"job": (None, job, "application/json")})
    assert refused(answer)[0] == "CLIENTINPUTERROR"
    files["content"] = ("content", "Name\r\n" + "x" * 100_000, "text/csv")
    assert refused(client.call("POST", "jobs/ingest", files=files), 413)


def test_a_planned_fault_fails_the_job_midway(fresh: Client) -> None:
    plan = {"action": "job_error", "after_rows": 250, "message": "InvalidBatch : planned"}
    assert fresh.call("POST", "/__emulator__/faults", json=[plan]).ok
    job = Ingest(fresh, "Account", "insert")
    told = job.run(many(300))
    assert (told["state"], told["errorMessage"]) == ("Failed", "InvalidBatch : planned")
    assert told["numberRecordsProcessed"] == 250
    assert len(job.successful()) == 250
    assert len(job.file("unprocessedrecords")) == 50


def test_planned_faults_refuse_rows(fresh: Client) -> None:
    message = "unable to obtain exclusive access to this record"
    plan = {"action": "job_row_error", "statusCode": "UNABLE_TO_LOCK_ROW", "message": message}
    plan |= {"object": "Account", "every": 100, "times": 3}
    assert fresh.call("POST", "/__emulator__/faults", json=[plan]).ok
    job = Ingest(fresh, "Account", "insert")
    told = job.run(many(500))
    assert (told["state"], told["numberRecordsFailed"]) == ("JobComplete", 3)
    names = [row["Name"] for row in job.file("failedResults")]
    assert names == ["Bulk 99", "Bulk 199", "Bulk 299"]
    assert set(job.errors()) == {f"UNABLE_TO_LOCK_ROW:{message}:--"}
    again = Ingest(fresh, "Contact", "insert").run("LastName\nx\n")
    assert again["numberRecordsFailed"] == 0


def test_a_job_fails_when_the_rows_of_the_day_are_used_up() -> None:
    with start_in_thread(Options(daily_bulk_rows=200)) as org:
        client = Client(org)
        job = Ingest(client, "Account", "insert")
        told = job.run(many(300))
        assert told["state"] == "Failed"
        assert told["errorMessage"].startswith("ExceededQuota : ")
        assert len(job.successful()) == 200
        client.close()


def test_a_job_goes_on_after_a_restart(tmp_path: Path) -> None:
    options = Options(data=tmp_path / "org.sqlite")
    with start_in_thread(options) as org:
        client = Client(org)
        job = Ingest(client, "Account", "insert")
        job.put(many(30_000))
        job.state("UploadComplete")
        assert until(lambda: job.info()["numberRecordsProcessed"])
        client.close()
    with start_in_thread(options) as org:
        job.client = Client(org)
        assert job.ended()["numberRecordsProcessed"] == 30_000
        names = {row["Name"] for row in job.successful()}
        assert len(names) == 30_000
        told = job.client.get("query", q="SELECT count() FROM Account").json()
        assert told["totalSize"] == 30_000
        job.client.close()
