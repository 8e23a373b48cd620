"""Bulk API 1.0: jobs and batches, in XML and JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
import yaml

from .bulk import rows, until
from .conftest import Client

ROOT = "/services/async/60.0"
NAMESPACE = "http://www.force.com/2009/06/asyncapi/dataload"
XML = {"Content-Type": "application/xml; charset=UTF-8"}
JSON = {"Content-Type": "application/json"}
CSV = {"Content-Type": "text/csv"}


def parsed(answer: requests.Response) -> dict[str, Any]:
    """Return the children of an XML answer by name."""
    assert answer.headers["Content-Type"] == "application/xml"
    element = ElementTree.fromstring(answer.content)
    assert element.tag.startswith("{" + NAMESPACE)
    return {child.tag.rpartition("}")[2]: child.text for child in element}


def job_xml(**told: str) -> str:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
    return f'<jobInfo xmlns="{NAMESPACE}">{inner}</jobInfo>'


RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "recorded" / "cumulusci"
INSERT_AND_SELECT = "TestSelect.test_select_similarity_select_and_insert_strategy_bulk.yaml"


def recorded(method: str, ending: str) -> Any:
    """Return the body of the first recorded answer to such a call."""
    file = RECORDED / INSERT_AND_SELECT
    if not file.exists():
        pytest.skip("needs the shared recordings")
    calls = yaml.safe_load(file.read_text())["interactions"]
    whole = (one for one in calls if {"request", "response"} <= set(one))
    return next(
        one["response"]["body"]["string"]
        for one in whole
        if one["request"]["method"] == method and re.search(ending, one["request"]["uri"])
    )


class Bulk:
    """Calls as old clients make them: the session in a header of its own."""

    def __init__(self, client: Client) -> None:
        self.url = client.org.url
        self.session = requests.Session()
        self.session.headers["X-SFDC-Session"] = client.org.access_token

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}{ROOT}{path}", timeout=30, **more)

    def xml_job(self, **told: str) -> str:
        answer = self.call("POST", "/job", data=job_xml(**told), headers=XML)
        assert answer.status_code == 201, answer.text
        return str(parsed(answer)["id"])

    def json_job(self, headers: dict[str, str] | None = None, **told: str) -> str:
        answer = self.call("POST", "/job", json=told, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def json_batch(self, job: str, content: Any) -> str:
        """Add a batch, and wait until it has ended."""
        more = {"data": content, "headers": JSON} if isinstance(content, str) else {"json": content}
        answer = self.call("POST", f"/job/{job}/batch", **more)
        assert answer.status_code == 201, answer.text
        batch = str(answer.json()["id"])
        until(lambda: self.state(job, batch) in ("Completed", "Failed", "NotProcessed"))
        return batch

    def state(self, job: str, batch: str) -> str:
        return str(self.call("GET", f"/job/{job}/batch/{batch}").json()["state"])


@pytest.fixture
def bulk(client: Client) -> Bulk:
    return Bulk(client)


def test_rows_are_loaded_with_xml_and_csv(bulk: Bulk, client: Client) -> None:
    job = bulk.xml_job(operation="insert", object="Account", contentType="CSV")
    body = '"Name","Phone"\r\n"xml","1"\r\n"",""\r\n'
    answer = bulk.call("POST", f"/job/{job}/batch", data=body, headers=CSV)
    assert answer.status_code == 201
    told = parsed(answer)
    batch = told["id"]
    assert (told["jobId"], told["state"]) == (job, "Queued")
    assert answer.headers["Location"] == f"{ROOT}/job/{job}/batch/{batch}"
    answer = bulk.call("POST", f"/job/{job}", data=job_xml(state="Closed"), headers=XML)
    assert parsed(answer)["state"] == "Closed"
    told = until(
        lambda: (
            told
            if (told := parsed(bulk.call("GET", f"/job/{job}")))["numberBatchesCompleted"] == "1"
            else None
        )
    )
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == ("2", "1")
    assert told["apiVersion"] == "60.0"
    assert told["createdDate"].endswith(".000Z")
    listed = ElementTree.fromstring(bulk.call("GET", f"/job/{job}/batch").content)
    assert listed.tag == f"{{{NAMESPACE}}}batchInfoList"
    assert [one.findtext(f"{{{NAMESPACE}}}state") for one in listed] == ["Completed"]
    result = bulk.call("GET", f"/job/{job}/batch/{batch}/result")
    assert result.headers["Content-Type"] == "text/csv"
    good, bad = rows(result.text)
    assert list(good) == ["Id", "Success", "Created", "Error"]
    assert (good["Success"], good["Created"], good["Error"]) == ("true", "true", "")
    assert (bad["Id"], bad["Success"]) == ("", "false")
    assert bad["Error"].startswith("REQUIRED_FIELD_MISSING:")
    assert client.query(f"SELECT Phone FROM Account WHERE Id = '{good['Id']}'")[0]["Phone"] == "1"
    assert bulk.call("GET", f"/job/{job}/batch/{batch}/request").text == body


def test_rows_are_loaded_with_json(bulk: Bulk, client: Client) -> None:
    job = bulk.json_job(operation="insert", object="Contact", contentType="JSON")
    username = client.query("SELECT Username FROM User")[0]["Username"]
    owner = {"attributes": {"type": "User"}, "Username": username}
    batch = bulk.json_batch(
        job, [{"lastname": "json", "Owner": owner, "Phone": None}, {"FirstName": "x"}]
    )
    good, bad = bulk.call("GET", f"/job/{job}/batch/{batch}/result").json()
    assert (good["success"], good["created"], good["errors"]) == (True, True, [])
    assert (bad["success"], bad["id"]) == (False, None)
    (error,) = bad["errors"]
    assert error["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert error["message"] == "Required fields are missing: [LastName]"
    assert error["fields"] == ["LastName"]
    told = bulk.call("POST", f"/job/{job}", json={"state": "Closed"}).json()
    assert (told["state"], told["numberBatchesTotal"], told["apiVersion"]) == ("Closed", 1, 60.0)
    (listed,) = bulk.call("GET", f"/job/{job}/batch").json()["batchInfo"]
    assert (listed["id"], listed["numberRecordsFailed"]) == (batch, 1)
    assert listed["createdDate"].endswith("+0000")


def test_rows_are_loaded_with_xml_alone(bulk: Bulk, client: Client) -> None:
    job = bulk.xml_job(operation="insert", object="Account")
    body = (
        f'<sObjects xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<sObject><Name>all &amp; xml</Name><Phone xsi:nil="true"/></sObject></sObjects>'
    )
    answer = bulk.call("POST", f"/job/{job}/batch", data=body, headers=XML)
    batch = parsed(answer)["id"]
    path = f"/job/{job}/batch/{batch}"
    until(lambda: parsed(bulk.call("GET", path))["state"] == "Completed")
    answer = bulk.call("GET", f"{path}/result")
    assert b"<success>true</success>" in answer.content
    assert client.names("SELECT Name FROM Account WHERE Name LIKE 'all%'") == ["all & xml"]


def test_a_query_answers_json_with_milliseconds(bulk: Bulk, client: Client) -> None:
    lead = client.create("Lead", LastName="millis", Company="x")
    job = bulk.json_job(operation="query", object="Lead", contentType="JSON")
    query = f"SELECT Id, CreatedDate, Owner.Name FROM Lead WHERE Id = '{lead}'"
    batch = bulk.json_batch(job, query)
    (result,) = bulk.call("GET", f"/job/{job}/batch/{batch}/result").json()
    assert result.startswith("752")
    answer = bulk.call("GET", f"/job/{job}/batch/{batch}/result/{result}?format=json")
    (found,) = answer.json()
    assert found["attributes"] == {
        "type": "Lead",
        "url": f"/services/data/v60.0/sobjects/Lead/{lead}",
    }
    assert isinstance(found["CreatedDate"], int)
    assert found["CreatedDate"] % 1000 == 0
    assert found["Owner"]["Name"] == "Integration User"
    assert bulk.call("GET", f"/job/{job}/batch/{batch}").json()["numberRecordsProcessed"] == 1


def test_a_query_answers_parents_and_children_in_json(bulk: Bulk, client: Client) -> None:
    parent = client.create("Account", Name="with children")
    client.create("Contact", LastName="child", AccountId=parent)
    job = bulk.json_job(operation="query", object="Account", contentType="JSON")
    children = "(SELECT LastName, CreatedDate, Account.CreatedDate FROM Contacts)"
    query = f"SELECT Name, {children}, Parent.Name FROM Account WHERE Id = '{parent}'"
    batch = bulk.json_batch(job, query)
    (result,) = bulk.call("GET", f"/job/{job}/batch/{batch}/result").json()
    (found,) = bulk.call("GET", f"/job/{job}/batch/{batch}/result/{result}").json()
    (child,) = found["Contacts"]["records"]
    assert (child["LastName"], found["Parent"]) == ("child", None)
    assert isinstance(child["CreatedDate"], int)
    assert isinstance(child["Account"]["CreatedDate"], int)


def test_a_query_answers_csv(bulk: Bulk, client: Client) -> None:
    one = client.create("Account", Name="in csv")
    job = bulk.xml_job(operation="query", object="Account", contentType="CSV")
    query = "SELECT Id, Name FROM Account WHERE Name = 'in csv'"
    answer = bulk.call("POST", f"/job/{job}/batch", data=query, headers=CSV)
    path = f"/job/{job}/batch/{parsed(answer)['id']}"
    until(lambda: parsed(bulk.call("GET", path))["state"] == "Completed")
    result = parsed(bulk.call("GET", f"{path}/result"))["result"]
    # an old client sends two slashes here
    answer = bulk.session.get(f"{bulk.url}/{ROOT}{path}/result/{result}", timeout=30)
    assert answer.text == f'"Id","Name"\n"{one}","in csv"\n'


def test_a_query_answers_xml(bulk: Bulk, client: Client) -> None:
    client.create("Lead", LastName="in & xml", Company="x")
    job = bulk.xml_job(operation="query", object="Lead")
    query = "SELECT LastName, Phone, CreatedDate, Owner.Name FROM Lead WHERE LastName = 'in & xml'"
    answer = bulk.call("POST", f"/job/{job}/batch", data=query, headers=XML)
    path = f"/job/{job}/batch/{parsed(answer)['id']}"
    until(lambda: parsed(bulk.call("GET", path))["state"] == "Completed")
    result = parsed(bulk.call("GET", f"{path}/result"))["result"]
    answer = bulk.call("GET", f"{path}/result/{result}")
    (found,) = ElementTree.fromstring(answer.content)
    told = {child.tag.rpartition("}")[2]: child for child in found}
    assert list(told) == ["type", "LastName", "Phone", "CreatedDate", "Owner"]
    assert (told["type"].text, told["LastName"].text) == ("Lead", "in & xml")
    assert list(told["Phone"].attrib.values()) == ["true"]
    assert str(told["CreatedDate"].text).endswith(".000Z")
    assert [child.text for child in told["Owner"]] == ["User", "Integration User"]


def test_query_all_sees_the_bin(bulk: Bulk, client: Client) -> None:
    one = client.create("Account", Name="binned")
    client.call("DELETE", f"sobjects/Account/{one}")
    query = "SELECT Id FROM Account WHERE Name = 'binned'"
    for operation, count in (("query", 0), ("queryAll", 1)):
        job = bulk.json_job(operation=operation, object="Account", contentType="JSON")
        batch = bulk.json_batch(job, query)
        (result,) = bulk.call("GET", f"/job/{job}/batch/{batch}/result").json()
        found = bulk.call("GET", f"/job/{job}/batch/{batch}/result/{result}").json()
        assert len(found) == count


@pytest.mark.parametrize(
    "rest", ["USING SCOPE everything", "FOR VIEW", "WITH USER_MODE", "LIMIT 9"]
)
def test_a_query_with_other_clauses_is_not_split(fresh: Client, rest: str) -> None:
    for number in range(9):
        fresh.create("Account", Name=f"c {number}")
    bulk = Bulk(fresh)
    header = {"Sforce-Enable-PKChunking": "chunkSize=5"}
    job = bulk.json_job(header, operation="query", object="Account", contentType="JSON")
    batch = bulk.json_batch(job, f"SELECT Id FROM Account {rest}")
    until(lambda: bulk.state(job, batch) == "Completed")
    (result,) = bulk.call("GET", f"/job/{job}/batch/{batch}/result").json()
    assert len(bulk.call("GET", f"/job/{job}/batch/{batch}/result/{result}").json()) == 9


@pytest.mark.parametrize("condition", ["", " WHERE Name LIKE 'c%' OR Name LIKE 'd%'"])
def test_a_query_is_split_by_ids(fresh: Client, condition: str) -> None:
    for number in range(25):
        fresh.create("Account", Name=f"c {number}")
    bulk = Bulk(fresh)
    header = {"Sforce-Enable-PKChunking": "chunkSize=10"}
    job = bulk.json_job(header, operation="query", object="Account", contentType="JSON")
    first = bulk.json_batch(job, f"SELECT Id, Name FROM Account{condition}")
    assert bulk.state(job, first) == "NotProcessed"
    listed = bulk.call("GET", f"/job/{job}/batch").json()["batchInfo"]
    assert listed[0]["id"] == first
    found = []
    for one in listed[1:]:
        path = f"/job/{job}/batch/{one['id']}"
        until(lambda one=one: bulk.state(job, one["id"]) == "Completed")
        (result,) = bulk.call("GET", f"{path}/result").json()
        found.append(bulk.call("GET", f"{path}/result/{result}").json())
    assert [len(part) for part in found] == [10, 10, 5]
    assert len({record["Id"] for part in found for record in part}) == 25


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "SELECT Id FROM Contact",
            "INVALID_TYPE_FOR_OPERATION: The root entity of the requested query (Contact) does "
            "not match the entity of the requested Bulk API Job (Account).",
        ),
        ("SELECT Nope FROM Account", "INVALID_FIELD: "),
        ("SELECT count() FROM Account", "FUNCTIONALITY_NOT_ENABLED: Aggregate query"),
    ],
)
def test_a_query_that_fails_its_batch(bulk: Bulk, query: str, message: str) -> None:
    job = bulk.json_job(operation="query", object="Account", contentType="JSON")
    batch = bulk.json_batch(job, query)
    told = bulk.call("GET", f"/job/{job}/batch/{batch}").json()
    assert told["state"] == "Failed"
    assert told["stateMessage"].startswith(f"InvalidBatch : Failed to process query: {message}")


@pytest.mark.parametrize(
    "content", [[{"Nope": 1}], "no json", '{"Name": "x"}', r'[{"Name": "\ud800"}]', "[1]"]
)
def test_rows_that_fail_their_batch(bulk: Bulk, content: Any) -> None:
    job = bulk.json_job(operation="insert", object="Account", contentType="JSON")
    batch = bulk.json_batch(job, content)
    assert bulk.state(job, batch) == "Failed"
    answer = bulk.call("GET", f"/job/{job}/batch/{batch}/result")
    assert answer.status_code == 400
    assert answer.json() == {
        "exceptionCode": "InvalidBatch",
        "exceptionMessage": "Records not processed",
    }


def test_errors_are_told_as_the_caller_speaks(bulk: Bulk) -> None:
    told = {"operation": "insert", "object": "Nope", "contentType": "JSON"}
    answer = bulk.call("POST", "/job", json=told)
    assert answer.status_code == 400
    assert answer.json() == {
        "exceptionCode": "InvalidJob",
        "exceptionMessage": "Unable to find object: Nope",
    }
    answer = bulk.call("POST", "/job", data=job_xml(**told), headers=XML)
    assert answer.status_code == 400
    assert parsed(answer)["exceptionCode"] == "InvalidJob"
    answer = bulk.call("POST", "/job", data="<jobInfo", headers=XML)
    assert parsed(answer)["exceptionCode"] == "InvalidXML"
    answer = bulk.call("POST", "/job", data="<!DOCTYPE x><jobInfo/>", headers=XML)
    assert parsed(answer)["exceptionCode"] == "InvalidXML"
    assert parsed(bulk.call("GET", "/job/nope"))["exceptionCode"] == "InvalidJob"


def test_a_session_that_is_none(bulk: Bulk) -> None:
    bulk.session.headers["X-SFDC-Session"] = "nope"
    answer = bulk.call("GET", "/job/750")
    assert answer.status_code == 400
    assert parsed(answer) == {
        "exceptionCode": "InvalidSessionId",
        "exceptionMessage": "Invalid session id",
    }


def test_an_address_that_is_none(bulk: Bulk) -> None:
    assert parsed(bulk.call("GET", "/nope"))["exceptionCode"] == "InvalidUrl"
    answer = bulk.session.get(f"{bulk.url}/services/async/12.0/job/x", timeout=30)
    assert parsed(answer)["exceptionCode"] == "InvalidUrl"


def test_a_closed_job_takes_no_more(bulk: Bulk) -> None:
    job = bulk.json_job(operation="insert", object="Account", contentType="JSON")
    assert bulk.call("POST", f"/job/{job}", json={"state": "Closed"}).status_code == 200
    answer = bulk.call("POST", f"/job/{job}/batch", json=[{"Name": "x"}])
    assert answer.json()["exceptionCode"] == "InvalidJobState"
    told = bulk.call("POST", f"/job/{job}", json={"state": "Closed"}).json()
    assert told["exceptionMessage"] == "Closing already Closed Job not allowed"
    assert bulk.call("POST", f"/job/{job}", json={"state": "Aborted"}).json()["state"] == "Aborted"


def test_a_job_is_told_of_as_recorded(bulk: Bulk) -> None:
    job = bulk.xml_job(operation="insert", object="Contact", contentType="CSV")
    ours = ElementTree.fromstring(bulk.call("GET", f"/job/{job}").content)
    real = ElementTree.fromstring(recorded("POST", r"/job$"))
    assert ours.tag == real.tag
    assert [child.tag for child in ours] == [child.tag for child in real]
    volatile = {f"{{{NAMESPACE}}}{name}" for name in ("id", "createdById", "object", "apiVersion")}
    for one, other in zip(ours, real, strict=True):
        if one.tag not in volatile and not one.tag.endswith(("Date", "Modstamp")):
            assert one.text == other.text


def test_a_batch_is_told_of_as_recorded(bulk: Bulk) -> None:
    job = bulk.json_job(operation="query", object="Contact", contentType="JSON")
    batch = bulk.json_batch(job, "SELECT Id FROM Contact")
    ours = bulk.call("GET", f"/job/{job}/batch/{batch}").json()
    real = json.loads(recorded("GET", r"/batch/\w+$"))
    assert set(ours) == set(real)
    assert (ours["state"], ours["stateMessage"]) == (real["state"], real["stateMessage"])
    (ours_result,) = bulk.call("GET", f"/job/{job}/batch/{batch}/result").json()
    (real_result,) = json.loads(recorded("GET", r"/batch/\w+/result$"))
    assert (len(ours_result), ours_result[:3]) == (len(real_result), real_result[:3])
