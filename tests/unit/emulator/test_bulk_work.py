"""How bulk jobs are worked on: in transactions of 200 rows, for whom, and for how long kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectsql.emulator.bulk import results
from connectsql.emulator.bulk.job import Job
from connectsql.emulator.options import Options
from connectsql.emulator.org.journal import Commit
from connectsql.emulator.org.reshaping.reshaping import Reshaping
from connectsql.emulator.org.seeding.founding import found
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal, refuse_row
from connectsql.emulator.wire.http import Call

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.moment = START

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def org(clock: Clock) -> Iterator[Org]:
    made = Org(Options(), clock)
    found(made)
    yield made
    made.close()


def insert(org: Org, names: list[str], operation: str = "insert") -> Job:
    """Do a whole job and return it."""
    call = Call(method="POST", path="/", headers={"sforce-call-options": "client=me, x=y"})

    async def work() -> None:
        job = org.bulk.create(
            call, "V2Ingest", "UploadComplete", operation=operation, object="Account"
        )
        made.append(job.id)
        org.bulk.add(job, "\n".join(["Name", *names]).encode())
        org.bulk.start(job)
        while org.bulk.find(job.id, "V2Ingest").state in ("UploadComplete", "InProgress"):
            await asyncio.sleep(0)

    made: list[str] = []
    asyncio.run(work())
    return org.bulk.find(made[0], "V2Ingest")


def test_each_200_rows_are_a_transaction_of_the_client(org: Org) -> None:
    commits: list[Commit] = []
    org.data.after_commit.append(commits.append)
    assert insert(org, [f"n{n}" for n in range(450)]).state == "JobComplete"
    assert [len(commit.changes) for commit in commits] == [200, 200, 50]
    origins = {commit.caller.origin for commit in commits}
    assert origins == {"com/salesforce/api/bulkapi/60.0;client=me"}


def test_a_job_goes_on_when_its_object_is_changed_under_way(org: Org) -> None:
    def drop(commit: Commit) -> None:
        account = org.object("Account")
        owner = account.field("OwnerId") if account else None
        if account and owner:
            Reshaping(org).drop_field(account, owner)

    org.data.after_commit.append(drop)
    job = insert(org, [f"n{n}" for n in range(450)])
    (batch,) = org.bulk.store.batches(job.id)
    assert (job.state, batch.processed, batch.failed) == ("JobComplete", 450, 0)


def test_a_job_fails_when_its_object_goes_under_way(org: Org) -> None:
    def drop(commit: Commit) -> None:
        account = org.object("Account")
        if account:
            Reshaping(org).drop_object(account)

    org.data.after_commit.append(drop)
    job = insert(org, [f"n{n}" for n in range(450)])
    assert (job.state, job.error) == ("Failed", "InvalidJob : Unable to find object: Account")


def test_a_transaction_that_is_refused_fails_its_rows_alone(org: Org) -> None:
    def refuse(commit: Commit) -> None:
        if any((change.after or {}).get("Name") == "bad" for change in commit.changes):
            raise refuse_row("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no", "Name")

    org.data.before_commit.append(refuse)
    job = insert(org, [*(["good"] * 200), "bad", *(["beside it"] * 199), "last"])
    (batch,) = org.bulk.store.batches(job.id)
    assert (job.state, batch.processed, batch.failed) == ("JobComplete", 401, 200)
    text = b"".join(results.failed(org.bulk.store, job, batch)).decode()
    assert text.count("FIELD_CUSTOM_VALIDATION_EXCEPTION:no:Name --") == 200
    account = org.object("Account")
    assert account is not None
    assert org.store.count(account) == 201


def test_a_defect_fails_the_job_and_says_so(org: Org, caplog: pytest.LogCaptureFixture) -> None:
    def break_down(commit: Commit) -> None:
        raise ZeroDivisionError

    org.data.before_commit.append(break_down)
    job = insert(org, ["x"])
    assert (job.state, job.error) == ("Failed", "Unknown : An unexpected error occurred")
    assert "ZeroDivisionError" in caplog.text


def test_jobs_are_kept_for_seven_days(org: Org, clock: Clock) -> None:
    job = insert(org, ["x"])
    clock.moment = START + timedelta(days=7)
    assert org.bulk.find(job.id, "V2Ingest").id == job.id
    clock.moment += timedelta(seconds=1)
    with pytest.raises(Refusal):
        org.bulk.find(job.id, "V2Ingest")
    for table in ("_bulk_job", "_bulk_batch", "_bulk_content", "_bulk_result"):
        assert org.store.first(f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_query_that_was_under_way_is_run_after_a_restart(tmp_path: Path) -> None:
    options = Options(data=tmp_path / "org.sqlite")
    first = Org(options)
    found(first)
    call = Call(method="POST", path="/")
    job = first.bulk.create(call, "V2Query", "InProgress", operation="query", object="User")
    batch = first.bulk.add(job, b"SELECT Name FROM User", state="InProgress")
    with first.transaction():
        first.bulk.store.add_lines(batch.id, 0, ["left over"])
    first.close()
    second = Org(options)

    async def go_on() -> None:
        second.bulk.resume()
        while second.bulk.find(job.id, "V2Query").state == "InProgress":
            await asyncio.sleep(0)

    asyncio.run(go_on())
    assert second.bulk.find(job.id, "V2Query").state == "JobComplete"
    lines = second.bulk.store.lines(batch.id, 0, 10)
    assert lines == ['"Name"\n', '"Integration User"\n']
    second.close()


def test_batches_of_a_day_are_counted(org: Org) -> None:
    left = org.bulk.batches.remaining
    insert(org, [f"n{n}" for n in range(10_001)])
    assert org.bulk.batches.remaining == left - 2
    org.bulk.batches.set_used(org.bulk.batches.limit)
    job = insert(org, ["x"])
    assert job.state == "Failed"
    assert job.error == "ExceededQuota : ApiBatchItems Limit exceeded."


def test_a_file_whose_job_is_deleted_while_it_is_made_is_not_taken_for_whole(org: Org) -> None:
    job = insert(org, ["good"] * 4_500)
    (batch,) = org.bulk.store.batches(job.id)
    pieces = results.successful(org.bulk.store, job, batch)
    assert next(pieces).count(b"\n") == 1
    assert next(pieces).count(b"\n") == 2_000
    org.bulk.delete(job)
    with pytest.raises(Refusal) as caught:
        list(pieces)
    assert caught.value.status == 404
