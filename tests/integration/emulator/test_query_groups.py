"""Aggregates, GROUP BY with its subtotals, and HAVING."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client


@pytest.fixture(scope="module")
def deals() -> Iterator[Client]:
    """Five opportunities of two accounts, in two years."""
    with start_in_thread(Options()) as org:
        client = Client(org)
        acme = client.create("Account", Name="Acme", NumberOfEmployees=7)
        zed = client.create("Account", Name="zed", NumberOfEmployees=3)
        rows: list[tuple[str, str, str, float | None, str | None]] = [
            ("a", "Prospecting", "2025-03-09", 10, acme),
            ("b", "Prospecting", "2025-12-31", 20.5, acme),
            ("C", "Closed Won", "2026-01-01", None, zed),
            ("D", "Closed Won", "2026-05-17", 5, zed),
            ("e", "Closed Won", "2026-05-18", 5, None),
        ]
        for name, stage, close, amount, account in rows:
            client.create(
                "Opportunity",
                Name=name,
                StageName=stage,
                CloseDate=close,
                Amount=amount,
                AccountId=account,
            )
        yield client
        client.close()


def test_sums_do_not_drift(fresh: Client) -> None:
    for n in range(10):
        fresh.create("Account", Name=f"{n}", AnnualRevenue=0.1)
    (row,) = fresh.query("SELECT SUM(AnnualRevenue) total, AVG(AnnualRevenue) mean FROM Account")
    assert (row["total"], row["mean"]) == (1.0, 0.1)


def rows(client: Client, text: str) -> list[tuple[Any, ...]]:
    return [tuple(record.values())[1:] for record in client.query(text)]


def test_a_row_for_each_group(deals: Client) -> None:
    text = (
        "SELECT StageName, COUNT(Id), SUM(Amount) total, COUNT(Amount) FROM Opportunity "
        "GROUP BY stagename ORDER BY StageName"
    )
    answer = deals.get("query", q=text).json()
    assert answer == {
        "totalSize": 2,
        "done": True,
        "records": [
            {
                "attributes": {"type": "AggregateResult"},
                "StageName": "Closed Won",
                "expr0": 3,
                "total": 10.0,
                "expr1": 2,
            },
            {
                "attributes": {"type": "AggregateResult"},
                "StageName": "Prospecting",
                "expr0": 2,
                "total": 30.5,
                "expr1": 2,
            },
        ],
    }


def test_a_parents_field_is_called_by_its_own_name(deals: Client) -> None:
    records = deals.query(
        "SELECT Account.Name, COUNT(Id) n FROM Opportunity GROUP BY Account.Name "
        "ORDER BY Account.Name NULLS LAST"
    )
    assert [(one["Name"], one["n"]) for one in records] == [("Acme", 2), ("zed", 2), (None, 1)]


@pytest.mark.parametrize(
    ("aggregate", "value"),
    [
        ("COUNT(Id)", 5),
        ("COUNT(Amount)", 4),
        ("COUNT_DISTINCT(Amount)", 3),
        ("COUNT_DISTINCT(StageName)", 2),
        ("SUM(Amount)", 40.5),
        ("AVG(Amount)", 10.125),
        ("MIN(Name)", "a"),
        ("MAX(Name)", "e"),
        ("MIN(CloseDate)", "2025-03-09"),
        ("MAX(Amount)", 20.5),
        ("SUM(Account.NumberOfEmployees)", 20),
        ("FORMAT(MAX(CloseDate))", "5/18/2026"),
        ("FORMAT(MAX(Amount))", "$20.50"),
    ],
)
def test_aggregates_of_all_rows(deals: Client, aggregate: str, value: Any) -> None:
    ((found,),) = rows(deals, f"SELECT {aggregate} FROM Opportunity")
    assert found == value
    assert type(found) is type(value)


def test_no_rows_are_one_group_without_keys_and_none_with(deals: Client) -> None:
    where = "FROM Opportunity WHERE Name = 'nobody'"
    assert rows(deals, f"SELECT COUNT(Id), SUM(Amount) {where}") == [(0, None)]
    assert rows(deals, f"SELECT Name, COUNT(Id) {where} GROUP BY Name") == []
    assert rows(deals, f"SELECT Name, COUNT(Id) {where} GROUP BY ROLLUP(Name)") == []
    assert rows(deals, f"SELECT Name {where} GROUP BY ROLLUP(Name)") == []


def test_groups_need_no_aggregate(deals: Client) -> None:
    text = "SELECT StageName FROM Opportunity GROUP BY StageName ORDER BY StageName DESC"
    assert rows(deals, text) == [("Prospecting",), ("Closed Won",)]


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("CALENDAR_YEAR", [(2025, 2), (2026, 3)]),
        ("FISCAL_YEAR", [(2025, 2), (2026, 3)]),
        ("CALENDAR_QUARTER", [(1, 2), (2, 2), (4, 1)]),
        ("FISCAL_QUARTER", [(1, 2), (2, 2), (4, 1)]),
        ("CALENDAR_MONTH", [(1, 1), (3, 1), (5, 2), (12, 1)]),
        ("FISCAL_MONTH", [(1, 1), (3, 1), (5, 2), (12, 1)]),
        ("DAY_IN_MONTH", [(1, 1), (9, 1), (17, 1), (18, 1), (31, 1)]),
        ("DAY_IN_WEEK", [(1, 2), (2, 1), (4, 1), (5, 1)]),
        ("DAY_IN_YEAR", [(1, 1), (68, 1), (137, 1), (138, 1), (365, 1)]),
        ("WEEK_IN_MONTH", [(1, 1), (2, 1), (3, 2), (5, 1)]),
        ("WEEK_IN_YEAR", [(1, 1), (10, 1), (20, 2), (53, 1)]),
    ],
)
def test_groups_by_parts_of_dates(deals: Client, part: str, found: list[tuple[int, int]]) -> None:
    call = f"{part}(CloseDate)"
    text = f"SELECT {call}, COUNT(Id) FROM Opportunity GROUP BY {call} ORDER BY {call}"
    assert rows(deals, text) == found


def test_groups_by_parts_of_datetimes(deals: Client) -> None:
    ((day, created),) = rows(
        deals, "SELECT DAY_ONLY(CreatedDate) d, MAX(CreatedDate) FROM Opportunity "
        "GROUP BY DAY_ONLY(CreatedDate)"
    )  # fmt: skip
    assert created.startswith(day + "T")
    ((hour, count),) = rows(
        deals,
        "SELECT HOUR_IN_DAY(convertTimezone(CreatedDate)), COUNT(Id) FROM Opportunity "
        "WHERE Name = 'a' GROUP BY HOUR_IN_DAY(convertTimezone(CreatedDate))",
    )
    assert (f"{hour:02}", count) == (created[11:13], 1)


@pytest.mark.parametrize(
    ("having", "found"),
    [
        ("COUNT(Id) > 2", ["Closed Won"]),
        ("COUNT(Id) = 2 OR SUM(Amount) < 11", ["Closed Won", "Prospecting"]),
        ("StageName LIKE 'pro%'", ["Prospecting"]),
        ("MIN(Name) = 'A'", ["Prospecting"]),
        ("MAX(CloseDate) > 2026-01-01 AND (NOT AVG(Amount) > 6)", ["Closed Won"]),
        ("SUM(Amount) = null", []),
    ],
)
def test_having(deals: Client, having: str, found: list[str]) -> None:
    text = (
        f"SELECT StageName FROM Opportunity GROUP BY StageName HAVING {having} ORDER BY StageName"
    )
    assert [name for (name,) in rows(deals, text)] == found


@pytest.mark.parametrize(
    "order", ["COUNT(Id) DESC", "n DESC", "StageName", "MAX(CloseDate) DESC", "SUM(Amount)"]
)
def test_groups_in_the_order_of_aggregates_and_aliases(deals: Client, order: str) -> None:
    text = f"SELECT StageName s, COUNT(Id) n FROM Opportunity GROUP BY StageName ORDER BY {order}"
    assert [name for name, _ in rows(deals, text)] == ["Closed Won", "Prospecting"]
    assert rows(deals, f"{text} LIMIT 1 OFFSET 1") == [("Prospecting", 2)]


def test_subtotals_from_right_to_left(deals: Client) -> None:
    text = (
        "SELECT StageName, Account.Name, COUNT(Id), GROUPING(StageName) s, GROUPING(Account.Name) a"
        " FROM Opportunity GROUP BY ROLLUP(StageName, Account.Name)"
    )
    assert rows(deals, text) == [
        ("Closed Won", "zed", 2, 0, 0),
        ("Closed Won", None, 1, 0, 0),
        ("Closed Won", None, 3, 0, 1),
        ("Prospecting", "Acme", 2, 0, 0),
        ("Prospecting", None, 2, 0, 1),
        (None, None, 5, 1, 1),
    ]


def test_subtotals_need_no_aggregate(deals: Client) -> None:
    text = "SELECT GROUPING(StageName) s, StageName FROM Opportunity GROUP BY ROLLUP(StageName)"
    assert rows(deals, text) == [(0, "Closed Won"), (0, "Prospecting"), (1, None)]
    text = "SELECT StageName FROM Opportunity GROUP BY CUBE(StageName) HAVING COUNT(Id) > 2"
    assert rows(deals, text) == [("Closed Won",), (None,)]


def test_subtotals_of_every_combination(deals: Client) -> None:
    text = (
        "SELECT StageName, CALENDAR_YEAR(CloseDate) y, COUNT(Id) n FROM Opportunity "
        "GROUP BY CUBE(StageName, CALENDAR_YEAR(CloseDate)) "
        "ORDER BY GROUPING(StageName), StageName, CALENDAR_YEAR(CloseDate) NULLS LAST"
    )
    assert rows(deals, text) == [
        ("Closed Won", 2026, 3),
        ("Closed Won", None, 3),
        ("Prospecting", 2025, 2),
        ("Prospecting", None, 2),
        (None, 2025, 2),
        (None, 2026, 3),
        (None, None, 5),
    ]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            "SELECT Name, COUNT(Id) FROM Opportunity",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: Name",
        ),
        (
            "SELECT Name, COUNT(Id) FROM Opportunity GROUP BY StageName",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: Name",
        ),
        (
            "SELECT StageName FROM Opportunity GROUP BY StageName ORDER BY Name",
            "MALFORMED_QUERY",
            "Ordered field must be grouped or aggregated: Name",
        ),
        (
            "SELECT StageName, COUNT(StageName) FROM Opportunity GROUP BY StageName",
            "MALFORMED_QUERY",
            "Grouped field should not be aggregated: StageName",
        ),
        (
            "SELECT COUNT(Id) n, MAX(Name) N FROM Opportunity",
            "MALFORMED_QUERY",
            "duplicate alias: N",
        ),
        (
            "SELECT COUNT(Id) FROM Opportunity LIMIT 1",
            "MALFORMED_QUERY",
            "Non-grouped query that uses overall aggregate functions cannot also use LIMIT",
        ),
        (
            "SELECT Amount FROM Opportunity GROUP BY Amount",
            "INVALID_FIELD",
            "field 'Amount' can not be grouped in a query call",
        ),
        (
            "SELECT SUM(Name) FROM Opportunity",
            "MALFORMED_QUERY",
            "field Name does not support aggregate operator SUM",
        ),
        (
            "SELECT COUNT(IsClosed) FROM Opportunity",
            "MALFORMED_QUERY",
            "field IsClosed does not support aggregate operator COUNT",
        ),
        (
            "SELECT Id FROM Opportunity WHERE COUNT(Id) > 1",
            "MALFORMED_QUERY",
            "the aggregate COUNT(Id) can be used in SELECT, HAVING and ORDER BY alone",
        ),
        (
            "SELECT CALENDAR_YEAR(Name) FROM Opportunity GROUP BY CALENDAR_YEAR(Name)",
            "INVALID_FIELD",
            "field Name does not support date function CALENDAR_YEAR",
        ),
        (
            "SELECT COUNT(Id) FROM Opportunity GROUP BY ROLLUP(Name), StageName",
            "MALFORMED_QUERY",
            "GROUP BY ROLLUP cannot be combined with other fields",
        ),
        (
            "SELECT COUNT(Id) FROM Opportunity GROUP BY CUBE(Name, StageName, Type, NextStep)",
            "MALFORMED_QUERY",
            "GROUP BY CUBE takes at most 3 fields",
        ),
        (
            "SELECT GROUPING(Name), COUNT(Id) FROM Opportunity GROUP BY Name",
            "MALFORMED_QUERY",
            "GROUPING is for the fields of GROUP BY ROLLUP and GROUP BY CUBE: GROUPING(Name)",
        ),
        (
            "SELECT COUNT(Id) FROM Opportunity GROUP BY Name HAVING StageName = 'x'",
            "MALFORMED_QUERY",
            "Field must be grouped or aggregated: StageName",
        ),
        (
            "SELECT Name FROM Opportunity HAVING COUNT(Id) > 1",
            "MALFORMED_QUERY",
            "unexpected token: 'COUNT'",
        ),
    ],
)
def test_what_no_group_can_be(deals: Client, text: str, code: str, message: str) -> None:
    found_code, found = deals.refused(text)
    assert (found_code, found.split("\n")[-1]) == (code, message)


def test_groups_are_never_paged(fresh: Client) -> None:
    rows = [
        {"attributes": {"type": "Lead"}, "LastName": f"{n}", "Company": "x"} for n in range(201)
    ]
    for start in range(0, len(rows), 200):
        fresh.collection("POST", "", rows[start : start + 200])
    text = "SELECT LastName, COUNT(Id) FROM Lead GROUP BY LastName"
    headers = {"Sforce-Query-Options": "batchSize=200"}
    answer = fresh.call("GET", "query", params={"q": text}, headers=headers)
    assert answer.status_code == 400
    assert answer.json() == [
        {
            "message": "Aggregate query does not support queryMore(), use LIMIT to restrict the "
            "results to a single batch",
            "errorCode": "EXCEEDED_ID_LIMIT",
        }
    ]
    limited = fresh.call("GET", "query", params={"q": f"{text} LIMIT 200"}, headers=headers)
    assert limited.json()["totalSize"] == 200
