from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectsql.errors import ApiError, OrgUnreachable
from connectsql.salesforce.answer import read_answer, read_error, retry_after
from connectsql.salesforce.transport import Reply


def reply(status, content=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, content=content)


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (
            b'[{"message":"no","errorCode":"X","fields":["A","B"]}]',
            "X",
            "X: no [A, B]",
        ),
        (
            b'[{"errorCode":"X","message":"one"},{"errorCode":"Y","message":"two"}]',
            "X",
            "X: one; Y: two",
        ),
        (b'{"message":"no","errorCode":"X"}', "X", "X: no"),
        (
            b'{"error":"invalid_grant","error_description":"no"}',
            "invalid_grant",
            "invalid_grant: no",
        ),
        (
            b'<?xml version="1.0" encoding="UTF-8"?><Errors><Error><errorCode>X</errorCode>'
            b"<message>a &lt; b</message></Error></Errors>",
            "X",
            "X: a < b",
        ),
        (b"<html>no</html>", "", "the org answered 400 without a reason"),
        (b"", "", "the org answered 400 without a reason"),
        (b"\xff\xfe\x00", "", "the org answered 400 without a reason"),
        (b"[1, null]", "", "the org answered 400 without a reason"),
        (b'[{"message":null,"fields":null}]', "", ""),
    ],
)
def test_errors_of_every_shape(content, code, message):
    error = read_error(reply(400, content))
    assert isinstance(error, ApiError)
    assert (error.status, error.code, error.message) == (400, code, message)


def test_several_matches(recorded):
    error = read_error(reply(300, recorded("upsert_multiple_error")))
    assert isinstance(error, ApiError)
    assert error.code == "DUPLICATE_EXTERNAL_ID"
    assert "2 records match" in error.message
    assert "Whizbang/bar" in error.message


def test_a_server_error_with_a_reason_is_the_orgs_own():
    body = b'[{"message":"maintenance","errorCode":"SERVER_UNAVAILABLE"}]'
    error = read_error(reply(503, body))
    assert isinstance(error, ApiError)
    assert error.code == "SERVER_UNAVAILABLE"


def test_a_server_error_without_one_leaves_the_outcome_open():
    error = read_error(reply(500, b"<html>"))
    assert isinstance(error, OrgUnreachable)
    assert error.sent is True


@pytest.mark.parametrize("content", [b"NaN", b"[Infinity]", b"[1", b"\xff"])
def test_what_is_not_json_is_no_answer(content):
    with pytest.raises(OrgUnreachable, match="not Salesforce's"):
        read_answer(reply(200, content))
    with pytest.raises(OrgUnreachable, match="not Salesforce's"):
        read_answer(reply(200, b"\xff", Content_Type="text/csv"))


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=18/15000", (18, 15000)),
        ("per-app-api-usage=17/250(appName=x)", None),
        ("per-app-api-usage=17/250(appName=x); api-usage=1/2", (1, 2)),
        ("nonsense", None),
    ],
)
def test_usage(header, usage):
    assert read_answer(reply(200, b"1", Sforce_Limit_Info=header)).usage == usage


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        ("Sun, 22 Nov 2026 19:11:00 GMT", datetime(2026, 11, 22, 19, 11, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 19:11:00 -0000", datetime(2026, 11, 22, 19, 11, tzinfo=UTC)),
        ("Sun, 22 Nov 2026 19:11:00 +0200", datetime(2026, 11, 22, 17, 11, tzinfo=UTC)),
        ("yesterday", None),
    ],
)
def test_server_time(header, moment):
    assert read_answer(reply(200, b"1", Date=header)).server_time == moment


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("", 0.0), ("-3", 0.0), ("Sun, 22 Nov 2026", 0.0)]
)
def test_retry_after(header, seconds):
    assert retry_after({"Retry-After": header}) == seconds
