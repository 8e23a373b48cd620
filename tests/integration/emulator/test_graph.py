"""Graphs: series of calls that each succeed as a whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Client

ROOT = "/services/data/v60.0"


def node(name: str, method: str, url: str, body: Any = None) -> dict[str, Any]:
    told = {"method": method, "url": f"{ROOT}/sobjects/{url}", "referenceId": name}
    return told | ({} if body is None else {"body": body})


def account(name: str, **fields: Any) -> dict[str, Any]:
    return node(name.replace(" ", "_"), "POST", "Account/", {"Name": name, **fields})


def graph(name: str, *nodes: dict[str, Any]) -> dict[str, Any]:
    return {"graphId": name, "compositeRequest": list(nodes)}


def send(client: Client, *graphs: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.call("POST", "composite/graph", json={"graphs": list(graphs)})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["graphs"]
    assert all(list(one) == ["graphId", "graphResponse", "isSuccessful"] for one in found)
    assert [one["graphId"] for one in found] == [one["graphId"] for one in graphs]
    return found


def results(told: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told["graphResponse"]["compositeResponse"]
    return found


def refused(client: Client, *graphs: Any) -> str:
    answer = client.call("POST", "composite/graph", json={"graphs": list(graphs)})
    assert answer.status_code == 400, answer.text
    code: str = answer.json()[0]["errorCode"]
    return code


def test_each_graph_refers_to_its_own_answers(client: Client) -> None:
    contact = {"LastName": "x", "AccountId": "@{a.id}"}
    first, second = send(
        client,
        graph("1", account("a"), node("c", "POST", "Contact", contact)),
        graph("two", account("b"), node("r", "GET", "Account/@{b.id}?fields=Name")),
    )
    assert first["isSuccessful"] is second["isSuccessful"] is True
    made, child = results(first)
    assert made["httpHeaders"]["Location"] == f"{ROOT}/sobjects/Account/{made['body']['id']}"
    assert [made["httpStatusCode"], child["httpStatusCode"]] == [201, 201]
    assert results(second)[1]["body"]["Name"] == "b"


def test_a_graph_fails_as_a_whole_and_alone(client: Client) -> None:
    good, bad, far = send(
        client,
        graph("good", account("Good graph")),
        graph("bad", account("Bad graph"), account("Bad", Foo=1), account("Bad graph too")),
        graph("far", node("c", "POST", "Contact", {"LastName": "@{good.id}"})),
    )
    assert (good["isSuccessful"], bad["isSuccessful"], far["isSuccessful"]) == (True, False, False)
    assert [one["httpStatusCode"] for one in results(bad)] == [400] * 3
    codes = [one["body"][0]["errorCode"] for one in results(bad)]
    assert codes == ["PROCESSING_HALTED", "INVALID_FIELD", "PROCESSING_HALTED"]
    assert results(far)[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert client.names("SELECT Name FROM Account WHERE Name LIKE '%d graph%'") == ["Good graph"]


def test_after_14_failed_graphs_the_rest_is_halted(client: Client) -> None:
    failing = [graph(f"f{n}", node("a", "POST", "Account", {})) for n in range(14)]
    found = send(client, graph("g", account("g")), *failing, graph("last", account("Never made")))
    assert [one["isSuccessful"] for one in found] == [True] + [False] * 15
    codes = [results(one)[0]["body"][0]["errorCode"] for one in found[1:]]
    assert codes == ["REQUIRED_FIELD_MISSING"] * 14 + ["PROCESSING_HALTED"]
    assert client.query("SELECT Id FROM Account WHERE Name = 'Never made'") == []


def test_500_nodes_in_75_graphs_are_the_most(fresh: Client) -> None:
    many = graph("many", *(account(f"n{n}") for n in range(426)))
    single = [graph(f"g{n}", account(f"s{n}")) for n in range(74)]
    found = send(fresh, many, *single)
    assert all(one["isSuccessful"] for one in found)
    assert fresh.query("SELECT COUNT(Id) n FROM Account")[0]["n"] == 500
    assert refused(fresh, many, *single, graph("more", account("x"))) == "LIMIT_EXCEEDED"
    assert refused(fresh, many, *single[:-1], graph("x", account("x"), account("y"))) == (
        "LIMIT_EXCEEDED"
    )


def chain(length: int) -> dict[str, Any]:
    nodes = [account("n1")]
    nodes += [account(f"n{n}", ParentId=f"@{{n{n - 1}.id}}") for n in range(2, length + 1)]
    return graph("chain", *nodes)


def test_15_levels_are_the_deepest(client: Client) -> None:
    assert send(client, chain(15))[0]["isSuccessful"] is True
    assert refused(client, chain(16)) == "LIMIT_EXCEEDED"


def test_15_kinds_of_nodes_are_the_most(client: Client) -> None:
    kinds = [
        (method, f"/services/data/v{version}.0/sobjects/{kind}/001Em0000000001")
        for version in (50, 51, 60)
        for method in ("GET", "PATCH", "DELETE")
        for kind in ("Account", "Contact")
    ]
    nodes = [
        {"method": method, "url": url, "referenceId": f"n{n}"}
        for n, (method, url) in enumerate(kinds)
    ]
    assert send(client, graph("g", *nodes[:15]))[0]["isSuccessful"] is False
    assert refused(client, graph("g", *nodes[:16])) == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", f"{ROOT}/query?q=SELECT Id FROM Account"),
        ("POST", f"{ROOT}/composite/sobjects"),
        ("GET", f"{ROOT}/sobjects/Account"),
        ("GET", f"{ROOT}/sobjects"),
        ("POST", f"{ROOT}/sobjects/Account/001Em0000000001"),
        ("PUT", f"{ROOT}/sobjects/Account/ExternalId__c/x"),
        ("GET", f"{ROOT}/sobjects/Account/001Em0000000001/Contacts/x"),
        ("POST", "/services/data/v49.0/sobjects/Account"),
        ("POST", "sobjects/Account"),
    ],
)
def test_only_records_can_be_nodes(client: Client, method: str, url: str) -> None:
    wrong = {"method": method, "url": url, "referenceId": "a"}
    assert refused(client, graph("g", wrong)) == "JSON_PARSER_ERROR"


@pytest.mark.parametrize("name", [None, "", "-a", "x" * 41, 7])
def test_a_graph_needs_a_name(client: Client, name: Any) -> None:
    assert refused(client, graph(name, account("a"))) == "JSON_PARSER_ERROR"


def test_names_are_unique(client: Client) -> None:
    assert refused(client, graph("g", account("a")), graph("g", account("b"))) == (
        "JSON_PARSER_ERROR"
    )
    assert refused(client, graph("g", account("a"), account("a"))) == "JSON_PARSER_ERROR"
    assert refused(client) == "MISSING_ARGUMENT"


def test_there_are_graphs_since_50(client: Client) -> None:
    body = {"graphs": [graph("g", account("a"))]}
    old = client.call("POST", "/services/data/v49.0/composite/graph", json=body)
    assert old.status_code == 404
