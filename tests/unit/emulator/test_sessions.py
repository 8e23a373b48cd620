"""How long sessions and refresh tokens are good."""

from __future__ import annotations

from support.clock import SetClock

from connectsql.emulator.org.access.sessions import Grants, Sessions

ORG = "00DEm0000000001AAA"


def test_a_session_lives_on_while_it_is_used() -> None:
    now = SetClock()
    sessions = Sessions(ORG, now, seconds=100)
    token = sessions.open()
    for _ in range(3):
        now.forward(seconds=99)
        assert sessions.is_valid(token)
    now.forward(seconds=100)
    assert not sessions.is_valid(token)
    assert sessions.expire() == 0


def test_looking_at_a_session_does_not_prolong_it() -> None:
    now = SetClock()
    sessions = Sessions(ORG, now, seconds=100)
    token = sessions.open()
    now.forward(seconds=60)
    session = sessions.find(token)
    assert session is not None
    expires = sessions.expires(session)
    assert expires is not None
    assert (expires - now()).total_seconds() == 40
    now.forward(seconds=40)
    assert sessions.find(token) is None


def test_without_a_limit_a_session_never_ends() -> None:
    now = SetClock()
    sessions = Sessions(ORG, now)
    token = sessions.open()
    now.forward(days=1000)
    assert sessions.is_valid(token)


def test_a_spent_refresh_token_ends_the_whole_grant() -> None:
    sessions = Sessions(ORG, SetClock())
    grants = Grants(sessions, "first", rotate=True)
    other, _ = grants.open()
    refreshed = grants.refresh("first")
    assert refreshed is not None
    access, second = refreshed
    assert second is not None
    assert grants.is_valid(second)
    assert grants.refresh("first") is None
    assert grants.refresh(second) is None
    assert not sessions.is_valid(access)
    assert sessions.is_valid(other)


def test_without_rotation_a_refresh_token_stays_good() -> None:
    grants = Grants(Sessions(ORG, SetClock()), "first", rotate=False)
    first, again = grants.refresh("first"), grants.refresh("first")
    assert first is not None
    assert again is not None
    assert first[1] is None
    assert first[0] != again[0]
