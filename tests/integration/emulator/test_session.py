"""Sessions, what does not need one, and what any call may meet."""

from __future__ import annotations

import pytest
import requests

from connectsql.emulator import Options, RunningOrg, start_in_thread

from .conftest import Client


def test_an_unknown_token_is_refused_as_expired(client: Client) -> None:
    answer = client.call("GET", "sobjects", headers={"Authorization": "Bearer nobody"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Token"
    assert answer.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]
    assert "sforce-limit-info" not in answer.headers


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "OAuth ", "nonsense"])
def test_an_authorization_without_a_token_is_no_session(client: Client, header: str) -> None:
    answer = client.call("GET", "sobjects", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Token"
    assert answer.json() == [{"message": "INVALID_HEADER_TYPE", "errorCode": "INVALID_AUTH_HEADER"}]


def test_without_authorization_there_is_no_session(org: RunningOrg) -> None:
    answer = requests.get(f"{org.url}/services/data/v60.0/limits", timeout=30)
    assert answer.status_code == 401
    assert answer.json()[0]["errorCode"] == "INVALID_SESSION_ID"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "OAuth"])
def test_a_token_comes_as_either_scheme(client: Client, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {client.org.access_token}"}
    assert client.call("GET", "limits/", headers=headers).status_code == 200


def test_sessions_can_be_ended(fresh: Client) -> None:
    assert fresh.get("limits").status_code == 200
    assert fresh.call("POST", "/__emulator__/sessions/expire").json() == {"expired": 1}
    assert fresh.get("limits").status_code == 401


def test_a_session_ends_some_time_after_its_last_call() -> None:
    with start_in_thread(Options(session_seconds=0)) as org:
        client = Client(org)
        assert client.get("limits").status_code == 401
        client.close()


def test_the_list_of_versions_needs_no_session(org: RunningOrg) -> None:
    answer = requests.get(f"{org.url}/services/data/", timeout=30)
    told = {one["version"]: one for one in answer.json()}
    assert told["68.0"] == {
        "label": "Winter '27",
        "url": "/services/data/v68.0",
        "version": "68.0",
    }
    assert told["31.0"]["label"] == "Summer '14"


def test_a_retired_version_is_gone_and_a_future_one_is_not_there(client: Client) -> None:
    gone = client.get("/services/data/v30.0/sobjects")
    assert (gone.status_code, gone.json()[0]["errorCode"]) == (410, "GONE")
    future = client.get("/services/data/v69.0/sobjects")
    assert (future.status_code, future.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_the_root_of_a_version_tells_its_resources(client: Client) -> None:
    told = client.get("").json()
    assert told["sobjects"] == "/services/data/v60.0/sobjects"
    assert {"query", "queryAll", "composite", "jobs", "limits", "tooling", "identity"} <= set(told)
    assert client.get(told["identity"].removeprefix(client.org.url)).json()["username"]


@pytest.mark.parametrize(("version", "status"), [("31.0", 200), ("68.0", 200), ("30.0", 410)])
def test_any_supported_version_can_stand_in_the_path(
    client: Client, version: str, status: int
) -> None:
    answer = client.get(f"/services/data/v{version}/sobjects/Account/")
    assert answer.status_code == status


@pytest.mark.parametrize(
    "path", ["sobjects/Foo", "jobs/nothing", "/nowhere", "/services/apexrest/x"]
)
def test_an_unknown_address_is_a_404_of_the_org_and_is_listed(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json() == [
        {"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}
    ]
    calls = client.call("GET", "/__emulator__/calls", params={"path": path}).json()["calls"]
    assert calls[-1]["status"] == 404


def test_a_wrong_method_is_a_405(client: Client) -> None:
    answer = client.call("PUT", "sobjects/Account")
    assert answer.status_code == 405
    assert answer.json()[0]["errorCode"] == "METHOD_NOT_ALLOWED"
    assert answer.headers["allow"] == "HEAD, GET, POST"


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'{"Name": NaN}', b'"\xff"'])
def test_what_is_no_json_object_is_refused(client: Client, body: bytes) -> None:
    answer = client.call("POST", "sobjects/Account", data=body)
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_half_a_character_is_refused(client: Client) -> None:
    answer = client.call("POST", "sobjects/Account", data=b'{"Name": "\\ud800"}')
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_a_body_may_come_in_chunks(client: Client) -> None:
    answer = client.call("POST", "sobjects/Account/", data=iter([b'{"Na', b'me": "Chunk"}']))
    assert answer.status_code == 201
