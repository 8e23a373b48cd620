"""Who a session's user is."""

from __future__ import annotations

import pytest
import requests
from support.logins import login

from connectsql.emulator import RunningOrg

from .conftest import Client


class TestIdentity:
    def test_is_told_by_openid_connect(self, client: Client) -> None:
        told = client.get("/services/oauth2/userinfo/").json()
        (user,) = client.query("SELECT Id, Username, Name FROM User")
        assert told["user_id"] == user["Id"]
        assert told["preferred_username"] == user["Username"]
        assert told["name"] == user["Name"]
        assert told["organization_id"] == client.query("SELECT Id FROM Organization")[0]["Id"]
        assert told["urls"]["sobjects"] == (
            f"{client.org.url}/services/data/v{{version}}/sobjects/"
        )
        assert client.call("POST", "/services/oauth2/userinfo").json() == told

    def test_is_told_under_the_address_that_a_login_names(self, client: Client) -> None:
        address = login(client.org, grant_type="client_credentials").json()["id"]
        told = client.get(address.removeprefix(client.org.url), version="latest").json()
        assert told["id"] == address
        assert told["username"] == client.org.username
        rest = told["urls"]["rest"].removeprefix(client.org.url)
        assert rest == "/services/data/v68.0/"
        assert client.get(rest).status_code == 200

    def test_takes_the_token_as_a_parameter_and_short_ids(self, client: Client) -> None:
        userinfo = client.get("/services/oauth2/userinfo").json()
        org, user = userinfo["organization_id"][:15], userinfo["user_id"][:15]
        url = f"{client.org.url}/id/{org}/{user}"
        given = {"access_token": client.org.access_token}
        assert requests.get(url, params=given, timeout=30).json()["user_id"] == userinfo["user_id"]
        assert requests.post(url, data=given, timeout=30).status_code == 200

    def test_follows_the_record_of_the_user(self, fresh: Client) -> None:
        (user,) = fresh.query("SELECT Id FROM User")
        path = f"sobjects/User/{user['Id']}"
        assert fresh.call("PATCH", path, json={"Email": "new@example.com"}).status_code == 204
        assert fresh.get("/services/oauth2/userinfo").json()["email"] == "new@example.com"

    @pytest.mark.parametrize(
        ("token", "word"), [("", "Missing_OAuth_Token"), ("x", "Bad_OAuth_Token")]
    )
    def test_is_refused_with_a_word(self, org: RunningOrg, token: str, word: str) -> None:
        for path in ("/services/oauth2/userinfo", "/id/00DEm0000000001/005Em0000000001"):
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            answer = requests.get(org.url + path, headers=headers, timeout=30)
            assert (answer.status_code, answer.text) == (403, word)

    def test_of_others_is_not_told(self, client: Client) -> None:
        ids = client.get("/services/oauth2/userinfo").json()
        wrong_org = client.get(f"/id/00D000000000001AAA/{ids['user_id']}")
        assert (wrong_org.status_code, wrong_org.text) == (403, "Wrong_Org")
        wrong_user = client.get(f"/id/{ids['organization_id']}/nobody")
        assert (wrong_user.status_code, wrong_user.text) == (404, "Bad_Id")
