"""simple-salesforce logs in by each of its own ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import Salesforce, SalesforceAuthenticationFailed

from connectsql.emulator import Options, RunningOrg, start_in_thread

from .support.https import rerouted_session

DOMAIN = "emulator.my"


@pytest.fixture(scope="module")
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def org(
    private_key: rsa.RSAPrivateKey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningOrg]:
    public = private_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    path: Path = tmp_path_factory.mktemp("key") / "public.pem"
    path.write_bytes(public)
    with start_in_thread(Options(client_key=path)) as running:
        yield running


def log_in(org: RunningOrg, **credentials: Any) -> Salesforce:
    session = rerouted_session(org.url, "emulator.my.salesforce.com", "login.salesforce.com")
    return Salesforce(session=session, domain=DOMAIN, **credentials)


def check(salesforce: Salesforce) -> None:
    with salesforce.session:
        assert salesforce.query("SELECT Id FROM Organization")["totalSize"] == 1


def test_client_credentials(org: RunningOrg) -> None:
    check(log_in(org, consumer_key=org.client_id, consumer_secret=org.client_secret))


def test_username_and_password_of_a_connected_app(org: RunningOrg) -> None:
    app = {"consumer_key": org.client_id, "consumer_secret": org.client_secret}
    check(log_in(org, username=org.username, password=org.password, **app))


def test_a_key_of_ones_own(org: RunningOrg, private_key: rsa.RSAPrivateKey) -> None:
    pem = private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    session = rerouted_session(org.url, "login.salesforce.com")
    given = {"username": org.username, "consumer_key": org.client_id, "privatekey": pem}
    check(Salesforce(session=session, domain="login", **given))


def test_username_password_and_security_token(org: RunningOrg) -> None:
    user = {"username": org.username, "password": org.password}
    check(log_in(org, **user, security_token=org.security_token))


def test_username_and_password_from_a_trusted_network(org: RunningOrg) -> None:
    org_id = org.access_token.partition("!")[0]
    check(log_in(org, username=org.username, password=org.password, organizationId=org_id))


def test_refused_logins(org: RunningOrg) -> None:
    app = {"consumer_key": org.client_id, "consumer_secret": "wrong"}
    user = {"username": org.username, "password": "wrong"}
    for credentials, code in (
        (app, "invalid_client"),
        ({**app, **user, "consumer_secret": org.client_secret}, "invalid_grant"),
        ({**user, "security_token": ""}, "INVALID_LOGIN"),
    ):
        with pytest.raises(SalesforceAuthenticationFailed) as refused:
            log_in(org, **credentials)
        assert refused.value.code == code
