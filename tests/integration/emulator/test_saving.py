"""What is checked, filled in and stamped when a record is saved."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import Options, start_in_thread
from tests.integration.emulator.conftest import Client
from tests.support.taught import describe, field

HOUSEHOLD = "012Em0000000001IAA"
FIELDS = [
    field("Color__c", "picklist", restrictedPicklist=True, picklistValues=[]),
    field("Tags__c", "multipicklist", length=4099, picklistValues=[]),
    field("Level__c", "int", digits=3),
    field("Rate__c", "double", precision=5, scale=2, defaultValueFormula="0.5 * 3"),
    field("Since__c", "date", defaultValueFormula="TODAY()"),
    field("Text__c", "string", defaultValueFormula="'a' & 'b'"),
    field("Flag__c", "boolean", nillable=False, defaultValue=True),
    field("Exact__c", "string", unique=True, caseSensitive=True, externalId=True),
    field("Loose__c", "string", unique=True, externalId=True),
    field("RecordTypeId", "reference", referenceTo=["RecordType"], label="Record Type ID"),
    field("CurrencyIsoCode", "picklist", picklistValues=[], nillable=False, defaultedOnCreate=True),
]


def picklist(*values: str, inactive: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return [
        {"value": one, "label": one, "active": one not in inactive, "defaultValue": False}
        for one in values
    ]


class Tick:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 5, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="module")
def tick() -> Tick:
    return Tick()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory, tick: Tick) -> Iterator[Client]:
    """A client of an org whose accounts have fields of every sort."""
    fields = copy.deepcopy(FIELDS)
    fields[0]["picklistValues"] = picklist("Red", "Blue", "Old", inactive=("Old",))
    fields[1]["picklistValues"] = picklist("one", "two", "three")
    fields[-1]["picklistValues"] = picklist("EUR", "USD")
    folder = describe(tmp_path_factory.mktemp("describes"), Account=fields)
    path = folder / "Account.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["recordTypeInfos"] = [
        {"recordTypeId": HOUSEHOLD, "defaultRecordTypeMapping": True, "available": True},
        {"recordTypeId": "012000000000000AAA", "master": True, "available": True},
    ]
    path.write_text(json.dumps(told), encoding="utf-8")
    with start_in_thread(Options(describe=folder), now=tick) as running:
        made = Client(running)
        yield made
        made.close()


def test_defaults_fill_what_is_left_out(own: Client) -> None:
    account = own.create("Account", Name="Defaults")
    names = "Rate__c, Since__c, Text__c, Flag__c, RecordTypeId, CurrencyIsoCode"
    (found,) = own.query(f"SELECT {names} FROM Account WHERE Id = '{account}'")
    del found["attributes"]
    assert found == {
        "Rate__c": 1.5,
        "Since__c": "2026-05-01",
        "Text__c": "ab",
        "Flag__c": True,
        "RecordTypeId": HOUSEHOLD,
        "CurrencyIsoCode": "EUR",
    }


def test_null_is_not_the_default(own: Client) -> None:
    account = own.create("Account", Name="Nulls", Text__c=None, Rate__c=None)
    (found,) = own.query(f"SELECT Text__c, Rate__c FROM Account WHERE Id = '{account}'")
    assert (found["Text__c"], found["Rate__c"]) == (None, None)


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        (
            {"Phone": "1" * 41},
            "STRING_TOO_LONG",
            f"data value too large: {'1' * 41} (max length=40)",
        ),
        (
            {"Color__c": "Old"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "bad value for restricted",
        ),
        ({"Color__c": "Pink"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "field: Pink"),
        ({"Level__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE", "value outside of valid range"),
        ({"Rate__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE", "value outside of valid range"),
        ({"Rate__c": "x"}, "JSON_PARSER_ERROR", "double from VALUE_STRING value x"),
        ({"Since__c": "2026-02-30"}, "JSON_PARSER_ERROR", "date from VALUE_STRING"),
        ({"Since__c": "1699-12-31"}, "FIELD_INTEGRITY_EXCEPTION", "invalid date: 1699-12-31"),
        ({"Since__c": "4001-01-01"}, "FIELD_INTEGRITY_EXCEPTION", "invalid date: 4001-01-01"),
        ({"Flag__c": "maybe"}, "JSON_PARSER_ERROR", "boolean from VALUE_STRING"),
        ({"Flag__c": None}, "INVALID_TYPE_ON_FIELD_IN_RECORD", "value not of required type"),
        ({"ParentId": "x"}, "MALFORMED_ID", "id value of incorrect type: x"),
        ({"ParentId": "003Em0000000001IAA"}, "FIELD_INTEGRITY_EXCEPTION", "incorrect type"),
        (
            {"ParentId": "001Em000000zzzz"},
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            "insufficient access rights on cross-reference id",
        ),
        ({"OwnerId": "005Em000000zzzz"}, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "access"),
        ({"RecordTypeId": "012Em0000000009IAA"}, "INVALID_CROSS_REFERENCE_KEY", "isn't valid for"),
        ({"CreatedDate": "2020-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "CreatedDate"),
        ({"BillingAddress": {}}, "INVALID_FIELD_FOR_INSERT_UPDATE", "BillingAddress"),
        ({"Foo": 1}, "INVALID_FIELD", "No such column 'Foo' on sobject of type Account"),
    ],
)
def test_wrong_value_is_refused(
    own: Client, fields: dict[str, Any], code: str, message: str
) -> None:
    error = own.row_error("Account", Name="Wrong", **fields)
    assert (error["errorCode"], message in error["message"]) == (code, True), error


def test_all_wrong_values_of_a_row_are_told(own: Client) -> None:
    body = {"Name": "Wrong", "Phone": "1" * 41, "Color__c": "Pink", "Level__c": 1000}
    answer = own.call("POST", "sobjects/Account", json=body)
    assert [(one["errorCode"], one["fields"]) for one in answer.json()] == [
        ("STRING_TOO_LONG", ["Phone"]),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Color__c"]),
        ("NUMBER_OUTSIDE_VALID_RANGE", ["Level__c"]),
    ]


def test_all_missing_fields_are_listed(own: Client) -> None:
    error = own.row_error("Opportunity", Amount=1)
    assert error["fields"] == ["Name", "StageName", "CloseDate"]
    assert error["message"] == "Required fields are missing: [Name, StageName, CloseDate]"


def test_required_field_cannot_be_emptied(own: Client) -> None:
    account = own.create("Account", Name="Kept")
    answer = own.call("PATCH", f"sobjects/Account/{account}", json={"Name": "  "})
    (error,) = answer.json()
    assert (error["errorCode"], error["fields"]) == ("REQUIRED_FIELD_MISSING", ["Name"])
    answer = own.call("PATCH", f"sobjects/Account/{account}", json={"OwnerId": None})
    assert answer.json()[0]["message"] == "Owner ID: owner cannot be blank"


def test_values_are_stored_as_the_org_spells_them(own: Client) -> None:
    account = own.create(
        "Account", Name=" Trimmed ", Phone="", Color__c="red", Tags__c="three; one;three"
    )
    names = "Name, Phone, Color__c, Tags__c"
    (found,) = own.query(f"SELECT {names} FROM Account WHERE Id = '{account}'")
    del found["attributes"]
    told = {"Name": "Trimmed", "Phone": None, "Color__c": "Red", "Tags__c": "one;three"}
    assert found == told


def test_unique_values_differ_by_case_only_where_case_counts(own: Client) -> None:
    first = own.create("Account", Name="A", Exact__c="Key", Loose__c="Straße")
    own.create("Account", Name="B", Exact__c="KEY")
    error = own.row_error("Account", Name="C", Loose__c="STRASSE")
    assert error["errorCode"] == "DUPLICATE_VALUE"
    expected = f"duplicate value found: Loose__c duplicates value on record with id: {first}"
    assert error["message"] == expected
    assert own.row_error("Account", Name="D", Exact__c="KEY")["fields"] == ["Exact__c"]


def test_unique_value_is_free_again_after_a_deletion(own: Client) -> None:
    first = own.create("Account", Name="A", Loose__c="again")
    own.call("DELETE", f"sobjects/Account/{first}")
    assert own.create("Account", Name="B", Loose__c="again") != first


def test_update_to_a_taken_value_is_refused(own: Client) -> None:
    own.create("Account", Name="A", Loose__c="taken")
    other = own.create("Account", Name="B", Loose__c="free")
    answer = own.call("PATCH", f"sobjects/Account/{other}", json={"Loose__c": "Taken"})
    assert answer.json()[0]["errorCode"] == "DUPLICATE_VALUE"
    answer = own.call("PATCH", f"sobjects/Account/{other}", json={"Loose__c": "FREE"})
    assert answer.status_code == 204


def test_lookup_to_a_record_deleted_in_the_same_transaction_is_refused(own: Client) -> None:
    account = own.create("Account", Name="Parent")
    contact = {"attributes": {"type": "Contact"}, "LastName": "A", "AccountId": account}
    assert own.collection("POST", "", [contact])[0]["success"]
    own.call("DELETE", f"sobjects/Account/{account}")
    (row,) = own.collection("POST", "", [contact])
    assert row["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"


def test_inactive_user_cannot_own(own: Client) -> None:
    (user,) = own.query("SELECT Id FROM User")
    own.call("PATCH", f"sobjects/User/{user['Id']}", json={"IsActive": False})
    error = own.row_error("Account", Name="A", OwnerId=user["Id"])
    own.call("PATCH", f"sobjects/User/{user['Id']}", json={"IsActive": True})
    assert error["errorCode"] == "INACTIVE_OWNER_OR_USER"
    assert error["message"].endswith("as owner of account")


def test_record_cannot_be_above_itself(own: Client) -> None:
    top = own.create("Account", Name="Top")
    middle = own.create("Account", Name="Middle", ParentId=top)
    low = own.create("Account", Name="Low", ParentId=middle)
    for account in (top, low):
        answer = own.call("PATCH", f"sobjects/Account/{top}", json={"ParentId": account})
        assert answer.json()[0]["errorCode"] == "CIRCULAR_DEPENDENCY"


def test_update_without_a_change_moves_the_stamps(own: Client, tick: Tick) -> None:
    account = own.create("Account", Name="Same")
    tick.now += timedelta(minutes=5)
    own.call("PATCH", f"sobjects/Account/{account}", json={"Name": "Same"})
    names = "CreatedDate, LastModifiedDate, SystemModstamp"
    (found,) = own.query(f"SELECT {names} FROM Account WHERE Id = '{account}'")
    assert found["LastModifiedDate"] == found["SystemModstamp"] != found["CreatedDate"]


def test_person_account_is_named_after_its_person(tmp_path: Path) -> None:
    fields = [
        field("IsPersonAccount", "boolean", createable=False, updateable=False, nillable=False),
        field("FirstName"),
        field("LastName"),
    ]
    folder = describe(tmp_path, Account=fields)
    path = folder / "Account.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    next(one for one in told["fields"] if one["name"] == "Name")["nillable"] = True
    path.write_text(json.dumps(told), encoding="utf-8")
    with start_in_thread(Options(describe=folder)) as running:
        client = Client(running)
        client.create("Account", FirstName="Ada", LastName="Byron")
        client.create("Account", Name="Acme")
        found = client.query("SELECT Name, IsPersonAccount FROM Account ORDER BY Name")
        assert [(one["Name"], one["IsPersonAccount"]) for one in found] == [
            ("Acme", False),
            ("Ada Byron", True),
        ]
        error = client.row_error("Account", Name="A", LastName="Byron")
        assert error["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
        assert client.row_error("Account", FirstName="Ada")["fields"] == ["LastName"]
        client.close()
