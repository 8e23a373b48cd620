"""Logging in: the token, and who the token's user is. Errors here are an object, not a list."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl, unquote

from connectsql.emulator.org.org import Org
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

open_routes: Router[Handler] = Router()
guarded_routes: Router[Handler] = Router()


class _LoginRefused(Exception):
    """``error`` and ``error_description`` of the answer."""


@open_routes.route("POST", "/services/oauth2/token")
def token(org: Org, call: Call) -> Answer:
    """Answer an access token for the client-credentials or the password grant."""
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        return Answer(body=_granted(org, call, call.params | form))
    except _LoginRefused as refused:
        error, description = refused.args
        return Answer(status=400, body={"error": error, "error_description": description})


@guarded_routes.route("GET", "/services/oauth2/userinfo")
def user_info(org: Org, call: Call) -> Answer:
    """Answer who the session's user is."""
    return Answer(body=_identity(org, call))


@guarded_routes.route("GET", "/id/{org}/{user}")
def identity(org: Org, call: Call) -> Answer:
    """Answer who the session's user is, under the address that a login names."""
    own = {"id": f"{call.instance_url}{call.path}", "username": org.options.username}
    return Answer(body=_identity(org, call) | own)


def _granted(org: Org, call: Call, form: dict[str, str]) -> dict[str, Any]:
    grant = form.get("grant_type")
    if grant not in ("client_credentials", "password"):
        raise _LoginRefused("unsupported_grant_type", "grant type not supported")
    _check_client(org, *_client(call, form))
    if grant == "password":
        _check_user(org, form)
    return {
        "access_token": org.sessions.open(),
        "signature": "ZW11bGF0ZWQ=",
        "scope": "api",
        "instance_url": call.instance_url,
        "id": f"{call.instance_url}/id/{org.org_id}/{org.user_id}",
        "token_type": "Bearer",
        "issued_at": str(int(org.now().timestamp() * 1000)),
    }


def _client(call: Call, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _LoginRefused("invalid_request", "malformed authorization header") from None
    return unquote(name), unquote(secret)


def _check_client(org: Org, client_id: str, client_secret: str) -> None:
    if client_id != org.options.client_id:
        raise _LoginRefused("invalid_client_id", "client identifier invalid")
    if client_secret != org.options.client_secret:
        raise _LoginRefused("invalid_client", "invalid client credentials")


def _check_user(org: Org, form: dict[str, str]) -> None:
    given = (form.get("username"), form.get("password"))
    if given != (org.options.username, org.options.password):
        raise _LoginRefused("invalid_grant", "authentication failure")


def _identity(org: Org, call: Call) -> dict[str, Any]:
    return {
        "sub": f"{call.instance_url}/id/{org.org_id}/{org.user_id}",
        "user_id": org.user_id,
        "organization_id": org.org_id,
        "preferred_username": org.options.username,
        "nickname": "integration",
        "name": "Integration User",
        "email": org.options.username,
        "email_verified": True,
        "given_name": "Integration",
        "family_name": "User",
        "zoneinfo": "UTC",
        "active": True,
        "user_type": "STANDARD",
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "is_app_installed": True,
    }
