"""simple-salesforce sends many requests in one, through its ``restful``."""

from __future__ import annotations

from typing import Any

from simple_salesforce import Salesforce


def send(salesforce: Salesforce, path: str, method: str, **body: Any) -> Any:
    return salesforce.restful(path, method=method, json=body)


def test_requests_that_refer_to_each_other(salesforce: Salesforce) -> None:
    root = "/services/data/v59.0"
    steps = [
        ("POST", "sobjects/Account", "parent", {"Name": "Composite"}),
        ("POST", "sobjects/Contact", "child", {"LastName": "C", "AccountId": "@{parent.id}"}),
        ("GET", "query?q=SELECT+Account.Name+FROM+Contact+WHERE+Id='@{child.id}'", "seen", None),
    ]
    requests = [
        {"method": method, "url": f"{root}/{path}", "referenceId": name}
        | ({"body": body} if body else {})
        for method, path, name, body in steps
    ]
    told = send(salesforce, "composite", "POST", allOrNone=True, compositeRequest=requests)
    parent, child, seen = told["compositeResponse"]
    assert [one["httpStatusCode"] for one in (parent, child, seen)] == [201, 201, 200]
    assert seen["body"]["records"][0]["Account"]["Name"] == "Composite"


def test_collections(salesforce: Salesforce) -> None:
    rows = [{"attributes": {"type": "Lead"}, "LastName": str(n), "Company": "x"} for n in range(3)]
    rows[1].pop("Company")
    first, wrong, third = send(salesforce, "composite/sobjects", "POST", records=rows)
    assert (first["success"], wrong["success"], third["success"]) == (True, False, True)
    assert wrong["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    wanted = {"ids": [first["id"], third["id"]], "fields": ["LastName"]}
    found = send(salesforce, "composite/sobjects/Lead", "POST", **wanted)
    assert [one["LastName"] for one in found] == ["0", "2"]
    gone = salesforce.restful(
        "composite/sobjects", params={"ids": f"{first['id']},{third['id']}"}, method="DELETE"
    )
    assert [one["success"] for one in gone] == [True, True]


def test_collections_by_external_id(salesforce: Salesforce) -> None:
    row = {"attributes": {"type": "Account"}, "Name": "x", "ExternalId__c": "c-1"}
    for created in (True, False):
        path = "composite/sobjects/Account/ExternalId__c"
        (told,) = send(salesforce, path, "PATCH", records=[row])
        assert (told["success"], told["created"]) == (True, created)


def test_a_batch(salesforce: Salesforce) -> None:
    parts = [
        {"method": "GET", "url": "v59.0/limits/recordCount?sObjects=User"},
        {"method": "GET", "url": "v59.0/sobjects/Nothing__c/describe"},
    ]
    told = send(salesforce, "composite/batch", "POST", batchRequests=parts)
    assert told["hasErrors"] is True
    assert [one["statusCode"] for one in told["results"]] == [200, 404]


def test_a_tree(salesforce: Salesforce) -> None:
    contact = {"attributes": {"type": "Contact", "referenceId": "c"}, "LastName": "Leaf"}
    account = {
        "attributes": {"type": "Account", "referenceId": "a"},
        "Name": "Root",
        "Contacts": {"records": [contact]},
    }
    told = send(salesforce, "composite/tree/Account", "POST", records=[account])
    assert told["hasErrors"] is False
    assert [one["referenceId"] for one in told["results"]] == ["a", "c"]
