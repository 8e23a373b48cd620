"""simple-salesforce loads and fetches in bulk, with the first API and with the second."""

from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceBulkV2ExtractError, SalesforceMalformedRequest

QUICK = 0.02  # seconds between the client's looks at a job


@pytest.fixture(autouse=True)
def _short_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first API's client look again soon: it has no parameter for that."""
    monkeypatch.setattr("simple_salesforce.bulk.sleep", lambda _: time.sleep(QUICK))


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines()))


def count(salesforce: Salesforce, condition: str) -> Any:
    return salesforce.query(f"SELECT COUNT() FROM Account WHERE {condition}")["totalSize"]


def test_the_first_api_from_insert_to_delete(salesforce: Salesforce) -> None:
    bulk = salesforce.bulk.Account
    made = bulk.insert(
        [{"Name": f"one {n}", "ExternalId__c": f"b1-{n}"} for n in range(5)],
    )
    assert [(one["success"], one["created"], one["errors"]) for one in made] == [
        (True, True, [])
    ] * 5
    ids = [{"Id": one["id"]} for one in made]
    changed = bulk.update([{**one, "Phone": "7"} for one in ids])
    assert [(one["success"], one["created"]) for one in changed] == [(True, False)] * 5
    rows = [{"Name": "new", "ExternalId__c": f"b1-{n}"} for n in (4, 5)]
    upserted = bulk.upsert(rows, "ExternalId__c")
    assert [one["created"] for one in upserted] == [False, True]
    assert all(one["success"] for one in bulk.delete(ids[:2]))
    assert all(one["success"] for one in bulk.hard_delete(ids[2:4]))
    assert count(salesforce, "ExternalId__c LIKE 'b1-%'") == 2


def test_the_first_api_in_several_batches(salesforce: Salesforce) -> None:
    rows = [{"LastName": str(n), "Company": "batches"} for n in range(25)]
    made = salesforce.bulk.Lead.insert(rows, batch_size=10)
    assert len({one["id"] for one in made}) == 25
    soql = "SELECT LastName FROM Lead WHERE Company = 'batches'"
    found = salesforce.bulk.Lead.query(soql)
    assert sorted(int(one["LastName"]) for one in found) == list(range(25))


def test_the_first_api_tells_which_rows_were_wrong(salesforce: Salesforce) -> None:
    rows = [{"LastName": "right"}, {"FirstName": "wrong"}]
    right, wrong = salesforce.bulk.Contact.insert(rows)
    assert right["success"] is True
    assert (wrong["success"], wrong["id"]) == (False, None)
    assert wrong["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert wrong["errors"][0]["fields"] == ["LastName"]


def test_the_first_api_sees_deleted_records(salesforce: Salesforce) -> None:
    gone = salesforce.Account.create({"Name": "gone in bulk"})["id"]
    salesforce.Account.delete(gone)
    soql = "SELECT Id, IsDeleted FROM Account WHERE Name = 'gone in bulk'"
    assert salesforce.bulk.Account.query(soql) == []
    (record,) = salesforce.bulk.Account.query_all(soql)
    assert (record["Id"], record["IsDeleted"]) == (gone, True)


def test_the_second_api_from_insert_to_delete(salesforce: Salesforce, tmp_path: Path) -> None:
    bulk = salesforce.bulk2.Account
    rows = [{"Name": f'two "{n}", a', "ExternalId__c": f"b2-{n}"} for n in range(5)]
    (job,) = bulk.insert(records=rows, wait=QUICK)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (5, 0)
    made = rows_of(bulk.get_successful_records(job["job_id"]))
    assert sorted(one["Name"] for one in made) == [one["Name"] for one in rows]
    assert {one["sf__Created"] for one in made} == {"true"}
    ids = [one["sf__Id"] for one in made]
    path = tmp_path / "update.csv"
    path.write_text("Id,Phone\n" + "".join(f"{one},7\n" for one in ids))
    bulk.update(str(path), wait=QUICK)
    assert count(salesforce, "Phone = '7' AND ExternalId__c LIKE 'b2-%'") == 5
    more = [{"Name": "new", "ExternalId__c": f"b2-{n}", "Phone": "#N/A"} for n in (4, 5)]
    (job,) = bulk.upsert(records=more, external_id_field="ExternalId__c", wait=QUICK)
    told = rows_of(bulk.get_successful_records(job["job_id"]))
    created = {one["ExternalId__c"]: one["sf__Created"] for one in told}
    assert created == {"b2-4": "false", "b2-5": "true"}
    assert count(salesforce, "Phone = null AND ExternalId__c LIKE 'b2-%'") == 2
    bulk.delete(records=[{"Id": one} for one in ids[:2]], wait=QUICK)
    bulk.hard_delete(records=[{"Id": one} for one in ids[2:4]], wait=QUICK)
    assert count(salesforce, "ExternalId__c LIKE 'b2-%'") == 2


def test_the_second_api_tells_which_rows_were_wrong(salesforce: Salesforce) -> None:
    rows = [{"LastName": "right", "FirstName": ""}, {"LastName": "", "FirstName": "wrong"}]
    (job,) = salesforce.bulk2.Contact.insert(records=rows, wait=QUICK)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (2, 1)
    everything = salesforce.bulk2.Contact.get_all_ingest_records(job["job_id"])
    (failed,) = everything["failedRecords"]
    assert failed["FirstName"] == "wrong"
    assert failed["sf__Error"].startswith("REQUIRED_FIELD_MISSING:")
    assert [one["LastName"] for one in everything["successfulRecords"]] == ["right"]
    assert everything["unprocessedRecords"] == []


def test_the_second_api_fetches_in_parts(salesforce: Salesforce, tmp_path: Path) -> None:
    rows = [{"LastName": f"{n:03}", "Company": "parts"} for n in range(250)]
    salesforce.bulk2.Lead.insert(records=rows, wait=QUICK)
    soql = "SELECT LastName FROM Lead WHERE Company = 'parts' ORDER BY LastName"
    parts = list(salesforce.bulk2.Lead.query(soql, max_records=100, wait=QUICK))
    assert [len(rows_of(one)) for one in parts] == [100, 100, 50]
    files = salesforce.bulk2.Lead.download(soql, str(tmp_path), max_records=200, wait=QUICK)
    assert [one["number_of_records"] for one in files] == [200, 50]
    loaded = [row for one in files for row in rows_of(Path(one["file"]).read_text())]
    assert [one["LastName"] for one in loaded] == [one["LastName"] for one in rows]


def test_the_second_api_sees_deleted_records(salesforce: Salesforce) -> None:
    gone = salesforce.Account.create({"Name": "gone in bulk 2"})["id"]
    salesforce.Account.delete(gone)
    soql = "SELECT Id, IsDeleted FROM Account WHERE Name = 'gone in bulk 2'"
    assert [rows_of(one) for one in salesforce.bulk2.Account.query(soql, wait=QUICK)] == [[]]
    (part,) = salesforce.bulk2.Account.query_all(soql, wait=QUICK)
    assert rows_of(part) == [{"Id": gone, "IsDeleted": "true"}]


def test_the_second_api_says_why_a_query_failed(salesforce: Salesforce) -> None:
    wrong = "SELECT Nothing__c FROM Account"
    with pytest.raises((SalesforceMalformedRequest, SalesforceBulkV2ExtractError)) as failed:
        list(salesforce.bulk2.Account.query(wrong, wait=QUICK))
    assert "Nothing__c" in str(failed.value)
