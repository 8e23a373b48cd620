"""The JWT that a client logs a user in with, signed by the client's own key."""

from __future__ import annotations

from typing import Any

import jwt

from connectsql.emulator.routes.login.form import check_client_id
from connectsql.emulator.routes.login.refusals import LoginRefused
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Call

_LOGIN_SERVERS = ("https://login.salesforce.com", "https://test.salesforce.com")
_LONGEST_SECONDS = 300
_SKEW_SECONDS = 60

# Signature apart, the claims are checked here: the org's clock counts, and real clients send
# the time as text.
_UNCHECKED = {f"verify_{claim}": False for claim in ("aud", "exp", "iat", "nbf", "sub", "iss")}


def check_assertion(org: Org, call: Call, assertion: str) -> None:
    """Raise the refusal of a JWT that does not log the org's user in."""
    claims = _decoded(assertion, None)
    check_client_id(org, str(claims.get("iss", "")))
    if org.client_key is None:
        raise LoginRefused("invalid_client", "invalid client credentials")
    _decoded(assertion, org.client_key)
    _check_audience(call, claims.get("aud"))
    _check_expiry(org.now().timestamp(), claims.get("exp"))
    if claims.get("sub", claims.get("prn")) != org.options.username:
        raise LoginRefused("invalid_grant", "user hasn't approved this consumer")


def _decoded(assertion: str, key: Any) -> dict[str, Any]:
    options: Any = _UNCHECKED | {"verify_signature": key is not None}
    try:
        return jwt.decode(assertion, key, algorithms=["RS256"], options=options)
    except jwt.InvalidTokenError:
        raise _invalid() from None


def _check_audience(call: Call, audience: Any) -> None:
    allowed = (*_LOGIN_SERVERS, call.instance_url)
    if not isinstance(audience, str) or audience.rstrip("/") not in allowed:
        raise LoginRefused("invalid_grant", "audience is invalid")


def _check_expiry(now: float, expires: Any) -> None:
    try:
        left = float(expires) - now
    except (TypeError, ValueError):
        raise _invalid() from None
    if not 0 < left <= _LONGEST_SECONDS + _SKEW_SECONDS:
        raise _invalid()


def _invalid() -> LoginRefused:
    return LoginRefused("invalid_grant", "invalid assertion")
