"""Getting tokens and giving them up."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from support.logins import credentials, is_good, login, password_login, post, refresh

from connectsql.emulator import Options, RunningOrg, start_in_thread

EXPIRED = {"error": "invalid_grant", "error_description": "expired access/refresh token"}


class TestClientCredentials:
    def test_open_a_session(self, org: RunningOrg) -> None:
        answer = login(org, grant_type="client_credentials")
        told = answer.json()
        assert answer.status_code == 200
        assert "sforce-limit-info" not in answer.headers
        named = {"access_token", "signature", "scope", "instance_url", "id"}
        assert set(told) == named | {"token_type", "issued_at", "api_instance_url"}
        assert (told["instance_url"], told["token_type"]) == (org.url, "Bearer")
        assert told["api_instance_url"] == org.url
        assert told["access_token"].startswith("00DEm0000000001!")
        assert is_good(org, told["access_token"])

    def test_are_signed_with_the_secret(self, org: RunningOrg) -> None:
        told = login(org, grant_type="client_credentials").json()
        text = (told["id"] + told["issued_at"]).encode()
        signed = hmac.digest(org.client_secret.encode(), text, hashlib.sha256)
        assert base64.b64decode(told["signature"]) == signed
        issued = datetime.fromtimestamp(int(told["issued_at"]) / 1000, UTC)
        assert abs(datetime.now(UTC) - issued) < timedelta(minutes=5)

    def test_may_come_as_basic_authorization_and_with_a_slash(self, org: RunningOrg) -> None:
        answer = requests.post(
            f"{org.url}/services/oauth2/token/",
            data={"grant_type": "client_credentials"},
            auth=(org.client_id, org.client_secret),
            timeout=30,
        )
        assert answer.status_code == 200

    def test_in_a_header_that_is_no_base64(self, org: RunningOrg) -> None:
        answer = requests.post(
            f"{org.url}/services/oauth2/token",
            data={"grant_type": "client_credentials"},
            headers={"Authorization": "Basic ???"},
            timeout=30,
        )
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    def test_are_never_asked_for_by_get(self, org: RunningOrg) -> None:
        answer = requests.get(f"{org.url}/services/oauth2/token", timeout=30)
        assert answer.status_code == 400
        assert answer.json()["error_description"] == "must use HTTP POST"


class TestPassword:
    @pytest.mark.parametrize("token", ["", "emulatorSecurityToken"])
    def test_with_or_without_the_security_token(self, org: RunningOrg, token: str) -> None:
        answer = password_login(org, password=org.password + token)
        assert answer.status_code == 200
        assert is_good(org, answer.json()["access_token"])

    @pytest.mark.parametrize(
        ("wrong", "error", "description"),
        [
            ({"client_id": "x"}, "invalid_client_id", "client identifier invalid"),
            ({"client_secret": "x"}, "invalid_client", "invalid client credentials"),
            ({"password": "x"}, "invalid_grant", "authentication failure"),
            ({"username": "x"}, "invalid_grant", "authentication failure"),
            ({"grant_type": "magic"}, "unsupported_grant_type", "grant type not supported"),
            ({"grant_type": ""}, "unsupported_grant_type", "grant type not supported"),
        ],
    )
    def test_that_is_wrong_is_refused_with_an_object(
        self, org: RunningOrg, wrong: dict[str, str], error: str, description: str
    ) -> None:
        answer = password_login(org, **wrong)
        assert answer.status_code == 400
        assert answer.json() == {"error": error, "error_description": description}


class TestAuthorizationCode:
    BACK = "http://localhost:1717/OauthRedirect"

    def code(self, org: RunningOrg, **changed: str) -> dict[str, str]:
        """Go where a browser is sent, and return what it brings back from there."""
        asked = {"response_type": "code", "client_id": org.client_id, "redirect_uri": self.BACK}
        answer = requests.get(
            f"{org.url}/services/oauth2/authorize",
            params=asked | changed,
            timeout=30,
            allow_redirects=False,
        )
        assert answer.status_code == 302
        location = urlsplit(answer.headers["location"])
        assert location.netloc == "localhost:1717"
        return {name: value for name, (value,) in parse_qs(location.query).items()}

    def trade(self, org: RunningOrg, code: str, **more: str) -> requests.Response:
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.BACK}
        return login(org, **(given | more))

    def test_is_good_once(self, org: RunningOrg) -> None:
        told = self.code(org, state="a&b")
        assert told["state"] == "a&b"
        tokens = self.trade(org, told["code"]).json()
        assert is_good(org, tokens["access_token"])
        assert refresh(org, tokens["refresh_token"]).status_code == 200
        again = self.trade(org, told["code"]).json()
        assert again["error_description"] == "expired authorization code"

    def test_may_be_proved_by_a_verifier_instead_of_a_secret(self, org: RunningOrg) -> None:
        digest = hashlib.sha256(b"verifier").digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        for verifier, status in (("verifier", 200), ("other", 400)):
            code = self.code(org, code_challenge=challenge)["code"]
            answer = self.trade(org, code, client_secret="", code_verifier=verifier)
            assert answer.status_code == status

    def test_is_for_one_address(self, org: RunningOrg) -> None:
        answer = self.trade(org, self.code(org)["code"], redirect_uri="http://elsewhere/")
        assert answer.json()["error_description"] == "redirect_uri must match configuration"

    def test_is_what_there_is_and_nothing_else(self, org: RunningOrg) -> None:
        told = self.code(org, response_type="token", redirect_uri=f"{self.BACK}?x=1")
        assert (told["x"], told["error"]) == ("1", "unsupported_response_type")

    @pytest.mark.parametrize(
        ("wrong", "error"),
        [
            ({"client_id": "x"}, "invalid_client_id"),
            ({"redirect_uri": ""}, "redirect_uri_mismatch"),
            ({"redirect_uri": "http://x/\r\nSet-Cookie: y"}, "redirect_uri_mismatch"),
        ],
    )
    def test_is_not_sent_just_anywhere(
        self, org: RunningOrg, wrong: dict[str, str], error: str
    ) -> None:
        asked = {"response_type": "code", "client_id": org.client_id, "redirect_uri": self.BACK}
        url = f"{org.url}/services/oauth2/authorize"
        answer = requests.get(url, params=asked | wrong, timeout=30, allow_redirects=False)
        assert (answer.status_code, answer.json()["error"]) == (400, error)


class TestRefreshToken:
    def test_opens_further_sessions(self, org: RunningOrg) -> None:
        first = password_login(org).json()
        again = refresh(org, first["refresh_token"]).json()
        assert "refresh_token" not in again
        assert again["access_token"] != first["access_token"]
        assert is_good(org, first["access_token"])
        assert is_good(org, again["access_token"])

    def test_of_the_options_is_good_from_the_start(self, org: RunningOrg) -> None:
        assert refresh(org, "emulator-refresh-token").status_code == 200

    def test_that_nobody_gave_out_is_refused(self, org: RunningOrg) -> None:
        answer = refresh(org, "nobody")
        assert (answer.status_code, answer.json()) == (400, EXPIRED)

    def test_is_good_once_where_they_rotate(self) -> None:
        with start_in_thread(Options(rotate_refresh_tokens=True)) as org:
            first = password_login(org).json()
            second = refresh(org, first["refresh_token"]).json()
            third = refresh(org, second["refresh_token"]).json()
            assert is_good(org, third["access_token"])
            assert refresh(org, first["refresh_token"]).json() == EXPIRED
            assert refresh(org, third["refresh_token"]).json() == EXPIRED
            assert not is_good(org, third["access_token"])


class TestRevoking:
    def test_an_access_token_leaves_the_refresh_token(self, org: RunningOrg) -> None:
        told = password_login(org).json()
        assert post(org, "revoke", token=told["access_token"]).status_code == 200
        assert not is_good(org, told["access_token"])
        assert refresh(org, told["refresh_token"]).status_code == 200

    def test_a_refresh_token_ends_all_that_came_of_it(self, org: RunningOrg) -> None:
        told = password_login(org).json()
        later = refresh(org, told["refresh_token"]).json()
        url = f"{org.url}/services/oauth2/revoke"
        answer = requests.get(url, params={"token": told["refresh_token"]}, timeout=30)
        assert (answer.status_code, answer.content) == (200, b"")
        assert refresh(org, told["refresh_token"]).json() == EXPIRED
        assert not is_good(org, later["access_token"])

    def test_an_unknown_token_is_an_error(self, org: RunningOrg) -> None:
        answer = post(org, "revoke", token="nobody")
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_token")


class TestIntrospecting:
    def test_tells_of_a_session(self) -> None:
        with start_in_thread(Options(session_seconds=900)) as org:
            told = password_login(org).json()
            seen = post(org, "introspect", token=told["access_token"], **credentials(org)).json()
            assert seen["active"] is True
            assert (seen["username"], seen["sub"]) == (org.username, told["id"])
            assert (seen["client_id"], seen["token_type"]) == (org.client_id, "access_token")
            assert seen["exp"] - seen["iat"] == 900

    def test_tells_of_a_refresh_token(self, org: RunningOrg) -> None:
        told = password_login(org).json()
        seen = post(org, "introspect", token=told["refresh_token"], **credentials(org)).json()
        assert (seen["active"], seen["token_type"]) == (True, "refresh_token")

    def test_tells_nothing_of_others_and_nothing_to_others(self, org: RunningOrg) -> None:
        unknown = post(org, "introspect", token="nobody", **credentials(org))
        assert unknown.json() == {"active": False}
        stranger = post(org, "introspect", token=org.access_token)
        assert (stranger.status_code, stranger.json()["error"]) == (400, "invalid_client_id")
