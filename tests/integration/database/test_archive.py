"""The trigger log is archived and purged in small steps; nothing is lost, and nobody waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.describes import desire

from connectsql.config.model import Retention
from connectsql.database import trigger_log
from connectsql.database.apply import apply
from connectsql.database.connection import connect, connect_agent
from connectsql.database.trigger_log import TriggerLog
from connectsql.errors import DatabaseUnreachable

CONFIG = """
connection: {schema: "Odd Schema"}
mappings:
  - {object: Account, table: Odd Konto, access: read_write, fields: [Name, Phone]}
"""
BATCH = 5
LOG, ARCHIVE = "_trigger_log", "_trigger_log_archive"
COLUMNS = (
    "id, txid, created_at, updated_at, processed_at, processed_tx, state, action, table_name, "
    'record_id, sfid, old, "values", sf_result, sf_message'
)
MAKE = """
INSERT INTO _trigger_log
    (txid, created_at, processed_at, processed_tx, state, action, table_name, record_id, sfid, old,
     "values", sf_result, sf_message)
SELECT 4, now() - make_interval(hours => %s), now(), 5, %s, 'UPDATE', 'Odd Konto', n, '001x',
       '"phone"=>"1"', '"phone"=>"2"', 7, 'said'
FROM generate_series(1, %s) AS n
"""
END = """
CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id = 13 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER die BEFORE INSERT ON _trigger_log_archive FOR EACH ROW EXECUTE FUNCTION die()
"""


@dataclass
class Bench:
    """A trigger log, as its agent and as somebody else sees it."""

    log: TriggerLog
    session: psycopg.Connection[Any]
    database: str

    def archive(self, stopping: Callable[[], bool] = lambda: False, **retention: Any) -> None:
        self.log.archive(Retention(**retention), stopping)

    def make(self, count: int, *, hours: int = 25, state: str = "SUCCESS") -> None:
        """Log entries that are as old as said."""
        self.session.execute(MAKE, (hours, state, count))

    def ids(self, table: str) -> list[int]:
        return [row[0] for row in self.rows(f"SELECT id FROM {table} ORDER BY id")]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.session.execute(query.encode()).fetchall()

    def else_(self) -> psycopg.Connection[Any]:
        """Connect as somebody else, who does not wait for locks."""
        return psycopg.connect(
            self.database, options='-c search_path="Odd\\ Schema",public -c lock_timeout=1ms'
        )


@pytest.fixture
def bench(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr(trigger_log, "ARCHIVE_BATCH", BATCH)
    desired = desire(tmp_path, CONFIG)[1]
    with connect(database) as connection:
        apply(connection, desired)
    agent = connect_agent(database)
    with agent, psycopg.connect(database, autocommit=True) as session:
        session.execute('SET search_path TO "Odd Schema", public')
        yield Bench(TriggerLog(agent, desired, agent=1), session, database)


@pytest.mark.every_postgres
@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, BATCH + 1, 4 * BATCH, 4 * BATCH + 3])
def test_all_that_is_old_and_done_goes_as_it_was(bench: Bench, count: int) -> None:
    for state in ("SUCCESS", "FAILED", "IGNORED", "IGNORE", "MERGED", "READONLY"):
        bench.make(count, state=state)
    stood = bench.rows(f"SELECT {COLUMNS} FROM {LOG} ORDER BY id")
    bench.archive()
    assert bench.ids(LOG) == []
    assert bench.rows(f"SELECT {COLUMNS} FROM {ARCHIVE} ORDER BY id") == stood


@pytest.mark.parametrize("state", ["NEW", "PENDING", "ambiguous"])
def test_what_is_not_through_stays_and_does_not_stop_what_follows(bench: Bench, state: str) -> None:
    bench.make(1)
    bench.make(3 * BATCH, state="FAILED" if state == "ambiguous" else state, hours=1000)
    bench.session.execute(
        "INSERT INTO connectsql.claim (schema_name, log_id, ambiguous) "
        "SELECT 'Odd Schema', id, %s FROM _trigger_log WHERE state <> 'SUCCESS'",
        (state == "ambiguous",),
    )
    bench.make(2)
    bench.archive()
    assert bench.ids(ARCHIVE) == [1, 3 * BATCH + 2, 3 * BATCH + 3]
    assert bench.ids(LOG) == list(range(2, 3 * BATCH + 2))


def test_young_entries_stay_and_end_the_search(bench: Bench) -> None:
    bench.make(7)
    bench.make(3, hours=23)
    bench.make(2 * BATCH)  # cannot be, as ids go up with time: shows where the search ends
    bench.archive()
    assert bench.ids(ARCHIVE) == list(range(1, 8))
    bench.archive(log_hours=22)
    assert bench.ids(LOG) == []


def test_it_ends_after_a_batch_when_it_is_time_to(bench: Bench) -> None:
    bench.make(3 * BATCH)
    asked = iter([False, False, True, True, True])
    bench.archive(lambda: next(asked))
    assert bench.ids(ARCHIVE) == list(range(1, 2 * BATCH + 1))
    assert bench.ids(LOG) == list(range(2 * BATCH + 1, 3 * BATCH + 1))


def test_nothing_is_locked_between_the_batches(bench: Bench) -> None:
    bench.make(3 * BATCH)
    seen = []

    def look() -> bool:
        with bench.else_() as other:
            found = [
                len(other.execute(f"SELECT FROM {table} FOR UPDATE".encode()).fetchall())
                for table in (LOG, ARCHIVE)
            ]
        seen.append(found)
        return False

    bench.archive(look)
    assert seen[:4] == [[15, 0], [10, 5], [5, 10], [0, 15]]


@pytest.mark.every_postgres
def test_an_entry_that_somebody_holds_is_left_for_the_next_time(bench: Bench) -> None:
    bench.make(3 * BATCH)
    with bench.else_() as other:
        other.execute("UPDATE _trigger_log SET sf_message = 'mine' WHERE id IN (2, 8)")
        bench.archive()
        assert bench.ids(LOG) == [2, 8]
        other.execute("UPDATE _trigger_log SET state = 'NEW' WHERE id = 8")
    bench.archive()
    assert bench.ids(LOG) == [8]
    found = bench.rows(f"SELECT sf_message FROM {ARCHIVE} WHERE id = 2")
    assert found == [("mine",)]


def test_the_archive_can_do_without_values(bench: Bench) -> None:
    bench.make(2 * BATCH)
    bench.archive(values=False)
    found = bench.rows(
        f'SELECT DISTINCT old, "values", state, record_id IS NULL, sfid, sf_result, sf_message '
        f"FROM {ARCHIVE}"
    )
    assert found == [(None, None, "SUCCESS", False, "001x", 7, "said")]


@pytest.mark.every_postgres
def test_the_archive_is_purged_in_the_end(bench: Bench) -> None:
    bench.make(3 * BATCH, hours=24 * 31 + 1, state="FAILED")
    bench.make(2, hours=24 * 31 - 1)
    with bench.else_() as other:
        bench.archive(archive_days=365)
        other.execute(f"SELECT FROM {ARCHIVE} WHERE id = 1 FOR UPDATE".encode())
        bench.archive()
        assert bench.ids(ARCHIVE) == [1, 16, 17]
    bench.archive()
    assert bench.ids(ARCHIVE) == [16, 17]
    bench.archive(archive_days=2)
    assert bench.ids(ARCHIVE) == []


def test_violations_are_purged_with_it(bench: Bench) -> None:
    bench.session.execute(
        "INSERT INTO connectsql.violation (schema_name, table_name, record_id, rule, noted_at) "
        "SELECT s, 'Odd Konto', n, 'r', now() - make_interval(days => d) "
        "FROM generate_series(1, 12) AS n, unnest(ARRAY[30, 32]) AS d, "
        "unnest(ARRAY['Odd Schema', 'other']) AS s"
    )
    left = "SELECT schema_name, count(*) FROM connectsql.violation GROUP BY 1 ORDER BY 1"
    bench.archive()
    assert bench.rows(left) == [("Odd Schema", 12), ("other", 24)]
    bench.archive(archive_days=29)
    assert bench.rows(left) == [("other", 24)]


@pytest.mark.every_postgres
def test_an_agent_that_is_killed_in_a_batch_leaves_each_entry_in_one_place(bench: Bench) -> None:
    bench.make(4 * BATCH)
    bench.session.execute(END)
    with pytest.raises(DatabaseUnreachable):
        bench.archive()
    assert bench.ids(ARCHIVE) == list(range(1, 2 * BATCH + 1))
    assert bench.ids(LOG) == list(range(2 * BATCH + 1, 4 * BATCH + 1))


@pytest.mark.every_postgres
def test_what_is_marked_in_the_archive_is_queued_again_once(bench: Bench) -> None:
    bench.make(2 * BATCH + 2, state="FAILED")
    bench.archive()
    bench.session.execute(f"UPDATE {ARCHIVE} SET state = 'REQUEUE' WHERE id > 1".encode())
    with bench.else_() as other:
        other.execute(f"SELECT FROM {ARCHIVE} WHERE id = 5 FOR UPDATE".encode())
        assert [bench.log.requeue_archived() for _ in range(3)] == [5, 5, 0]
    assert [bench.log.requeue_archived() for _ in range(2)] == [1, 0]
    again = bench.rows(
        f"SELECT record_id, action, sfid, old, \"values\" FROM {LOG} WHERE state = 'NEW' "
        "AND table_name = 'Odd Konto' AND processed_at IS NULL ORDER BY id"
    )
    assert [one[0] for one in again] == [2, 3, 4, *range(6, 13), 5]
    assert {one[1:] for one in again} == {("UPDATE", "001x", '"phone"=>"1"', '"phone"=>"2"')}
    states = bench.rows(f"SELECT state, count(*) FROM {ARCHIVE} GROUP BY 1 ORDER BY 1")
    assert states == [("FAILED", 1), ("REQUEUED", 11)]


def test_what_was_queued_again_is_younger_than_what_waits(bench: Bench) -> None:
    """Or the next archiving would take it for old as soon as it is done."""
    bench.make(1, state="FAILED", hours=500)
    bench.archive()
    bench.session.execute(f"UPDATE {ARCHIVE} SET state = 'REQUEUE'".encode())
    assert bench.log.requeue_archived() == 1
    bench.session.execute("UPDATE _trigger_log SET state = 'SUCCESS'")
    bench.archive()
    assert len(bench.ids(LOG)) == 1
