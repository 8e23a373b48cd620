"""Seeded records: believable, whole, and the same for the same seed."""

from __future__ import annotations

from typing import Any

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

COUNTS = {"Contact": 120, "Account": 40, "Opportunity": 30, "Case": 10, "Lead": 10, "User": 2}


def seeded(seed: int) -> dict[str, list[dict[str, Any]]]:
    with start_in_thread(Options(seed_records=COUNTS, seed=seed)) as org:
        client = Client(org)
        found = {
            name: client.query(f"SELECT FIELDS(ALL) FROM {name} ORDER BY Id LIMIT 200")
            for name in COUNTS
        }
        client.close()
    return found


def test_the_same_seed_gives_the_same_records() -> None:
    one, two, other = seeded(1), seeded(1), seeded(2)
    del one["User"], two["User"]  # the integration user is as old as the org
    assert one == two
    assert one["Account"] != other["Account"]


def test_seeded_records_hang_together() -> None:
    found = seeded(1)
    assert {name: len(records) for name, records in found.items()} == COUNTS | {"User": 3}
    accounts = {record["Id"] for record in found["Account"]}
    parents = {record["AccountId"] for record in found["Contact"]}
    assert parents == accounts
    for name in ("Account", "Contact", "Opportunity", "Case", "Lead"):
        keys = [record["ExternalId__c"] for record in found[name]]
        assert len(set(keys)) == COUNTS[name]
        assert None not in keys


def test_seeded_values_are_of_all_kinds() -> None:
    found = seeded(1)
    people = found["Contact"]
    assert any(not record["Name"].isascii() for record in people)
    assert all(record["Name"] == f"{record['FirstName']} {record['LastName']}" for record in people)
    assert {record["Email"] is None for record in people} == {True, False}
    revenues = [record["AnnualRevenue"] for record in found["Account"] if record["AnnualRevenue"]]
    assert any(revenue != int(revenue) for revenue in revenues)
    deals = found["Opportunity"]
    assert {deal["IsWon"] for deal in deals} == {True, False}
    assert all(deal["CloseDate"] and deal["StageName"] for deal in deals)
