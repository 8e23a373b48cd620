"""Whatever is sent to whatever route, the org answers as an org does and never breaks."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from connectsql.emulator import Options, start_in_thread
from connectsql.emulator.dispatch import part
from connectsql.emulator.routes.table import data_routes

from .conftest import Client

ROUTES = data_routes(part).templates
OBJECTS = ("Account", "contact", "Opportunity", "User", "Nope__c")
FIELDS = ("Name", "Id", "ExternalId__c", "AccountId", "Account", "LastName", "CreatedDate", "x")
IDS = ("001Em0000000001AAB", "001Em000000001B", "0015500001QdQWaAAN", "750Em0000000001AAA")
WORDS = {
    "object": OBJECTS,
    "key": (*FIELDS, "Id"),
    "id": (*IDS, "Contacts"),
    "value": (*IDS, "a/b", "%", ""),
    "locator": ("01gEm0000000001AAA-2000", "01g", "-1"),
}
NAMES = (
    *FIELDS, "records", "attributes", "type", "referenceId", "compositeRequest", "url", "method",
    "body", "graphs", "graphId", "batchRequests", "richInput", "allOrNone", "ids", "fields",
    "object", "operation", "query", "contentType", "lineEnding", "state", "externalIdFieldName",
)  # fmt: skip
VALUES = (
    *OBJECTS, *IDS, *FIELDS, "GET", "POST", "PATCH", "/services/data/v60.0/sobjects/Account",
    "v60.0/limits", "@{a.id}", "@{a", "insert", "upsert", "CSV", "UploadComplete", "Aborted",
    "SELECT Id FROM Account", "2026-13-40", "\ud800", "\0", "1e400",
)  # fmt: skip
QUERY_WORDS = (
    "SELECT", "FROM", "WHERE", "Id", "Name", "Account", "Contacts", "(", ")", ",", "COUNT()",
    "COUNT(Id)", "GROUP BY", "HAVING", "ORDER BY", "LIMIT", "OFFSET", "1", "'x'", "= null", "=",
    "IN", "NOT", "AND", "OR", "LIKE", "INCLUDES", "TODAY", "LAST_N_DAYS:3", "2026-01-01", "NULLS",
    "Account.Name", "TYPEOF", "WHEN", "THEN", "END", "FIELDS(ALL)", "toLabel(Name)", "\\", "'",
    "USING SCOPE", "WITH", "FOR VIEW", "ALL ROWS", "DESC", "CALENDAR_YEAR(CreatedDate)", "Owner.X",
)  # fmt: skip


def texts() -> SearchStrategy[str]:
    return st.one_of(
        st.sampled_from(VALUES),
        st.text(max_size=20),
        st.text(string.printable, max_size=20),
    )


def values() -> SearchStrategy[Any]:
    plain = st.one_of(texts(), st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False))
    names = st.one_of(st.sampled_from(NAMES), st.text(max_size=8))
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=5)
        ),
        max_leaves=12,
    )


def queries() -> SearchStrategy[str]:
    chaos = st.lists(st.sampled_from(QUERY_WORDS), max_size=14).map(" ".join)
    return st.one_of(chaos, chaos.map(lambda rest: f"SELECT Id FROM Account {rest}"), texts())


@st.composite
def requests_to_anywhere(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    method, template = draw(st.sampled_from(ROUTES))
    method = draw(st.sampled_from((method, method, method, "GET", "POST", "PATCH", "DELETE")))

    def fill(found: re.Match[str]) -> str:
        known = WORDS.get(found[1], IDS)
        return quote(draw(st.one_of(st.sampled_from(known), st.text(max_size=6))), safe="")

    path = re.sub(r"\{(\w+)\}", fill, template)
    version = draw(st.sampled_from(("60.0", "60.0", "31.0", "68.0", "9.0", "99.0")))
    params = draw(
        st.dictionaries(
            st.sampled_from(("q", "fields", "ids", "start", "end", "allOrNone", "maxRecords")),
            st.one_of(queries(), texts()),
            max_size=3,
        )
    )
    body = draw(
        st.one_of(
            st.just(b""),
            values().map(lambda one: json.dumps(one).encode()),
            st.dictionaries(st.sampled_from(NAMES), values(), max_size=5).map(
                lambda one: json.dumps(one).encode()
            ),
            st.binary(max_size=30),
        )
    )
    headers = draw(
        st.dictionaries(
            st.sampled_from(
                ("If-Match", "If-None-Match", "If-Modified-Since", "Sforce-Query-Options",
                 "Sforce-Call-Options", "Content-Type", "If-Unmodified-Since")
            ),
            st.text(string.printable.strip(), max_size=15),
            max_size=2,
        )
    )  # fmt: skip
    query = "&".join(f"{name}={quote(text, errors='replace')}" for name, text in params.items())
    return (
        method,
        f"/services/data/v{version}{path}" + (f"?{query}" if query else ""),
        {"data": body, "headers": headers},
    )


@pytest.fixture(scope="module")
def target() -> Iterator[Client]:
    options = Options(seed_records={"Account": 5, "Contact": 5}, daily_calls=10**9)
    with start_in_thread(options) as org:
        client = Client(org)
        yield client
        client.close()


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(request=requests_to_anywhere())
def test_no_request_breaks_the_org(
    target: Client, request: tuple[str, str, dict[str, Any]]
) -> None:
    method, path, more = request
    answer = target.call(method, path, **more)
    assert answer.status_code < 500, (answer.status_code, answer.text)
    if answer.status_code >= 400:
        errors = answer.json()
        assert isinstance(errors, list)
        assert all({"message", "errorCode"} <= set(error) for error in errors), errors


@settings(max_examples=400, deadline=None)
@given(text=queries())
def test_no_query_breaks_the_org(target: Client, text: str) -> None:
    sendable = text.encode(errors="replace").decode()
    answer = target.get("query", q=sendable)
    assert answer.status_code in (200, 400), (answer.status_code, answer.text)


OTHER_ROUTES = (
    "/services/oauth2/token", "/services/oauth2/authorize", "/services/oauth2/revoke",
    "/services/oauth2/introspect", "/services/oauth2/userinfo", "/id/{org}/{user}",
    "/services/Soap/u/60.0", "/services/Soap/c/{version}/{org}", "/services/async/60.0/job",
    "/services/async/60.0/job/{id}", "/services/async/60.0/job/{id}/batch",
    "/services/async/60.0/job/{id}/batch/{id}/result", "/services/data", "/services/{x}", "/{x}",
    "/__emulator__/calls", "/__emulator__/faults", "/__emulator__/objects",
    "/__emulator__/objects/{object}/fields", "/__emulator__/undelete", "/__emulator__/merge",
    "/__emulator__/quota", "/__emulator__/events/gap",
)  # fmt: skip
FORMS = (
    "grant_type=password", "grant_type=refresh_token&refresh_token=x", "grant_type=%ff",
    "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=a.b.c", "token=x",
    '<?xml version="1.0"?><jobInfo><operation>insert</operation><object>Account</object>',
    "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><login/></e:Body>",
    "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "Name\nx\n", '"', "\ufeffId\n",
    '{"operation":"query","object":"Account","contentType":"JSON"}',
    '{"name":"New__c","fields":[{"name":"A__c","type":"string"}]}',
)  # fmt: skip


@st.composite
def requests_elsewhere(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    def fill(found: re.Match[str]) -> str:
        known = WORDS.get(found[1], (*IDS, "60.0", "99.0"))
        return quote(draw(st.one_of(st.sampled_from(known), st.text(max_size=6))), safe="")

    path = re.sub(r"\{(\w+)\}", fill, draw(st.sampled_from(OTHER_ROUTES)))
    whole = st.sampled_from(FORMS)
    body = draw(
        st.one_of(whole, whole.map(lambda one: one[:-3]), texts(), values().map(json.dumps))
    )
    kinds = ("application/json", "text/xml", "text/csv", "application/x-www-form-urlencoded", "?")
    headers = {"Content-Type": draw(st.sampled_from(kinds))}
    if draw(st.booleans()):
        headers["Authorization"] = draw(st.sampled_from(("Bearer", "Basic eA==", "OAuth x", "x")))
    method = draw(st.sampled_from(("GET", "POST", "PUT", "PATCH", "DELETE")))
    return method, path, {"data": body.encode(errors="replace"), "headers": headers}


@pytest.fixture
def elsewhere() -> Iterator[Client]:
    """An org of its own: what is fuzzed here may change its objects."""
    with start_in_thread(Options(daily_calls=10**9)) as org:
        client = Client(org)
        yield client
        client.close()


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(request=requests_elsewhere())
def test_no_request_elsewhere_breaks_the_org(
    elsewhere: Client, request: tuple[str, str, dict[str, Any]]
) -> None:
    method, path, more = request
    answer = elsewhere.call(method, path, allow_redirects=False, **more)
    is_fault = answer.status_code == 500 and "<soapenv:Fault>" in answer.text
    assert answer.status_code < 500 or is_fault, (answer.status_code, answer.text)
    assert "unexpected error" not in answer.text
