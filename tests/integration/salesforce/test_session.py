from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from connectsql import emulator
from connectsql.errors import ApiError, LoginFailed, OrgUnreachable
from connectsql.salesforce.collections import Collections
from connectsql.salesforce.login import AccessToken, ClientCredentials
from connectsql.salesforce.rest import Rest
from connectsql.salesforce.session import Session


def logins(org):
    return sum(call["path"].endswith("/oauth2/token") for call in org.calls())


class TestLogin:
    def test_by_client_credentials(self, session):
        assert "62.0" in Rest(session).versions()
        assert session.call("GET", "limits", idempotent=True).status == 200

    def test_by_access_token(self, org, connect):
        assert Rest(connect(org, AccessToken(org.running.access_token))).limits()

    def test_wrong_secret(self, org, connect):
        session = connect(org, ClientCredentials(org.running.client_id, "wrong-secret"))
        with pytest.raises(LoginFailed) as caught:
            Rest(session).limits()
        assert "secret" in caught.value.hint
        assert "wrong-secret" not in caught.value.message

    def test_wrong_client_id(self, org, connect):
        with pytest.raises(LoginFailed, match="client identifier invalid"):
            Rest(connect(org, ClientCredentials("nobody", "x"))).limits()

    def test_wrong_access_token(self, org, connect):
        with pytest.raises(LoginFailed, match="access token"):
            Rest(connect(org, AccessToken("00D!wrong"))).limits()


class TestExpiredSession:
    def test_recovers(self, org, session):
        Rest(session).limits()
        org.expire_sessions()
        assert Rest(session).limits()
        assert logins(org) == 2

    def test_recovers_in_the_middle_of_a_write(self, org, session):
        Rest(session).limits()
        org.expire_sessions()
        (result,) = Collections(session).create("Account", [{"Name": "once"}])
        assert result.success
        (page,) = Rest(session).query_pages("SELECT Id FROM Account WHERE Name = 'once'")
        assert page.total_size == 1

    def test_many_threads_recover_by_one_login(self, org, session):
        Rest(session).limits()
        org.expire_sessions()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: Rest(session).limits(), range(32)))
        assert all(answers)
        assert logins(org) == 2


class TestFailures:
    def test_a_read_outlives_lost_answers(self, org, session):
        org.fail(action="lose_answer", path="/limits", times=2)
        assert Rest(session).limits()

    def test_a_read_outlives_a_busy_server(self, org, session):
        org.fail(
            action="error",
            path="/limits",
            status=503,
            errorCode="SERVER_UNAVAILABLE",
            message="busy",
            times=2,
        )
        assert Rest(session).limits()

    def test_the_quota_is_for_the_caller(self, org, session):
        org.fail(
            action="error",
            path="/limits",
            status=403,
            errorCode="REQUEST_LIMIT_EXCEEDED",
            message="TotalRequests Limit exceeded.",
        )
        with pytest.raises(ApiError) as caught:
            Rest(session).limits()
        assert caught.value.code == "REQUEST_LIMIT_EXCEEDED"
        assert len([call for call in org.calls() if call["path"].endswith("/limits")]) == 1

    def test_a_write_whose_answer_was_lost_was_sent_once(self, org, session):
        org.fail(action="lose_answer", path="composite/sobjects", method="POST")
        with pytest.raises(OrgUnreachable) as caught:
            Collections(session).create("Account", [{"Name": "lost"}])
        assert caught.value.sent is True
        (page,) = Rest(session).query_pages("SELECT Id FROM Account WHERE Name = 'lost'")
        assert page.total_size == 1

    def test_a_stopped_org(self, connect):
        with emulator.start_in_thread() as running:
            session = Session(running.url, AccessToken(running.access_token), "62.0")
            assert Rest(session).limits()
        with pytest.raises(OrgUnreachable) as first:
            Collections(session).create("Account", [{"Name": "x"}])
        with pytest.raises(OrgUnreachable) as then:
            Collections(session).create("Account", [{"Name": "x"}])
        session.close()
        assert isinstance(first.value.sent, bool)
        assert then.value.sent is False


class TestAnswer:
    def test_tells_quota_and_time(self, session):
        answer = session.call("GET", "sobjects/Account/describe", idempotent=True)
        assert answer.server_time is not None
        assert abs((datetime.now(UTC) - answer.server_time).total_seconds()) < 10
        assert answer.usage is not None
        assert 0 < answer.usage.used <= answer.usage.limit
        assert session.usage == answer.usage

    def test_an_unknown_route(self, session):
        with pytest.raises(ApiError) as caught:
            session.call("GET", "nothing/here", idempotent=True)
        assert (caught.value.status, caught.value.code) == (404, "NOT_FOUND")

    def test_a_version_the_org_does_not_serve(self, org):
        with Session(org.url, org.credentials, "20.0") as session, pytest.raises(ApiError):
            Rest(session).limits()
