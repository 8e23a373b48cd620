"""The recycle bin as the days go by, and what the journal tells of deletions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from connectsql.emulator import Options
from connectsql.emulator.org.deleting import ledger
from connectsql.emulator.org.journal import Commit
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.whole import Org

START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class Days:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def days() -> Days:
    return Days()


@pytest.fixture
def org(days: Days) -> Iterator[Org]:
    made = Org(Options(), days)
    yield made
    made.close()


def named(org: Org, name: str) -> SObject:
    sobject = org.object(name)
    assert sobject is not None
    return sobject


def create(org: Org, name: str, **fields: object) -> str:
    with org.transaction():
        return org.records(named(org, name)).create(fields)


def delete(org: Org, name: str, record_id: str) -> None:
    with org.transaction():
        org.bin.delete(named(org, name), record_id)


def test_after_15_days_a_deleted_record_is_purged(org: Org, days: Days) -> None:
    account = named(org, "Account")
    old, young = (create(org, "Account", Name=name) for name in "ab")
    delete(org, "Account", old)
    days.moment += timedelta(days=15)
    delete(org, "Account", young)
    assert org.store.fetch(account, old) is not None
    days.moment += timedelta(seconds=1)
    with org.transaction():
        org.bin.expire()
    assert org.store.fetch(account, old) is None
    assert org.store.fetch(account, young) is not None


def test_the_journal_tells_of_all_that_goes_along(org: Org) -> None:
    commits: list[Commit] = []
    org.data.after_commit.append(commits.append)
    account = create(org, "Account", Name="x")
    contact = create(org, "Contact", LastName="x", AccountId=account)
    report = create(org, "Contact", LastName="y", ReportsToId=contact)
    delete(org, "Account", account)
    with org.transaction():
        org.bin.undelete(named(org, "Account"), account)
    with org.transaction():
        org.bin.purge(named(org, "Account"), account)
    told = [[(one.kind, one.record_id) for one in commit.changes] for commit in commits[3:]]
    assert told == [
        [("DELETE", account), ("DELETE", contact), ("UPDATE", report)],
        [("UNDELETE", account), ("UNDELETE", contact), ("UPDATE", report)],
        [("UPDATE", report), ("PURGE", account), ("PURGE", contact)],
    ]
    assert [change.after for change in commits[5].changes[1:]] == [None, None]


def test_a_merge_deletes_the_losers_and_updates_the_master(org: Org) -> None:
    master, loser = (create(org, "Account", Name=name) for name in "ab")
    contact = create(org, "Contact", LastName="x", AccountId=loser)
    commits: list[Commit] = []
    org.data.after_commit.append(commits.append)
    with org.transaction():
        org.bin.merge(named(org, "Account"), master, [loser], {})
    (commit,) = commits
    assert [(one.kind, one.record_id) for one in commit.changes] == [
        ("UPDATE", contact),
        ("DELETE", loser),
        ("UPDATE", master),
    ]


def test_the_log_keeps_only_so_much(org: Org, days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_LOG_ROWS_PER_USER", 2)
    gone = [create(org, "Account", Name="x") for _ in range(4)]
    for record_id in gone:
        days.moment += timedelta(minutes=1)
        delete(org, "Account", record_id)
    log = org.bin.ledger
    log.trim(days.moment, users=1)
    assert len(log.logged("Account", "0", "9", 10)) == 4
    days.moment += timedelta(hours=3)
    log.trim(days.moment, users=1)
    kept = log.logged("Account", "0", "9", 10)
    assert [record_id for record_id, _ in kept] == gone[2:]
    assert log.since("Account") == "2026-11-22T10:02:00.000+0000"
