"""Single records: what is kept, what is computed, what is refused."""

from __future__ import annotations

import json
from base64 import b64encode
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

DATETIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000"


def read(client: Client, object_name: str, record_id: str) -> dict[str, Any]:
    answer = client.get(f"sobjects/{object_name}/{record_id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_record_is_created_read_changed_and_deleted(client: Client) -> None:
    answer = client.call("POST", "sobjects/Account/", json={"Name": " Acme ", "Site": ""})
    record_id = answer.json()["id"]
    path = f"/services/data/v60.0/sobjects/Account/{record_id}"
    assert answer.status_code == 201
    assert answer.json() == {"id": record_id, "success": True, "errors": []}
    assert answer.headers["location"] == path
    record = read(client, "Account", record_id)
    assert record["attributes"] == {"type": "Account", "url": path}
    assert (record["Name"], record["Site"], record["IsDeleted"]) == ("Acme", None, False)
    assert record["SystemModstamp"] == record["CreatedDate"] == record["LastModifiedDate"]
    changed = client.call("PATCH", f"sobjects/account/{record_id[:15]}", json={"name": "Ähm"})
    assert (changed.status_code, changed.content) == (204, b"")
    some = client.get(f"sobjects/Account/{record_id}", fields="Id,name").json()
    assert list(some) == ["attributes", "Id", "Name"]
    assert some["Name"] == "Ähm"
    assert client.call("DELETE", f"sobjects/Account/{record_id}/").status_code == 204
    assert client.get(f"sobjects/Account/{record_id}").status_code == 404
    for method in ("DELETE", "PATCH"):
        again = client.call(method, f"sobjects/Account/{record_id}", json={"Name": "x"})
        assert again.status_code == 404
        assert again.json() == [
            {"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}
        ]


def test_the_org_computes_and_defaults(client: Client) -> None:
    contact = read(client, "Contact", client.create("Contact", FirstName="Ada", LastName="King"))
    assert contact["Name"] == "Ada King"
    assert contact["OwnerId"] == contact["CreatedById"] == contact["LastModifiedById"]
    assert contact["DoNotCall"] is False
    first, second = (read(client, "Case", client.create("Case")) for _ in range(2))
    assert int(second["CaseNumber"]) == int(first["CaseNumber"]) + 1
    assert (first["Status"], first["Origin"], first["Priority"]) == ("New", "Web", "Medium")
    assert first["IsClosed"] is False
    deal = {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-01-31", "Amount": 99.5}
    record_id = client.create("Opportunity", **deal)
    won = read(client, "Opportunity", record_id)
    assert (won["IsClosed"], won["IsWon"], won["Probability"]) == (True, True, 100.0)
    assert won["ExpectedRevenue"] == 99.5
    change = {"StageName": "Qualification"}
    client.call("PATCH", f"sobjects/Opportunity/{record_id}", json=change)
    back = read(client, "Opportunity", record_id)
    assert (back["IsClosed"], back["Probability"], back["ExpectedRevenue"]) == (False, 10.0, 9.95)


def test_an_address_is_put_together(client: Client) -> None:
    record_id = client.create("Account", Name="x", BillingCity="Köln", BillingStreet="A 1\nB")
    address = read(client, "Account", record_id)["BillingAddress"]
    assert (address["city"], address["street"], address["state"]) == ("Köln", "A 1\nB", None)
    assert read(client, "Account", client.create("Account", Name="y"))["BillingAddress"] is None


@pytest.mark.parametrize(
    ("fields", "code", "message", "names"),
    [
        ({}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ["LastName"]),
        ({"LastName": "  "}, "REQUIRED_FIELD_MISSING", "Required fields", ["LastName"]),
        ({"Foo": 1}, "INVALID_FIELD", "No such column 'Foo' on sobject of type Contact", None),
        (
            {"Name": "x", "SystemModstamp": "x"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields: Name, SystemModstamp. Please check the security "
            "settings of this field and verify that it is read/write for your profile or "
            "permission set.",
            ["Name", "SystemModstamp"],
        ),
        (
            {"FirstName": "x" * 41},
            "STRING_TOO_LONG",
            f"First Name: data value too large: {'x' * 41} (max length=40)",
            ["FirstName"],
        ),
        ({"Email": "a@b"}, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: a@b", ["Email"]),
        (
            {"Birthdate": "2026-02-30"},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of date from VALUE_STRING value 2026-02-30 or",
            None,
        ),
        (
            {"DoNotCall": "maybe"},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of boolean from VALUE_STRING value maybe or",
            None,
        ),
        (
            {"FirstName": 7},
            "JSON_PARSER_ERROR",
            "Cannot deserialize instance of string from VALUE_NUMBER_INT value 7 or",
            None,
        ),
        (
            {"AccountId": "nonsense"},
            "MALFORMED_ID",
            "Account ID: id value of incorrect type: nonsense",
            ["AccountId"],
        ),
        (
            {"AccountId": "003Em0000000001IAA"},
            "FIELD_INTEGRITY_EXCEPTION",
            "Account ID: id value of incorrect type: 003Em0000000001IAA",
            ["AccountId"],
        ),
        (
            {"AccountId": "001Em0000zzzzzz"},
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            "insufficient access rights on cross-reference id: 001Em0000zzzzzz",
            [],
        ),
        (
            {"Account": {"ExternalId__c": "nobody"}},
            "INVALID_FIELD",
            "Foreign key external ID: nobody not found for field ExternalId__c in entity Account",
            [],
        ),
        ({"Account": {"Site": "x"}}, "INVALID_FIELD", "Site is not an External ID", None),
        ({"Account": {"Nope__c": "x"}}, "INVALID_FIELD", "No such column 'Nope__c'", None),
        ({"Account": 7}, "INVALID_FIELD", "The value provided for foreign key", []),
        ({"Id": "003Em0000000001"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id", ["Id"]),
    ],
)
def test_a_bad_record_is_refused_as_an_org_does(
    client: Client, fields: dict[str, Any], code: str, message: str, names: list[str] | None
) -> None:
    wrong_name_only = "LastName" in fields or code == "REQUIRED_FIELD_MISSING"
    given = fields if wrong_name_only else {"LastName": "x", **fields}
    error = client.row_error("Contact", **given)
    assert error["errorCode"] == code
    assert error["message"].startswith(message)
    if names is not None:
        assert error["fields"] == names


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR"),
        ({"NumberOfEmployees": 100_000_000}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"AnnualRevenue": 1e16}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ({"AnnualRevenue": "abc"}, "JSON_PARSER_ERROR"),
        ({"AnnualRevenue": True}, "JSON_PARSER_ERROR"),
        ({"AnnualRevenue": {}}, "JSON_PARSER_ERROR"),
        ({"Name": None}, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_bad_numbers_are_refused(client: Client, fields: dict[str, Any], code: str) -> None:
    assert client.row_error("Account", **{"Name": "x", **fields})["errorCode"] == code


def test_numbers_may_be_strings_and_keep_all_their_decimals(client: Client) -> None:
    record_id = client.create(
        "Account", Name="x", NumberOfEmployees="10000", AnnualRevenue="12.345"
    )
    record = read(client, "Account", record_id)
    assert record["NumberOfEmployees"] == 10000
    assert record["AnnualRevenue"] == 12.345
    whole = client.create("Account", Name="x", AnnualRevenue=3)
    assert '"AnnualRevenue":3.0' in client.get(f"sobjects/Account/{whole}").text


def test_a_unique_value_is_unique_whatever_its_case(client: Client) -> None:
    record_id = client.create("Account", Name="x", ExternalId__c="Only-Ä")
    error = client.row_error("Account", Name="y", ExternalId__c="oNLY-ä")
    assert error == {
        "message": "duplicate value found: ExternalId__c duplicates value on record with id: "
        + record_id,
        "errorCode": "DUPLICATE_VALUE",
        "fields": ["ExternalId__c"],
    }
    same = {"ExternalId__c": "only-ä", "Name": "again"}
    assert client.call("PATCH", f"sobjects/Account/{record_id}", json=same).status_code == 204


def test_a_lookup_can_be_set_by_external_id_and_be_cleared(client: Client) -> None:
    account = client.create("Account", Name="Parent", ExternalId__c="P1")
    contact = client.create("Contact", LastName="x", Account={"ExternalId__c": "p1"})
    assert read(client, "Contact", contact)["AccountId"] == account
    client.call("PATCH", f"sobjects/Contact/{contact}", json={"Account": None})
    assert read(client, "Contact", contact)["AccountId"] is None
    both = {"LastName": "x", "AccountId": account, "Account": {"ExternalId__c": "P1"}}
    error = client.row_error("Contact", **both)
    assert error["message"].startswith("Cannot specify both an external ID reference Account")


def test_a_polymorphic_lookup_needs_a_type(client: Client) -> None:
    owner = {"Username": client.org.username}
    error = client.row_error("Case", Owner=owner)
    assert "attributes.type" in error["message"]
    client.create("Case", Owner={"attributes": {"type": "User"}, **owner})


def test_a_lookup_to_a_deleted_record_is_refused(client: Client) -> None:
    account = client.create("Account", Name="Gone")
    client.call("DELETE", f"sobjects/Account/{account}")
    answer = client.call("POST", "sobjects/Contact", json={"LastName": "x", "AccountId": account})
    assert answer.json()[0]["errorCode"] == "ENTITY_IS_DELETED"


@pytest.mark.parametrize(
    ("path", "code"), [("23foo", "Provided external ID"), ("001Em0000zzzzzz", "The requ")]
)
def test_an_id_that_leads_nowhere_is_a_404(client: Client, path: str, code: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        answer = client.call(method, f"sobjects/Account/{path}", json={"Name": "x"})
        assert answer.status_code == 404
        assert answer.json()[0]["errorCode"] == "NOT_FOUND"
        assert answer.json()[0]["message"].startswith(code)


def test_upsert_answers_by_version(client: Client) -> None:
    path = "sobjects/Account/ExternalId__c/U%2F1%20x"
    created = client.call("PATCH", path, json={"Name": "one"})
    record_id = created.json()["id"]
    assert created.status_code == 201
    assert created.json() == {"id": record_id, "success": True, "errors": [], "created": True}
    updated = client.call("PATCH", path, json={"Name": "two"})
    assert updated.status_code == 200
    assert updated.json() == {"id": record_id, "success": True, "errors": [], "created": False}
    old = client.call("PATCH", f"/services/data/v45.0/{path}", json={"Name": "three"})
    assert (old.status_code, old.content) == (204, b"")
    assert client.get(path).json()["Name"] == "three"
    assert read(client, "Account", record_id)["ExternalId__c"] == "U/1 x"
    assert client.call("DELETE", path).status_code == 204
    assert client.get(path).status_code == 404


def test_upsert_refuses_what_it_cannot_do(client: Client) -> None:
    wrong = client.call("PATCH", "sobjects/Account/Site/x", json={"Name": "x"})
    assert wrong.json()[0]["message"].endswith("not accessible: Site")
    twice = {"Name": "x", "ExternalId__c": "U2"}
    in_body = client.call("PATCH", "sobjects/Account/ExternalId__c/U2", json=twice)
    assert in_body.json()[0]["errorCode"] == "INVALID_FIELD"
    path = "sobjects/Account/ExternalId__c/U2"
    only = client.call("PATCH", path, params={"updateOnly": "true"}, json={"Name": "x"})
    assert only.status_code == 404


def test_upsert_with_several_matches_lists_them(client: Client) -> None:
    ids = [client.create("Contact", LastName="x", Email="twin@example.com") for _ in range(2)]
    answer = client.call("PATCH", "sobjects/Contact/Email/twin@example.com", json={"Title": "y"})
    assert answer.status_code == 300
    assert answer.json() == [f"/services/data/v60.0/sobjects/Contact/{one}" for one in ids]


def test_a_post_may_mean_another_method(client: Client) -> None:
    record_id = client.create("Account", Name="old")
    path = f"sobjects/Account/{record_id}?_HttpMethod="
    assert client.call("POST", f"{path}PATCH", json={"Name": "new"}).status_code == 204
    assert read(client, "Account", record_id)["Name"] == "new"
    assert client.call("POST", f"{path}DELETE").status_code == 204
    assert client.get(f"sobjects/Account/{record_id}").status_code == 404
    assert client.call("POST", f"{path}FETCH").status_code == 405


def test_creating_where_others_are_upserted_by_id(client: Client) -> None:
    assert client.call("POST", "sobjects/Account/Id", json={"Name": "x"}).status_code == 201
    old = client.call("POST", "/services/data/v36.0/sobjects/Account/Id", json={"Name": "x"})
    assert old.status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"Name": "x",}', b"\xff"])
def test_a_body_that_is_no_object_is_refused(client: Client, body: bytes) -> None:
    answer = client.call("POST", "sobjects/Account", data=body)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


PAST, FUTURE = "Tue, 31 May 2016 18:00:00 GMT", "Tue, 31 May 2050 18:00:00 GMT"


def test_a_reader_is_told_what_it_knows_already(client: Client) -> None:
    for kind, fields in (("Account", {"Name": "x"}), ("Contact", {"LastName": "x"})):
        path = f"sobjects/{kind}/{client.create(kind, **fields)}"
        first = client.get(path)
        assert first.headers["last-modified"].endswith(" GMT")
        assert ("etag" in first.headers) is (kind == "Account")
        for since, status in (
            (first.headers["last-modified"], 304),
            (FUTURE, 304),
            (PAST, 200),
            ("yesterday", 200),
        ):
            again = client.call("GET", path, headers={"If-Modified-Since": since})
            assert again.status_code == status
            assert (again.content == b"") is (status == 304)


def test_an_account_can_be_changed_only_as_it_was_read(client: Client) -> None:
    path = f"sobjects/Account/{client.create('Account', Name='x')}"
    tag = client.get(path).headers["etag"]
    numbers = count(1)

    def change(**headers: str) -> int:
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        body = {"NumberOfEmployees": next(numbers)}
        return client.call("PATCH", path, json=body, headers=named).status_code

    known = {"If-None-Match": f'"other", {tag}'}
    assert client.call("GET", path, headers=known).status_code == 304
    assert client.call("GET", path, headers={"If-Match": '"other"'}).status_code == 412
    assert change(If_None_Match=tag) == 412
    assert change(If_Match='"other"') == 412
    assert change(If_Match=f'"other", {tag}') == 204
    assert client.get(path).headers["etag"] != tag
    assert change(If_Match=tag) == 412
    assert change(If_Match="*") == 204
    assert change(If_None_Match=tag) == 204
    assert change(If_Match="nonsense") == 400


def test_a_record_is_not_changed_if_it_was_changed_since(client: Client) -> None:
    record_id = client.create("Contact", LastName="x", Email="since@example.com")
    for path in (f"sobjects/Contact/{record_id}", "sobjects/Contact/Email/since@example.com"):
        for until, status in ((PAST, 412), ("nonsense", 400)):
            headers = {"If-Unmodified-Since": until}
            answer = client.call("PATCH", path, json={"Title": "y"}, headers=headers)
            assert answer.status_code == status
        assert read(client, "Contact", record_id)["Title"] is None
    headers = {"If-Unmodified-Since": client.get(path).headers["last-modified"]}
    answer = client.call("PATCH", path, json={"Title": "y"}, headers=headers)
    assert answer.status_code in (200, 204)
    headers = {"If-Unmodified-Since": PAST}
    assert client.call("GET", path, headers=headers).status_code == 412
    assert client.call("DELETE", path, headers=headers).status_code == 204


def test_relationships_lead_to_parents(client: Client) -> None:
    top = client.create("Account", Name="top")
    account = client.create("Account", Name="middle", ParentId=top)
    contact = client.create("Contact", LastName="x", AccountId=account)
    path = f"sobjects/Contact/{contact}/Account"
    assert client.get(path, fields="Name").json() == {
        "attributes": {
            "type": "Account",
            "url": f"/services/data/v60.0/sobjects/Account/{account}",
        },
        "Name": "middle",
        "Id": account,
    }
    assert client.get(f"{path}/parent", fields="Name").json()["Name"] == "top"
    assert client.get(f"sobjects/Contact/{contact}/Owner").json()["Username"]
    assert client.call("PATCH", f"{path}/Parent", json={"Name": "changed"}).status_code == 204
    assert read(client, "Account", top)["Name"] == "changed"
    assert client.call("DELETE", f"{path}/Parent").status_code == 204
    assert client.get(f"sobjects/Account/{top}").status_code == 404
    wrong = client.get(path, fields="Nope")
    assert (wrong.status_code, wrong.json()[0]["errorCode"]) == (400, "INVALID_FIELD")


def test_relationships_lead_to_children(client: Client) -> None:
    account = client.create("Account", Name="x")
    contacts = [client.create("Contact", LastName=name, AccountId=account) for name in "ab"]
    path = f"sobjects/Account/{account}/contacts"
    found = client.get(path, fields="LastName").json()
    assert (found["totalSize"], found["done"]) == (2, True)
    assert sorted(one["LastName"] for one in found["records"]) == ["a", "b"]
    assert {one["Id"] for one in client.get(path).json()["records"]} == set(contacts)
    none = client.get(f"sobjects/Account/{account}/Opportunities")
    assert (none.status_code, none.json()["records"]) == (200, [])
    assert client.get(path, fields="Nope").status_code == 400


@pytest.mark.parametrize("end", ["Nope", "ReportsTo", "Account/Nope", "Account/Contacts"])
def test_relationships_that_lead_nowhere_are_not_found(client: Client, end: str) -> None:
    account = client.create("Account", Name="x")
    contact = client.create("Contact", LastName="x", AccountId=account)
    assert client.get(f"sobjects/Contact/{contact}/{end}").status_code == 404
    assert client.get(f"sobjects/Contact/003Em0000zzzzzz/{end}").status_code == 404
    client.call("DELETE", f"sobjects/Contact/{contact}")
    assert client.get(f"sobjects/Contact/{contact}/Account").status_code == 404


def field(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name, "type": kind, "length": 100_000} | more


def test_a_field_of_bytes_is_an_address_where_the_bytes_are(tmp_path: Path) -> None:
    fields = [
        field("Id", "id"),
        field("Name", "string", createable=True),
        field("Body", "base64", createable=True, updateable=True),
        field("SystemModstamp", "datetime"),
    ]
    told = {"name": "Attachment", "label": "Attachment", "keyPrefix": "00P", "fields": fields}
    (tmp_path / "Attachment.json").write_text(json.dumps(told))
    with start_in_thread(Options(describe=tmp_path)) as org:
        client = Client(org)
        record_id = client.create("Attachment", Name="x", Body=b64encode(b"\0\xff").decode())
        path = f"sobjects/Attachment/{record_id}"
        assert client.get(path).json()["Body"] == f"/services/data/v60.0/{path}/Body"
        answer = client.get(f"{path}/Body")
        assert answer.content == b"\0\xff"
        assert answer.headers["content-type"] == "application/octet-stream"
        requests = [{"method": "GET", "url": f"v60.0/{path}/Body"}]
        batch = client.call("POST", "composite/batch", json={"batchRequests": requests}).json()
        assert batch["results"][0]["statusCode"] == 400
        empty = client.create("Attachment", Name="y")
        assert client.get(f"sobjects/Attachment/{empty}").json()["Body"] is None
        assert client.get(f"sobjects/Attachment/{empty}/Body").status_code == 404
        client.close()
