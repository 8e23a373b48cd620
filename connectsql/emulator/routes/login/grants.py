"""The ways to log in: each answers tokens, or raises the refusal."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from connectsql.emulator.routes.login.assertion import check_assertion
from connectsql.emulator.routes.login.form import check_client, check_client_id
from connectsql.emulator.routes.login.refusals import LoginRefused
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Call

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

Form = dict[str, str]
Tokens = dict[str, str]


def granted(org: Org, call: Call, form: Form) -> dict[str, Any]:
    """Return the answer to a login, or raise its refusal."""
    grant = _GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise LoginRefused("unsupported_grant_type", "grant type not supported")
    tokens = grant(org, call, form)
    issued_at = str(int(org.now().timestamp() * 1000))
    identity = identity_url(org, call)
    return tokens | {
        "signature": _signature(org, identity + issued_at),
        "scope": "refresh_token api" if "refresh_token" in tokens else "api",
        "instance_url": call.instance_url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }


def identity_url(org: Org, call: Call) -> str:
    """Return the address that tells who the session's user is."""
    return f"{call.instance_url}/id/{org.org_id}/{org.user_id}"


def is_password(org: Org, username: str | None, password: str | None) -> bool:
    """Tell whether this is the user, by the password with or without the security token."""
    right = org.options.password
    with_token = right + org.options.security_token
    return username == org.options.username and password in (right, with_token)


def _authorization_code(org: Org, call: Call, form: Form) -> Tokens:
    if form.get("client_secret") or "authorization" in call.headers:
        check_client(org, call, form)
    else:
        check_client_id(org, form.get("client_id", ""))
    code = org.codes.take(form.get("code", ""))
    if code is None:
        raise LoginRefused("invalid_grant", "expired authorization code")
    if form.get("redirect_uri") != code.redirect_uri:
        raise LoginRefused("invalid_grant", "redirect_uri must match configuration")
    if not code.is_proved_by(form.get("code_verifier")):
        raise LoginRefused("invalid_grant", "invalid code verifier")
    return _opened(org)


def _client_credentials(org: Org, call: Call, form: Form) -> Tokens:
    check_client(org, call, form)
    return {"access_token": org.sessions.open(), "api_instance_url": call.instance_url}


def _password(org: Org, call: Call, form: Form) -> Tokens:
    check_client(org, call, form)
    if not is_password(org, form.get("username"), form.get("password")):
        raise LoginRefused("invalid_grant", "authentication failure")
    return _opened(org)


def _jwt_bearer(org: Org, call: Call, form: Form) -> Tokens:
    check_assertion(org, call, form.get("assertion", ""))
    return {"access_token": org.sessions.open()}


def _refresh(org: Org, call: Call, form: Form) -> Tokens:
    check_client(org, call, form)
    refreshed = org.grants.refresh(form.get("refresh_token", ""))
    if refreshed is None:
        raise LoginRefused("invalid_grant", "expired access/refresh token")
    access_token, refresh_token = refreshed
    tokens = {"access_token": access_token}
    return tokens | ({"refresh_token": refresh_token} if refresh_token else {})


def _opened(org: Org) -> Tokens:
    access_token, refresh_token = org.grants.open()
    return {"access_token": access_token, "refresh_token": refresh_token}


def _signature(org: Org, text: str) -> str:
    secret = org.options.client_secret.encode()
    return base64.b64encode(hmac.digest(secret, text.encode(), hashlib.sha256)).decode()


_GRANTS: dict[str, Callable[[Org, Call, Form], Tokens]] = {
    "authorization_code": _authorization_code,
    "client_credentials": _client_credentials,
    "password": _password,
    _JWT_BEARER: _jwt_bearer,
    "refresh_token": _refresh,
}
