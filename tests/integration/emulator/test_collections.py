"""Many records in one call."""

from __future__ import annotations

from typing import Any

from .conftest import Client


def account(**fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Account"}, **fields}


def test_create_answers_each_row_in_its_place(client: Client) -> None:
    contact = {"attributes": {"type": "Contact"}, "LastName": "x"}
    rows = [account(Name="a"), contact, account(Site="no name"), account(Name="b", Foo=1)]
    first, second, third, fourth = client.collection("POST", "", rows)
    assert first == {"id": first["id"], "success": True, "errors": []}
    assert second["id"].startswith("003")
    assert third == {
        "success": False,
        "errors": [
            {
                "statusCode": "REQUIRED_FIELD_MISSING",
                "message": "Required fields are missing: [Name]",
                "fields": ["Name"],
            }
        ],
    }
    assert fourth["errors"][0]["statusCode"] == "INVALID_FIELD"


def test_all_or_none_undoes_all(client: Client) -> None:
    rows = [account(Name="undone", ExternalId__c="N1"), account()]
    good, bad = client.collection("POST", "", rows, allOrNone=True)
    assert good["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert bad["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert client.query("SELECT Id FROM Account WHERE ExternalId__c = 'N1'") == []


def test_a_row_sees_the_rows_before_it(client: Client) -> None:
    rows = [
        account(Name="parent", ExternalId__c="S1"),
        {"attributes": {"type": "Contact"}, "LastName": "x", "Account": {"ExternalId__c": "S1"}},
        account(Name="same", ExternalId__c="s1"),
    ]
    parent, child, same = client.collection("POST", "", rows)
    assert child["success"]
    assert same["errors"][0]["message"].endswith(parent["id"])


def test_update(client: Client) -> None:
    one, two = (client.create("Account", Name=name) for name in ("one", "two"))
    gone = client.create("Account", Name="gone")
    client.call("DELETE", f"sobjects/Account/{gone}")
    rows = [
        account(Id=one, Name="ONE"),
        account(id=two[:15], Site="here"),
        account(id=gone, Name="x"),
        account(id="001Em0000zzzzzz", Name="x"),
        account(id="003Em0000000001IAA", Name="x"),
        account(Name="x"),
    ]
    results = client.collection("PATCH", "", rows)
    assert results[:2] == [{"id": key, "success": True, "errors": []} for key in (one, two)]
    assert [row["errors"][0]["statusCode"] for row in results[2:]] == [
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "MISSING_ARGUMENT",
    ]
    assert client.names(f"SELECT Name FROM Account WHERE Id = '{one}'") == ["ONE"]


def test_an_id_twice_in_one_call_is_refused(client: Client) -> None:
    one = client.create("Account", Name="one")
    rows = [account(id=one, Name="a"), account(id=one[:15], Name="b")]
    results = client.collection("PATCH", "", rows)
    assert [row["errors"][0]["statusCode"] for row in results] == ["DUPLICATE_VALUE"] * 2


def test_upsert_by_external_id(client: Client) -> None:
    known = client.create("Account", Name="known", ExternalId__c="K1")
    rows = [
        account(ExternalId__c="k1", Name="updated"),
        account(ExternalId__c="K2", Name="created"),
        account(Name="without"),
        account(ExternalId__c="K3", Name="twice"),
        account(ExternalId__c="K3", Name="twice"),
    ]
    updated, created, without, *twice = client.collection("PATCH", "/Account/ExternalId__c", rows)
    assert updated == {"id": known, "success": True, "errors": [], "created": False}
    assert created["created"] is True
    assert without["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
    assert [row["errors"][0]["statusCode"] for row in twice] == ["DUPLICATE_VALUE"] * 2


def test_upsert_by_id_creates_where_it_is_null(client: Client) -> None:
    rows = [account(Id=None, Name="by null"), account(Name="by absence")]
    results = client.collection("PATCH", "/Account/Id", rows)
    assert [row["created"] for row in results] == [True, True]
    again = [account(Id=results[0]["id"], Name="changed")]
    assert client.collection("PATCH", "/Account/Id", again) == [
        {"id": results[0]["id"], "success": True, "errors": [], "created": False}
    ]


def test_delete(client: Client) -> None:
    one, two = (client.create("Account", Name=name) for name in ("one", "two"))
    answer = client.call("DELETE", "composite/sobjects", params={"ids": f"{one},nope,{two}"})
    first, bad, second = answer.json()
    assert first == {"id": one, "success": True, "errors": []}
    assert second["success"]
    assert bad["errors"][0]["statusCode"] == "MALFORMED_ID"
    again = {"ids": one, "allOrNone": "true"}
    (deleted,) = client.call("DELETE", "composite/sobjects", params=again).json()
    assert deleted["errors"][0]["statusCode"] == "ENTITY_IS_DELETED"


def test_retrieve_leaves_a_gap_for_what_is_not_there(client: Client) -> None:
    one = client.create("Account", Name="one")
    body = {"ids": ["001Em0000zzzzzz", one, "nonsense", one], "fields": ["Name", "id"]}
    by_post = client.call("POST", "composite/sobjects/Account", json=body).json()
    assert by_post[0] is by_post[2] is None
    assert by_post[1] == by_post[3]
    assert list(by_post[1]) == ["attributes", "Name", "Id"]
    by_get = client.get("composite/sobjects/Account", ids=f"{one}", fields="Name,Id").json()
    assert by_get == [by_post[1]]
    body["fields"] = ["Nope"]
    refused = client.call("POST", "composite/sobjects/Account", json=body)
    assert refused.status_code == 400
    assert refused.json()[0]["errorCode"] == "INVALID_FIELD"


def test_too_many_records_are_refused_as_a_whole(client: Client) -> None:
    body = {"records": [account(Name="x")] * 201}
    answer = client.call("POST", "composite/sobjects", json=body)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    ids = {"ids": ["001Em0000000001"] * 2001, "fields": ["Id"]}
    answer = client.call("POST", "composite/sobjects/Account", json=ids)
    assert answer.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"


def test_rows_without_a_type_and_bodies_without_records_are_refused(client: Client) -> None:
    (row,) = client.collection("POST", "", [{"Name": "x"}])
    assert row["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
    (row,) = client.collection("POST", "", [{"attributes": {"type": ["Account"]}}])
    assert row["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
    (row,) = client.collection("POST", "", [{"attributes": {"type": "Nope"}}])
    assert row["errors"][0]["statusCode"] == "INVALID_TYPE"
    for body in ({}, {"records": 1}, {"records": [1]}):
        assert client.call("POST", "composite/sobjects", json=body).status_code == 400


def test_records_of_alternating_objects_are_too_many_chunks(client: Client) -> None:
    rows = [account(Name="x"), {"attributes": {"type": "Lead"}, "LastName": "x", "Company": "y"}]
    answer = client.call("POST", "composite/sobjects", json={"records": rows * 6})
    assert answer.status_code == 400


def test_values_of_the_wrong_kind_are_refused_row_by_row(client: Client) -> None:
    keys: list[Any] = [["x"], {"a": 1}, 7, True, "x" * 65]
    rows = [account(Name="x", ExternalId__c=key) for key in keys]
    results = client.collection("PATCH", "/Account/ExternalId__c", rows)
    codes = [row["errors"][0]["statusCode"] for row in results]
    assert codes == ["JSON_PARSER_ERROR"] * 4 + ["STRING_TOO_LONG"]
    results = client.collection("PATCH", "", [account(id=key, Name="x") for key in keys])
    assert {row["errors"][0]["statusCode"] for row in results} == {"MALFORMED_ID"}
    assert client.call("DELETE", "composite/sobjects").status_code == 400


def test_undone_rows_keep_the_ids_of_records_that_were_there(client: Client) -> None:
    known = client.create("Account", Name="there", ExternalId__c="Undone1")
    bad = account(id="nonsense", Name="x")
    updated, _ = client.collection("PATCH", "", [account(id=known, Name="y"), bad], allOrNone=True)
    upserts = [
        account(ExternalId__c="Undone1", Name="y"),
        account(ExternalId__c="Undone2", Name="y"),
        account(Name="y"),
    ]
    path = "/Account/ExternalId__c"
    matched, created, _ = client.collection("PATCH", path, upserts, allOrNone=True)
    params = {"ids": f"{known},nonsense", "allOrNone": "true"}
    deleted, _ = client.call("DELETE", "composite/sobjects", params=params).json()
    for row in (updated, matched, deleted):
        assert row["id"] == known
        assert row["success"] is False
        assert row["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert "id" not in created
    assert client.names("SELECT Name FROM Account WHERE ExternalId__c LIKE 'Undone%'") == ["there"]


def test_the_same_external_id_in_another_case_is_a_repetition(client: Client) -> None:
    rows = [account(ExternalId__c=key, Name="x") for key in ("Same", " sAME")]
    results = client.collection("PATCH", "/Account/ExternalId__c", rows)
    assert [row["errors"][0]["statusCode"] for row in results] == ["DUPLICATE_VALUE"] * 2


def test_an_unknown_field_refuses_its_row_alone(client: Client) -> None:
    good, bad = client.collection("POST", "", [account(Name="x"), account(Name="y", Nope=1)])
    assert good["success"] is True
    assert bad["errors"] == [
        {
            "statusCode": "INVALID_FIELD",
            "message": "No such column 'Nope' on sobject of type Account",
            "fields": [],
        }
    ]


def test_an_upsert_takes_one_type(client: Client) -> None:
    rows = [
        account(ExternalId__c="One", Name="x"),
        {"attributes": {"type": "Contact"}, "LastName": "y"},
    ]
    good, bad = client.collection("PATCH", "/Account/ExternalId__c", rows)
    assert good["created"] is True
    assert bad["errors"][0]["statusCode"] == "INVALID_TYPE"


def test_collections_have_their_first_versions(client: Client) -> None:
    body = {"records": [account(Name="x", ExternalId__c="Old")]}
    for version, path, status in (
        ("v41.0", "", 404),
        ("v42.0", "", 200),
        ("v45.0", "/Account/ExternalId__c", 404),
        ("v46.0", "/Account/ExternalId__c", 200),
    ):
        method = "PATCH" if path else "POST"
        address = f"/services/data/{version}/composite/sobjects{path}"
        assert client.call(method, address, json=body).status_code == status


def test_10_chunks_are_the_most_for_updates(client: Client) -> None:
    rows = [
        account(id="001Em0000zzzzzz", Name="x"),
        {"attributes": {"type": "Lead"}, "id": "00QEm0000zzzzzz"},
    ]
    assert len(client.collection("PATCH", "", rows * 5)) == 10
    answer = client.call("PATCH", "composite/sobjects", json={"records": rows * 6})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "LIMIT_EXCEEDED"


def test_2000_records_are_retrieved_by_post_and_some_800_by_get(fresh: Client) -> None:
    rows = [account(Name=f"n{n}") for n in range(200)]
    ids = [row["id"] for _ in range(10) for row in fresh.collection("POST", "", rows)]
    body = {"ids": ids, "fields": ["Id"]}
    found = fresh.call("POST", "composite/sobjects/Account", json=body).json()
    assert [one["Id"] for one in found] == ids
    path = "composite/sobjects/Account?fields=Id&ids="
    assert len(fresh.call("GET", path + ",".join(ids[:800])).json()) == 800
    assert fresh.call("GET", path + ",".join(ids[:900])).status_code == 414


def test_200_ids_are_the_most_to_delete(client: Client) -> None:
    ids = ",".join(["001Em0000zzzzzz"] * 201)
    answer = client.call("DELETE", f"composite/sobjects?ids={ids}")
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
