"""Merging: the losers go, their children stay."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client


def merge(client: Client, master: str, *losers: str, **fields: Any) -> Any:
    body = {"master": master, "losers": list(losers), "fields": fields}
    return client.call("POST", "/__emulator__/merge", json=body)


def test_losers_go_and_children_move(client: Client) -> None:
    master, first, second = (
        client.create("Account", Name=name, ExternalId__c=f"merge-{name}") for name in "abc"
    )
    contacts = [client.create("Contact", LastName="x", AccountId=one) for one in (first, second)]
    answer = merge(client, master, first, second, Name="One", ExternalId__c="merge-b")
    assert answer.json() == {
        "id": master,
        "success": True,
        "errors": [],
        "mergedRecordIds": [first, second],
        "updatedRelatedIds": contacts,
    }
    text = f"SELECT Id FROM Contact WHERE AccountId = '{master}' ORDER BY Id"
    assert [one["Id"] for one in client.query(text)] == contacts
    text = f"SELECT Id, IsDeleted FROM Account WHERE MasterRecordId = '{master}' ORDER BY Id"
    found = client.get("queryAll", q=text).json()["records"]
    assert [(one["Id"], one["IsDeleted"]) for one in found] == [(first, True), (second, True)]
    (kept,) = client.query(f"SELECT Name, ExternalId__c FROM Account WHERE Id = '{master}'")
    assert (kept["Name"], kept["ExternalId__c"]) == ("One", "merge-b")


def test_a_loser_that_comes_back_belongs_to_none(client: Client) -> None:
    master, loser = (client.create("Lead", LastName="x", Company=name) for name in "ab")
    assert merge(client, master, loser).status_code == 200
    client.call("POST", "/__emulator__/undelete", json={"ids": [loser]})
    (back,) = client.query(f"SELECT MasterRecordId FROM Lead WHERE Id = '{loser}'")
    assert back["MasterRecordId"] is None


def test_a_master_below_its_loser_leads_to_nobody(client: Client) -> None:
    loser = client.create("Account", Name="loser")
    master = client.create("Account", Name="master", ParentId=loser)
    assert merge(client, master, loser).status_code == 200
    (kept,) = client.query(f"SELECT ParentId FROM Account WHERE Id = '{master}'")
    assert kept["ParentId"] is None


def test_a_merge_is_whole_or_not_at_all(client: Client) -> None:
    master, loser = (client.create("Contact", LastName=name) for name in "ab")
    case = client.create("Case", ContactId=loser)
    answer = merge(client, master, loser, Email="no address")
    assert answer.json()[0]["errorCode"] == "INVALID_EMAIL_ADDRESS"
    (kept,) = client.query(f"SELECT ContactId, Contact.IsDeleted FROM Case WHERE Id = '{case}'")
    assert (kept["ContactId"], kept["Contact"]["IsDeleted"]) == (loser, False)


@pytest.mark.parametrize("losers", [0, 1, 3])
def test_what_cannot_be_merged(client: Client, losers: int) -> None:
    master = client.create("Account", Name="x")
    others = [client.create("Account", Name="y") for _ in range(losers)]
    named = [master] if losers == 1 else others
    assert merge(client, master, *named).json()[0]["errorCode"] == "MERGE_FAILED"


def test_records_of_two_objects_cannot_be_merged(client: Client) -> None:
    account = client.create("Account", Name="x")
    contact = client.create("Contact", LastName="x")
    assert merge(client, account, contact).json()[0]["errorCode"] == "MERGE_FAILED"
    deal = {"Name": "x", "StageName": "Prospecting", "CloseDate": "2026-01-31"}
    deals = [client.create("Opportunity", **deal) for _ in range(2)]
    assert merge(client, *deals).json()[0]["errorCode"] == "MERGE_FAILED"


def test_a_deleted_record_cannot_be_merged(client: Client) -> None:
    master, loser = (client.create("Account", Name=name) for name in "ab")
    client.call("DELETE", f"sobjects/Account/{loser}")
    assert merge(client, master, loser).status_code == 404
