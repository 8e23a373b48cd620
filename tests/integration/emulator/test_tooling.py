"""The Tooling API, and what the ``sf`` command asks of an org."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectsql.emulator import Options, start_in_thread

from .conftest import Client

SCRATCH_ORGS = "SELECT Id FROM ScratchOrgInfo limit 1"
ORGANIZATION = (
    "SELECT Name, InstanceName, IsSandbox, TrialExpirationDate, NamespacePrefix,"
    " OrganizationType FROM Organization"
)


def test_queries(client: Client) -> None:
    answer = client.get("tooling/query/", q="SELECT Username FROM User")
    assert answer.json()["records"][0]["Username"] == client.org.username
    unknown = client.get("tooling/query", q="SELECT Id FROM ApexClass")
    assert (unknown.status_code, unknown.json()[0]["errorCode"]) == (400, "INVALID_TYPE")


def test_describes(client: Client) -> None:
    root = client.get("tooling").json()
    assert client.get(root["sobjects"]).json()["sobjects"]
    assert client.get("tooling/sobjects/User/describe").json()["name"] == "User"
    assert client.get("tooling/sobjects/ApexClass").status_code == 404


@pytest.mark.parametrize("described", [False, True])
def test_what_the_sf_command_asks_of_any_org(tmp_path: Path, described: bool) -> None:
    thing = '{"name": "Thing__c", "fields": [{"name": "Id", "type": "id"}]}'
    (tmp_path / "thing.json").write_text(thing)
    with start_in_thread(Options(describe=tmp_path if described else None)) as org:
        client = Client(org)
        assert client.query(SCRATCH_ORGS) == []
        (told,) = client.query(ORGANIZATION)
        assert (told["IsSandbox"], told["TrialExpirationDate"]) == (False, None)
        client.close()
