"""What an org allows in 24 hours and at once."""

from __future__ import annotations

import pytest
from support.clock import SetClock

from connectsql.emulator.options import Options
from connectsql.emulator.org.quota import Quota
from connectsql.emulator.wire.errors import Refusal


def test_calls_are_free_again_a_day_later() -> None:
    now = SetClock()
    quota = Quota(Options(daily_calls=3), now)
    quota.spend(2)
    now.forward(hours=12)
    quota.spend()
    with pytest.raises(Refusal) as refused:
        quota.spend()
    assert (refused.value.status, refused.value.code) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert refused.value.message == "TotalRequests Limit exceeded."
    now.forward(hours=11, minutes=59)
    assert quota.calls.remaining == 0
    now.forward(minutes=1)
    assert (quota.calls.used, quota.calls.remaining) == (1, 2)
    now.forward(hours=12)
    assert quota.limit_info == "api-usage=0/3"


def test_what_is_refused_is_not_spent() -> None:
    quota = Quota(Options(daily_bulk_rows=10), SetClock())
    quota.spend_bulk_rows(4)
    with pytest.raises(Refusal):
        quota.spend_bulk_rows(7)
    assert quota.bulk_rows.remaining == 6
    quota.spend_bulk_rows(6)
    assert quota.bulk_rows.remaining == 0


def test_what_is_used_can_be_set() -> None:
    now = SetClock()
    quota = Quota(Options(daily_calls=10), now)
    quota.spend(3)
    quota.calls.set_used(12)
    assert (quota.calls.used, quota.calls.remaining) == (12, 0)
    now.forward(days=1)
    assert quota.calls.used == 0


def test_so_many_calls_may_be_under_way_at_once() -> None:
    quota = Quota(Options(concurrent_calls=2), SetClock())
    with quota.entering(), quota.entering():
        with pytest.raises(Refusal) as refused, quota.entering():
            pass
        assert refused.value.message == (
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
        )
    with quota.entering(), quota.entering():
        assert quota.calls.used == 0
