"""Subqueries for children: what they hold, in which order, and how they are paged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

MANY = 450


@pytest.fixture(scope="module")
def family() -> Iterator[Client]:
    """A parent account with two child accounts; three people in the first of these."""
    with start_in_thread(Options()) as org:
        client = Client(org)
        parent = client.create("Account", Name="Parent")
        first = client.create("Account", Name="First", ParentId=parent)
        client.create("Account", Name="Second", ParentId=parent)
        for name, title in (("Ada", "b"), ("Bob", "a"), ("Cyd", None)):
            client.create("Contact", LastName=name, Title=title, AccountId=first)
        gone = client.create("Contact", LastName="Dan", AccountId=first)
        client.call("DELETE", f"sobjects/Contact/{gone}")
        yield client
        client.close()


def children(client: Client, subquery: str, name: str = "First") -> Any:
    (account,) = client.query(f"SELECT Id, ({subquery}) FROM Account WHERE Name = '{name}'")
    *_, found = account.values()
    return found


def names(client: Client, subquery: str) -> str:
    return "".join(one["LastName"][0] for one in children(client, subquery)["records"])


def test_children_are_a_result_of_their_own(family: Client) -> None:
    found = children(family, "SELECT LastName FROM contacts")
    assert list(found) == ["totalSize", "done", "records"]
    assert (found["totalSize"], found["done"]) == (3, True)
    record = found["records"][0]
    assert record["attributes"]["type"] == "Contact"
    assert record["attributes"]["url"].startswith("/services/data/v60.0/sobjects/Contact/003")


def test_the_member_has_the_relationships_own_spelling(family: Client) -> None:
    (account,) = family.query("SELECT (SELECT Id FROM CONTACTS) FROM Account WHERE Name = 'First'")
    assert list(account) == ["attributes", "Contacts"]


def test_without_children_the_member_is_null(family: Client) -> None:
    assert children(family, "SELECT Id FROM Contacts", "Second") is None
    assert children(family, "SELECT Id FROM Contacts WHERE LastName = 'x'") is None


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("ORDER BY LastName DESC", "CBA"),
        ("ORDER BY Title", "CBA"),
        ("ORDER BY Title NULLS LAST", "BAC"),
        ("WHERE LastName != 'Bob' ORDER BY LastName", "AC"),
        ("ORDER BY LastName LIMIT 2", "AB"),
        ("ORDER BY LastName LIMIT 1 OFFSET 1", "B"),
        ("WHERE Account.Parent.Name = 'parent' ORDER BY LastName", "ABC"),
        ("WHERE CreatedDate = TODAY ORDER BY LastName LIMIT 1", "A"),
    ],
)
def test_children_have_conditions_an_order_and_limits(
    family: Client, rest: str, found: str
) -> None:
    assert names(family, f"SELECT LastName FROM Contacts {rest}") == found


def test_limits_are_for_each_parent(family: Client) -> None:
    accounts = family.query(
        "SELECT Name, (SELECT Name FROM ChildAccounts ORDER BY Name LIMIT 1), "
        "(SELECT LastName FROM Contacts ORDER BY LastName DESC LIMIT 1) FROM Account ORDER BY Name"
    )
    shown = [
        [child and child["records"][0].get("Name", child["records"][0].get("LastName"))
         for child in (account["ChildAccounts"], account["Contacts"])]
        for account in accounts
    ]  # fmt: skip
    assert shown == [[None, "Cyd"], ["First", None], [None, None]]


def test_children_have_parents_and_children(family: Client) -> None:
    (parent,) = family.query(
        "SELECT Name, (SELECT Name, Parent.Name, (SELECT LastName, Account.Name FROM Contacts "
        "ORDER BY LastName) FROM ChildAccounts ORDER BY Name) FROM Account WHERE Name = 'Parent'"
    )
    first, second = parent["ChildAccounts"]["records"]
    assert first["Parent"]["Name"] == "Parent"
    assert [one["LastName"] for one in first["Contacts"]["records"]] == ["Ada", "Bob", "Cyd"]
    assert first["Contacts"]["records"][0]["Account"]["Name"] == "First"
    assert second["Contacts"] is None


def test_the_alias_of_the_object_may_stand_before_the_relationship(family: Client) -> None:
    (account,) = family.query(
        "SELECT a.Id, (SELECT c.LastName FROM a.Contacts c WHERE c.LastName = 'Ada') "
        "FROM Account a WHERE a.Name = 'First'"
    )
    assert account["Contacts"]["totalSize"] == 1


def test_deleted_children_are_seen_by_query_all(family: Client) -> None:
    text = "SELECT (SELECT Id FROM Contacts) FROM Account WHERE Name = 'First'"
    (account,) = family.get("queryAll", q=text).json()["records"]
    assert account["Contacts"]["totalSize"] == 4


def test_many_children_are_paged_with_a_locator_of_their_own(fresh: Client) -> None:
    account = fresh.create("Account", Name="Big")
    rows = [
        {"attributes": {"type": "Contact"}, "LastName": f"{n:03}", "AccountId": account}
        for n in range(MANY)
    ]
    for start in range(0, MANY, 200):
        fresh.collection("POST", "", rows[start : start + 200])
    headers = {"Sforce-Query-Options": "batchSize=200"}
    text = "SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName) FROM Account"
    answer = fresh.call("GET", "query", params={"q": text}, headers=headers).json()
    assert answer["done"]
    page = answer["records"][0]["Contacts"]
    assert (page["totalSize"], page["done"]) == (MANY, False)
    found = list(page["records"])
    while not page["done"]:
        page = fresh.get(page["nextRecordsUrl"]).json()
        assert page["totalSize"] == MANY
        found += page["records"]
    assert [one["LastName"] for one in found] == [f"{n:03}" for n in range(MANY)]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            "SELECT Id, (SELECT Id FROM Kids) FROM Account",
            "INVALID_TYPE",
            "Didn't understand relationship 'Kids' in FROM part of query call. If you are "
            "attempting to use a custom relationship, be sure to append the '__r' after the "
            "custom relationship name. Please reference your WSDL or the describe call for the "
            "appropriate names.",
        ),
        (
            "SELECT Id, (SELECT Foo FROM Contacts) FROM Account",
            "INVALID_FIELD",
            "No such column 'Foo' on entity 'Contact'. If you are attempting to use a custom "
            "field, be sure to append the '__c' after the custom field name. Please reference "
            "your WSDL or the describe call for the appropriate names.",
        ),
        (
            "SELECT Id, (SELECT count(Id) FROM Contacts) FROM Account",
            "MALFORMED_QUERY",
            "only root queries support aggregate expressions",
        ),
        (
            "SELECT Id, (SELECT Id FROM Contacts), (SELECT Id FROM Contacts) FROM Account",
            "MALFORMED_QUERY",
            "duplicate field selected: Contacts",
        ),
    ],
)
def test_what_no_subquery_can_be(family: Client, text: str, code: str, message: str) -> None:
    found_code, found = family.refused(text)
    assert found_code == code
    assert found.split("\n")[-1] == message
    assert "^\nERROR at Row:1:Column:" in found


def test_there_are_at_most_20_subqueries(family: Client) -> None:
    code, message = family.refused(f"SELECT {'(SELECT Id FROM Contacts),' * 21} Id FROM Account")
    assert code == "MALFORMED_QUERY"
    assert "20" in message
