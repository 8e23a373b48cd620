"""What a client sends to an OAuth endpoint: a form, and who it says it is."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl, unquote_plus

from connectsql.emulator.routes.login.refusals import LoginRefused
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Call


def read_form(call: Call) -> dict[str, str]:
    """Return the parameters of the query and of the body, where one of both counts last."""
    body = call.body.decode("utf-8", "replace")
    return call.params | dict(parse_qsl(body, keep_blank_values=True))


def check_client(org: Org, call: Call, form: dict[str, str]) -> None:
    """Raise the refusal of a client whose id or secret is wrong."""
    client_id, client_secret = _client(call, form)
    check_client_id(org, client_id)
    if client_secret != org.options.client_secret:
        raise LoginRefused("invalid_client", "invalid client credentials")


def check_client_id(org: Org, client_id: str) -> None:
    """Raise the refusal of a client that the org does not know."""
    if client_id != org.options.client_id:
        raise LoginRefused("invalid_client_id", "client identifier invalid")


def _client(call: Call, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise LoginRefused("invalid_request", "malformed authorization header") from None
    return unquote_plus(name), unquote_plus(secret)
