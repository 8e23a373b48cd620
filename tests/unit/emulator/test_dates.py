from __future__ import annotations

from datetime import date

import pytest

from connectsql.emulator.org import clock
from connectsql.emulator.soql.dates import span

TODAY = date(2026, 11, 18)  # a Wednesday


@pytest.mark.parametrize(
    ("literal", "n", "first", "end"),
    [
        ("TODAY", None, "2026-11-18", "2026-11-19"),
        ("yesterday", None, "2026-11-17", "2026-11-18"),
        ("TOMORROW", None, "2026-11-19", "2026-11-20"),
        ("THIS_WEEK", None, "2026-11-15", "2026-11-22"),
        ("LAST_MONTH", None, "2026-10-01", "2026-11-01"),
        ("NEXT_QUARTER", None, "2027-01-01", "2027-04-01"),
        ("THIS_YEAR", None, "2026-01-01", "2027-01-01"),
        ("LAST_N_DAYS", 1, "2026-11-17", "2026-11-19"),
        ("LAST_90_DAYS", None, "2026-08-20", "2026-11-19"),
        ("NEXT_N_DAYS", 2, "2026-11-19", "2026-11-21"),
        ("LAST_N_MONTHS", 2, "2026-09-01", "2026-11-01"),
        ("NEXT_N_YEARS", 2, "2027-01-01", "2029-01-01"),
        ("N_DAYS_AGO", 3, "2026-11-15", "2026-11-16"),
        ("N_QUARTERS_AGO", 1, "2026-07-01", "2026-10-01"),
    ],
)
def test_a_literal_is_a_span_of_days(literal: str, n: int | None, first: str, end: str) -> None:
    found = span(literal, n, TODAY)
    assert found
    assert tuple(day.isoformat() for day in found) == (first, end)


@pytest.mark.parametrize(("literal", "n"), [("NEVER", None), ("TODAY", 3), ("LAST_N_DAYS", None)])
def test_other_words_are_no_literals(literal: str, n: int | None) -> None:
    assert span(literal, n, TODAY) is None


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000+0000"),
        ("2026-11-22T10:00:00.5+01:00", "2026-11-22T09:00:00.500+0000"),
        ("2026-11-22T23:30:00.000-0230", "2026-11-23T02:00:00.000+0000"),
        ("2026-11-22T10:00", "2026-11-22T10:00:00.000+0000"),
        ("2026-02-30T10:00:00Z", None),
        ("2026-11-22 10:00:00", None),
    ],
)
def test_datetimes_are_kept_in_utc(given: str, stored: str | None) -> None:
    assert clock.read_datetime(given) == stored
