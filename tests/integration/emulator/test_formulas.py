"""Formula fields: stored when a record is saved, and when a parent they read changes."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import Automation, Options, start_in_thread
from tests.integration.emulator.conftest import Client
from tests.support.taught import computed, describe, taught

STAMPS = "LastModifiedDate, SystemModstamp"


def test_formula_of_own_fields_is_stored_at_each_save(tmp_path: Path) -> None:
    automation = Automation()
    automation.formula("Contact", "Greeting__c", "'Dear ' & FirstName & ' ' & LastName")
    with taught(tmp_path, automation, Contact=[computed("Greeting__c")]) as org:
        client = Client(org)
        contact = client.create("Contact", FirstName="Ada", LastName="Byron")
        query = "SELECT Greeting__c FROM Contact WHERE Greeting__c LIKE 'Dear%'"
        assert client.query(query)[0]["Greeting__c"] == "Dear Ada Byron"
        client.call("PATCH", f"sobjects/Contact/{contact}", json={"LastName": "King"})
        assert client.query(query)[0]["Greeting__c"] == "Dear Ada King"
        client.close()


def test_formula_field_is_not_writable(tmp_path: Path) -> None:
    automation = Automation()
    automation.formula("Contact", "Greeting__c", "LastName")
    with taught(tmp_path, automation, Contact=[computed("Greeting__c")]) as org:
        client = Client(org)
        error = client.row_error("Contact", LastName="Byron", Greeting__c="x")
        assert error["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
        client.close()


def test_changed_parent_changes_formulas_without_moving_stamps(tmp_path: Path) -> None:
    automation = Automation()
    automation.formula("Contact", "AccountName__c", "Account.Name & ' / ' & LastName")
    automation.formula("Contact", "Length__c", "LEN(AccountName__c)")
    fields = [computed("Length__c", "double", precision=18), computed("AccountName__c")]
    with taught(tmp_path, automation, Contact=fields) as org:
        client = Client(org)
        account = client.create("Account", Name="A")
        client.create("Contact", LastName="Byron", AccountId=account)
        stamps = client.query(f"SELECT {STAMPS} FROM Contact")
        client.call("PATCH", f"sobjects/Account/{account}", json={"Name": "Acme"})
        (found,) = client.query("SELECT AccountName__c, Length__c FROM Contact")
        assert (found["AccountName__c"], found["Length__c"]) == ("Acme / Byron", 12.0)
        assert client.query(f"SELECT {STAMPS} FROM Contact") == stamps
        client.close()


def test_formula_reaches_grandparents(tmp_path: Path) -> None:
    automation = Automation()
    automation.formula("Contact", "Top__c", "Account.Parent.Name")
    with taught(tmp_path, automation, Contact=[computed("Top__c")]) as org:
        client = Client(org)
        top = client.create("Account", Name="Top")
        other = client.create("Account", Name="Other")
        account = client.create("Account", Name="A", ParentId=top)
        client.create("Contact", LastName="Byron", AccountId=account)
        query = "SELECT Top__c FROM Contact"
        assert client.query(query)[0]["Top__c"] == "Top"
        client.call("PATCH", f"sobjects/Account/{top}", json={"Name": "Higher"})
        assert client.query(query)[0]["Top__c"] == "Higher"
        client.call("PATCH", f"sobjects/Account/{account}", json={"ParentId": other})
        assert client.query(query)[0]["Top__c"] == "Other"
        client.call("DELETE", f"sobjects/Account/{other}")
        assert client.query(query)[0]["Top__c"] is None
        client.close()


def test_function_formula_follows_its_parents(tmp_path: Path) -> None:
    automation = Automation()

    @automation.formula("Contact", "Told__c", uses=["Account.Phone"])
    def told(record: Any) -> str:
        return f"{record['Account']['Phone']} {record['LastName']}"

    @automation.formula("Contact", "Any__c")
    def anything(record: Any) -> Any:
        return record["Account"]["Industry"]

    fields = [computed("Told__c"), computed("Any__c")]
    with taught(tmp_path, automation, Contact=fields) as org:
        client = Client(org)
        account = client.create("Account", Name="A", Phone="1")
        client.create("Contact", LastName="Byron", AccountId=account)
        change = {"Phone": "2", "Industry": "Banking"}
        client.call("PATCH", f"sobjects/Account/{account}", json=change)
        (found,) = client.query("SELECT Told__c, Any__c FROM Contact")
        assert (found["Told__c"], found["Any__c"]) == ("2 Byron", "Banking")
        client.close()


def test_described_formula_is_used_and_others_are_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fields = [
        computed("Twice__c", "double", precision=18, scale=1, calculatedFormula="Amount * 2"),
        computed(
            "Zero__c",
            "double",
            precision=18,
            calculatedFormula="Amount + 1",
            formulaTreatNullNumberAsZero=True,
        ),
        computed("Odd__c", calculatedFormula="VLOOKUP(Name)"),
    ]
    with (
        caplog.at_level(logging.INFO, logger="connectsql.emulator"),
        taught(tmp_path, None, Opportunity=fields) as org,
    ):
        client = Client(org)
        told = {"Name": "O", "StageName": "Prospecting", "CloseDate": "2026-01-01"}
        client.create("Opportunity", **told, Amount=1.25)
        client.create("Opportunity", **told)
        query = "SELECT Twice__c, Zero__c, Odd__c FROM Opportunity ORDER BY Amount"
        found = [(one["Twice__c"], one["Zero__c"], one["Odd__c"]) for one in client.query(query)]
        assert found == [(None, 1.0, None), (2.5, 2.0, None)]
        client.close()
    assert "Opportunity.Odd__c (there is no function VLOOKUP here)" in caplog.text


def test_seeded_records_have_their_formulas(tmp_path: Path) -> None:
    automation = Automation()
    automation.formula("Contact", "AccountName__c", "Account.Name")
    options = Options(
        describe=describe(tmp_path, Contact=[computed("AccountName__c")]),
        automation=automation,
        seed_records={"Account": 3, "Contact": 6},
    )
    with start_in_thread(options) as org:
        client = Client(org)
        found = client.query("SELECT AccountName__c, Account.Name FROM Contact")
        assert [one["AccountName__c"] for one in found] == [one["Account"]["Name"] for one in found]
        client.close()


def test_formula_of_today_is_never_older_than_a_query(tmp_path: Path) -> None:
    moment = [datetime(2026, 3, 31, 23, 59, tzinfo=UTC)]
    automation = Automation()
    automation.formula("Account", "Today__c", "TODAY()")
    options = Options(
        describe=describe(tmp_path, Account=[computed("Today__c", "date")]), automation=automation
    )
    with start_in_thread(options, now=lambda: moment[0]) as org:
        client = Client(org)
        client.create("Account", Name="A")
        before = client.query(f"SELECT Today__c, {STAMPS} FROM Account")[0]
        moment[0] = datetime(2026, 4, 1, 0, 1, tzinfo=UTC)
        after = client.query(f"SELECT Today__c, {STAMPS} FROM Account")[0]
        assert (before["Today__c"], after["Today__c"]) == ("2026-03-31", "2026-04-01")
        assert before["SystemModstamp"] == after["SystemModstamp"]
        client.close()
