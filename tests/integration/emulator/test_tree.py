"""Records with their children, created together or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client


def node(kind: str, ref: str, /, **fields: Any) -> dict[str, Any]:
    return {"attributes": {"type": kind, "referenceId": ref}, **fields}


def below(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"records": list(nodes)}


def create(client: Client, *nodes: Any, kind: str = "Account", status: int = 201) -> Any:
    answer = client.call("POST", f"composite/tree/{kind}", json=below(*nodes))
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert list(found) == ["hasErrors", "results"]
    assert found["hasErrors"] is (status != 201)
    return found["results"]


def errors(client: Client, *nodes: Any) -> dict[str, str]:
    results = create(client, *nodes, status=400)
    return {one["referenceId"]: one["errors"][0]["statusCode"] for one in results}


def test_children_are_created_below_their_parents(client: Client) -> None:
    first = node(
        "Account",
        "ref1",
        name="SampleAccount",
        Contacts=below(
            node(
                "Contact", "ref2", lastname="Smith", Cases=below(node("Case", "ref5", Subject="s"))
            ),
            node("contact", "ref3", lastname="Evans"),
        ),
        opportunities=below(
            node("Opportunity", "ref6", Name="o", StageName="x", CloseDate="2026-01-31")
        ),
    )
    second = node("Account", "ref4", name="SampleAccount2")
    results = create(client, first, second)
    assert all(list(one) == ["referenceId", "id"] for one in results)
    assert [one["referenceId"] for one in results][:2] == ["ref1", "ref4"]
    ids = {one["referenceId"]: one["id"] for one in results}
    assert sorted(ids) == [f"ref{n}" for n in range(1, 7)]
    for name, kind in (("ref2", "Contact"), ("ref3", "Contact"), ("ref6", "Opportunity")):
        assert client.get(f"sobjects/{kind}/{ids[name]}").json()["AccountId"] == ids["ref1"]
    assert client.get(f"sobjects/Case/{ids['ref5']}").json()["ContactId"] == ids["ref2"]


def test_records_that_have_nothing_to_do_with_one_another(client: Client) -> None:
    results = create(client, *(node("Account", f"a{n}", Name="flat") for n in range(200)))
    assert [one["referenceId"] for one in results] == [f"a{n}" for n in range(200)]
    assert len({one["id"] for one in results}) == 200


def test_one_error_undoes_all_and_only_what_failed_is_told(client: Client) -> None:
    results = create(
        client,
        node(
            "Account",
            "ref1",
            Name="Undone tree",
            Contacts=below(
                node("Contact", "ref2", LastName="x", Email="123"),
                node("Contact", "ref3", LastName="y"),
                node("Contact", "ref4", FirstName="z"),
            ),
        ),
        status=400,
    )
    assert results == [
        {
            "referenceId": "ref2",
            "errors": [
                {
                    "statusCode": "INVALID_EMAIL_ADDRESS",
                    "message": "Email: invalid email address: 123",
                    "fields": ["Email"],
                }
            ],
        },
        {
            "referenceId": "ref4",
            "errors": [
                {
                    "statusCode": "REQUIRED_FIELD_MISSING",
                    "message": "Required fields are missing: [LastName]",
                    "fields": ["LastName"],
                }
            ],
        },
    ]
    assert client.query("SELECT Id FROM Account WHERE Name = 'Undone tree'") == []


def test_reference_ids_are_needed_and_unique(client: Client) -> None:
    twice = [node("Account", name, Name="x") for name in ("a", "b", "a")]
    results = create(client, *twice, status=400)
    assert [one["referenceId"] for one in results] == ["a", "a"]
    assert {one["errors"][0]["statusCode"] for one in results} == {"INVALID_INPUT"}
    assert errors(client, {"attributes": {"type": "Account"}, "Name": "x"}) == {"": "INVALID_INPUT"}
    assert errors(client, {"Name": "x"}) == {"": "INVALID_INPUT"}
    assert errors(client, node("Account", "-a", Name="x")) == {"": "INVALID_INPUT"}


def test_types_have_to_be_those_of_the_place(client: Client) -> None:
    assert errors(client, node("Contact", "a", LastName="x")) == {"a": "INVALID_INPUT"}
    wrong = below(node("Lead", "b", LastName="x", Company="y"))
    assert errors(client, node("Account", "a", Name="x", Contacts=wrong)) == {"b": "INVALID_INPUT"}
    unknown = below(node("Lead", "b"))
    assert errors(client, node("Account", "a", Name="x", Nope=unknown)) == {"a": "INVALID_FIELD"}


def test_200_records_are_the_most(client: Client) -> None:
    nodes = [node("Account", f"a{n}", Name="x") for n in range(201)]
    assert errors(client, *nodes) == {"a0": "INVALID_INPUT"}
    assert errors(client) == {"": "INVALID_INPUT"}


def chain(levels: int) -> dict[str, Any]:
    """Accounts below accounts."""
    made = node("Account", f"l{levels}", Name=f"level {levels}")
    for n in range(levels - 1, 0, -1):
        made = node("Account", f"l{n}", Name=f"level {n}", ChildAccounts=below(made))
    return made


def test_5_levels_are_the_most(client: Client) -> None:
    results = create(client, chain(5))
    last = client.get(f"sobjects/Account/{results[4]['id']}").json()
    assert last["ParentId"] == results[3]["id"]
    assert errors(client, chain(6)) == {"l1": "INVALID_INPUT"}


@pytest.mark.parametrize(
    "told",
    [[], {}, {"records": 1}, {"records": [1]}, {"records": [node("Account", "a", Contacts=[])]}],
)
def test_a_malformed_tree_is_refused(client: Client, told: Any) -> None:
    answer = client.call("POST", "composite/tree/Account", json=told)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_an_unknown_object_is_not_found(client: Client) -> None:
    assert client.call("POST", "composite/tree/Nope", json=below()).status_code == 404
