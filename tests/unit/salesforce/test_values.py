"""Encoding, ids, addresses, back-off."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from connectsql.describe.literals import timestamp
from connectsql.errors import UsageError
from connectsql.salesforce.address import base_url, is_loopback
from connectsql.salesforce.encode import dumps, loads
from connectsql.salesforce.ids import is_id, long_id
from connectsql.salesforce.retry import Attempts, Backoff

SCALARS = (
    some.none()
    | some.booleans()
    | some.integers()
    | some.text()
    | some.decimals(allow_nan=False, allow_infinity=False, places=9)
)


class TestEncode:
    @settings(max_examples=40, deadline=None)
    @given(
        some.recursive(
            SCALARS, lambda inner: some.lists(inner) | some.dictionaries(some.text(), inner)
        )
    )
    def test_nothing_is_lost_on_the_way(self, value):
        assert loads(dumps(value)) == value

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (Decimal("1E+3"), "1000"),
            (Decimal("1E-7"), "0.0000001"),
            (Decimal("0.10"), "0.10"),
            (Decimal("123456789012345678.123456789"), "123456789012345678.123456789"),
            (0.1, "0.1"),
            (True, "true"),
            (date(2026, 1, 2), '"2026-01-02"'),
            (time(1, 2, 3, 4500), '"01:02:03.004Z"'),
            (datetime(2026, 1, 2, 3, 4, 5, 678999), '"2026-01-02T03:04:05.678Z"'),
            ((1, 2), "[1, 2]"),
        ],
    )
    def test_forms(self, value, text):
        assert dumps(value) == text.encode()

    def test_a_zone_is_turned_into_utc(self):
        zone = timezone(timedelta(hours=2))
        assert timestamp(datetime(2026, 1, 1, 1, tzinfo=zone)) == "2025-12-31T23:00:00.000Z"

    @pytest.mark.parametrize(
        "value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")]
    )
    def test_refuses_what_is_no_number(self, value):
        with pytest.raises(ValueError, match="not a number"):
            dumps([value])

    @pytest.mark.parametrize("value", [b"x", object(), {1: 2}, {1, 2}])
    def test_refuses_other_types(self, value):
        with pytest.raises(TypeError):
            dumps(value)

    def test_refuses_a_zone_on_a_time_of_day(self):
        with pytest.raises(ValueError, match="zone"):
            dumps(time(1, tzinfo=UTC))

    def test_any_reader_understands_it(self):
        assert json.loads(dumps({"a": ["\u2028", "\x00", "😀"]})) == {"a": ["\u2028", "\x00", "😀"]}


class TestIds:
    @pytest.mark.parametrize(
        "known",
        ["0015500001QdQWaAAN", "0031a0000065SyJAAU", "005Do000000PVvJIAW", "001ZM000001n4n5YAA"],
    )
    def test_real_ids(self, known):
        assert long_id(known[:15]) == known
        assert long_id(known) == known

    @pytest.mark.parametrize(
        "text", ["", "x" * 14, "x" * 16, "x" * 19, "0015500001QdQW-", "é" * 15]
    )
    def test_refuses_others(self, text):
        assert not is_id(text)
        with pytest.raises(ValueError, match="not a record id"):
            long_id(text)


class TestAddress:
    @pytest.mark.parametrize(
        ("url", "base"),
        [
            ("https://acme.my.salesforce.com", "https://acme.my.salesforce.com"),
            (" https://acme.test/services/data/?x=1#y ", "https://acme.test"),
            ("HTTPS://Acme.Test:8443/", "https://acme.test:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://127.8.8.8:1", "http://127.8.8.8:1"),
            ("http://[::1]:1/", "http://[::1]:1"),
        ],
    )
    def test_accepts(self, url, base):
        assert base_url(url) == base

    @pytest.mark.parametrize(
        ("url", "message"),
        [
            ("http://acme.test", "in the clear"),
            ("http://127.0.0.1.evil.test", "in the clear"),
            ("http://localhost.evil.test", "in the clear"),
            ("http://127.1", "in the clear"),
            ("http://0.0.0.0", "in the clear"),
            ("http://192.168.1.1", "in the clear"),
            ("https://me:secret@acme.test", "password"),
            ("http://localhost@acme.test", "password"),
            ("acme.my.salesforce.com", "not an https URL"),
            ("ftp://acme.test", "not an https URL"),
            ("https://", "not an https URL"),
            ("https://acme.test:port", "not a URL"),
            ("https://[::1", "not a URL"),
            ("", "not an https URL"),
        ],
    )
    def test_refuses(self, url, message):
        with pytest.raises(UsageError, match=message) as caught:
            base_url(url)
        assert caught.value.hint
        assert "secret" not in caught.value.message

    def test_loopback(self):
        assert is_loopback("LOCALHOST")
        assert not is_loopback("")


class Clock:
    def __init__(self):
        self.now = 0.0
        self.stopped = False

    def __call__(self):
        return self.now

    def wait(self, seconds):
        self.now += seconds
        return self.stopped


class TestBackoff:
    def attempts(self, clock, **bounds):
        return Attempts(Backoff(**bounds), clock, clock=clock, jitter=lambda: 1.0)

    def test_doubles_up_to_the_longest(self):
        clock = Clock()
        attempts = self.attempts(clock, attempts=6, first=1.0, most=5.0)
        times = []
        while attempts.again():
            times.append(clock.now)
        assert times == [1.0, 3.0, 7.0, 12.0, 17.0]

    def test_starts_no_attempt_after_the_total(self):
        clock = Clock()
        attempts = self.attempts(clock, attempts=100, first=10.0, most=10.0, total=35.0)
        while attempts.again():
            pass
        assert clock.now == 30.0

    def test_time_spent_in_the_call_counts(self):
        clock = Clock()
        attempts = self.attempts(clock, total=60.0)
        clock.now = 61.0
        assert not attempts.again()

    def test_a_stop_ends_it(self):
        clock = Clock()
        clock.stopped = True
        assert not self.attempts(clock).again()
