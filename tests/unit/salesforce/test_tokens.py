from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from connectsql.errors import LoginFailed, OrgUnreachable
from connectsql.salesforce.login import Grant
from connectsql.salesforce.tokens import TokenKeeper


class Lock:
    """A lock that tells how many threads have come to it."""

    def __init__(self):
        self._lock = threading.Lock()
        self._came = threading.Condition()
        self._count = 0

    def __enter__(self):
        with self._came:
            self._count += 1
            self._came.notify_all()
        self._lock.acquire()

    def __exit__(self, *_):
        self._lock.release()

    def wait_for(self, count):
        with self._came:
            assert self._came.wait_for(lambda: self._count >= count, timeout=10)


class Login:
    """Gives tokens 1, 2, …, or fails, once all threads have come."""

    renewable = True

    def __init__(self, lock, threads, failure=None):
        self.lock, self.threads, self.failure = lock, threads, failure
        self.made = 0

    def grant(self, transport, instance_url):
        self.lock.wait_for(self.threads)
        self.made += 1
        if self.failure:
            raise self.failure
        return Grant(access_token=str(self.made), instance_url="https://other.test")


def ask(threads, failure=None):
    """Let so many threads ask for a grant at once; return the logins and the outcomes."""
    lock = Lock()
    login = Login(lock, threads, failure)
    keeper = TokenKeeper(login, None, "https://a.test")
    keeper._lock = lock
    with ThreadPoolExecutor(threads) as pool:
        outcomes = [pool.submit(keeper.grant) for _ in range(threads)]
    return login, keeper, outcomes


def test_threads_share_the_first_login():
    login, _, outcomes = ask(8)
    assert {outcome.result().access_token for outcome in outcomes} == {"1"}
    assert login.made == 1


def test_threads_share_a_refusal_each_with_an_error_of_its_own():
    login, _, outcomes = ask(8, LoginFailed("no", hint="do this"))
    errors = [outcome.exception() for outcome in outcomes]
    assert {(type(error), error.message, error.hint) for error in errors} == {
        (LoginFailed, "no", "do this")
    }
    assert login.made == 1


def test_threads_share_a_timeout_that_means_nothing_was_sent():
    login, _, outcomes = ask(8, OrgUnreachable("slow"))
    errors = [outcome.exception() for outcome in outcomes]
    assert {(type(error), error.sent) for error in errors} == {(OrgUnreachable, False)}
    assert login.made == 1


def test_a_later_call_tries_again_after_a_refusal():
    login, keeper, _ = ask(1, LoginFailed("no"))
    login.failure = None
    assert keeper.grant().access_token == "2"


def test_renews_only_what_has_ended():
    login, keeper, _ = ask(1)
    first = keeper.grant()
    second = keeper.renew(first)
    assert keeper.renew(first) is second
    assert login.made == 2


def test_the_address_is_the_one_the_login_names():
    keeper = TokenKeeper(Login(Lock(), 0), None, "https://a.test")
    assert keeper.instance_url == "https://a.test"
    keeper.grant()
    assert keeper.instance_url == "https://other.test"


def test_a_login_that_cannot_renew():
    login, keeper, _ = ask(1)
    login.renewable = False
    with pytest.raises(LoginFailed, match="ended"):
        keeper.renew(keeper.grant())
