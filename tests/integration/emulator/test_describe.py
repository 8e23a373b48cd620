"""What the org says of its objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

SHARED = Path(__file__).resolve().parents[4] / "shared"
DESCRIBES = SHARED / "data" / "describe"
REAL = DESCRIBES / "cumulusci-Account.json"
GLOBAL = DESCRIBES / "cumulusci-Global.json"


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
    assert contact["LastName"]["compoundFieldName"] == "Name"
    assert fields(client, "Account")["Name"]["compoundFieldName"] == "Name"
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
    same = (
        *("type", "soapType", "length", "byteLength", "updateable", "nillable"),
        *("referenceTo", "compoundFieldName"),
    )
    for field in fields(client, name).values():
        known = real.get(field["name"])
        if known:
            assert set(field) == set(known)
            assert {key: field[key] for key in same} == {key: known[key] for key in same}


@pytest.mark.skipif(not REAL.exists(), reason="needs the shared real describes")
@pytest.mark.parametrize(
    "path", [one for one in sorted(DESCRIBES.glob("*.json")) if one != GLOBAL], ids=lambda p: p.stem
)
def test_an_org_can_be_made_of_any_real_describe(tmp_path: Path, path: Path) -> None:
    real = json.loads(path.read_text())
    (tmp_path / path.name).write_text(path.read_text())
    with start_in_thread(Options(describe=tmp_path, seed_records={real["name"]: 3})) as org:
        client = Client(org)
        told = client.get(f"sobjects/{real['name']}/describe").json()
        assert {field["name"] for field in told["fields"]} == {f["name"] for f in real["fields"]}
        assert all(len(field) >= 57 for field in told["fields"])
        records = client.query(f"SELECT FIELDS(ALL) FROM {real['name']} LIMIT 200")
        assert len(records) == 3 + (real["name"] == "User")
        client.close()


@pytest.mark.skipif(not REAL.exists(), reason="needs the shared real describes")
def test_a_list_of_all_objects_adds_to_the_list_alone(tmp_path: Path) -> None:
    for path in (REAL, GLOBAL):
        (tmp_path / path.name).write_text(path.read_text())
    listed = {one["name"]: one for one in json.loads(GLOBAL.read_text())["sobjects"]}
    with start_in_thread(Options(describe=tmp_path)) as org:
        client = Client(org)
        told = client.call("GET", "/services/data/v52.0/sobjects").json()["sobjects"]
        names = [one["name"] for one in told]
        assert len(names) == len(set(names))
        assert {"Account", "User", "Organization", *listed} <= set(names)
        unknown = next(name for name in listed if name not in ("Account", "User"))
        (entry,) = (one for one in told if one["name"] == unknown)
        assert {key: entry[key] for key in listed[unknown]} == listed[unknown]
        assert client.get(f"sobjects/{unknown}/describe").status_code == 404
        assert client.refused(f"SELECT Id FROM {unknown}")[0] == "INVALID_TYPE"
        client.close()


def test_objects_without_a_key_prefix_get_one_of_their_own(tmp_path: Path) -> None:
    fields = [{"name": "Id", "type": "id"}, {"name": "Name", "type": "string", "createable": True}]
    for name, prefix in (("First__c", None), ("Second__c", "aZ0"), ("Third__c", None)):
        raw = {"name": name, "keyPrefix": prefix, "fields": fields}
        (tmp_path / f"{name}.json").write_text(json.dumps(raw))
    with start_in_thread(Options(describe=tmp_path)) as org:
        client = Client(org)
        ids = [client.create(f"{name}__c", Name="x") for name in ("First", "Second", "Third")]
        assert [one[:3] for one in ids] == ["aZ1", "aZ0", "aZ2"]
        client.close()


def test_what_an_object_does_not_allow_is_refused(tmp_path: Path) -> None:
    fields = [{"name": "Id", "type": "id"}, {"name": "Name", "type": "string", "createable": True}]
    closed = {"createable": False, "deletable": False, "updateable": False, "queryable": False}
    raw = {"name": "Closed__c", "fields": fields, **closed, "replicateable": False}
    (tmp_path / "closed.json").write_text(json.dumps(raw))
    with start_in_thread(Options(describe=tmp_path)) as org:
        client = Client(org)
        refused = client.row_error("Closed__c", Name="x")["errorCode"]
        assert refused == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
        assert client.refused("SELECT Id FROM Closed__c")[0] == "INVALID_TYPE"
        span = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
        answer = client.get("sobjects/Closed__c/updated", **span)
        assert answer.json()[0]["message"] == "sObject type Closed__c is not replicable"
        client.close()
