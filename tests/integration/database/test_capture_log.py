"""What customers write into the trigger log and its archive themselves, as for Heroku Connect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from support.capture import LEVELS, Captured, hstore, installed, wanted

from connectsql.compiler.model import Desired
from connectsql.database.connection import connect_agent
from connectsql.database.trigger_log import Entry, TriggerLog

pytestmark = pytest.mark.every_postgres
COLUMNS = (
    "id", "txid", "created_at", "updated_at", "processed_at", "processed_tx", "state", "action",
    "table_name", "record_id", "sfid", "old", '"values"', "sf_result", "sf_message",
)  # fmt: skip


@pytest.fixture(params=LEVELS)
def desired(tmp_path: Path, request: pytest.FixtureRequest) -> Desired:
    return wanted(tmp_path, request.param)


@pytest.fixture
def rows(database: str, desired: Desired, request: pytest.FixtureRequest) -> Iterator[Captured]:
    installed(database, desired)
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("SET search_path TO salesforce, public")
        yield Captured(desired.tables[0].mapping.log, "salesforce", session)


@pytest.fixture
def log(database: str, desired: Desired, rows: Captured) -> Iterator[TriggerLog]:
    with connect_agent(database) as connection:
        yield TriggerLog(connection, desired, agent=1)


def claimed(log: TriggerLog) -> list[tuple[str, int, dict[str, str | None] | None]]:
    return [told(one) for one in log.claim(100)]


def told(entry: Entry) -> tuple[str, int, dict[str, str | None] | None]:
    return entry.action, entry.record_id, entry.values


def test_entries_of_customers_are_sent(rows: Captured, log: TriggerLog) -> None:
    rows.run("INSERT INTO account (name, phone) VALUES ('a', '1'), ('b', '2')")
    rows.run("UPDATE _trigger_log SET state = 'SUCCESS'")
    # The whole row, as a client has it that copies one from the archive.
    rows.run(
        f"INSERT INTO _trigger_log ({', '.join(COLUMNS)}) VALUES (nextval('_trigger_log_id_seq'), "
        "txid_current(), now(), now(), NULL, NULL, 'NEW', 'UPDATE', 'account', 1, NULL, NULL, "
        '\'"phone"=>"1"\', NULL, NULL)'
    )
    # And without what only the sync writes.
    some = [one for one in COLUMNS if one not in ("id", "processed_tx")]
    rows.run(
        f"INSERT INTO _trigger_log ({', '.join(some)}) VALUES (txid_current(), now(), now(), NULL, "
        "'NEW', 'UPDATE', 'account', 2, NULL, NULL, '\"phone\"=>\"2\"', NULL, NULL)"
    )
    rows.run("INSERT INTO _trigger_log (state, action, table_name) VALUES ('NEW', 'INSERT', 'no')")
    assert claimed(log) == [("UPDATE", 1, {"phone": "1"}), ("UPDATE", 2, {"phone": "2"})]


def test_a_whole_row_by_position(rows: Captured, log: TriggerLog) -> None:
    rows.run("INSERT INTO account (name) VALUES ('a')")
    rows.run("UPDATE _trigger_log SET state = 'FAILED'")
    rows.run(
        "DO $$ DECLARE entry salesforce._trigger_log; BEGIN "
        "SELECT * INTO entry FROM salesforce._trigger_log; "
        "entry.id := nextval('salesforce._trigger_log_id_seq'); entry.state := 'NEW'; "
        "INSERT INTO salesforce._trigger_log VALUES (entry.*); END $$"
    )
    assert [(one[0], one[1]) for one in claimed(log)] == [("INSERT", 1)]


def test_states_that_people_write(rows: Captured, log: TriggerLog) -> None:
    rows.run("INSERT INTO account (name) VALUES ('a'), ('b'), ('c')")
    rows.run("UPDATE _trigger_log SET state = 'IGNORED' WHERE record_id = 1")
    rows.run("UPDATE _trigger_log SET state = 'FAILED', sf_message = 'why' WHERE record_id = 2")
    assert [one[1] for one in claimed(log)] == [3]
    assert log.failed() == 1
    rows.run("UPDATE _trigger_log SET state = 'NEW' WHERE state = 'FAILED'")
    assert [one[1] for one in claimed(log)] == [2]
    assert claimed(log) == []
    assert log.failed() == 0


def test_what_is_in_the_archive_is_sent_again(rows: Captured, log: TriggerLog) -> None:
    rows.run("INSERT INTO account (name) VALUES ('a'), ('b')")
    rows.run("UPDATE account SET phone = '1' WHERE id = 1")
    rows.run(
        "WITH gone AS (DELETE FROM _trigger_log RETURNING *) "
        "INSERT INTO _trigger_log_archive SELECT * FROM gone;"
        "UPDATE _trigger_log_archive SET state = 'FAILED', sf_message = 'why', sf_result = 3"
    )
    assert log.requeue_archived() == 0
    rows.run("UPDATE _trigger_log_archive SET state = 'REQUEUE' WHERE record_id = 1")
    assert log.requeue_archived() == 2
    assert log.requeue_archived() == 0
    assert rows.run("SELECT state, record_id FROM _trigger_log_archive ORDER BY id") == [
        ("REQUEUED", 1), ("FAILED", 2), ("REQUEUED", 1),
    ]  # fmt: skip
    assert rows.run(
        "SELECT l.state, l.action, l.record_id, l.old IS NOT DISTINCT FROM a.old, "
        'l."values" IS NOT DISTINCT FROM a."values", l.sf_message, l.sf_result, l.id > a.id '
        "FROM _trigger_log AS l JOIN _trigger_log_archive AS a USING (record_id, action) "
        "ORDER BY l.id"
    ) == [
        ("NEW", "INSERT", 1, True, True, None, None, True),
        ("NEW", "UPDATE", 1, True, True, None, None, True),
    ]  # fmt: skip
    assert [(one[0], one[1]) for one in claimed(log)] == [("INSERT", 1), ("UPDATE", 1)]


@pytest.mark.parametrize("path", ["salesforce, public", "''"])
def test_rows_are_captured_again_by_hand(rows: Captured, log: TriggerLog, path: str) -> None:
    rows.run("INSERT INTO account (name, phone, sfid) VALUES ('a', '1', '001x'), ('b', '2', NULL)")
    rows.run("DELETE FROM _trigger_log")
    rows.run("SELECT setval('_trigger_log_id_seq', 70)")
    rows.run(f"SET search_path TO {path}")
    call = "SELECT salesforce.hc_capture_{}_from_row(public.hstore(a.*), 'account'{}) {}"
    source = "FROM salesforce.account AS a ORDER BY id"
    numbers = [
        rows.run(call.format(*more, source))
        for more in (
            ("insert", ""),
            ("insert", ", ARRAY['phone', 'id', 'sfid']"),
            ("update", ""),
            ("update", ", ARRAY['phone', 'no_such']"),
        )
    ]
    assert numbers == [[(one,), (one + 1,)] for one in (71, 73, 75, 77)]
    assert rows.run("SELECT salesforce.hc_capture_update_from_row('', 'account')") == [(None,)]
    assert rows.run("SELECT salesforce.hc_capture_insert_from_row(NULL, 'account')") == [(None,)]
    found = rows.run(
        'SELECT state, action, record_id, sfid, old, "values", updated_at IS NULL '
        "FROM salesforce._trigger_log ORDER BY id"
    )
    whole = {"id", "sfid", "name", "phone", "revenue__c", "ext__c", "systemmodstamp", "isdeleted"}
    keys = (whole, whole, whole - {"phone"}, whole - {"phone"}, whole, whole, {"phone"}, {"phone"})
    assert [set(hstore(one[5])) for one in found] == list(keys)
    assert [one[:5] for one in found[::2]] == [
        ("NEW", "INSERT", 1, None, None), ("NEW", "INSERT", 1, None, None),
        ("NEW", "UPDATE", 1, "001x", None), ("NEW", "UPDATE", 1, "001x", None),
    ]  # fmt: skip
    assert {one[6] for one in found} == {False}
    assert len(claimed(log)) == 8


def test_an_application_calls_for_capture_in_its_trigger(rows: Captured, log: TriggerLog) -> None:
    """What Heroku Connect's users do to feed rows that the sync wrote back to Salesforce."""
    rows.run(
        "CREATE FUNCTION public.feed_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "PERFORM salesforce.hc_capture_update_from_row(hstore(NEW.*), 'account', ARRAY['phone']); "
        "RETURN NULL; END $$;"
        "CREATE TRIGGER feed_back AFTER UPDATE ON account FOR EACH ROW "
        "WHEN (public.get_xmlbinary()::text <> 'base64' AND NEW.phone IS DISTINCT FROM OLD.phone) "
        "EXECUTE FUNCTION public.feed_back()"
    )
    rows.run("SET xmlbinary TO hex; INSERT INTO account (name) VALUES ('a'), ('b')")
    rows.run("UPDATE account SET name = 'c'")
    assert claimed(log) == []
    rows.run("UPDATE account SET phone = '1' WHERE id = 2")
    assert claimed(log) == [("UPDATE", 2, {"phone": "1"})]
