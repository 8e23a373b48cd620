"""Recorded answers to what logs in, writes, or asks for what has to be written before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from connectsql.emulator import Options, start_in_thread

from .conftest import Target
from .recordings import RECORDED
from .samples import restforce, same_shape
from .whizbang import WHIZBANG, describe


@pytest.fixture(scope="module")
def whizbangs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """An org with the object that the recorded answers are about, and two records of it."""
    folder = tmp_path_factory.mktemp("describes")
    (folder / "whizbang.json").write_text(json.dumps(describe()))
    with start_in_thread(Options(describe=folder)) as running:
        org = Target(running.url, running.access_token)
        parent = create(org, Name="Parent Whizbang", Text_Label__c="Hello")
        create(org, ParentWhizbang__c=parent, **WHIZBANG)
        yield org


def create(org: Target, **fields: Any) -> str:
    answer = org.call("POST", "sobjects/Whizbang__c", json=fields)
    assert answer.status_code == 201, answer.text
    same_shape(restforce("create_success_response"), answer.json())
    record_id: str = answer.json()["id"]
    return record_id


def bare(value: Any) -> Any:
    """Take the endings of custom names off: the recorded answers have none."""
    return json.loads(re.sub(r"(?<=_Label)__c|(?<=Auto_Number)__c", "", json.dumps(value)))


def test_writes_that_are_refused(target: Target) -> None:
    answer = target.call("POST", "sobjects/Account", json={"foo": "x"})
    (recorded,) = restforce("write_error_response")
    assert answer.json() == [{**recorded, "message": recorded["message"].replace("Bar", "Account")}]
    answer = target.call("PATCH", "sobjects/Account/Namez/x", json={"Name": "x"})
    assert answer.json() == restforce("upsert_error_response")
    answer = target.call("DELETE", "sobjects/Account/rid")
    assert (answer.status_code, answer.json()) == (404, restforce("delete_error_response"))


def test_logins(target: Target) -> None:
    client = {"client_id": Options().client_id, "client_secret": Options().client_secret}
    user = {"username": Options().username, "password": Options().password}

    def token(**form: str) -> requests.Response:
        return requests.post(f"{target.url}/services/oauth2/token", data=client | form, timeout=60)

    refresh = {"grant_type": "refresh_token", "refresh_token": Options().refresh_token}
    for name, form in (
        ("auth_success_response", user | {"grant_type": "password"}),
        ("reauth_success_response", user | {"grant_type": "password"}),
        ("refresh_success_response", refresh),
    ):
        same_shape(restforce(name), token(**form).json(), excerpt=True)
    wrong = token(**user | {"grant_type": "password", "password": "wrong"})
    assert wrong.status_code == 400
    same_shape(restforce("auth_error_response"), wrong.json())
    assert wrong.json()["error"] == restforce("auth_error_response")["error"]
    expired = token(**refresh | {"refresh_token": "gone"})
    assert (expired.status_code, expired.json()) == (400, restforce("refresh_error_response"))


def test_a_query_with_a_parent_and_children(whizbangs: Target) -> None:
    (recorded,) = restforce("query_success_response")["records"]
    children = "(SELECT Name FROM Whizbangs__r)"
    fields = "Checkbox_Label__c, Text_Label__c, Date_Label__c, DateTime_Label__c"
    soql = f"SELECT {fields}, Picklist_Multiselect_Label__c, ParentWhizbang__r.Name, {children}"
    soql += ", ParentWhizbang__r.Text_Label__c FROM Whizbang__c WHERE Text_Label__c = 'Hi there!'"
    (answered,) = bare(whizbangs.get("query", q=soql).json()["records"])
    assert recorded.pop("Whizbangs__r")["totalSize"] == 1
    assert answered.pop("Whizbangs__r") is None
    same_shape(recorded, answered)
    for name in ("Checkbox_Label", "Text_Label", "Date_Label", "DateTime_Label"):
        assert answered[name] == recorded[name]
    soql = f"SELECT Name, {children} FROM Whizbang__c WHERE Name = 'Parent Whizbang'"
    (parent,) = whizbangs.get("query", q=soql).json()["records"]
    same_shape(
        restforce("query_success_response")["records"][0]["Whizbangs__r"], parent["Whizbangs__r"]
    )


def test_a_record(whizbangs: Target) -> None:
    soql = "SELECT Id FROM Whizbang__c WHERE Text_Label__c = 'Hi there!'"
    (found,) = whizbangs.get("query", q=soql).json()["records"]
    answered = bare(whizbangs.get(found["attributes"]["url"]).json())
    same_shape(restforce("sobject_find_success_response"), answered, excerpt=True)
    selected = whizbangs.get(f"{found['attributes']['url']}?fields=External_Field__c")
    same_shape(restforce("sobject_select_success_response"), selected.json())


def test_upserts(whizbangs: Target) -> None:
    path = "sobjects/Whizbang__c/External_Field__c/u-1"
    created = whizbangs.call("PATCH", path, json={"Name": "first"})
    same_shape(restforce("upsert_created_success_response"), created.json(), excerpt=True)
    old = f"/services/data/v45.0/{path}"
    updated = whizbangs.call("PATCH", old, json={"Name": "second"})
    recorded = (RECORDED / "restforce" / "upsert_updated_success_response.json").read_bytes()
    assert (updated.status_code, updated.content) == (204, recorded)
    for _ in range(2):
        create(whizbangs, Name="twin", Email_Label__c="twin@example.com")
    path = "sobjects/Whizbang__c/Email_Label__c/twin@example.com"
    several = whizbangs.call("PATCH", path, json={"Name": "which"})
    assert several.status_code == 300
    same_shape(restforce("upsert_multiple_error_response"), several.json())


def test_pages(whizbangs: Target) -> None:
    rows = [{"attributes": {"type": "Whizbang__c"}, "Name": "page"}] * 200
    for _ in range(2):
        assert whizbangs.call("POST", "composite/sobjects", json={"records": rows}).ok
    headers = {"Sforce-Query-Options": "batchSize=200"}
    soql = {"q": "SELECT Text_Label__c FROM Whizbang__c WHERE Name = 'page'"}
    first = whizbangs.call("GET", "query", params=soql, headers=headers).json()
    last = whizbangs.get(first["nextRecordsUrl"]).json()
    for name, page in (("first", first), ("last", last)):
        page["records"] = bare(page["records"][:1])
        same_shape(restforce(f"query_paginated_{name}_page_response"), page)


def test_sums(whizbangs: Target) -> None:
    soql = (
        "SELECT ParentWhizbang__c, SUM(Number_Label__c) FROM Whizbang__c GROUP BY ParentWhizbang__c"
    )
    answered = whizbangs.get("query", q=soql).json()
    recorded = restforce("query_aggregate_success_response")
    for one in recorded["records"]:
        one["ParentWhizbang__c"] = one.pop("CampaignId")
    same_shape(recorded, answered)


def test_what_was_changed_and_deleted(whizbangs: Target) -> None:
    gone = create(whizbangs, Name="gone")
    answer = whizbangs.call("DELETE", f"sobjects/Whizbang__c/{gone}")
    assert (answer.status_code, answer.content) == (204, b"")
    for name in ("updated", "deleted"):
        answered = whizbangs.get(f"sobjects/Whizbang__c/{name}", **_span())
        assert answered.status_code == 200, answered.text
        same_shape(restforce(f"get_{name}_success_response"), answered.json())


def _span() -> dict[str, str]:
    now = datetime.now(UTC)
    moments = {"start": now - timedelta(hours=1), "end": now + timedelta(minutes=2)}
    return {name: one.strftime("%Y-%m-%dT%H:%M:%SZ") for name, one in moments.items()}
