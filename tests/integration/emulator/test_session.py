"""Logging in, sessions, and what does not need one."""

from __future__ import annotations

import pytest
import requests

from connectsql.emulator import RunningOrg

from .conftest import Client


def login(org: RunningOrg, **form: str) -> requests.Response:
    return requests.post(f"{org.url}/services/oauth2/token", data=form, timeout=30)


def credentials(org: RunningOrg) -> dict[str, str]:
    return {"client_id": org.client_id, "client_secret": org.client_secret}


def test_client_credentials_in_the_body_open_a_session(org: RunningOrg, client: Client) -> None:
    answer = login(org, grant_type="client_credentials", **credentials(org))
    told = answer.json()
    assert answer.status_code == 200
    assert told["instance_url"] == org.url
    assert told["token_type"] == "Bearer"
    assert told["access_token"].startswith("00DEm0000000001!")
    assert told["issued_at"].isdigit()
    headers = {"Authorization": f"OAuth {told['access_token']}"}
    assert client.call("GET", "limits/", headers=headers).status_code == 200


def test_client_credentials_may_come_as_basic_authorization(org: RunningOrg) -> None:
    answer = requests.post(
        f"{org.url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(org.client_id, org.client_secret),
        timeout=30,
    )
    assert answer.status_code == 200


def test_a_password_opens_a_session(org: RunningOrg) -> None:
    user = {"username": org.username, "password": org.password}
    answer = login(org, grant_type="password", **credentials(org), **user)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_id": "x"}, "invalid_client_id"),
        ({"client_secret": "x"}, "invalid_client"),
        ({"password": "x"}, "invalid_grant"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
    ],
)
def test_a_wrong_login_is_refused_with_an_object(
    org: RunningOrg, wrong: dict[str, str], error: str
) -> None:
    right = {"grant_type": "password", "username": org.username, "password": org.password}
    answer = login(org, **(right | credentials(org) | wrong))
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert set(answer.json()) == {"error", "error_description"}


def test_an_unknown_token_is_refused_as_expired(client: Client) -> None:
    answer = client.call("GET", "sobjects", headers={"Authorization": "Bearer nobody"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Token"
    assert answer.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]
    assert "sforce-limit-info" not in answer.headers


def test_sessions_can_be_ended(fresh: Client) -> None:
    assert fresh.get("limits").status_code == 200
    assert fresh.call("POST", "/__emulator__/sessions/expire").json() == {"expired": 1}
    assert fresh.get("limits").status_code == 401
    told = login(fresh.org, grant_type="client_credentials", **credentials(fresh.org)).json()
    fresh.session.headers["Authorization"] = f"Bearer {told['access_token']}"
    assert fresh.get("limits").status_code == 200


def test_a_session_tells_its_user(client: Client) -> None:
    told = client.get("/services/oauth2/userinfo").json()
    (user,) = client.query("SELECT Id, Username FROM User")
    assert told["user_id"] == user["Id"]
    assert told["preferred_username"] == user["Username"]
    root = client.get("").json()
    assert client.get(root["identity"].removeprefix(client.org.url)).json()["username"]


def test_the_list_of_versions_needs_no_session(org: RunningOrg) -> None:
    answer = requests.get(f"{org.url}/services/data/", timeout=30)
    told = {one["version"]: one for one in answer.json()}
    assert told["68.0"] == {
        "label": "Winter '27",
        "url": "/services/data/v68.0",
        "version": "68.0",
    }
    assert told["31.0"]["label"] == "Summer '14"


@pytest.mark.parametrize(("version", "status"), [("31.0", 200), ("68.0", 200), ("30.0", 410)])
def test_any_supported_version_can_stand_in_the_path(
    client: Client, version: str, status: int
) -> None:
    answer = client.get(f"/services/data/v{version}/sobjects/Account/")
    assert answer.status_code == status


@pytest.mark.parametrize(
    "path", ["sobjects/Foo", "jobs/ingest", "/nowhere", "/services/apexrest/x"]
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
    assert answer.headers["allow"] == "GET, POST"


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


def test_calls_count_against_the_daily_limit(client: Client) -> None:
    before = client.get("limits")
    used, most = before.headers["sforce-limit-info"].removeprefix("api-usage=").split("/")
    limit = before.json()["DailyApiRequests"]
    assert limit == {"Max": int(most), "Remaining": int(most) - int(used)}
    after = client.get("sobjects/Foo").headers["sforce-limit-info"]
    assert after == f"api-usage={int(used) + 1}/{most}"
    assert "date" in before.headers
