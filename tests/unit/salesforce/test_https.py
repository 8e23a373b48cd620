"""Certificates, with a real handshake."""

from __future__ import annotations

import shutil
import ssl
import subprocess

import pytest

from connectsql.errors import OrgUnreachable


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, signed by itself: (certificate file, key file)."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "cert.pem", folder / "key.pem"
    command = f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made]
    subprocess.run([*command.split(), *names], check=True, capture_output=True)
    return made, key


@pytest.fixture
def secure(org, certificate):
    """The scripted org behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    org.secure(context)
    return org


def test_an_unknown_certificate_is_refused_before_anything_is_sent(secure, connect):
    secure.then(200, {})
    with pytest.raises(OrgUnreachable, match="untrusted certificate") as caught:
        connect().call("POST", "x", json={}, idempotent=False)
    assert caught.value.sent is False
    assert "REQUESTS_CA_BUNDLE" in caught.value.hint
    assert secure.received == []


def test_an_authority_of_ones_own(secure, connect, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    secure.then(200, {"ok": True})
    assert connect().call("GET", "x", idempotent=True).body == {"ok": True}


def test_a_server_without_tls(org, connect):
    org.then(200, {})
    with pytest.raises(OrgUnreachable):
        connect(url=org.url.replace("http:", "https:")).call("GET", "x", idempotent=False)
