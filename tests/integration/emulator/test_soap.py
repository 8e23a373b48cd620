"""The SOAP API, as far as old clients need it."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
import requests
from simple_salesforce.exceptions import SalesforceAuthenticationFailed
from simple_salesforce.login import SalesforceLogin
from support.detour import ToTheOrg

from connectsql.emulator import RunningOrg

from .conftest import Client

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER = "urn:partner.soap.sforce.com"
FAULT = "urn:fault.partner.soap.sforce.com"


def asked(operation: str, *, header: str = "", namespace: str = PARTNER, **given: str) -> str:
    parameters = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in given.items())
    return (
        f'<?xml version="1.0" encoding="utf-8"?><se:Envelope xmlns:se="{ENVELOPE}">'
        f"<se:Header>{header}</se:Header><se:Body>"
        f'<{operation} xmlns="{namespace}">{parameters}</{operation}></se:Body></se:Envelope>'
    )


def post(org: RunningOrg, body: str | bytes, path: str = "u/59.0") -> requests.Response:
    headers = {"Content-Type": "text/xml", "SOAPAction": '""'}
    data = body.encode() if isinstance(body, str) else body
    url = f"{org.url}/services/Soap/{path}"
    return requests.post(url, data=data, headers=headers, timeout=30)


def login(org: RunningOrg, path: str = "u/59.0", namespace: str = PARTNER) -> requests.Response:
    body = asked("login", namespace=namespace, username=org.username, password=org.password)
    return post(org, body, path)


def told(answer: requests.Response, namespace: str = PARTNER) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/xml;charset=UTF-8"
    elements = ElementTree.fromstring(answer.content).iter()
    return {one.tag.removeprefix(f"{{{namespace}}}"): one.text or "" for one in elements}


def refused(answer: requests.Response) -> tuple[str, str]:
    assert answer.status_code == 500, answer.text
    fault = ElementTree.fromstring(answer.content).find(f".//{{{ENVELOPE}}}Fault")
    assert fault is not None
    return fault.findtext("faultcode", ""), fault.findtext("faultstring", "")


def session(org: RunningOrg, token: str) -> str:
    return f'<SessionHeader xmlns="{PARTNER}"><sessionId>{token}</sessionId></SessionHeader>'


def test_a_login_opens_a_session(org: RunningOrg) -> None:
    answer = login(org)
    seen = told(answer)
    assert seen["serverUrl"] == f"{org.url}/services/Soap/u/59.0/00DEm0000000001"
    assert seen["metadataServerUrl"] == f"{org.url}/services/Soap/m/59.0/00DEm0000000001"
    assert (seen["passwordExpired"], seen["sandbox"]) == ("false", "false")
    assert seen["organizationName"] == "Emulated Org"
    assert seen["userName"] == org.username
    assert "sforce-limit-info" not in answer.headers
    headers = {"Authorization": f"Bearer {seen['sessionId']}"}
    url = f"{org.url}/services/data/v59.0/sobjects/User/{seen['userId']}"
    assert requests.get(url, headers=headers, timeout=30).status_code == 200


def test_a_login_by_the_enterprise_api(org: RunningOrg) -> None:
    namespace = "urn:enterprise.soap.sforce.com"
    for path in ("c/64.0", "c/64.0/", "c/64.0/0DFEm0000000001", "c/64.0/00DEm0000000001/0DF"):
        seen = told(login(org, path, namespace), namespace)
        assert seen["serverUrl"] == f"{org.url}/services/Soap/c/64.0/00DEm0000000001"


@pytest.mark.parametrize(("token", "right"), [("emulatorSecurityToken", True), ("wrong", False)])
def test_a_login_of_a_known_client_library(org: RunningOrg, token: str, right: bool) -> None:
    with requests.Session() as client:
        client.mount("https://", ToTheOrg(org.url))

        def log_in() -> str:
            name, password = org.username, org.password
            return SalesforceLogin(name, password, token, session=client)[0]

        if right:
            assert log_in().startswith("00DEm0000000001!")
        else:
            with pytest.raises(SalesforceAuthenticationFailed, match="INVALID_LOGIN"):
                log_in()


def test_a_wrong_login_is_a_fault(org: RunningOrg) -> None:
    answer = post(org, asked("login", username=org.username, password="x"))
    message = "Invalid username, password, security token; or user locked out."
    assert refused(answer) == ("sf:INVALID_LOGIN", f"INVALID_LOGIN: {message}")
    root = ElementTree.fromstring(answer.content)
    assert root.findtext(f".//{{{FAULT}}}exceptionCode") == "INVALID_LOGIN"
    assert root.findtext(f".//{{{FAULT}}}exceptionMessage") == message


def test_there_is_no_login_since_version_65(org: RunningOrg) -> None:
    code, text = refused(login(org, "u/65.0"))
    assert code == "sf:INVALID_OPERATION"
    assert "not available in the API version specified (65.0)" in text


@pytest.mark.parametrize("version", ["30.0", "69.0", "x", "59"])
def test_versions_that_there_are_not(org: RunningOrg, version: str) -> None:
    code, text = refused(login(org, f"u/{version}"))
    assert code == "sf:UNSUPPORTED_API_VERSION"
    assert text == "UNSUPPORTED_API_VERSION: Invalid Api version specified on URL"


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    f'<se:Envelope xmlns:se="{ENVELOPE}"><se:Body><login>&b;</login></se:Body></se:Envelope>'
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<",
        b"{}",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="martian"?><x/>',
        b"<x/>",
        f'<Envelope xmlns="{ENVELOPE}"/>'.encode(),
        f'<Envelope xmlns="{ENVELOPE}"><Body/></Envelope>'.encode(),
        BOMB.encode(),
        BOMB.replace("1.0", "1.0", 1).encode("utf-16"),
    ],
)
def test_what_is_no_envelope_is_a_fault(org: RunningOrg, body: bytes) -> None:
    code, text = refused(post(org, body))
    assert code == "soapenv:Client"
    assert text


@pytest.mark.parametrize(
    ("operation", "namespace"), [("convertLead", PARTNER), ("login", "urn:other")]
)
def test_operations_that_there_are_not(org: RunningOrg, operation: str, namespace: str) -> None:
    code, text = refused(post(org, asked(operation, namespace=namespace)))
    assert code == "soapenv:Client"
    assert text.startswith(f"No operation available for request {{{namespace}}}{operation},")


def test_an_operation_that_there_is_not_is_listed(fresh: Client) -> None:
    post(fresh.org, asked("convertLead"))
    login(fresh.org)
    calls = fresh.call("GET", "/__emulator__/calls").json()["calls"]
    assert [call["known"] for call in calls] == [False, True]


def test_the_user_can_be_asked_for_and_logged_out(org: RunningOrg) -> None:
    token = told(login(org))["sessionId"]
    header = session(org, token)
    assert told(post(org, asked("getUserInfo", header=header)))["userName"] == org.username
    assert told(post(org, asked("getServerTimestamp", header=header)))["timestamp"].endswith("Z")
    assert "logoutResponse" in told(post(org, asked("logout", header=header)))
    code, _ = refused(post(org, asked("getUserInfo", header=header)))
    assert code == "sf:INVALID_SESSION_ID"


def test_calls_with_a_session_count_and_logins_do_not(fresh: Client) -> None:
    header = session(fresh.org, fresh.org.access_token)
    used = fresh.call("GET", "limits").headers["sforce-limit-info"]
    assert used.startswith("api-usage=1/")
    login(fresh.org)
    told(post(fresh.org, asked("getUserInfo", header=header)))
    assert fresh.get("limits").headers["sforce-limit-info"].startswith("api-usage=3/")
    fresh.call("POST", "/__emulator__/quota", json={"calls": 100_000})
    code, text = refused(post(fresh.org, asked("getUserInfo", header=header)))
    assert code == "sf:REQUEST_LIMIT_EXCEEDED"
    assert text == "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded."
    assert login(fresh.org).status_code == 200
