"""Whatever SQL an application writes with, the trigger log has each change once."""

from __future__ import annotations

import psycopg
import pytest
from support.capture import Captured

pytestmark = pytest.mark.every_postgres
CHILDREN = """
ALTER TABLE contact ADD COLUMN parent bigint;
ALTER TABLE contact ADD FOREIGN KEY (parent) REFERENCES account (id) {};
INSERT INTO account (name) VALUES ('a'), ('b');
INSERT INTO contact (lastname, parent, accountid) VALUES ('x', 1, '1'), ('y', 1, '1'), ('z', 2, '2')
"""


def copied(captured: Captured, columns: str, *rows: tuple[object, ...]) -> None:
    cursor = captured.session.cursor()
    with cursor.copy(f"COPY account ({columns}) FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


def test_copy(captured: Captured) -> None:
    copied(captured, "name, phone", ("a", None), ("b", "1"))
    assert captured.brief() == ["INSERT account 1", "INSERT account 2"]
    # As a dump of the table itself has it.
    copied(captured, "name, _hc_lastop, _hc_err", ("c", "FAILED", "old"), ("d", None, None))
    assert captured.brief() == ["INSERT account 3", "INSERT account 4"]
    assert set(captured.marks().values()) == {"PENDING"}
    assert captured.run("SELECT DISTINCT _hc_err FROM account") == [(None,)]


def test_on_conflict_takes_both_ways_in_one_statement(captured: Captured) -> None:
    captured.run("CREATE UNIQUE INDEX ON account (ext__c)")
    captured.run("INSERT INTO account (name, ext__c) VALUES ('a', 'A'), ('b', 'B')")
    captured.taken()
    captured.run(
        "INSERT INTO account (id, name, ext__c) VALUES (7, 'b2', 'B'), (8, 'c', 'C'), (9, 'a', 'A')"
        "ON CONFLICT (ext__c) DO UPDATE SET name = excluded.name"
    )
    assert sorted(captured.brief()) == ["INSERT account 8", "UPDATE account 2 name"]
    captured.run(
        "INSERT INTO account (id, name, ext__c) VALUES (10, 'no', 'B'), (11, 'd', 'D')"
        "ON CONFLICT DO NOTHING"
    )
    assert captured.brief() == ["INSERT account 11"]
    captured.run("INSERT INTO account (name, ext__c) VALUES ('no', 'B') ON CONFLICT DO NOTHING")
    assert captured.brief() == []


def test_merge_does_all_it_can_in_one_statement(captured: Captured) -> None:
    if captured.session.info.server_version < 150000:
        pytest.skip("MERGE came with Postgres 15")
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b'), ('c')")
    captured.taken()
    captured.run(
        "MERGE INTO account AS a "
        "USING (VALUES (1, 'a2'), (2, NULL), (3, 'c'), (9, 'd')) AS new (id, name) "
        "ON a.id = new.id "
        "WHEN MATCHED AND new.name IS NULL THEN DELETE "
        "WHEN MATCHED THEN UPDATE SET name = new.name "
        "WHEN NOT MATCHED THEN INSERT (id, name) VALUES (new.id, new.name)"
    )
    assert sorted(captured.brief()) == [
        "DELETE account 2", "INSERT account 9", "UPDATE account 1 name",
    ]  # fmt: skip


def test_update_from_and_delete_using(captured: Captured) -> None:
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b'), ('c')")
    captured.run("INSERT INTO contact (lastname, accountid) VALUES ('x', '1'), ('y', '3')")
    captured.taken()
    captured.run(
        "UPDATE account AS a SET phone = c.lastname, name = a.name || '!' FROM contact AS c "
        "WHERE c.accountid = a.id::text"
    )
    assert sorted(captured.taken(), key=str) == [
        ("UPDATE", "account", 1, {"name": "a!", "phone": "x"}),
        ("UPDATE", "account", 3, {"name": "c!", "phone": "y"}),
    ]
    captured.run("DELETE FROM account AS a USING contact AS c WHERE c.accountid = a.id::text")
    assert sorted(captured.brief()) == ["DELETE account 1", "DELETE account 3"]


def test_statements_over_no_rows_leave_nothing(captured: Captured) -> None:
    captured.run("INSERT INTO account (name) SELECT 'a' WHERE false")
    captured.run("UPDATE account SET name = 'a'")
    captured.run("DELETE FROM account")
    assert captured.run("SELECT * FROM _trigger_log") == []


def test_one_statement_writes_to_several_tables(captured: Captured) -> None:
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b'), ('c')")
    captured.taken()
    captured.run(
        "WITH parent AS (INSERT INTO account (name) VALUES ('d'), ('e') RETURNING id, name), "
        "changed AS (UPDATE account SET phone = '1' WHERE id = 1), "
        "others AS (UPDATE account SET phone = '2' WHERE id = 2), "
        "gone AS (DELETE FROM account WHERE id = 3) "
        "INSERT INTO contact (lastname, accountid) SELECT name, id::text FROM parent"
    )
    assert sorted(captured.brief()) == [
        "DELETE account 3",
        "INSERT account 4", "INSERT account 5",
        "INSERT contact 1", "INSERT contact 2",
        "UPDATE account 1 phone", "UPDATE account 2 phone",
    ]  # fmt: skip


def test_deletes_cascade(captured: Captured) -> None:
    captured.run(CHILDREN.format("ON DELETE CASCADE"))
    captured.taken()
    captured.run("DELETE FROM account WHERE id = 1")
    assert sorted(captured.brief()) == ["DELETE account 1", "DELETE contact 1", "DELETE contact 2"]


def test_updates_cascade_to_what_is_sent(captured: Captured) -> None:
    captured.run("CREATE UNIQUE INDEX ON account (ext__c)")
    captured.run(
        "ALTER TABLE contact ADD FOREIGN KEY (accountid) REFERENCES account (ext__c) "
        "ON UPDATE CASCADE ON DELETE SET NULL;"
        "INSERT INTO account (name, ext__c) VALUES ('a', 'A'), ('b', 'B');"
        "INSERT INTO contact (lastname, accountid) VALUES ('x', 'A'), ('y', 'B'), ('z', NULL)"
    )
    captured.settle("contact")
    captured.run("UPDATE account SET ext__c = ext__c || '2'")
    assert sorted(captured.taken(), key=str) == [
        ("UPDATE", "account", 1, {"ext__c": "A2"}),
        ("UPDATE", "account", 2, {"ext__c": "B2"}),
        ("UPDATE", "contact", 1, {"accountid": "A2"}),
        ("UPDATE", "contact", 2, {"accountid": "B2"}),
    ]
    assert captured.marks("contact") == {1: "PENDING", 2: "PENDING", 3: "SYNCED"}
    captured.run("DELETE FROM account WHERE id = 1")
    assert sorted(captured.taken(), key=str) == [
        ("DELETE", "account", 1, None),
        ("UPDATE", "contact", 1, {"accountid": None}),
    ]


def test_updates_cascade_twice_to_one_row(captured: Captured) -> None:
    captured.run("CREATE UNIQUE INDEX ON account (ext__c)")
    captured.run(
        "ALTER TABLE contact "
        "ADD FOREIGN KEY (accountid) REFERENCES account (ext__c) ON UPDATE CASCADE, "
        "ADD FOREIGN KEY (lastname) REFERENCES account (ext__c) ON UPDATE CASCADE;"
        "INSERT INTO account (name, ext__c) VALUES ('a', 'A'), ('b', 'B');"
        "INSERT INTO contact (lastname, accountid) VALUES ('A', 'B')"
    )
    captured.taken()
    captured.run("UPDATE account SET ext__c = ext__c || '2'")
    found = [values for _, table, _, values in captured.taken() if table == "contact"]
    together = {name: value for values in found for name, value in (values or {}).items()}
    assert together == {"lastname": "A2", "accountid": "B2"}


def test_ids_cascade_to_rows_of_other_tables(captured: Captured) -> None:
    captured.run(CHILDREN.format("ON UPDATE CASCADE"))
    captured.run("UPDATE account SET id = 101, phone = '1' WHERE id = 1")
    assert captured.brief() == [
        "INSERT account 101", "INSERT account 2",
        "INSERT contact 1", "INSERT contact 2", "INSERT contact 3",
        "UPDATE account 101 " + ("id phone" if captured.level == "full" else "phone"),
        *(f"UPDATE contact {one} parent" for one in (1, 2) if captured.level == "full"),
    ]  # fmt: skip


def test_what_is_rolled_back_leaves_nothing(captured: Captured) -> None:
    captured.run("INSERT INTO account (name) VALUES ('a')")
    captured.run("SAVEPOINT s; UPDATE account SET phone = '1'; ROLLBACK TO s")
    captured.run("SAVEPOINT t; UPDATE account SET phone = '2'; RELEASE t")
    captured.run(
        """
        DO $$ BEGIN
            BEGIN
                INSERT INTO account (name) VALUES ('gone');
                UPDATE account SET name = 'gone';
                DELETE FROM account;
                RAISE division_by_zero;
            EXCEPTION WHEN division_by_zero THEN
                INSERT INTO account (id, name) VALUES (77, 'kept');
            END;
            BEGIN
                UPDATE account SET phone = '3' WHERE id = 77;
            EXCEPTION WHEN others THEN NULL;
            END;
        END $$
        """
    )
    assert captured.brief() == [
        "INSERT account 1", "UPDATE account 1 phone",
        "INSERT account 77", "UPDATE account 77 phone",
    ]  # fmt: skip


def test_prepared_statements_are_captured_with_any_plan(captured: Captured) -> None:
    captured.run("PREPARE add (text) AS INSERT INTO account (name) VALUES ($1)")
    captured.run("PREPARE change (int, text) AS UPDATE account SET phone = $2 WHERE id = $1")
    captured.run("PREPARE remove (int) AS DELETE FROM account WHERE id = $1")
    for number in range(1, 13):
        captured.run(
            f"EXECUTE add ('a'); EXECUTE change ({number}, 'x'); EXECUTE remove ({number})"
        )
        assert captured.brief() == [
            f"INSERT account {number}", f"UPDATE account {number} phone",
            f"DELETE account {number}",
        ]  # fmt: skip


def test_a_plan_for_one_row_does_not_serve_many(captured: Captured) -> None:
    """A cached plan that joins row by row would take minutes for these."""
    captured.run("INSERT INTO account (name) SELECT 'a' FROM generate_series(1, 20000)")
    for number in range(1, 21):
        captured.run(f"UPDATE account SET phone = 'one' WHERE id = {number}")
    captured.taken()
    captured.run("UPDATE account SET phone = 'many'")
    assert captured.one("SELECT count(DISTINCT record_id) FROM _trigger_log") == 20000
    captured.run("DELETE FROM account")
    assert captured.one("SELECT count(*) FROM _trigger_log WHERE action = 'DELETE'") == 20000


def test_through_views(captured: Captured) -> None:
    captured.run("CREATE VIEW public.short AS SELECT id AS number, name AS called FROM account")
    captured.run("INSERT INTO short (called) VALUES ('a'), ('b')")
    captured.run("UPDATE short SET called = 'c' WHERE number = 1")
    captured.run("DELETE FROM short WHERE number = 2")
    assert captured.brief() == [
        "INSERT account 1", "INSERT account 2", "UPDATE account 1 name", "DELETE account 2",
    ]  # fmt: skip


def test_deferred_constraints(captured: Captured) -> None:
    captured.run(CHILDREN.format("DEFERRABLE INITIALLY DEFERRED"))
    captured.taken()
    captured.run("INSERT INTO contact (lastname, parent) VALUES ('early', 5)")
    captured.run("INSERT INTO account (id, name) VALUES (5, 'late')")
    captured.run("SET CONSTRAINTS ALL IMMEDIATE")
    assert captured.brief() == ["INSERT contact 4", "INSERT account 5"]
    captured.run("SET CONSTRAINTS ALL DEFERRED; SAVEPOINT s; DELETE FROM account")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        captured.run("SET CONSTRAINTS ALL IMMEDIATE")
    captured.run("ROLLBACK TO s")
    assert captured.brief() == []
