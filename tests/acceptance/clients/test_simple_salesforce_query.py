"""simple-salesforce queries an org, page by page and all at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from simple_salesforce import Salesforce, format_soql
from simple_salesforce.exceptions import SalesforceMalformedRequest

from connectsql.emulator import Options, RunningOrg, start_in_thread

ACCOUNTS = 4_100


@pytest.fixture(scope="module")
def org() -> Iterator[RunningOrg]:
    with start_in_thread(Options(seed_records={"Account": ACCOUNTS})) as running:
        yield running


def test_all_pages_one_after_the_other(salesforce: Salesforce) -> None:
    page = salesforce.query("SELECT Id FROM Account")
    assert (page["totalSize"], page["done"], len(page["records"])) == (ACCOUNTS, False, 2000)
    by_url = salesforce.query_more(page["nextRecordsUrl"], identifier_is_url=True)
    by_name = salesforce.query_more(page["nextRecordsUrl"].rsplit("/", 1)[1])
    assert by_url["records"] == by_name["records"]
    last = salesforce.query_more(by_url["nextRecordsUrl"], identifier_is_url=True)
    assert (last["done"], len(last["records"])) == (True, ACCOUNTS - 4000)


def test_everything_at_once(salesforce: Salesforce) -> None:
    everything = salesforce.query_all("SELECT Id FROM Account ORDER BY Id")
    seen = [one["Id"] for one in everything["records"]]
    assert (everything["done"], len(set(seen))) == (True, ACCOUNTS)
    one_by_one = salesforce.query_all_iter("SELECT Id FROM Account ORDER BY Id")
    assert [one["Id"] for one in one_by_one] == seen


def test_parents_children_and_sums(salesforce: Salesforce) -> None:
    parent = salesforce.Account.create({"Name": 'Mc\'Donald \\ "Sons"'})["id"]
    salesforce.Contact.create({"LastName": "Child", "AccountId": parent})
    soql = format_soql("WHERE Account.Name = {}", 'Mc\'Donald \\ "Sons"')
    found = salesforce.query(f"SELECT LastName, Account.Name FROM Contact {soql}")
    (contact,) = found["records"]
    assert contact["Account"]["Name"] == 'Mc\'Donald \\ "Sons"'
    soql = f"SELECT Name, (SELECT LastName FROM Contacts) FROM Account WHERE Id = '{parent}'"
    (account,) = salesforce.query(soql)["records"]
    assert [one["LastName"] for one in account["Contacts"]["records"]] == ["Child"]
    (counted,) = salesforce.query("SELECT COUNT(Id) n FROM Contact")["records"]
    assert counted["n"] == 1


def test_deleted_records_are_seen_when_asked_for(salesforce: Salesforce) -> None:
    gone = salesforce.Account.create({"Name": "gone"})["id"]
    salesforce.Account.delete(gone)
    soql = "SELECT Id, IsDeleted FROM Account WHERE Name = 'gone'"
    assert salesforce.query(soql)["records"] == []
    (record,) = salesforce.query_all(soql, include_deleted=True)["records"]
    assert (record["Id"], record["IsDeleted"]) == (gone, True)


def test_a_query_that_is_wrong(salesforce: Salesforce) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        salesforce.query("SELECT Nothing__c FROM Account")
    assert refused.value.content[0]["errorCode"] == "INVALID_FIELD"


def test_whether_the_org_is_a_sandbox(salesforce: Salesforce) -> None:
    assert salesforce.is_sandbox() is False
