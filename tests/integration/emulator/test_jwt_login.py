"""Logging in with a JWT that the client's own key signed."""

from __future__ import annotations

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
from support.detour import ToTheOrg
from support.logins import is_good, post

from connectsql.emulator import Options, RunningOrg, start_in_thread
from connectsql.errors import EmulatorError

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


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
            session.mount("https://", ToTheOrg(knowing.url))
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
