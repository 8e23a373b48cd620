"""The page of the web server flow. The one user is always there and always agrees."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.routes.login.form import check_client_id, read_form
from connectsql.emulator.routes.login.refusals import LoginRefused
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

_ADDRESS = re.compile(r"[a-zA-Z][\w+.-]*:[!-~]+")

routes: Router[Handler] = Router()


@routes.route("GET", "/services/oauth2/authorize")
@routes.route("POST", "/services/oauth2/authorize")
def authorize(org: Org, call: Call) -> Answer:
    """Send the browser back to the client, with a code to log in by."""
    form = read_form(call)
    check_client_id(org, form.get("client_id", ""))
    redirect_uri = form.get("redirect_uri", "")
    if not _ADDRESS.fullmatch(redirect_uri):
        raise LoginRefused("redirect_uri_mismatch", "redirect_uri must match configuration")
    if form.get("response_type") != "code":
        told = {
            "error": "unsupported_response_type",
            "error_description": "response type not supported",
        }
    else:
        told = {"code": org.codes.give(redirect_uri, form.get("code_challenge"))}
    if "state" in form:
        told["state"] = form["state"]
    separator = "&" if "?" in redirect_uri else "?"
    location = f"{redirect_uri}{separator}{urlencode(told)}"
    return Answer(status=302, body=b"", headers={"Location": location})
