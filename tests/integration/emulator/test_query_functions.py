"""Functions, TYPEOF and the rarer field types, on an object that has one of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

KINDS = [("cafe", "Café"), ("bar", "Bar"), ("shop", "shop")]

TAGS = [{"active": True, "value": "cake", "label": "Kuchen"}]


def field(name: str, kind: str, **more: Any) -> dict[str, Any]:
    given = {"createable": True, "updateable": True, "nillable": True, "length": 255}
    return {"name": name, "label": name, "type": kind, "custom": True, **given, **more}


def lookup(name: str, relationship: str, *objects: str) -> dict[str, Any]:
    more = {"relationshipName": relationship, "referenceTo": list(objects), "length": 18}
    return field(name, "reference", **more)


def described() -> list[dict[str, Any]]:
    system = [
        field("Id", "id", createable=False, custom=False, length=18),
        field("Name", "string", nameField=True, custom=False),
        field("CreatedDate", "datetime", createable=False, custom=False),
        field("SystemModstamp", "datetime", createable=False, custom=False),
    ]
    values = [{"active": True, "value": value, "label": label} for value, label in KINDS]
    place = [
        field("Kind__c", "picklist", picklistValues=values),
        field("Tags__c", "multipicklist", picklistValues=TAGS),
        field("Where__c", "location", createable=False),
        field("Where__Latitude__s", "double", compoundFieldName="Where__c", precision=18, scale=15),
        field(
            "Where__Longitude__s", "double", compoundFieldName="Where__c", precision=18, scale=15
        ),
        field("Rent__c", "currency", precision=18, scale=2),
        field("CurrencyIsoCode", "picklist", custom=False),
        field("Opens__c", "time"),
        field("Founded__c", "date"),
        field("Code__c", "string", caseSensitive=True),
        field("Story__c", "textarea", length=32768, filterable=False, sortable=False,
              groupable=False),
        field("Plan__c", "base64"),
        lookup("Owner__c", "Owner__r", "Place__c", "Person__c"),
    ]  # fmt: skip
    return [
        {"name": "Place__c", "label": "Place", "keyPrefix": "a01", "fields": [*system, *place]},
        {
            "name": "Person__c",
            "label": "Person",
            "keyPrefix": "a02",
            "fields": [*system, field("Nick__c", "string")],
            "childRelationships": [
                {"childSObject": "Place__c", "field": "Owner__c", "relationshipName": "Places__r"}
            ],
        },
    ]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A café in Berlin, a bar in Paris and a place without anything."""
    folder = tmp_path_factory.mktemp("describes")
    for one in described():
        (folder / f"{one['name']}.json").write_text(json.dumps(one))
    with start_in_thread(Options(describe=folder)) as org:
        client = Client(org)
        person = client.create("Person__c", Name="Ada", Nick__c="A")
        cafe = client.create(
            "Place__c",
            Name="Berlin",
            Kind__c="cafe",
            Tags__c="wifi;cake",
            Where__Latitude__s=52.52,
            Where__Longitude__s=13.405,
            Rent__c=1234.5,
            Opens__c="08:30:00Z",
            Founded__c="1999-12-31",
            Code__c="aB",
            Story__c="long",
            Owner__c=person,
        )
        client.create(
            "Place__c",
            Name="Paris",
            Kind__c="shop",
            Tags__c="wifi",
            Where__Latitude__s=48.8566,
            Where__Longitude__s=2.3522,
            Rent__c=99,
            Opens__c="18:00:00Z",
            Code__c="AB",
            Owner__c=cafe,
        )
        client.create("Place__c", Name="Zero")
        yield client
        client.close()


def found(town: Client, where: str) -> list[str]:
    return [one[0] for one in town.names(f"SELECT Name FROM Place__c WHERE {where} ORDER BY Name")]


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Tags__c INCLUDES ('wifi')", "BP"),
        ("Tags__c INCLUDES ('cake;WIFI', 'x')", "B"),
        ("Tags__c EXCLUDES ('cake')", "PZ"),
        ("Tags__c = 'cake;wifi'", "B"),
        ("Code__c = 'aB'", "B"),
        ("Code__c IN ('AB')", "P"),
        ("Code__c = ''", "Z"),
        ("Code__c != ''", "BP"),
        ("Opens__c < 12:00:00.000Z", "B"),
        ("Opens__c = 18:00:00Z", "P"),
        ("Rent__c > EUR100", "B"),
        ("Rent__c = USD99.0", "P"),
        ("toLabel(Kind__c) = 'café'", "B"),
        ("toLabel(Kind__c) LIKE 's%'", "P"),
        ("toLabel(Kind__c) IN ('CAFÉ', 'x')", "B"),
        ("CALENDAR_YEAR(Founded__c) = 1999", "B"),
        ("CALENDAR_YEAR(Founded__c) != 1999", "PZ"),
        ("DAY_ONLY(CreatedDate) = TODAY", "BPZ"),
        ("DAY_ONLY(convertTimezone(CreatedDate)) < TODAY", ""),
        ("HOUR_IN_DAY(CreatedDate) IN (24, 25)", ""),
        ("CreatedDate IN (TODAY, YESTERDAY)", "BPZ"),
        ("DISTANCE(Where__c, GEOLOCATION(52.5, 13.4), 'km') < 5", "B"),
        ("DISTANCE(Where__c, GEOLOCATION(52.5, 13.4), 'mi') > 500", "P"),
        ("Where__Latitude__s > 50", "B"),
        ("Owner__r.Name = 'ada'", "B"),
        ("Owner__r.Type = 'Place__c'", "P"),
        ("Owner__r.Type = null", "Z"),
        ("Owner__c = null", "Z"),
    ],
)
def test_conditions(town: Client, where: str, names: str) -> None:
    assert "".join(found(town, where)) == names


def test_ids_are_compared_in_both_forms(town: Client) -> None:
    (record,) = town.query("SELECT Id FROM Place__c WHERE Name = 'Zero'")
    assert found(town, f"Id = '{record['Id'][:15]}'") == ["Z"]
    assert found(town, f"Id IN ('{record['Id']}', '{record['Id'][:15]}')") == ["Z"]
    code, message = town.refused("SELECT Id FROM Place__c WHERE Id = 'nonsense'")
    assert code == "INVALID_QUERY_FILTER_OPERATOR"
    assert message.endswith("\ninvalid ID field: nonsense")


def test_values_are_typed(town: Client) -> None:
    berlin, _, zero = town.query(
        "SELECT Kind__c, Tags__c, Where__c, Rent__c, Opens__c, Founded__c, Code__c, Story__c "
        "FROM Place__c ORDER BY Name"
    )
    del berlin["attributes"], zero["attributes"]
    assert berlin == {
        "Kind__c": "cafe",
        "Tags__c": "cake;wifi",
        "Where__c": {"latitude": 52.52, "longitude": 13.405},
        "Rent__c": 1234.5,
        "Opens__c": "08:30:00.000Z",
        "Founded__c": "1999-12-31",
        "Code__c": "aB",
        "Story__c": "long",
    }
    assert set(zero.values()) == {None}


def test_functions_in_the_select_list(town: Client) -> None:
    berlin, paris, zero = town.query(
        "SELECT toLabel(Kind__c), FORMAT(Rent__c) rent, FORMAT(Founded__c), FORMAT(Opens__c) opens,"
        " convertCurrency(Rent__c), DISTANCE(Where__c, GEOLOCATION(52.52, 13.405), 'km') far "
        "FROM Place__c ORDER BY DISTANCE(Where__c, GEOLOCATION(52.52, 13.405), 'km') NULLS LAST"
    )
    del berlin["attributes"]
    assert berlin == {
        "Kind__c": "Café",
        "rent": "$1,234.50",
        "Founded__c": "12/31/1999",
        "opens": "8:30 AM",
        "Rent__c": 1234.5,
        "far": 0.0,
    }
    assert (paris["Kind__c"], round(paris["far"]), zero["far"]) == ("shop", 877, None)


def test_each_part_of_a_multi_select_value_has_a_label(town: Client) -> None:
    records = town.query("SELECT toLabel(Tags__c) FROM Place__c ORDER BY Name")
    assert [one["Tags__c"] for one in records] == ["Kuchen;wifi", "wifi", None]


def test_a_function_of_a_parents_field_lies_in_the_parent(town: Client) -> None:
    (paris,) = town.query("SELECT FORMAT(Owner__r.CreatedDate) FROM Place__c WHERE Name = 'Paris'")
    assert paris["Owner__r"]["CreatedDate"].endswith(("AM", "PM"))


def test_typeof_chooses_fields_by_what_a_parent_is(town: Client) -> None:
    berlin, paris, zero = town.query(
        "SELECT Name, TYPEOF Owner__r WHEN Person__c THEN Nick__c, Id "
        "WHEN Place__c THEN Name, Owner__r.Name END FROM Place__c ORDER BY Name"
    )
    assert list(berlin["Owner__r"]) == ["attributes", "Nick__c", "Id"]
    assert berlin["Owner__r"]["attributes"]["type"] == "Person__c"
    assert paris["Owner__r"]["attributes"]["type"] == "Place__c"
    assert paris["Owner__r"]["Name"] == "Berlin"
    assert paris["Owner__r"]["Owner__r"]["Name"] == "Ada"
    assert zero["Owner__r"] is None


def test_typeof_has_an_else(town: Client) -> None:
    berlin, paris, _ = town.query(
        "SELECT TYPEOF Owner__r WHEN place__c THEN Kind__c ELSE Name END FROM Place__c "
        "ORDER BY Name"
    )
    assert berlin["Owner__r"]["Name"] == "Ada"
    assert list(paris["Owner__r"]) == ["attributes", "Kind__c"]


def test_custom_children_have_the_suffix(town: Client) -> None:
    (person,) = town.query("SELECT Name, (SELECT Name FROM Places__r) FROM Person__c")
    assert person["Places__r"]["records"][0]["Name"] == "Berlin"


def test_scopes_and_modes_change_nothing_for_the_only_user(town: Client) -> None:
    for clause in (
        "USING SCOPE everything",
        "WITH SECURITY_ENFORCED",
        "WITH USER_MODE",
        "WITH SYSTEM_MODE ORDER BY Name",
        "FOR VIEW",
        "FOR REFERENCE",
        "FOR UPDATE",
        "UPDATE TRACKING",
        "LIMIT 3 UPDATE VIEWSTAT",
    ):
        assert len(town.query(f"SELECT Id FROM Place__c {clause}")) == 3


def test_the_scope_mine_is_what_the_user_owns(fresh: Client) -> None:
    mine = fresh.create("Account", Name="mine")
    other = {"LastName": "x", "Username": "x@example.com", "Email": "x@example.com", "Alias": "x"}
    user = fresh.create("User", **other)
    fresh.create("Account", Name="other", OwnerId=user)
    records = fresh.query("SELECT Id FROM Account USING SCOPE mine WHERE Name != 'x'")
    assert [one["Id"] for one in records] == [mine]
    code, _ = fresh.refused("SELECT Id FROM Account USING SCOPE nobodys")
    assert code == "MALFORMED_QUERY"


def test_aliases_of_parents(town: Client) -> None:
    (record,) = town.query(
        "SELECT p.Name, o.Name FROM Place__c p, p.Owner__r o WHERE o.Name = 'Ada'"
    )
    assert record["Owner__r"]["Name"] == "Ada"


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        (
            "SELECT Id FROM Place__c WHERE Story__c = 'x'",
            "INVALID_FIELD",
            "field 'Story__c' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Place__c WHERE Where__c = null",
            "INVALID_FIELD",
            "field 'Where__c' can not be filtered in a query call",
        ),
        (
            "SELECT Id FROM Place__c ORDER BY Story__c",
            "INVALID_FIELD",
            "field 'Story__c' can not be sorted in a query call",
        ),
        (
            "SELECT Story__c FROM Place__c GROUP BY Story__c",
            "INVALID_FIELD",
            "field 'Story__c' can not be grouped in a query call",
        ),
        (
            "SELECT Id FROM Place__c WHERE Id LIKE 'a%'",
            "INVALID_FIELD",
            "invalid operator on id field",
        ),
        (
            "SELECT Id FROM Place__c WHERE Tags__c > 'a'",
            "INVALID_FIELD",
            "invalid operator on multipicklist field",
        ),
        (
            "SELECT Id FROM Place__c WHERE Kind__c INCLUDES ('a')",
            "INVALID_FIELD",
            "invalid operator on picklist field",
        ),
        (
            "SELECT Id FROM Place__c WHERE Opens__c = '10:00'",
            "INVALID_FIELD",
            "value of filter criterion for field 'Opens__c' must be of type time and should not be "
            "enclosed in quotes",
        ),
        (
            "SELECT Id FROM Place__c WHERE Name = Code__c",
            "MALFORMED_QUERY",
            "unexpected token: 'Code__c'",
        ),
        (
            "SELECT Id FROM Place__c WHERE Founded__c > 4001-01-01",
            "MALFORMED_QUERY",
            "Invalid date: 4001-01-01",
        ),
        (
            "SELECT Id FROM Place__c WHERE Founded__c > 2026-02-30",
            "MALFORMED_QUERY",
            "Invalid date: 2026-02-30",
        ),
        (
            "SELECT Id FROM Place__c WHERE Founded__c = LAST_N_DAYS:99999999",
            "MALFORMED_QUERY",
            "Invalid date literal: LAST_N_DAYS:99999999",
        ),
        (
            "SELECT Id FROM Place__c WHERE CALENDAR_YEAR(Founded__c) = 99999999999",
            "NUMBER_OUTSIDE_VALID_RANGE",
            "value outside of valid range on numeric field: 99999999999",
        ),
        (
            "SELECT Name n FROM Place__c",
            "MALFORMED_QUERY",
            "only aggregate expressions use field aliasing",
        ),
        ("SELECT foo(Name) FROM Place__c", "MALFORMED_QUERY", "unexpected token: '('"),
        (
            "SELECT CALENDAR_YEAR(Founded__c) FROM Place__c",
            "MALFORMED_QUERY",
            "CALENDAR_YEAR can be selected in a query with GROUP BY alone",
        ),
        (
            "SELECT TYPEOF Owner__r WHEN Account THEN Id END FROM Place__c",
            "INVALID_TYPE",
            "sObject type 'Account' is not supported. If you are attempting to use a custom "
            "object, be sure to append the '__c' after the entity name. Please reference your WSDL "
            "or the describe call for the appropriate names.",
        ),
        (
            "SELECT Id FROM Place__c WHERE DISTANCE(Where__c, GEOLOCATION(1, 2), 'km') = 5",
            "MALFORMED_QUERY",
            "DISTANCE is compared with < and > alone",
        ),
        (
            "SELECT Id FROM Place__c WHERE DISTANCE(Name, GEOLOCATION(1, 2), 'km') < 5",
            "INVALID_FIELD",
            "field Name does not support DISTANCE",
        ),
        (
            "SELECT Id FROM Place__c WITH DATA CATEGORY Geo__c AT usa__c",
            "MALFORMED_QUERY",
            "Data category filters are for articles and questions alone",
        ),
        ("SELECT Id FROM Place__c FOR FUN", "MALFORMED_QUERY", "unexpected token: 'FUN'"),
        (
            "SELECT Owner__r.Owner__r.Owner__r.Owner__r.Owner__r.Owner__r.Name FROM Place__c",
            "MALFORMED_QUERY",
            "only 5 levels of parents can be reached: "
            "Owner__r.Owner__r.Owner__r.Owner__r.Owner__r.Owner__r",
        ),
    ],
)
def test_refusals(town: Client, text: str, code: str, message: str) -> None:
    found_code, found_message = town.refused(text)
    assert (found_code, found_message.split("\n")[-1]) == (code, message)


def test_currencies_are_for_orgs_that_have_several(fresh: Client) -> None:
    code, message = fresh.refused("SELECT Id FROM Account WHERE AnnualRevenue > USD5000")
    assert code == "MALFORMED_QUERY"
    assert message.endswith("unexpected token: 'USD5000'")
    assert fresh.refused("SELECT convertCurrency(AnnualRevenue) FROM Account")[0] == code
