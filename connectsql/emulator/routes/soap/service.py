"""The SOAP API, as far as old clients need it.

That is logging in and out, who the user is, and what REST cannot do with records.
"""

from __future__ import annotations

import re

from connectsql.emulator.org import clock
from connectsql.emulator.org.ids import make_id
from connectsql.emulator.org.journal import Caller
from connectsql.emulator.org.seeding.founding import organization, user
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.routes.login.grants import is_password
from connectsql.emulator.routes.soap.records import RECORD_OPERATIONS, Operation, Result
from connectsql.emulator.routes.versions import NEWEST, OLDEST
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router
from connectsql.emulator.wire.soap import Fault, Request, api_fault, envelope, fault, read

_PARTNER, _ENTERPRISE = "urn:partner.soap.sforce.com", "urn:enterprise.soap.sforce.com"
_VERSION = re.compile(r"(\d{1,3})\.(\d)")
_LAST_WITH_LOGIN = 64
_USUAL_SECONDS = 7200
_WRONG_LOGIN = "Invalid username, password, security token; or user locked out."
_NO_SESSION = "Invalid Session ID found in SessionHeader: Illegal Session"


class _UnknownOperation(Fault):
    """An operation that the emulator does not have: it is listed with the unknown calls."""


_PREFIX = "/services/Soap/"

routes: Router[Handler] = Router()


@routes.route("POST", "/services/Soap/u/{version}")
@routes.route("POST", "/services/Soap/u/{version}/{org}")
def partner(org: Org, call: Call) -> Answer:
    """Answer a call of the partner API."""
    return _answer(org, call, _PARTNER)


@routes.route("POST", "/services/Soap/c/{version}")
@routes.route("POST", "/services/Soap/c/{version}/{org}")
@routes.route("POST", "/services/Soap/c/{version}/{org}/{package}")
def enterprise(org: Org, call: Call) -> Answer:
    """Answer a call of the enterprise API."""
    return _answer(org, call, _ENTERPRISE)


def is_meant(call: Call) -> bool:
    """Tell whether a call is one of this API."""
    return call.path.startswith(_PREFIX)


def refused(call: Call, refusal: Refusal) -> Answer:
    """Return a refusal in the form of this API, whatever was called."""
    namespace = _ENTERPRISE if call.path.startswith(f"{_PREFIX}c/") else _PARTNER
    answered = fault(namespace, api_fault(refusal.code, refusal.message))
    answered.status = max(answered.status, refusal.status)
    return answered


def _answer(org: Org, call: Call, namespace: str) -> Answer:
    try:
        call.version = _version(call.arguments["version"])
        request = read(call.body)
        operation = _operation(request, namespace)
        if operation is not _login:
            _use_session(org, request)
        with org.data.acting(Caller(org.user_id, f"com/salesforce/api/soap/{call.version:.1f}")):
            return envelope(namespace, request.operation, operation(org, call, request))
    except Fault as wrong:
        answered = fault(namespace, wrong)
        answered.known = not isinstance(wrong, _UnknownOperation)
        return answered


def _version(text: str) -> float:
    found = _VERSION.fullmatch(text)
    if not found or not OLDEST <= int(found[1]) <= NEWEST:
        raise api_fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL")
    return float(text)


def _operation(request: Request, namespace: str) -> Operation:
    operation = _OPERATIONS.get(request.operation)
    if operation is None or request.namespace != namespace:
        name = f"{{{request.namespace}}}{request.operation}"
        text = f"No operation available for request {name}, please check the WSDL for the service."
        raise _UnknownOperation("soapenv:Client", text)
    return operation


def _use_session(org: Org, request: Request) -> None:
    if not org.sessions.is_valid(request.session_id):
        raise api_fault("INVALID_SESSION_ID", _NO_SESSION)
    try:
        org.quota.spend()
    except Refusal as refusal:
        raise api_fault(refusal.code, refusal.message) from None


def _login(org: Org, call: Call, request: Request) -> Result:
    if call.version > _LAST_WITH_LOGIN:
        message = (
            "The SOAP Login operation is not available in the API version specified"
            f" ({call.version:.1f}). Refer to the documentation for supported versions."
        )
        raise api_fault("INVALID_OPERATION", message, "ApiFault")
    given = request.parameters
    if not is_password(org, given.get("username"), given.get("password")):
        raise api_fault("INVALID_LOGIN", _WRONG_LOGIN, "LoginFault")
    soap = f"{call.instance_url}/services/Soap"
    address = f"{call.version:.1f}/{org.org_id[:15]}"
    letter = "u" if request.namespace == _PARTNER else "c"
    return {
        "metadataServerUrl": f"{soap}/m/{address}",
        "passwordExpired": False,
        "sandbox": bool(organization(org).get("IsSandbox")),
        "serverUrl": f"{soap}/{letter}/{address}",
        "sessionId": org.sessions.open(),
        "userId": org.user_id,
        "userInfo": _user_info(org, call, request),
    }


def _logout(org: Org, call: Call, request: Request) -> Result:
    org.sessions.end(request.session_id)
    return None


def _server_timestamp(org: Org, call: Call, request: Request) -> Result:
    return {"timestamp": clock.with_z(clock.stamp(org.now()))}


def _user_info(org: Org, call: Call, request: Request) -> Result:
    person = user(org)
    return {
        "accessibilityMode": False,
        "chatterExternal": False,
        "currencySymbol": "$",
        "orgAttachmentFileSizeLimit": 26_214_400,
        "orgDefaultCurrencyIsoCode": "USD",
        "orgDefaultCurrencyLocale": "en_US",
        "orgDisallowHtmlAttachments": False,
        "orgHasPersonAccounts": False,
        "organizationId": org.org_id,
        "organizationMultiCurrency": False,
        "organizationName": organization(org)["Name"],
        "profileId": make_id("00e", 1),
        "roleId": None,
        "sessionSecondsValid": int(org.options.session_seconds or _USUAL_SECONDS),
        "userDefaultCurrencyIsoCode": None,
        "userEmail": person["Email"],
        "userFullName": person["Name"],
        "userId": org.user_id,
        "userLanguage": person["LanguageLocaleKey"],
        "userLocale": person["LocaleSidKey"],
        "userName": person["Username"],
        "userTimeZone": person["TimeZoneSidKey"],
        "userType": "Standard",
        "userUiSkin": "Theme3",
    }


_OPERATIONS: dict[str, Operation] = {
    "login": _login,
    "logout": _logout,
    "getUserInfo": _user_info,
    "getServerTimestamp": _server_timestamp,
    **RECORD_OPERATIONS,
}
