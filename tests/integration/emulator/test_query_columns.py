"""What a query is told to be about: ``columns=true`` and ``explain``."""

from __future__ import annotations

from typing import Any

from .conftest import Client


def columns(client: Client, text: str) -> dict[str, Any]:
    answer = client.get("query", q=text, columns="true")
    assert answer.status_code == 200, answer.text
    described: dict[str, Any] = answer.json()
    return described


def shown(described: list[dict[str, Any]]) -> list[Any]:
    """Reduce columns to their names, those inside behind them."""
    return [
        (one["columnName"], shown(one["joinColumns"])) if one["joinColumns"] else one["columnName"]
        for one in described
    ]


def test_fields_parents_and_children(client: Client) -> None:
    told = columns(
        client,
        "SELECT id, Name, IsDeleted, NumberOfEmployees, ExternalId__c, Parent.Owner.Name, "
        "(SELECT LastName, Account.Name FROM Contacts) FROM Account",
    )
    assert (told["entityName"], told["keyPrefix"]) == ("Account", "001")
    assert (told["groupBy"], told["idSelected"]) == (False, True)
    assert shown(told["columnMetadata"]) == [
        "Id",
        "Name",
        "IsDeleted",
        "NumberOfEmployees",
        "ExternalId__c",
        ("Parent", [("Owner", ["Name"])]),
        ("Contacts", ["LastName", ("Account", ["Name"])]),
    ]
    key, name, deleted, employees, external, parent, contacts = told["columnMetadata"]
    assert key == {
        "aggregate": False,
        "apexType": "Id",
        "booleanType": False,
        "columnName": "Id",
        "custom": False,
        "displayName": "Id",
        "foreignKeyName": None,
        "insertable": False,
        "joinColumns": [],
        "numberType": False,
        "textType": False,
        "updatable": False,
    }
    assert (name["textType"], name["insertable"]) == (True, True)
    assert (deleted["booleanType"], employees["numberType"], external["custom"]) == (True,) * 3
    assert (parent["aggregate"], parent["foreignKeyName"]) == (False, "ParentId")
    assert contacts["aggregate"]


def test_groups(client: Client) -> None:
    told = columns(client, "SELECT Name, COUNT(Id), MAX(CreatedDate) d FROM Account GROUP BY Name")
    assert told["groupBy"]
    assert [
        (one["columnName"], one["displayName"], one["aggregate"], one["apexType"])
        for one in told["columnMetadata"]
    ] == [
        ("Name", "Name", False, "String"),
        ("expr0", "count(Id)", True, "Integer"),
        ("d", "max(CreatedDate)", True, "Datetime"),
    ]
    assert columns(client, "SELECT COUNT() FROM Account")["columnMetadata"] == []


def test_typeof(client: Client) -> None:
    told = columns(client, "SELECT TYPEOF Owner WHEN User THEN Name, Email ELSE Name END FROM Case")
    assert shown(told["columnMetadata"]) == [("Owner", ["Name", "Email"])]


def test_a_wrong_query_has_no_columns(client: Client) -> None:
    answer = client.get("query", q="SELECT Foo FROM Account", columns="true")
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_FIELD"


def test_the_plans_of_a_query(fresh: Client) -> None:
    for name in ("a", "b", "c"):
        fresh.create("Account", Name=name, Site=name)
    text = "SELECT Id FROM Account WHERE Name = 'a' AND Site != 'x' LIMIT 1"
    answer = fresh.get("query", explain=text).json()
    assert answer["sourceQuery"] == text
    index, scan = answer["plans"]
    assert index == {
        "cardinality": 1,
        "fields": ["Name"],
        "leadingOperationType": "Index",
        "notes": [],
        "relativeCost": 0.333,
        "sobjectCardinality": 3,
        "sobjectType": "Account",
    }
    assert (scan["leadingOperationType"], scan["fields"]) == ("TableScan", [])
    (only,) = fresh.get("query", explain="SELECT Id FROM Account").json()["plans"]
    assert only["leadingOperationType"] == "TableScan"
    assert fresh.get("query", explain="SELECT").json()[0]["errorCode"] == "MALFORMED_QUERY"
