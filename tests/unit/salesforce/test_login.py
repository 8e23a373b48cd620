from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from connectsql.errors import LoginFailed, OrgUnreachable, UsageError
from connectsql.salesforce.login import AccessToken, ClientCredentials, Grant
from connectsql.salesforce.transport import Reply

SECRET = "s3cr3t&+é"


class Wire:
    """A transport that gives one reply."""

    def __init__(self, status, body):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.reply = Reply(status=status, headers={}, content=content)
        self.sent = None

    def send(self, method, url, *, headers, params=None, data=None):
        self.sent = (method, url, headers, data)
        return self.reply


def log_in(status, body):
    return ClientCredentials("id", SECRET).grant(Wire(status, body), "https://acme.test")


class TestClientCredentials:
    def test_asks_for_a_token(self):
        wire = Wire(200, {"access_token": "00D!x", "instance_url": "https://acme.my.test/"})
        grant = ClientCredentials("id ", SECRET + "\n").grant(wire, "https://acme.test")
        assert grant == Grant(access_token="00D!x", instance_url="https://acme.my.test")
        method, url, headers, data = wire.sent
        assert (method, url) == ("POST", "https://acme.test/services/oauth2/token")
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert parse_qs(data.decode()) == {
            "grant_type": ["client_credentials"],
            "client_id": ["id"],
            "client_secret": [SECRET],
        }

    def test_keeps_the_address_when_the_answer_names_none(self):
        assert log_in(200, {"access_token": "x"}).instance_url == "https://acme.test"

    def test_does_not_go_on_in_the_clear(self):
        with pytest.raises(UsageError, match="in the clear"):
            log_in(200, {"access_token": "x", "instance_url": "http://acme.test"})

    @pytest.mark.parametrize(
        ("error", "words", "hint"),
        [
            ("invalid_client_id", "client identifier invalid", "client id"),
            ("invalid_client", "invalid client credentials", "client secret"),
            ("invalid_grant", "no client credentials user enabled", "run-as user"),
            ("unsupported_grant_type", "grant type not supported", "enable"),
            ("something_new", "its words", "check"),
        ],
    )
    def test_refusals_keep_salesforces_words(self, error, words, hint):
        with pytest.raises(LoginFailed, match=words) as caught:
            log_in(400, {"error": error, "error_description": words})
        assert hint in caught.value.hint
        assert SECRET not in caught.value.message + caught.value.hint

    def test_refusal_without_words(self):
        with pytest.raises(LoginFailed, match="invalid_client"):
            log_in(401, {"error": "invalid_client"})

    @pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": 3}])
    def test_answer_without_a_token(self, body):
        with pytest.raises(LoginFailed, match="without an access token"):
            log_in(200, body)

    @pytest.mark.parametrize(
        ("status", "body"),
        [
            (503, b"<html>"),
            (500, {"error": "server_error"}),
            (429, {}),
            (200, b"<html>"),
            (200, []),
            (400, {"error": "unknown_error", "error_description": "retry your request"}),
        ],
    )
    def test_no_answer_to_speak_of(self, status, body):
        with pytest.raises(OrgUnreachable) as caught:
            log_in(status, body)
        assert caught.value.sent is False

    def test_recorded_success(self, recorded):
        grant = log_in(200, recorded("auth_success"))
        assert grant.access_token.startswith("00D")
        assert grant.instance_url == "https://na1.salesforce.com"

    @pytest.mark.parametrize("name", ["auth_error", "refresh_error"])
    def test_recorded_refusals(self, recorded, name):
        body = recorded(name)
        with pytest.raises(LoginFailed, match=json.loads(body)["error_description"]):
            log_in(400, body)


class TestAccessToken:
    def test_is_used_as_it_is(self):
        grant = AccessToken("00D!x\n").grant(Wire(500, {}), "https://acme.test")
        assert (grant.access_token, grant.instance_url) == ("00D!x", "https://acme.test")

    @pytest.mark.parametrize("token", ["", "  \n", "a b", "a\r\nX: y", "é"])
    def test_refuses_what_is_none(self, token):
        with pytest.raises(LoginFailed, match="not a token"):
            AccessToken(token).grant(Wire(500, {}), "https://acme.test")


def test_no_repr_shows_a_secret():
    shown = [
        repr(ClientCredentials("id", SECRET)),
        repr(AccessToken(SECRET)),
        repr(Grant(access_token=SECRET, instance_url="u")),
        repr(Reply(status=200, headers={}, content=SECRET.encode())),
    ]
    assert not [text for text in shown if "s3cr3t" in text]
