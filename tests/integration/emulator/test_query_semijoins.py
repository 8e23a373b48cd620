"""Semi-joins and anti-joins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client


@pytest.fixture(scope="module")
def accounts() -> Iterator[Client]:
    """Accounts A to D: A and B have contacts, B and C opportunities; one contact has no account."""
    with start_in_thread(Options()) as org:
        client = Client(org)
        ids = {name: client.create("Account", Name=name) for name in "ABCD"}
        for name in "AB":
            client.create("Contact", LastName=f"of {name}", AccountId=ids[name])
        client.create("Contact", LastName="of none")
        for name in "BC":
            client.create(
                "Opportunity",
                Name=f"of {name}",
                StageName="Prospecting",
                CloseDate="2026-01-01",
                AccountId=ids[name],
            )
        gone = client.create("Contact", LastName="gone", AccountId=ids["D"])
        client.call("DELETE", f"sobjects/Contact/{gone}")
        yield client
        client.close()


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Id IN (SELECT AccountId FROM Contact)", "AB"),
        ("Id NOT IN (SELECT AccountId FROM Contact)", "CD"),
        ("Id IN (SELECT AccountId FROM Contact WHERE LastName LIKE '%b')", "B"),
        ("Id IN (SELECT AccountId FROM Contact WHERE Account.Name = 'a')", "A"),
        ("Id IN (SELECT c.AccountId FROM Contact c WHERE c.LastName != 'of a')", "B"),
        (
            "Id IN (SELECT AccountId FROM Contact) AND Id IN (SELECT AccountId FROM Opportunity)",
            "B",
        ),
        (
            "Id NOT IN (SELECT AccountId FROM Contact) AND "
            "Id NOT IN (SELECT AccountId FROM Opportunity)",
            "D",
        ),
        ("Name > 'A' AND Id IN (SELECT AccountId FROM Contact WHERE CreatedDate = TODAY)", "B"),
    ],
)
def test_accounts_by_what_leads_to_them(accounts: Client, where: str, found: str) -> None:
    names = accounts.names(f"SELECT Name FROM Account WHERE {where} ORDER BY Name")
    assert "".join(names) == found


def test_lookups_by_lookups(accounts: Client) -> None:
    text = "SELECT LastName FROM Contact WHERE AccountId {} (SELECT AccountId FROM Opportunity) "
    text += "ORDER BY LastName"
    shared = accounts.query(text.format("IN"))
    assert [one["LastName"] for one in shared] == ["of B"]
    others = accounts.query(text.format("NOT IN"))
    assert [one["LastName"] for one in others] == ["of A", "of none"]


def test_deleted_records_count_for_query_all(accounts: Client) -> None:
    text = "SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Contact) ORDER BY Name"
    records = accounts.get("queryAll", q=text).json()["records"]
    assert [one["Name"] for one in records] == ["A", "B", "D"]


def test_a_subquery_for_children_may_have_one(accounts: Client) -> None:
    (account,) = accounts.query(
        "SELECT (SELECT Name FROM Opportunities WHERE AccountId IN (SELECT AccountId FROM Contact))"
        " FROM Account WHERE Name = 'B'"
    )
    assert account["Opportunities"]["totalSize"] == 1


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            "Name IN (SELECT Id FROM Contact)",
            "The left operand field in the where expression for outer query should be an id field, "
            "cannot use: 'Name'",
        ),
        (
            "Id IN (SELECT LastName FROM Contact)",
            "semi join sub-selects can only query id fields, cannot use: 'LastName'",
        ),
        (
            "Id IN (SELECT Id FROM Contact)",
            "The selected field 'Id' in the subquery and the left operand field in the where "
            "expression in the outer query 'Id' should point to the same object type",
        ),
        (
            "Id IN (SELECT ParentId FROM Account)",
            "The inner and outer selects should not be on the same object type",
        ),
        (
            "Name = 'x' OR Id IN (SELECT AccountId FROM Contact)",
            "Semi join sub-selects are not allowed with the 'OR' operator",
        ),
        (
            "Name = 'x' AND (Name = 'y' OR Id IN (SELECT AccountId FROM Contact))",
            "Semi join sub-selects are only allowed at the top level WHERE expressions and not in "
            "nested WHERE expressions.",
        ),
        (
            "(NOT Id IN (SELECT AccountId FROM Contact))",
            "Semi join sub-selects are only allowed at the top level WHERE expressions and not in "
            "nested WHERE expressions.",
        ),
        (
            " AND ".join(["Id IN (SELECT AccountId FROM Contact)"] * 3),
            "Maximum 2 semi join sub-selects are allowed",
        ),
        (
            "Id IN (SELECT AccountId FROM Contact WHERE ReportsToId IN "
            "(SELECT PrimaryContactId FROM Opportunity))",
            "Nesting of semi join sub-selects is not supported",
        ),
        (
            "Id IN (SELECT AccountId FROM Contact LIMIT 1)",
            "Semi join sub-selects cannot have ORDER BY, LIMIT, OFFSET or GROUP BY",
        ),
        (
            "Id IN (SELECT AccountId, Id FROM Contact)",
            "Semi join sub-selects have to select exactly one field",
        ),
        (
            "Owner.ManagerId IN (SELECT OwnerId FROM Contact)",
            "The left operand 'Owner.ManagerId' cannot have more than one level of relationships",
        ),
    ],
)
def test_what_no_semi_join_can_be(accounts: Client, where: str, message: str) -> None:
    code, found = accounts.refused(f"SELECT Id FROM Account WHERE {where}")
    assert (code, found.split("\n")[-1]) == ("MALFORMED_QUERY", message)


def test_none_in_having(accounts: Client) -> None:
    code, message = accounts.refused(
        "SELECT ParentId FROM Account GROUP BY ParentId "
        "HAVING ParentId IN (SELECT AccountId FROM Contact)"
    )
    assert code == "MALFORMED_QUERY"
    assert message.endswith("Semi join sub-selects are not supported in HAVING")
