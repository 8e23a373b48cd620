"""Who the session's user is, in the two shapes that an org tells it."""

from __future__ import annotations

from typing import Any

from connectsql.emulator.org import ids
from connectsql.emulator.org.seeding.founding import user
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.routes.login.form import read_form
from connectsql.emulator.routes.login.grants import identity_url
from connectsql.emulator.routes.login.refusals import IdentityRefused
from connectsql.emulator.routes.versions import NEWEST
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

routes: Router[Handler] = Router()

_SOAP = {"enterprise": "c", "metadata": "m", "partner": "u", "tooling_soap": "T"}
_REST = {
    "rest": "",
    "sobjects": "sobjects/",
    "search": "search/",
    "query": "query/",
    "recent": "recent/",
    "tooling_rest": "tooling/",
    "feeds": "chatter/feeds",
    "groups": "chatter/groups",
    "users": "chatter/users",
    "feed_items": "chatter/feed-items",
    "feed_elements": "chatter/feed-elements",
}


@routes.route("GET", "/services/oauth2/userinfo")
@routes.route("POST", "/services/oauth2/userinfo")
def user_info(org: Org, call: Call) -> Answer:
    """Answer who the session's user is, as OpenID Connect has it."""
    _check_token(org, call)
    person = user(org)
    return Answer(
        body={
            "sub": identity_url(org, call),
            "user_id": org.user_id,
            "organization_id": org.org_id,
            "preferred_username": person["Username"],
            "nickname": person["CommunityNickname"],
            "name": person["Name"],
            "email": person["Email"],
            "email_verified": True,
            "given_name": person["FirstName"],
            "family_name": person["LastName"],
            "zoneinfo": person["TimeZoneSidKey"],
            "photos": _photos(call),
            "profile": f"{call.instance_url}/{org.user_id}",
            "picture": _photos(call)["picture"],
            "address": {},
            "is_salesforce_integration_user": False,
            "urls": _urls(org, call),
            **_common(person),
            "updated_at": person["LastModifiedDate"],
        }
    )


@routes.route("GET", "/id/{org}/{user}")
@routes.route("POST", "/id/{org}/{user}")
def identity(org: Org, call: Call) -> Answer:
    """Answer who the session's user is, under the address that a login names."""
    _check_token(org, call)
    _check_address(org, call)
    person = user(org)
    return Answer(
        body={
            "id": identity_url(org, call),
            "asserted_user": True,
            "user_id": org.user_id,
            "organization_id": org.org_id,
            "username": person["Username"],
            "nick_name": person["CommunityNickname"],
            "display_name": person["Name"],
            "email": person["Email"],
            "email_verified": True,
            "first_name": person["FirstName"],
            "last_name": person["LastName"],
            "timezone": person["TimeZoneSidKey"],
            "photos": _photos(call),
            **{f"addr_{part}": None for part in ("street", "city", "state", "country", "zip")},
            "mobile_phone": None,
            "mobile_phone_verified": False,
            "is_lightning_login_user": False,
            "status": {"created_date": None, "body": None},
            "urls": _urls(org, call),
            **_common(person),
            "last_modified_date": person["LastModifiedDate"],
        }
    )


def _common(person: dict[str, Any]) -> dict[str, Any]:
    return {
        "active": True,
        "user_type": "STANDARD",
        "language": person["LanguageLocaleKey"],
        "locale": person["LocaleSidKey"],
        "utcOffset": 0,
        "is_app_installed": True,
    }


def _photos(call: Call) -> dict[str, str]:
    sizes = {"picture": "F", "thumbnail": "T"}
    return {name: f"{call.instance_url}/profilephoto/005/{size}" for name, size in sizes.items()}


def _urls(org: Org, call: Call) -> dict[str, str]:
    """Return where the APIs are, with ``{version}`` unless the call asks for one."""
    base = call.instance_url
    wanted = read_form(call).get("version", "{version}")
    version = f"{NEWEST}.0" if wanted == "latest" else wanted
    soap = {
        name: f"{base}/services/Soap/{letter}/{version}/{org.org_id[:15]}"
        for name, letter in _SOAP.items()
    }
    rest = {name: f"{base}/services/data/v{version}/{path}" for name, path in _REST.items()}
    return soap | rest | {"profile": f"{base}/{org.user_id}", "custom_domain": base}


def _check_token(org: Org, call: Call) -> None:
    form = read_form(call)
    given = call.token or form.get("access_token") or form.get("oauth_token")
    if not given:
        raise IdentityRefused("Missing_OAuth_Token", 403)
    if not org.sessions.is_valid(given):
        raise IdentityRefused("Bad_OAuth_Token", 403)


def _check_address(org: Org, call: Call) -> None:
    if ids.normalise(call.arguments["org"]) != org.org_id:
        raise IdentityRefused("Wrong_Org", 403)
    if ids.normalise(call.arguments["user"]) != org.user_id:
        raise IdentityRefused("Bad_Id", 404)
