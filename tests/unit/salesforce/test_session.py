from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectsql.errors import ApiError, LoginFailed, OrgUnreachable, UsageError
from connectsql.salesforce.login import AccessToken, ClientCredentials
from connectsql.salesforce.retry import Backoff
from connectsql.salesforce.session import Session

EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
LOCKED = [
    {
        "message": "unable to obtain exclusive access to this record",
        "errorCode": "UNABLE_TO_LOCK_ROW",
        "fields": [],
    }
]
QUOTA = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
ROW = {"records": [{"Name": "x"}]}


def get(session, path="limits"):
    return session.call("GET", path, idempotent=True)


def write(session):
    return session.call("POST", "composite/sobjects", json=ROW, idempotent=False)


def grant(token, url):
    return {"access_token": token, "instance_url": url, "token_type": "Bearer"}


class TestRequest:
    def test_names_the_token_the_client_and_the_version(self, org, connect):
        org.then(200, {})
        get(connect(client="connectsql-7"))
        (request,) = org.received
        assert request.path == "/services/data/v68.0/limits"
        assert request.headers["Authorization"] == "Bearer 00D!token"
        assert request.headers["Sforce-Call-Options"] == "client=connectsql-7"
        assert request.headers["Accept"] == "application/json"

    @pytest.mark.parametrize(
        ("path", "sent"),
        [
            ("limits", "/services/data/v68.0/limits"),
            ("/limits", "/services/data/v68.0/limits"),
            ("/services/data", "/services/data"),
            ("/services/data/v68.0/query/01g-2000", "/services/data/v68.0/query/01g-2000"),
        ],
    )
    def test_paths(self, org, session, path, sent):
        org.then(200, {})
        get(session, path)
        assert org.received[0].path == sent

    @pytest.mark.parametrize("path", ["https://evil.test/x", "//evil.test/x"])
    def test_the_token_goes_to_no_other_host(self, session, path):
        with pytest.raises(ValueError, match="not a path"):
            get(session, path)

    def test_writes_numbers_and_times_exactly(self, org, session):
        org.then(200, {})
        body = {"a": Decimal("0.1000000000000000055"), "t": datetime(2026, 1, 1, tzinfo=UTC)}
        session.call("PATCH", "x", json=body, idempotent=False)
        assert (
            org.received[0].body == b'{"a": 0.1000000000000000055, "t": "2026-01-01T00:00:00.000Z"}'
        )

    def test_headers_of_one_call(self, org, session):
        org.then(200, {})
        session.call("GET", "x", headers={"Sforce-Query-Options": "batchSize=200"}, idempotent=True)
        assert org.received[0].headers["Sforce-Query-Options"] == "batchSize=200"

    def test_keeps_no_cookies(self, org, session):
        org.then(200, {}, Set_Cookie="BrowserId=abc; path=/").then(200, {})
        get(session)
        get(session)
        assert "Cookie" not in org.received[1].headers

    def test_a_netrc_entry_does_not_replace_the_token(self, org, session, tmp_path, monkeypatch):
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login me password secret\n")
        monkeypatch.setenv("NETRC", str(netrc))
        org.then(200, {})
        get(session)
        assert org.received[0].headers["Authorization"] == "Bearer 00D!token"

    def test_a_proxy_is_not_used_for_this_machine(self, org, session, monkeypatch):
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        org.then(200, {})
        assert get(session).status == 200

    def test_a_proxy_that_refuses_means_that_nothing_was_sent(self, org, connect, monkeypatch):
        monkeypatch.setenv("HTTPS_PROXY", org.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        org.raw(503, b"no")
        with pytest.raises(OrgUnreachable, match="proxy") as caught:
            write(connect(url="https://acme.my.salesforce.com"))
        assert caught.value.sent is False
        assert org.received[0].method == "CONNECT"
        assert "Authorization" not in org.received[0].headers

    @pytest.mark.parametrize("version", ["", "v68.0", "68", "68.1", "068.0"])
    def test_refuses_what_is_no_version(self, version):
        with pytest.raises(UsageError, match="not an API version"):
            Session("https://a.test", AccessToken("x"), version)

    @pytest.mark.parametrize("client", ["", "a;b", "a,b", "a\nb"])
    def test_refuses_a_client_name_that_would_break_the_header(self, client):
        with pytest.raises(UsageError, match="client name"):
            Session("https://a.test", AccessToken("x"), "68.0", client=client)


class TestAnswer:
    def test_reads_quota_clock_and_decimals(self, org, session):
        org.raw(
            200,
            b'{"Amount": 12345678901234567.89, "Count": 3, "Whole": 3.0}',
            Sforce_Limit_Info="api-usage=18/15000; per-app-api-usage=17/250(appName=x)",
        )
        answer = get(session)
        assert answer.body == {
            "Amount": Decimal("12345678901234567.89"),
            "Count": 3,
            "Whole": Decimal("3.0"),
        }
        assert answer.usage == (18, 15000)
        assert session.usage == (18, 15000)
        assert answer.server_time is not None
        assert answer.server_time.tzinfo is UTC
        assert abs((datetime.now(UTC) - answer.server_time).total_seconds()) < 60

    def test_quota_stays_known_when_an_answer_does_not_tell(self, org, session):
        org.then(200, {}, Sforce_Limit_Info="api-usage=18/15000").then(204)
        get(session)
        assert get(session).usage is None
        assert session.usage == (18, 15000)

    def test_empty(self, org, session):
        org.then(204)
        assert get(session).body is None

    def test_not_modified(self, org, session):
        org.raw(304, b"")
        answer = get(session)
        assert (answer.status, answer.body) == (304, None)

    def test_chunked(self, org, session):
        org.chunked(b'{"a"', b": 1.5", b"}")
        assert get(session).body == {"a": Decimal("1.5")}

    def test_gzip(self, org, session):
        org.gzipped({"a": "é"})
        assert get(session).body == {"a": "é"}

    @pytest.mark.parametrize("kind", ["text/html", "text/plain; charset=ISO-8859-1"])
    def test_wrong_content_type(self, org, session, kind):
        org.raw(200, '{"a": "é"}'.encode(), Content_Type=kind)
        assert get(session).body == {"a": "é"}

    def test_csv(self, org, session):
        org.raw(200, b'"Id"\n"001"\n', Content_Type="text/csv")
        assert get(session).body == '"Id"\n"001"\n'

    def test_its_repr_shows_no_values(self, org, session):
        org.then(200, {"Name": "Zebra"}, X_Value="Zebra")
        assert "Zebra" not in repr(get(session))


class TestRetry:
    def test_tries_again_after_503(self, org, session, stop):
        org.raw(503, b"").then(200, {"ok": True})
        assert get(session).body == {"ok": True}
        assert len(stop.seconds) == 1
        assert 0 <= stop.seconds[0] <= 0.5

    @pytest.mark.parametrize("status", [429, 502, 503, 504])
    def test_statuses(self, org, session, status):
        org.raw(status, b"<html>busy</html>").then(200, {})
        assert get(session).status == 200

    def test_a_code_that_means_retry(self, org, session):
        org.then(400, LOCKED).then(200, {})
        assert get(session).status == 200

    def test_a_broken_connection(self, org, session):
        org.reset().half().raw(200, b"<html>").then(200, {"ok": True})
        assert get(session).body == {"ok": True}
        assert len(org.received) == 4

    def test_gives_up_after_so_many(self, org, connect, stop):
        org.raw(503, b"")
        with pytest.raises(OrgUnreachable, match="503"):
            get(connect(backoff=Backoff(attempts=3)))
        assert len(org.received) == 3
        assert len(stop.seconds) == 2

    def test_waits_as_long_as_it_is_asked(self, org, session, stop):
        org.raw(503, b"", Retry_After="7").then(200, {})
        get(session)
        assert stop.seconds == [7.0]

    def test_does_not_wait_longer_than_it_may(self, org, session, stop):
        org.raw(503, b"", Retry_After="3600")
        with pytest.raises(OrgUnreachable):
            get(session)
        assert stop.seconds == []

    def test_ends_when_told_to_stop(self, org, session, stop):
        stop.set()
        org.raw(503, b"")
        with pytest.raises(OrgUnreachable):
            get(session)
        assert len(org.received) == 1

    def test_leaves_the_daily_quota_to_the_caller(self, org, session):
        org.then(403, QUOTA)
        with pytest.raises(ApiError) as caught:
            get(session)
        assert (caught.value.status, caught.value.code) == (403, "REQUEST_LIMIT_EXCEEDED")
        assert len(org.received) == 1

    def test_not_when_the_call_is_wrong(self, org, session):
        org.then(400, [{"message": "unexpected token: 'X'", "errorCode": "MALFORMED_QUERY"}])
        with pytest.raises(ApiError, match="MALFORMED_QUERY: unexpected token: 'X'"):
            get(session)
        assert len(org.received) == 1

    @pytest.mark.parametrize("status", [429, 500, 503])
    def test_never_repeats_a_write(self, org, session, stop, status):
        org.then(status, [{"message": "busy", "errorCode": "SERVER_UNAVAILABLE"}])
        with pytest.raises(ApiError, match="busy"):
            write(session)
        assert len(org.received) == 1
        assert stop.seconds == []


class TestUnknownOutcome:
    """A write whose answer is lost has been sent, whatever became of it."""

    def lost(self, org, session):
        with pytest.raises(OrgUnreachable) as caught:
            write(session)
        assert len(org.received) == 1
        return caught.value

    def test_reset_after_the_request(self, org, session):
        org.reset()
        error = self.lost(org, session)
        assert error.sent is True
        assert "broke" in error.message

    def test_reset_on_a_connection_used_before(self, org, session):
        org.then(200, {}).reset()
        get(session)
        with pytest.raises(OrgUnreachable) as caught:
            write(session)
        assert caught.value.sent is True

    def test_half_an_answer(self, org, session):
        org.half()
        assert self.lost(org, session).sent is True

    def test_no_answer_in_time(self, org, connect):
        org.silent()
        error = self.lost(org, connect(timeout=(5.0, 0.05)))
        assert error.sent is True
        assert "in time" in error.message

    def test_answer_that_ends_in_the_middle_of_a_chunk(self, org, session):
        def step(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n[{")
            handler.close_connection = True

        org.do(step)
        assert self.lost(org, session).sent is True

    def test_answer_that_is_not_gzip_as_it_says(self, org, session):
        org.raw(200, b"[]", Content_Encoding="gzip")
        assert self.lost(org, session).sent is True

    def test_answer_that_is_not_http(self, org, session):
        def step(handler):
            handler.wfile.write(b"hello\r\n\r\n")
            handler.close_connection = True

        org.do(step)
        assert self.lost(org, session).sent is True

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_server_error_without_a_reason(self, org, session, status):
        org.raw(status, b"<html><body>Bad gateway</body></html>", Content_Type="text/html")
        error = self.lost(org, session)
        assert error.sent is True
        assert str(status) in error.message

    def test_a_page_in_place_of_the_answer(self, org, session):
        org.raw(200, b"<html>Please log in</html>", Content_Type="text/html")
        assert self.lost(org, session).sent is True

    def test_refused_connection_was_never_sent(self, org, session):
        org.close()
        with pytest.raises(OrgUnreachable, match="connection refused") as caught:
            write(session)
        assert caught.value.sent is False

    def test_unknown_host_was_never_sent(self, connect):
        with pytest.raises(OrgUnreachable, match=r"no host nosuch\.invalid") as caught:
            write(connect(url="https://nosuch.invalid"))
        assert caught.value.sent is False

    def test_the_error_carries_no_query(self, org, session):
        org.close()
        with pytest.raises(OrgUnreachable) as caught:
            session.call("GET", "query", params={"q": "Zebra"}, idempotent=False)
        assert "Zebra" not in caught.value.message
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


class TestExpiredSession:
    def credentials(self, org):
        return ClientCredentials("id", "secret")

    def test_logs_in_and_repeats_even_a_write(self, org, connect):
        org.then(200, grant("one", org.url)).then(401, EXPIRED)
        org.then(200, grant("two", org.url)).then(200, [{"success": True}])
        answer = write(connect(self.credentials(org)))
        assert answer.body == [{"success": True}]
        assert [request.path.rpartition("/")[2] for request in org.received] == [
            "token",
            "sobjects",
            "token",
            "sobjects",
        ]
        assert org.received[3].headers["Authorization"] == "Bearer two"
        assert org.received[3].json == ROW

    def test_only_once(self, org, connect):
        org.then(200, grant("one", org.url)).then(401, EXPIRED)
        org.then(200, grant("two", org.url)).then(401, EXPIRED)
        with pytest.raises(LoginFailed, match="Session expired or invalid") as caught:
            get(connect(self.credentials(org)))
        assert len(org.received) == 4
        assert caught.value.hint

    def test_a_session_not_valid_for_the_api(self, org, session):
        words = "This session is not valid for use with the API"
        org.then(403, [{"message": words, "errorCode": "INVALID_SESSION_ID"}])
        with pytest.raises(LoginFailed):
            get(session)

    def test_a_fixed_token_cannot_be_renewed(self, org, session):
        org.then(401, EXPIRED)
        with pytest.raises(LoginFailed, match="access token") as caught:
            get(session)
        assert "client id" in caught.value.hint
        assert len(org.received) == 1

    def test_another_403_is_no_matter_of_login(self, org, session):
        org.then(403, [{"message": "no", "errorCode": "API_DISABLED_FOR_ORG"}])
        with pytest.raises(ApiError, match="API_DISABLED_FOR_ORG"):
            get(session)

    def test_a_login_without_answer_means_nothing_was_sent(self, org, connect):
        org.then(200, grant("one", org.url)).then(401, EXPIRED).reset()
        with pytest.raises(OrgUnreachable) as caught:
            write(connect(self.credentials(org)))
        assert caught.value.sent is False

    def test_threads_share_one_login(self, org, connect):
        """Eight calls meet an ended session at the same time: one of them logs in."""
        together = threading.Barrier(8)

        def refuse(handler):
            together.wait(10)
            content = b'[{"message":"expired","errorCode":"INVALID_SESSION_ID"}]'
            handler.send_response(401)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)

        session = connect(self.credentials(org))
        org.then(200, grant("one", org.url)).then(200, {})
        get(session)
        org.steps = [refuse] * 8
        org.then(200, grant("two", org.url)).then(200, {})
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: get(session), range(8)))
        assert [answer.status for answer in answers] == [200] * 8
        logins = [request for request in org.received if request.path.endswith("token")]
        assert len(logins) == 2


class TestRedirect:
    def test_is_not_followed(self, org, session):
        org.raw(302, b"", Location="https://evil.test/steal")
        with pytest.raises(ApiError, match="another address") as caught:
            get(session)
        assert caught.value.status == 302
        assert "My Domain" in caught.value.hint


class TestLog:
    def test_says_what_was_called_but_no_secret_or_value(self, org, session, caplog):
        caplog.set_level(logging.DEBUG, "connectsql.salesforce")
        org.then(200, {"Name": "Zebra"})
        session.call("POST", "query", params={"q": "Zebra"}, json={"a": "Zebra"}, idempotent=True)
        text = "\n".join(
            record.getMessage()
            for record in caplog.records
            if record.name.startswith("connectsql.salesforce")
        )
        assert "POST /services/data/v68.0/query: 200 in" in text
        assert "Zebra" not in text
        assert "00D!token" not in text

    def test_says_that_no_answer_came(self, org, session, caplog):
        caplog.set_level(logging.DEBUG, "connectsql.salesforce")
        org.reset()
        with pytest.raises(OrgUnreachable):
            write(session)
        assert "no answer" in caplog.text
