"""Answers to what only reads: the same of an emulated org as of a real one.

These tests are harmless, so they are sent to a real org where one is named.
"""

from __future__ import annotations

import json
import re

import pytest
import requests

from .conftest import Target
from .recordings import DATA, VERSION, cassette, described
from .samples import restforce, same, same_shape

pytestmark = pytest.mark.harmless


def test_versions(target: Target) -> None:
    answer = requests.get(f"{target.url}/services/data/", timeout=60)
    same_shape(restforce("services_data_success_response"), answer.json()[:2])


def test_limits(target: Target) -> None:
    answer = target.get("limits")
    assert re.match(r"api-usage=\d+/\d+", answer.headers["Sforce-Limit-Info"])
    assert {"Max", "Remaining"} <= set(answer.json()["DailyApiRequests"])


@pytest.mark.parametrize(
    "name", ["list_sobjects_success_response", "describe_sobjects_success_response"]
)
def test_the_list_of_objects(target: Target, name: str) -> None:
    listed = target.get("sobjects").json()
    listed["sobjects"] = [one for one in listed["sobjects"] if one["name"] == "Account"]
    same_shape(restforce(name), listed, excerpt=True)
    recorded = json.loads((DATA / "describe" / "cumulusci-Global.json").read_text())
    recorded["sobjects"] = [one for one in recorded["sobjects"] if one["name"] == "Account"]
    recorded["sobjects"][0]["urls"] = restforce(name)["sobjects"][0]["urls"]  # others: screens
    same_shape(recorded, listed, excerpt=True)


def test_a_describe(target: Target) -> None:
    answer = target.get("sobjects/Account/describe")
    assert {"ETag", "Last-Modified"} <= set(answer.headers)
    told = answer.json()
    recorded = json.loads(described("Account"))
    missing = set(recorded) - set(told)
    assert missing == set()
    assert set(recorded["fields"][0]) <= set(told["fields"][0])
    old = restforce("sobject_describe_success_response")
    old["fields"], old["childRelationships"], old["recordTypeInfos"] = [], [], []
    old["urls"] = {name: url for name, url in old["urls"].items() if not name.startswith("ui")}
    same_shape(old, told, excerpt=True)


def test_a_describe_that_has_not_changed(target: Target) -> None:
    """As in the recorded test_http_headers: one that asks for news since a later moment."""
    (recorded,) = cassette("ManualEditTestCompositeParallelSalesforce.test_http_headers.yaml")
    assert recorded.answer
    headers = {"If-Modified-Since": "Thu, 03 Sep 2099 21:35:07 GMT"}
    url = f"/services/data/v{VERSION}/sobjects"
    asked = {"method": "GET", "url": url, "referenceId": "CCI__RefId__0__", "httpHeaders": headers}
    answer = target.call("POST", "composite", json={"compositeRequest": [asked]})
    first = json.loads(recorded.answer)["compositeResponse"][:1]
    same(first, answer.json()["compositeResponse"])
    alone = target.call("GET", "sobjects", headers=headers)
    assert (alone.status_code, alone.content) == (304, b"")


def test_a_token_that_is_no_longer_good(target: Target) -> None:
    answer = Target(target.url, "00D000000000000!ended").get("limits")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Token")
    assert answer.json() == restforce("expired_session_response")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sobject_describe_error_response", "sobjects/Whizzbang__c/describe"),
        ("sobject_find_error_response", "sobjects/Account/23foo"),
    ],
)
def test_what_is_not_there(target: Target, name: str, path: str) -> None:
    answer = target.get(path)
    assert answer.status_code == 404
    same(restforce(name), answer.json())


def test_queries_that_are_refused(target: Target) -> None:
    for soql, code in (
        ("SELECT Id FROM Whizzbang__c", "INVALID_TYPE"),
        ("SELECT Whizz__c FROM Account", "INVALID_FIELD"),
        ("SELECT FROM Account", "MALFORMED_QUERY"),
    ):
        answer = target.get("query", q=soql)
        assert answer.status_code == 400
        (error,) = answer.json()
        assert error["errorCode"] == code
        same_shape(restforce("query_error_response"), answer.json())


def test_an_empty_result(target: Target) -> None:
    answer = target.get("query", q="SELECT Id FROM Account WHERE Name = 'nobody at all'")
    assert answer.json() == restforce("query_empty_response")
    assert list(answer.json()) == list(restforce("query_empty_response"))


def test_the_organization(target: Target) -> None:
    answer = target.get("query", q="SELECT Id FROM Organization")
    same_shape(restforce("org_query_response"), answer.json())
    record = answer.json()["records"][0]
    (recorded,) = cassette("GET_sobjects_Organization.yaml")
    assert recorded.answer
    told = target.get(record["attributes"]["url"]).json()
    fields = json.loads(recorded.answer)
    same_shape({name: fields[name] for name in fields if name in told}, told, excerpt=True)
    assert {"Id", "Name", "OrganizationType", "IsSandbox", "InstanceName"} <= set(told)
