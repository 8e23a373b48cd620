"""SOQL over HTTP, on a handful of records that tell the cases apart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client


@pytest.fixture(scope="module")
def people() -> Iterator[Client]:
    """Ada and Bob at Ähre, Cyd without an account, Dan deleted."""
    with start_in_thread(Options()) as org:
        client = Client(org)
        parent = client.create("Account", Name="Group", ExternalId__c="G")
        money = {"AnnualRevenue": 10.25, "NumberOfEmployees": 7}
        account = {"Name": "Ähre", "ExternalId__c": "A1", "ParentId": parent, **money}
        account_id = client.create("Account", **account)
        rows = [
            {"FirstName": "Ada", "Email": "ada@example.com", "Birthdate": "1990-05-01"},
            {"FirstName": "bob", "DoNotCall": True, "Birthdate": "2000-01-31"},
        ]
        for row in rows:
            client.create("Contact", LastName="L_1", AccountId=account_id, **row)
        client.create("Contact", FirstName="Cyd", LastName="50%")
        gone = client.create("Contact", FirstName="Dan", LastName="x")
        client.call("DELETE", f"sobjects/Contact/{gone}")
        yield client
        client.close()


def who(people: Client, where: str) -> str:
    """Return the initials of the contacts that a condition finds."""
    records = people.query(f"SELECT FirstName FROM Contact WHERE {where} ORDER BY FirstName")
    return "".join(record["FirstName"][0] for record in records)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("FirstName = 'ADA'", "A"),
        ("FirstName != 'ada'", "bC"),
        ("Email != 'ada@example.com'", "bC"),
        ("Email = null", "bC"),
        ("Email != NULL", "A"),
        ("FirstName > 'B'", "bC"),
        ("FirstName <= 'BOB'", "Ab"),
        ("FirstName LIKE '_D%'", "A"),
        ("FirstName LIKE '%D'", "C"),
        ("(NOT Email LIKE 'ada%')", "bC"),
        (r"LastName LIKE 'L\_%'", "Ab"),
        (r"LastName LIKE '%\%'", "C"),
        ("FirstName IN ('bob', 'CYD')", "bC"),
        ("FirstName NOT IN ('bob')", "AC"),
        ("Email IN (null, 'x')", "bC"),
        ("Email NOT IN ('ada@example.com')", "bC"),
        ("DoNotCall = true", "b"),
        ("DoNotCall != TRUE", "AC"),
        ("Birthdate = 1990-05-01", "A"),
        ("Birthdate > 1990-05-01", "b"),
        ("Birthdate != 1990-05-01", "bC"),
        ("Birthdate < TODAY", "Ab"),
        ("CreatedDate = TODAY", "AbC"),
        ("CreatedDate > TODAY", ""),
        ("CreatedDate >= LAST_N_DAYS:2 AND CreatedDate < 2999-01-01T00:00:00Z", "AbC"),
        ("SystemModstamp < 2020-01-01T00:00:00.000+02:00", ""),
        ("Account.Name = 'ÄHRE'", "Ab"),
        ("Account.Name != 'ähre'", "C"),
        ("Account.Name = null", "C"),
        ("Account.Parent.Name = 'group'", "Ab"),
        ("Account.AnnualRevenue >= 10.25", "Ab"),
        ("Account.NumberOfEmployees IN (7, 8)", "Ab"),
        ("Contact.FirstName = 'Ada' OR (FirstName = 'Bob' AND DoNotCall = true)", "Ab"),
        ("NOT (FirstName = 'Ada' OR FirstName = 'Bob')", "C"),
        ("NOT NOT FirstName = 'Ada'", "A"),
        ("Owner.Name = 'Integration User'", "AbC"),
    ],
)
def test_conditions(people: Client, where: str, found: str) -> None:
    assert who(people, where) == found


def test_parents_are_nested_and_absent_ones_are_null(people: Client) -> None:
    ada, cyd = people.query(
        "select firstname, Account.EXTERNALID__C, Account.Parent.Name, Account.Id from CONTACT c "
        "where c.FirstName in ('Ada', 'Cyd') order by c.Account.Name nulls last"
    )
    assert list(ada) == ["attributes", "FirstName", "Account"]
    assert ada["attributes"]["type"] == "Contact"
    account = ada["Account"]
    assert list(account) == ["attributes", "ExternalId__c", "Parent", "Id"]
    assert account["attributes"] == {
        "type": "Account",
        "url": f"/services/data/v60.0/sobjects/Account/{account['Id']}",
    }
    assert account["Parent"]["Name"] == "Group"
    assert cyd["Account"] is None


def test_a_polymorphic_parent_tells_its_type(people: Client) -> None:
    record_id = people.create("Case", Subject="x")
    (case,) = people.query(f"SELECT Owner.Name, Owner.Type FROM Case WHERE Id = '{record_id}'")
    assert case["Owner"]["Name"] == "Integration User"
    assert case["Owner"]["Type"] == case["Owner"]["attributes"]["type"] == "User"


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("FirstName", "AbC"),
        ("FirstName DESC", "CbA"),
        ("Birthdate, FirstName", "CAb"),
        ("Birthdate DESC", "CbA"),
        ("Birthdate DESC NULLS LAST", "bAC"),
        ("Account.Name ASC NULLS LAST, FirstName DESC", "bAC"),
        ("FirstName LIMIT 2", "Ab"),
        ("FirstName LIMIT 1 OFFSET 1", "b"),
        ("FirstName OFFSET 2", "C"),
    ],
)
def test_order_and_limits(people: Client, order: str, found: str) -> None:
    records = people.query(f"SELECT FirstName FROM Contact ORDER BY {order}")
    assert "".join(record["FirstName"][0] for record in records) == found


def test_counts_and_aggregates(people: Client) -> None:
    assert people.get("query", q="SELECT count() FROM Contact").json() == {
        "totalSize": 3,
        "done": True,
        "records": [],
    }
    assert people.get("queryAll", q="SELECT COUNT() FROM Contact").json()["totalSize"] == 4
    assert people.get("query", q="SELECT COUNT() FROM Contact LIMIT 2").json()["totalSize"] == 2
    assert people.query("select count(Email), max(Birthdate) latest, count(Id) from Contact") == [
        {
            "attributes": {"type": "AggregateResult"},
            "expr0": 1,
            "latest": "2000-01-31",
            "expr1": 3,
        }
    ]


def test_fields_stands_for_many(people: Client) -> None:
    (every,) = people.query("SELECT FIELDS(ALL) FROM Account WHERE Name = 'Group' LIMIT 200")
    assert every["ExternalId__c"] == "G"
    assert every["BillingAddress"] is None
    (custom,) = people.query("SELECT FIELDS(CUSTOM) FROM Account WHERE Name = 'Group' LIMIT 1")
    assert list(custom) == ["attributes", "ExternalId__c"]
    (standard,) = people.query("SELECT FIELDS(STANDARD) FROM Account WHERE Name = 'Group'")
    assert "ExternalId__c" not in standard
    code, message = people.refused("SELECT FIELDS(ALL) FROM Account")
    assert code == "MALFORMED_QUERY"
    assert "LIMIT of at most 200" in message


def test_deleted_records_are_seen_by_query_all_alone(people: Client) -> None:
    text = "SELECT FirstName FROM Contact WHERE IsDeleted = true"
    assert people.query(text) == []
    (dan,) = people.get("queryAll", q=text).json()["records"]
    assert dan["FirstName"] == "Dan"


@pytest.mark.parametrize(
    ("text", "code", "column", "message"),
    [
        (
            "SELECT Foo FROM Contact",
            "INVALID_FIELD",
            8,
            "No such column 'Foo' on entity 'Contact'.",
        ),
        (
            "SELECT Account.Foo FROM Contact",
            "INVALID_FIELD",
            8,
            "No such column 'Foo' on entity 'Account'.",
        ),
        ("SELECT Id FROM Foo", "INVALID_TYPE", 16, "sObject type 'Foo' is not supported."),
        (
            "SELECT Foo.Name FROM Contact",
            "INVALID_FIELD",
            8,
            "Didn't understand relationship 'Foo' in field path.",
        ),
        (
            "SELECT Id FROM Contact WHERE FirstName = 7",
            "INVALID_FIELD",
            42,
            "value of filter criterion for field 'FirstName' must be of type string and should be "
            "enclosed in quotes",
        ),
        (
            "SELECT Id FROM Account WHERE AnnualRevenue = '7'",
            "INVALID_FIELD",
            46,
            "value of filter criterion for field 'AnnualRevenue' must be of type currency and "
            "should not be enclosed in quotes",
        ),
        (
            "SELECT Id FROM Contact WHERE CreatedDate > 2026-01-01",
            "INVALID_FIELD",
            44,
            "value of filter criterion for field 'CreatedDate' must be of type dateTime and",
        ),
        (
            "SELECT Id FROM Contact WHERE Description = 'x'",
            "INVALID_FIELD",
            30,
            "field 'Description' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Contact ORDER BY Description",
            "INVALID_FIELD",
            33,
            "field 'Description' can not be sorted in a query call",
        ),
        ("SELECT Id, id FROM Contact", "MALFORMED_QUERY", 12, "duplicate field selected: id"),
        (
            "SELECT Id FROM Contact WHERE DoNotCall > true",
            "INVALID_FIELD",
            42,
            "invalid operator on boolean field",
        ),
        (
            "SELECT Id FROM Contact WHERE Birthdate = SOON",
            "MALFORMED_QUERY",
            42,
            "unexpected token: 'SOON'",
        ),
        ("SELECT Id FROM Contact ALL ROWS", "MALFORMED_QUERY", 24, "ALL ROWS not allowed"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_with_its_place(
    people: Client, text: str, code: str, column: int, message: str
) -> None:
    found_code, found = people.refused(text)
    assert found_code == code
    place = f"\n{text}\n{' ' * (column - 1)}^\nERROR at Row:1:Column:{column}\n"
    assert found.startswith(place + message)


def test_other_refusals(people: Client) -> None:
    assert people.refused("")[0] == "MALFORMED_QUERY"
    code, _ = people.refused("SELECT Id FROM Contact OFFSET 2001")
    assert code == "NUMBER_OUTSIDE_VALID_RANGE"
    assert people.refused("SELECT Id FROM Contact LIMIT 99999999999999999999")[0]


def test_long_conditions_are_no_trouble(people: Client) -> None:
    many = " OR ".join(f"LastName = 'x{n}'" for n in range(1500))
    assert who(people, f"FirstName = 'Ada' OR {many}") == "A"
    values = ",".join(["'x'"] * 2000)
    assert who(people, f"FirstName IN ({values}, 'ada')") == "A"
    assert who(people, f"AccountId != null AND Account.NumberOfEmployees IN ({'7,' * 2000} 8)") == (
        "Ab"
    )


def nested(levels: int, width: int) -> str:
    condition = "FirstName = 'Ada'"
    for level in range(levels):
        word = "AND" if level % 2 else "OR"
        other = "LastName != 'y'" if level % 2 else "LastName = 'y'"
        condition = f"({f' {word} '.join([other] * width)} {word} ({condition}))"
    return condition


def test_conditions_may_be_nested_and_wide(people: Client) -> None:
    assert who(people, nested(18, 2)) == "A"
    assert who(people, nested(9, 40)) == "A"


@pytest.mark.parametrize("levels", [30, 100, 300, 1000, 3000])
def test_conditions_that_are_nested_too_deeply_are_refused(people: Client, levels: int) -> None:
    for condition in (nested(min(levels, 1000), 1), f"{'NOT ' * levels} FirstName = 'x'"):
        text = f"SELECT Id FROM Contact WHERE {condition}"
        assert people.refused(text)[0] == "QUERY_TOO_COMPLICATED"


def test_columns_and_values_cannot_break_out(people: Client) -> None:
    assert who(people, r"LastName = 'x\' OR \'1\'=\'1'") == ""
    assert people.refused('SELECT Id FROM "Contact"')[0] == "MALFORMED_QUERY"
