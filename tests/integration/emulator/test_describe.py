"""What the org says of its objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

SHARED = Path(__file__).resolve().parents[4] / "shared"
REAL = SHARED / "data" / "describe" / "cumulusci-Account.json"


def fields(client: Client, name: str) -> dict[str, Any]:
    told = client.get(f"sobjects/{name}/describe").json()
    return {field["name"]: field for field in told["fields"]}


def test_the_list_of_objects(client: Client) -> None:
    told = client.get("sobjects").json()
    assert (told["encoding"], told["maxBatchSize"]) == ("UTF-8", 200)
    names = {one["name"] for one in told["sobjects"]}
    ordinary = {"Account", "Contact", "Opportunity", "Case", "Lead"}
    assert names == ordinary | {"User", "Organization", "ScratchOrgInfo"}
    account = told["sobjects"][0]
    assert "fields" not in account
    assert account["urls"]["describe"] == "/services/data/v60.0/sobjects/Account/describe"
    brief = client.get("sobjects/account").json()
    assert brief == {"objectDescribe": account, "recentItems": []}


def test_required_fields_are_those_of_a_real_org(client: Client) -> None:
    required = {
        name: {
            field["name"]
            for field in fields(client, name).values()
            if field["createable"] and not field["nillable"] and not field["defaultedOnCreate"]
        }
        for name in ("Account", "Contact", "Opportunity", "Case", "Lead")
    }
    assert required == {
        "Account": {"Name"},
        "Contact": {"LastName"},
        "Opportunity": {"Name", "StageName", "CloseDate"},
        "Case": set(),
        "Lead": {"LastName", "Company"},
    }


def test_fields_tell_what_a_sync_needs(client: Client) -> None:
    contact = fields(client, "Contact")
    assert not contact["Name"]["createable"]
    assert contact["AccountId"]["referenceTo"] == ["Account"]
    assert contact["AccountId"]["relationshipName"] == "Account"
    external = contact["ExternalId__c"]
    assert external["externalId"]
    assert external["unique"]
    assert external["idLookup"]
    assert external["custom"]
    assert external["length"] == 64
    stages = fields(client, "Opportunity")["StageName"]["picklistValues"]
    assert {"active", "defaultValue", "label", "validFor", "value"} == set(stages[0])
    children = client.get("sobjects/Account/describe").json()["childRelationships"]
    assert {"Contacts", "Opportunities", "Cases", "ChildAccounts"} <= {
        one["relationshipName"] for one in children
    }


def test_a_describe_is_not_sent_twice(client: Client) -> None:
    for path in ("sobjects/Account/describe", "sobjects/"):
        first = client.get(path)
        for name, known in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            again = client.call("GET", path, headers={name: first.headers[known]})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == first.headers["etag"]
        old = {"If-Modified-Since": "Sat, 1 Jan 2000 00:00:01 GMT"}
        assert client.call("GET", path, headers=old).status_code == 200
        assert client.call("GET", path, headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.skipif(not REAL.exists(), reason="needs the shared real describes")
def test_a_real_describe_comes_out_as_it_went_in(tmp_path: Path) -> None:
    real = json.loads(REAL.read_text())
    (tmp_path / "a.json").write_text(json.dumps(real))
    (tmp_path / "not-a-describe.json").write_text('{"sobjects": []}')
    with start_in_thread(Options(describe=tmp_path)) as org:
        client = Client(org)
        told = client.call("GET", "/services/data/v48.0/sobjects/Account/describe").json()
        assert {key: told[key] for key in real} == real
        assert len(told["fields"][0]) == 57
        (account,) = client.query("SELECT COUNT(Id) n FROM Account")
        assert account["n"] == 0
        client.close()


@pytest.mark.skipif(not REAL.exists(), reason="needs the shared real describes")
@pytest.mark.parametrize("name", ["Account", "Contact", "Opportunity", "Case", "Lead"])
def test_our_fields_are_like_the_real_ones(client: Client, name: str) -> None:
    raw = json.loads(REAL.with_name(f"cumulusci-{name}.json").read_text())
    real = {field["name"]: field for field in raw["fields"]}
    same = ("type", "soapType", "length", "byteLength", "updateable", "nillable", "referenceTo")
    for field in fields(client, name).values():
        known = real.get(field["name"])
        if known:
            assert set(field) == set(known)
            assert {key: field[key] for key in same} == {key: known[key] for key in same}
