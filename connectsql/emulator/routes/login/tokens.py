"""Tokens: getting one, giving it up, asking whether it is good."""

from __future__ import annotations

from typing import Any

from connectsql.emulator.org.access.sessions import Session
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.routes.login.form import check_client, read_form
from connectsql.emulator.routes.login.grants import granted, identity_url
from connectsql.emulator.routes.login.refusals import LoginRefused
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

routes: Router[Handler] = Router()


@routes.route("POST", "/services/oauth2/token")
def token(org: Org, call: Call) -> Answer:
    """Log in."""
    return Answer(body=granted(org, call, read_form(call)))


@routes.route("GET", "/services/oauth2/token")
def token_by_get(org: Org, call: Call) -> Answer:
    """Refuse to log in by an address: it would show the secret."""
    raise LoginRefused("invalid_request", "must use HTTP POST")


@routes.route("POST", "/services/oauth2/revoke")
@routes.route("GET", "/services/oauth2/revoke")
def revoke(org: Org, call: Call) -> Answer:
    """End a session, or a refresh token with all the sessions that came of it."""
    if not org.grants.revoke(read_form(call).get("token", "")):
        raise LoginRefused("invalid_token", "invalid token")
    return Answer(body=b"")


@routes.route("POST", "/services/oauth2/introspect")
def introspect(org: Org, call: Call) -> Answer:
    """Answer whether a token is good, and for how long."""
    form = read_form(call)
    check_client(org, call, form)
    given = form.get("token", "")
    session = org.sessions.find(given)
    if session is None and not org.grants.is_valid(given):
        return Answer(body={"active": False})
    told = {
        "active": True,
        "scope": "api" if session else "refresh_token api",
        "client_id": org.options.client_id,
        "username": org.options.username,
        "sub": identity_url(org, call),
        "token_type": "access_token" if session else "refresh_token",
    }
    return Answer(body=told | (_times(org, session) if session else {}))


def _times(org: Org, session: Session) -> dict[str, Any]:
    opened = int(session.opened.timestamp())
    expires = org.sessions.expires(session)
    ends = {"exp": int(expires.timestamp())} if expires else {}
    return ends | {"iat": opened, "nbf": opened}
