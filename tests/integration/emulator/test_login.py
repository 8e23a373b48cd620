"""Getting tokens, giving them up, and who they belong to."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID
from simple_salesforce.login import SalesforceLogin

from connectsql.emulator import Options, RunningOrg, start_in_thread
from connectsql.errors import EmulatorError

from .conftest import Client

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXPIRED = {"error": "invalid_grant", "error_description": "expired access/refresh token"}


def post(org: RunningOrg, path: str, **form: str) -> requests.Response:
    return requests.post(f"{org.url}/services/oauth2/{path}", data=form, timeout=30)


def credentials(org: RunningOrg) -> dict[str, str]:
    return {"client_id": org.client_id, "client_secret": org.client_secret}


def login(org: RunningOrg, **form: str) -> requests.Response:
    return post(org, "token", **(credentials(org) | form))


def password_login(org: RunningOrg, **changed: str) -> requests.Response:
    form = {"grant_type": "password", "username": org.username, "password": org.password}
    return login(org, **(form | changed))


def refresh(org: RunningOrg, refresh_token: str) -> requests.Response:
    return login(org, grant_type="refresh_token", refresh_token=refresh_token)


def is_good(org: RunningOrg, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{org.url}/services/data/v60.0/limits", headers=headers, timeout=30)
    return answer.status_code == 200


class TestClientCredentials:
    def test_open_a_session(self, org: RunningOrg) -> None:
        answer = login(org, grant_type="client_credentials")
        told = answer.json()
        assert answer.status_code == 200
        assert "sforce-limit-info" not in answer.headers
        named = {"access_token", "signature", "scope", "instance_url", "id"}
        assert set(told) == named | {"token_type", "issued_at"}
        assert (told["instance_url"], told["token_type"]) == (org.url, "Bearer")
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


class Keys:
    """The client's key pair, and an org that knows its certificate."""

    def __init__(self, folder: Path) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.certificate = folder / "client.crt"
        self.certificate.write_bytes(self._certificate())

    def _certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "client")])
        now = datetime.now(UTC)
        built = (
            x509.CertificateBuilder(name, name, self.private.public_key(), 1)
            .not_valid_before(now)
            .not_valid_after(now + timedelta(days=1))
            .sign(self.private, hashes.SHA256())
        )
        return built.public_bytes(Encoding.PEM)

    def assertion(self, org: RunningOrg, **changed: Any) -> str:
        claims = {
            "iss": org.client_id,
            "sub": org.username,
            "aud": "https://login.salesforce.com",
            "exp": datetime.now(UTC) + timedelta(minutes=3),
        }
        return jwt.encode(claims | changed, self.private, algorithm="RS256")

    def pem(self) -> str:
        form = PrivateFormat.PKCS8
        return self.private.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def knowing(keys: Keys) -> Iterator[RunningOrg]:
    with start_in_thread(Options(client_key=keys.certificate)) as org:
        yield org


def assertion_login(org: RunningOrg, assertion: str) -> requests.Response:
    return post(org, "token", grant_type=JWT_BEARER, assertion=assertion)


class TestJwtBearer:
    def test_opens_a_session_without_a_secret(self, knowing: RunningOrg, keys: Keys) -> None:
        told = assertion_login(knowing, keys.assertion(knowing)).json()
        assert "refresh_token" not in told
        assert is_good(knowing, told["access_token"])

    @pytest.mark.parametrize("audience", ["https://test.salesforce.com", "{url}", "{url}/"])
    def test_is_for_a_login_server_or_the_org(
        self, knowing: RunningOrg, keys: Keys, audience: str
    ) -> None:
        audience = audience.format(url=knowing.url)
        assert assertion_login(knowing, keys.assertion(knowing, aud=audience)).status_code == 200

    def test_of_a_known_client_library(self, knowing: RunningOrg, keys: Keys) -> None:
        with requests.Session() as session:
            session.mount("https://", ToTheOrg(knowing))
            token, _ = SalesforceLogin(
                username=knowing.username,
                consumer_key=knowing.client_id,
                privatekey=keys.pem(),
                session=session,
            )
        assert is_good(knowing, token)

    @pytest.mark.parametrize(
        ("changed", "error", "description"),
        [
            ({"iss": "x"}, "invalid_client_id", "client identifier invalid"),
            ({"sub": "x"}, "invalid_grant", "user hasn't approved this consumer"),
            ({"aud": "https://example.com"}, "invalid_grant", "audience is invalid"),
            ({"aud": ["https://login.salesforce.com"]}, "invalid_grant", "audience is invalid"),
            ({"exp": 1}, "invalid_grant", "invalid assertion"),
            ({"exp": "soon"}, "invalid_grant", "invalid assertion"),
            ({"exp": 99_999_999_999}, "invalid_grant", "invalid assertion"),
        ],
    )
    def test_with_a_wrong_claim_is_refused(
        self,
        knowing: RunningOrg,
        keys: Keys,
        changed: dict[str, Any],
        error: str,
        description: str,
    ) -> None:
        answer = assertion_login(knowing, keys.assertion(knowing, **changed))
        assert answer.status_code == 400
        assert answer.json() == {"error": error, "error_description": description}

    def test_that_another_key_signed_is_refused(self, knowing: RunningOrg, tmp_path: Path) -> None:
        answer = assertion_login(knowing, Keys(tmp_path).assertion(knowing))
        assert answer.json()["error_description"] == "invalid assertion"

    @pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "e30.e30"])
    def test_that_is_none_is_refused(self, knowing: RunningOrg, assertion: str) -> None:
        answer = assertion_login(knowing, assertion)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_that_is_not_signed_is_refused(self, knowing: RunningOrg) -> None:
        claims = {"iss": knowing.client_id, "sub": knowing.username}
        for algorithm, key in (("none", ""), ("HS256", "x" * 32)):
            answer = assertion_login(knowing, jwt.encode(claims, key, algorithm=algorithm))
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    def test_is_refused_by_an_org_that_has_no_key(self, org: RunningOrg, keys: Keys) -> None:
        answer = assertion_login(org, keys.assertion(org))
        assert answer.json() == {
            "error": "invalid_client",
            "error_description": "invalid client credentials",
        }

    def test_may_be_checked_with_a_bare_public_key(self, keys: Keys, tmp_path: Path) -> None:
        public = keys.private.public_key()
        path = tmp_path / "client.pem"
        path.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        with start_in_thread(Options(client_key=path)) as org:
            assert assertion_login(org, keys.assertion(org)).status_code == 200

    def test_keys_that_are_none_keep_the_org_from_starting(
        self, keys: Keys, tmp_path: Path
    ) -> None:
        path = tmp_path / "wrong.pem"
        for told, reason in (
            (None, "cannot be read"),
            (b"nonsense", "holds no public key"),
            (keys.pem().encode(), "holds no public key"),
            (_elliptic(), "is not an RSA key"),
        ):
            if told is not None:
                path.write_bytes(told)
            with pytest.raises(EmulatorError, match=reason):
                start_in_thread(Options(client_key=path))


def _elliptic() -> bytes:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class ToTheOrg(requests.adapters.HTTPAdapter):
    """Takes a client that knows only https and Salesforce's hosts to the org."""

    def __init__(self, org: RunningOrg) -> None:
        super().__init__()
        self._org = org

    def send(self, request: requests.PreparedRequest, *given: Any, **more: Any) -> Any:
        request.url = self._org.url + (request.path_url or "")
        return super().send(request, *given, **more)


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
