"""Ways to log in. Secrets appear in no message and no repr."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from connectsql.errors import LoginFailed, OrgUnreachable
from connectsql.salesforce.address import base_url
from connectsql.salesforce.answer import complaint
from connectsql.salesforce.encode import loads
from connectsql.salesforce.transport import Reply, Transport


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What a login gives: a token, and the address it is good for."""

    access_token: str = field(repr=False)
    instance_url: str


class Login(Protocol):
    """A way to get a Grant."""

    @property
    def renewable(self) -> bool:
        """Whether another grant can be had once this one has ended."""

    def grant(self, transport: Transport, instance_url: str) -> Grant:
        """Log in. Raises LoginFailed when refused, OrgUnreachable when there is no answer."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token made elsewhere, for instance by the ``sf`` command line; it ends some day."""

    token: str = field(repr=False)
    renewable: bool = field(default=False, init=False)

    def grant(self, transport: Transport, instance_url: str) -> Grant:
        """Return the token as it is; raises LoginFailed when it is empty."""
        token = self.token.strip()
        if not token or not token.isascii() or any(map(str.isspace, token)):
            raise LoginFailed("the access token is empty or not a token", hint=_ANOTHER)
        return Grant(access_token=token, instance_url=instance_url)


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth's client credentials flow: for a service, without a user's password."""

    client_id: str
    client_secret: str = field(repr=False)
    renewable: bool = field(default=True, init=False)

    def grant(self, transport: Transport, instance_url: str) -> Grant:
        """Ask the org for a token; see Login for the errors."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id.strip(),
            "client_secret": self.client_secret.strip(),
        }
        reply = transport.send(
            "POST",
            f"{instance_url}/services/oauth2/token",
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            },
            data=urlencode(form).encode("ascii"),
        )
        body = _object(reply)
        if reply.status != 200:
            raise _refusal(reply.status, body)
        return _granted(body, instance_url)


_ANOTHER = "make a new access token, or log in by client id and secret"
_CREDENTIALS = "check the client id and the client secret"
_HINTS = {
    "invalid_client_id": "check the client id (the app's consumer key)",
    "invalid_client": "check the client secret (the app's consumer secret)",
    "unsupported_grant_type": "enable the client credentials flow in the org's external client app",
    "invalid_grant": "the app needs a run-as user, and the address must be the org's My Domain",
}


def _object(reply: Reply) -> Mapping[str, Any]:
    try:
        body = loads(reply.content)
    except ValueError:
        body = None
    if reply.status == 429 or reply.status >= 500 or not isinstance(body, dict):
        raise OrgUnreachable(f"the org's login answered {reply.status}", sent=False)
    return body


def _refusal(status: int, body: Mapping[str, Any]) -> LoginFailed | OrgUnreachable:
    code, words, _ = complaint(body)
    if code == "unknown_error":  # Salesforce's "retry your request"
        return OrgUnreachable(f"the org's login answered {status}: {words}", sent=False)
    reason = words or code or f"HTTP {status}"
    return LoginFailed(f"the org refused the login: {reason}", hint=_HINTS.get(code, _CREDENTIALS))


def _granted(body: Mapping[str, Any], instance_url: str) -> Grant:
    token, address = body.get("access_token"), body.get("instance_url") or instance_url
    if not isinstance(token, str) or not token or not isinstance(address, str):
        raise LoginFailed("the org's login answered without an access token")
    return Grant(access_token=token, instance_url=base_url(address))
