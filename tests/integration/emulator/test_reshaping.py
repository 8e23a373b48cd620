"""The org changed while it runs: its objects, its fields, and what becomes of the values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

OBJECTS = "/__emulator__/objects"


def reshape(client: Client, method: str, path: str, **told: Any) -> Any:
    answer = client.call(method, OBJECTS + path, json=told or None)
    assert answer.status_code in (200, 201, 204), answer.text
    return answer.json() if answer.content else None


def refused(client: Client, method: str, path: str, **told: Any) -> str:
    answer = client.call(method, OBJECTS + path, json=told)
    assert answer.status_code == 400, answer.text
    (error,) = answer.json()
    assert error["errorCode"] == "INVALID_CHANGE"
    message: str = error["message"]
    return message


def fields(client: Client, name: str) -> dict[str, Any]:
    told = client.get(f"sobjects/{name}/describe").json()
    return {field["name"]: field for field in told["fields"]}


def values(client: Client, field: str) -> list[Any]:
    return [one[field] for one in client.query(f"SELECT {field} FROM Account ORDER BY Name")]


def accounts(client: Client, field: str, *given: Any) -> None:
    for number, value in enumerate(given):
        client.create("Account", Name=f"{number}", **({} if value is None else {field: value}))


def test_a_field_comes_and_goes(fresh: Client) -> None:
    record_id = fresh.create("Account", Name="before")
    told = reshape(fresh, "POST", "/Account/fields", name="Size__c", type="double", scale=2)
    assert told == fields(fresh, "Account")["Size__c"]
    assert (told["precision"], told["scale"], told["nillable"], told["custom"]) == (
        18,
        2,
        True,
        True,
    )
    assert values(fresh, "Size__c") == [None]
    fresh.call("PATCH", f"sobjects/Account/{record_id}", json={"Size__c": 1.5})
    assert values(fresh, "Size__c") == [1.5]
    reshape(fresh, "DELETE", "/Account/fields/size__c")
    assert "Size__c" not in fields(fresh, "Account")
    code, message = fresh.refused("SELECT Size__c FROM Account")
    assert code == "INVALID_FIELD"
    assert "No such column 'Size__c' on entity 'Account'" in message
    error = fresh.row_error("Account", Name="x", Size__c=1)
    assert error["message"] == "No such column 'Size__c' on sobject of type Account"
    reshape(fresh, "POST", "/Account/fields", name="Size__c", type="string")
    assert values(fresh, "Size__c") == [None]


def test_a_checkbox_is_false_in_the_records_there_are(fresh: Client) -> None:
    fresh.create("Account", Name="x")
    reshape(fresh, "POST", "/Account/fields", name="Off__c", type="boolean")
    reshape(fresh, "POST", "/Account/fields", name="On__c", type="boolean", default=True)
    assert (values(fresh, "Off__c"), values(fresh, "On__c")) == ([False], [True])


def test_describes_tell_that_they_changed(fresh: Client) -> None:
    paths = ("sobjects/Account/describe", "sobjects", "sobjects/Lead/describe")
    before = [fresh.get(path) for path in paths]
    reshape(fresh, "POST", "/Account/fields", name="X__c")
    for path, known, changed in zip(paths, before, (True, None, False), strict=True):
        since = {"If-Modified-Since": known.headers["last-modified"]}
        tag = {"If-None-Match": known.headers["etag"]}
        statuses = [fresh.call("GET", path, headers=one).status_code for one in (since, tag)]
        assert statuses == {True: [200, 200], False: [304, 304], None: [200, 304]}[changed]
    reshape(fresh, "POST", "", name="New__c")
    tag = {"If-None-Match": before[1].headers["etag"]}
    assert fresh.call("GET", "sobjects", headers=tag).status_code == 200


@pytest.mark.parametrize(
    ("first", "then", "given", "kept"),
    [
        ({"type": "string"}, {"type": "double"}, ["1.5", "x", None], [1.5, None, None]),
        ({"type": "double"}, {"type": "string"}, [3.0, 1.25, None], ["3", "1.25", None]),
        ({"type": "double"}, {"type": "int"}, [3.0, 1.25, None], [3, None, None]),
        ({"type": "string"}, {"length": 3}, ["abc", "abcd", None], ["abc", None, None]),
        ({"type": "string"}, {"length": 300}, ["abc", "abcd", None], ["abc", "abcd", None]),
        (
            {"type": "string"},
            {"type": "picklist", "values": ["Red", "Blue*"], "restricted": True},
            ["red", "green", None],
            ["Red", None, None],
        ),
        (
            {"type": "picklist", "values": ["A", "B"]},
            {"type": "multipicklist"},
            ["A", "B", None],
            ["A", "B", None],
        ),
        ({"type": "boolean"}, {"type": "string"}, [True, False, None], [None, None, None]),
        ({"type": "string"}, {"type": "boolean"}, ["true", "x", None], [False, False, False]),
        ({"type": "date"}, {"type": "datetime"}, ["2026-01-01", None, None], [None, None, None]),
        ({"type": "email"}, {"type": "string"}, ["a@b.cd", None, None], ["a@b.cd", None, None]),
    ],
)
def test_values_stay_where_they_fit(
    fresh: Client, first: dict[str, Any], then: dict[str, Any], given: list[Any], kept: list[Any]
) -> None:
    reshape(fresh, "POST", "/Account/fields", name="F__c", **first)
    accounts(fresh, "F__c", *given)
    told = reshape(fresh, "PATCH", "/Account/fields/F__c", **then)
    assert told["type"] == then.get("type", first["type"])
    assert values(fresh, "F__c") == kept


def test_a_field_becomes_required_unique_and_external(fresh: Client) -> None:
    reshape(fresh, "POST", "/Account/fields", name="Key__c", length=20)
    record_id = fresh.create("Account", Name="x", Key__c="A")
    told = reshape(
        fresh, "PATCH", "/Account/fields/Key__c", required=True, unique=True, external=True
    )
    assert [told[one] for one in ("nillable", "unique", "externalId", "idLookup")] == [
        False,
        True,
        True,
        True,
    ]
    assert fresh.row_error("Account", Name="y")["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert fresh.row_error("Account", Name="y", Key__c="a")["errorCode"] == "DUPLICATE_VALUE"
    assert fresh.get("sobjects/Account/Key__c/a").json()["Id"] == record_id
    reshape(fresh, "PATCH", "/Account/fields/Key__c", required=False, unique=False, external=False)
    fresh.create("Account", Name="y", Key__c="a")
    assert fresh.get("sobjects/Account/Key__c/a").status_code == 404
    for more in ({}, {"type": "email"}):
        fresh.call("PATCH", f"sobjects/Account/{record_id}", json={"Key__c": "a@b.cd"})
        fresh.create("Account", Name="w", Key__c="a@b.cd")
        message = refused(fresh, "PATCH", "/Account/fields/Key__c", unique=True, **more)
        assert message == "records have values that are not unique"
    fresh.create("Account", Name="z", Key__c="a")


def test_attributes_of_a_describe_can_be_set_as_well(fresh: Client) -> None:
    told = reshape(fresh, "PATCH", "/Account/fields/Site", createable=False, inlineHelpText="?")
    assert (told["createable"], told["updateable"], told["inlineHelpText"]) == (False, True, "?")
    assert fresh.row_error("Account", Name="x", Site="y")["errorCode"] == (
        "INVALID_FIELD_FOR_INSERT_UPDATE"
    )


def test_a_lookup_is_changed_and_its_parents_tell(fresh: Client) -> None:
    told = reshape(fresh, "PATCH", "/Contact/fields/AccountId", required=True, ondelete="restrict")
    assert (told["nillable"], told["referenceTo"], told["relationshipName"]) == (
        False,
        ["Account"],
        "Account",
    )
    assert fresh.row_error("Contact", LastName="x")["fields"] == ["AccountId"]
    account = fresh.create("Account", Name="x")
    fresh.create("Contact", LastName="y", AccountId=account)
    answer = fresh.call("DELETE", f"sobjects/Account/{account}")
    assert answer.json()[0]["errorCode"] == "DELETE_FAILED"
    reshape(fresh, "PATCH", "/Contact/fields/AccountId", required=False, to=["Lead"])
    children = fresh.get("sobjects/Account/describe").json()["childRelationships"]
    assert "Contact" not in {one["childSObject"] for one in children}
    assert fresh.query("SELECT AccountId FROM Contact")[0]["AccountId"] is None
    lead = fresh.create("Lead", LastName="x", Company="y")
    fresh.create("Contact", LastName="z", AccountId=lead)


def test_an_object_comes_and_goes(fresh: Client) -> None:
    parent = {"name": "Parent__c", "type": "reference", "to": ["Account"], "ondelete": "cascade"}
    told = reshape(fresh, "POST", "", name="Kid__c", plural="Kids", fields=[parent])
    assert told["custom"] is True
    assert {"Id", "IsDeleted", "Name", "OwnerId", "SystemModstamp", "Parent__c"} <= {
        field["name"] for field in told["fields"]
    }
    account = fresh.create("Account", Name="x")
    kid = fresh.create("Kid__c", Name="y", Parent__c=account)
    assert kid[:3] == told["keyPrefix"]
    (found,) = fresh.query("SELECT Name, Parent__r.Name FROM Kid__c")
    assert found["Parent__r"]["Name"] == "x"
    children = fresh.get("sobjects/Account/describe").json()["childRelationships"]
    (relation,) = (one for one in children if one["childSObject"] == "Kid__c")
    assert (relation["relationshipName"], relation["cascadeDelete"]) == ("Kids__r", True)
    assert fresh.call("DELETE", f"sobjects/Account/{account}").status_code == 204
    assert fresh.query("SELECT Id FROM Kid__c") == []
    reshape(fresh, "DELETE", "/Kid__c")
    assert fresh.get("sobjects/Kid__c/describe").status_code == 404
    assert fresh.refused("SELECT Id FROM Kid__c")[0] == "INVALID_TYPE"
    children = fresh.get("sobjects/Account/describe").json()["childRelationships"]
    assert "Kid__c" not in {one["childSObject"] for one in children}


def test_with_an_object_go_the_lookups_to_it(fresh: Client) -> None:
    reshape(fresh, "DELETE", "/Contact")
    case = fields(fresh, "Case")
    assert "ContactId" not in case
    assert "AccountId" in case
    fresh.create("Case", Subject="still there")


def test_an_object_can_be_told_by_its_whole_describe(fresh: Client) -> None:
    described = fresh.get("sobjects/Lead/describe").json()
    reshape(fresh, "POST", "", **{**described, "name": "Copy__c", "keyPrefix": "a7X"})
    assert fresh.create("Copy__c", LastName="x", Company="y").startswith("a7X")


def test_a_page_of_a_dropped_column_can_still_be_turned(fresh: Client) -> None:
    reshape(fresh, "POST", "/Account/fields", name="Size__c", type="int")
    rows = [{"attributes": {"type": "Account"}, "Name": "x", "Size__c": n} for n in range(200)]
    for part in (rows, rows[:50]):
        fresh.collection("POST", "", part)
    options = {"Sforce-Query-Options": "batchSize=200"}
    text = {"q": "SELECT Size__c FROM Account"}
    page = fresh.call("GET", "query", params=text, headers=options).json()
    reshape(fresh, "DELETE", "/Account/fields/Size__c")
    last = fresh.call("GET", page["nextRecordsUrl"]).json()
    assert [one["Size__c"] for one in last["records"]] == list(range(50))


def test_a_page_whose_children_lost_a_field_is_no_more(fresh: Client) -> None:
    reshape(fresh, "POST", "/Contact/fields", name="Extra__c", type="string", length=9)
    rows = [{"attributes": {"type": "Account"}, "Name": f"{n}"} for n in range(201)]
    for start in (0, 200):
        fresh.collection("POST", "", rows[start : start + 200])
    query = "SELECT Id, (SELECT Extra__c FROM Contacts) FROM Account"
    options = {"Sforce-Query-Options": "batchSize=200"}
    first = fresh.call("GET", "query", params={"q": query}, headers=options).json()
    reshape(fresh, "DELETE", "/Contact/fields/Extra__c")
    answer = fresh.call("GET", first["nextRecordsUrl"])
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_changes_survive_a_restart(tmp_path: Path) -> None:
    options = Options(data=tmp_path / "org.db")
    with start_in_thread(options) as org:
        client = Client(org)
        reshape(client, "POST", "/Account/fields", name="Size__c", type="double")
        reshape(client, "POST", "", name="Kid__c")
        reshape(client, "POST", "", name="Twin__c")
        reshape(client, "DELETE", "/Kid__c")
        reshape(client, "DELETE", "/Lead")
        reshape(client, "DELETE", "/Account/fields/Site")
        client.create("Account", Name="x", Size__c=2)
        reshape(client, "PATCH", "/Account/fields/Size__c", type="string")
        twin = client.create("Twin__c", Name="x")
        client.close()
    with start_in_thread(options) as org:
        client = Client(org)
        assert values(client, "Size__c") == ["2"]
        assert client.refused("SELECT Site FROM Account")[0] == "INVALID_FIELD"
        names = {one["name"] for one in client.get("sobjects").json()["sobjects"]}
        assert "Twin__c" in names
        assert not {"Kid__c", "Lead"} & names
        assert client.create("Twin__c", Name="y")[:3] == twin[:3]
        client.close()


@pytest.mark.parametrize(
    ("method", "path", "told", "message"),
    [
        ("POST", "/Account/fields", {"name": "1x"}, "a field needs a name"),
        ("POST", "/Account/fields", {"name": "site"}, "Account has a field site already"),
        ("POST", "/Account/fields", {"name": "X__c", "type": "x"}, "there is no field type"),
        ("POST", "/Account/fields", {"name": "X__c", "lenght": 3}, "a field has no lenght"),
        ("POST", "/Account/fields", {"name": "X__c", "length": "3"}, "X__c: length has to be"),
        ("POST", "/Account/fields", {"name": "X__c", "values": "A"}, "X__c: values has to be"),
        (
            "POST",
            "/Account/fields",
            {"name": "X__c", "type": "reference"},
            "X__c: a reference needs objects",
        ),
        ("PATCH", "/Account/fields/Id", {"length": 3}, "the Id of an object cannot be changed"),
        ("PATCH", "/Account/fields/Site", {"name": "Y"}, "a field has no name that could be set"),
        ("DELETE", "/Account/fields/Id", {"x": 1}, "an object needs its Id"),
        ("DELETE", "/User", {"x": 1}, "every org has User"),
        ("POST", "", {"name": "account"}, "there is an object"),
        ("POST", "", {"name": "No good"}, "an object needs a name"),
        ("POST", "", {"name": "A__c", "prefix": "001"}, "the key prefix 001 is another object's"),
        ("POST", "", {"name": "A__c", "fields": ["x"]}, "the fields of an object have to be"),
        ("POST", "", {"name": "A__c", "fileds": []}, "an object has no fileds"),
        ("POST", "", {"name": "A__c", "fields": [{"name": "Id"}]}, "the describe: a field of"),
    ],
)
def test_what_cannot_be_done_is_refused(
    client: Client, method: str, path: str, told: dict[str, Any], message: str
) -> None:
    assert refused(client, method, path, **told).startswith(message)


def test_what_is_not_there_is_a_404(client: Client) -> None:
    for method, path in (
        ("DELETE", "/Nope"),
        ("POST", "/Nope/fields"),
        ("PATCH", "/Account/fields/Nope"),
        ("DELETE", "/Account/fields/Nope"),
    ):
        assert client.call(method, OBJECTS + path, json={"name": "x"}).status_code == 404
