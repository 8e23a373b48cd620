from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectsql.emulator.options import Options
from connectsql.emulator.org.cursors import IDLE
from connectsql.emulator.org.seeding.seed import seed
from connectsql.emulator.soql.run import Page, Source, page, run
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal


class Watch:
    """A clock that stands still until it is told otherwise."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def org(watch: Watch) -> Iterator[Org]:
    made = Org(Options(), watch)
    seed(made, {"Lead": 500}, 1)
    yield made
    made.close()


def first_page(org: Org) -> Page:
    text = "SELECT Id FROM Lead"
    return run(Source.of(org), text, root="", page_size=200, deleted=False)


def next_page(org: Org, locator: str | None) -> Page:
    assert locator
    cursor, start = org.cursors.find(locator)
    return page(Source.of(org), cursor, start, "")


def test_a_locator_lives_while_it_is_used(org: Org, watch: Watch) -> None:
    locator = first_page(org).next
    for _ in range(3):
        watch.now += IDLE
        assert len(next_page(org, locator).records) == 200


def test_a_locator_that_nobody_used_expires(org: Org, watch: Watch) -> None:
    locator = first_page(org).next
    watch.now += IDLE + timedelta(seconds=1)
    with pytest.raises(Refusal) as refused:
        next_page(org, locator)
    assert refused.value.code == "INVALID_QUERY_LOCATOR"


def test_date_literals_count_from_the_orgs_own_day(org: Org, watch: Watch) -> None:
    org.records(org.schema.find("Account")).create({"Name": "x"})  # type: ignore[arg-type]
    text = "SELECT count() FROM Account WHERE CreatedDate = TODAY"
    for expected in (1, 0):
        found = run(Source.of(org), text, root="", page_size=200, deleted=False)
        assert found.total == expected
        watch.now += timedelta(days=1)


def test_locators_of_an_earlier_run_lead_to_nothing(org: Org, watch: Watch) -> None:
    old = first_page(org).next
    assert old
    watch.now += timedelta(seconds=1)
    again = Org(Options(), watch)
    try:
        seed(again, {"Lead": 500}, 1)
        assert first_page(again).next != old
        with pytest.raises(Refusal, match="INVALID_QUERY_LOCATOR"):
            again.cursors.find(old)
    finally:
        again.close()
