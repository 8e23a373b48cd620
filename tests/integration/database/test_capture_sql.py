"""Whatever SQL an application writes with, the trigger log has each change once."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from support.capture import LEVELS, Captured, installed, wanted

pytestmark = pytest.mark.every_postgres
levels = pytest.mark.parametrize("level", LEVELS)
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


def test_columns_of_the_applications_own(captured: Captured) -> None:
    """Computed ones, and ones called as things are called in our functions."""
    names = "inserted, deleted, old_rows, new_rows, d, n, o, l, held, number, changed, record_id"
    more = "".join(f", ADD COLUMN {one.strip()} text" for one in names.split(","))
    captured.run(
        "ALTER TABLE account ADD COLUMN shout text GENERATED ALWAYS AS (upper(name)) STORED" + more
    )
    captured.run(
        "INSERT INTO account (name, inserted, deleted) VALUES ('a', 'x', ''), ('b', '', '')"
    )
    captured.run("UPDATE account SET name = 'c', d = 'e' WHERE id = 1")
    captured.run("UPDATE account SET phone = 'p', n = 'o' WHERE id = 1")
    captured.run("UPDATE account SET phone = 'p', n = 'o' WHERE id = 2")
    captured.run("DELETE FROM account WHERE id = 1")
    more = " d name shout" if captured.level == "full" else " name"
    own = " n phone" if captured.level == "full" else " phone"
    assert captured.brief() == [
        "INSERT account 1", "INSERT account 2", f"UPDATE account 1{more}",
        f"UPDATE account 1{own}", f"UPDATE account 2{own}", "DELETE account 1",
    ]  # fmt: skip
    captured.settle()
    captured.run("UPDATE account SET number = '1'")
    if captured.level != "full":
        assert captured.run("SELECT * FROM _trigger_log") == []
        assert captured.marks() == {2: "SYNCED"}


def test_virtual_columns_of_the_applications_own(captured: Captured) -> None:
    if captured.session.info.server_version < 180000:
        pytest.skip("virtual columns came with Postgres 18")
    captured.run(
        "ALTER TABLE account ADD COLUMN shout text GENERATED ALWAYS AS (upper(name)) VIRTUAL"
    )
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b')")
    captured.run("UPDATE account SET name = 'c'")
    captured.run("DELETE FROM account")
    assert [one[:3] for one in captured.taken()] == [
        ("INSERT", "account", 1), ("INSERT", "account", 2),
        ("UPDATE", "account", 1), ("UPDATE", "account", 2),
        ("DELETE", "account", 1), ("DELETE", "account", 2),
    ]  # fmt: skip


def test_domains_and_enums_in_place_of_text(captured: Captured) -> None:
    captured.run(
        "CREATE DOMAIN phone AS text CHECK (VALUE ~ '^[0-9]+$');"
        "CREATE TYPE \"Kind\" AS ENUM ('good', 'bad');"
        'ALTER TABLE account ALTER phone TYPE phone, ALTER name TYPE "Kind" USING name::"Kind"'
    )
    captured.run("INSERT INTO account (name, phone) VALUES ('good', '1'), ('bad', '2')")
    captured.run("UPDATE account SET name = 'bad', phone = '2'")
    captured.run("DELETE FROM account")
    assert captured.taken() == [
        ("INSERT", "account", 1, None), ("INSERT", "account", 2, None),
        ("UPDATE", "account", 1, {"name": "bad", "phone": "2"}),
        ("DELETE", "account", 1, None), ("DELETE", "account", 2, None),
    ]  # fmt: skip


@pytest.mark.parametrize("type_", ["citext", "no_case", "json", "character(20)"])
def test_a_change_that_the_columns_type_does_not_see(captured: Captured, type_: str) -> None:
    """What is equal to the column's own type may be two values to Salesforce."""
    before, after = "'a b'", "'A b'"
    if type_ == "citext":
        captured.run("CREATE EXTENSION citext SCHEMA public")
    elif type_ == "no_case":
        try:
            captured.run(
                "CREATE COLLATION public.any_case "
                "(provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
            )
        except psycopg.errors.FeatureNotSupported:
            pytest.skip("this Postgres was built without ICU")
        type_ = "varchar(80) COLLATE public.any_case"
    elif type_ == "json":
        before, after = "'[1]'", "'[2]'"
    captured.run(f"ALTER TABLE account ALTER name TYPE {type_} USING name::text::{type_}")
    captured.run(f"INSERT INTO account (name) VALUES ({before}), ({before})")
    captured.settle()
    captured.run(f"UPDATE account SET name = {after} WHERE id = 1")
    captured.run(f"UPDATE account SET name = {after}, phone = '1'")
    assert sorted(captured.brief()) == [
        "UPDATE account 1 name", "UPDATE account 1 phone", "UPDATE account 2 name phone",
    ]  # fmt: skip
    assert set(captured.marks().values()) == {"PENDING"}
    captured.settle()
    captured.run(f"UPDATE account SET name = {after} WHERE id = 1")
    assert captured.marks()[1] == ("PENDING" if captured.level == "full" else "SYNCED")


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


@pytest.mark.parametrize("path", ["''", "salesforce", "pg_temp", '"$user"'])
def test_any_search_path(captured: Captured, path: str) -> None:
    captured.run("CREATE TEMPORARY TABLE _trigger_log (nothing text)")
    captured.run(f"SET search_path TO {path}")
    captured.run("INSERT INTO salesforce.account (name) VALUES ('a'), ('b')")
    captured.run("UPDATE salesforce.account SET name = name || '!'")
    captured.run("DELETE FROM salesforce.account WHERE id = 2")
    assert captured.brief() == [
        "INSERT account 1", "INSERT account 2",
        "UPDATE account 1 name", "UPDATE account 2 name", "DELETE account 2",
    ]  # fmt: skip


def test_a_role_that_may_write_the_table_and_nothing_else(captured: Captured) -> None:
    captured.run(
        'CREATE ROLE "only this table\'s";'
        'GRANT USAGE ON SCHEMA salesforce TO "only this table\'s";'
        'GRANT SELECT, INSERT, UPDATE, DELETE ON account TO "only this table\'s";'
        'GRANT USAGE ON SEQUENCE account_id_seq TO "only this table\'s";'
        'SET ROLE "only this table\'s"'
    )
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b')")
    captured.run("UPDATE account SET phone = '1'")
    captured.run("UPDATE account SET id = id + 10 WHERE id = 1")
    captured.run("DELETE FROM account")
    for statement in ("TABLE _trigger_log", "SELECT salesforce.capture_full()"):
        captured.run("SAVEPOINT s")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            captured.run(statement)
        captured.run("ROLLBACK TO s")
    captured.run("RESET ROLE")
    assert [one[:3] for one in captured.taken() if (one[3] or {}).keys() != {"id"}] == [
        ("INSERT", "account", 11), ("INSERT", "account", 2),
        ("UPDATE", "account", 11), ("UPDATE", "account", 2),
        ("DELETE", "account", 2), ("DELETE", "account", 11),
    ]  # fmt: skip


def test_a_role_that_sees_some_rows_only(captured: Captured) -> None:
    captured.run(
        "CREATE ROLE half_blind; GRANT USAGE ON SCHEMA salesforce TO half_blind;"
        "GRANT ALL ON account TO half_blind; GRANT USAGE ON SEQUENCE account_id_seq TO half_blind;"
        "ALTER TABLE account ENABLE ROW LEVEL SECURITY;"
        "CREATE POLICY seen ON account USING (name = 'seen') WITH CHECK (true)"
    )
    captured.run("INSERT INTO account (name) VALUES ('hidden')")
    captured.run("SET ROLE half_blind; INSERT INTO account (name) VALUES ('seen'), ('hidden')")
    captured.run("UPDATE account SET phone = '1', name = 'hidden'; DELETE FROM account")
    captured.run("RESET ROLE")
    assert captured.brief() == [
        "INSERT account 1", "INSERT account 2", "INSERT account 3", "UPDATE account 2 name phone",
    ]  # fmt: skip


@levels
def test_names_that_need_quoting(database: str, tmp_path: Path, level: str) -> None:
    schema, account = 'Odd "Schema"', "My $1 {Kunde}"
    installed(database, wanted(tmp_path, level, schema=schema, account=account))
    with psycopg.connect(database, autocommit=True) as session:
        captured = Captured(level, schema, session)
        table = sql.Identifier(schema, account).as_string(None)
        captured.run(f"INSERT INTO {table} (name) VALUES (%s), ('b')", "q\"\\=>,'")
        captured.run(f"UPDATE {table} SET name = name || %s", '"=>\\')
        captured.run(f"UPDATE {table} SET id = id + 10 WHERE id = %s", 1)
        captured.run(f"DELETE FROM {table} WHERE id = %s", 2)
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="TRUNCATE of"):
            captured.run(f"TRUNCATE {table}")
        assert [one for one in captured.taken() if (one[3] or {}).keys() != {"id"}] == [
            ("INSERT", account, 11, None), ("INSERT", account, 2, None),
            ("UPDATE", account, 11, {"name": 'q"\\=>,\'"=>\\'}),
            ("UPDATE", account, 2, {"name": 'b"=>\\'}),
            ("DELETE", account, 2, None),
        ]  # fmt: skip


def test_truncate_is_refused_and_says_what_to_do(captured: Captured) -> None:
    captured.run(CHILDREN.format(""))
    captured.run("CREATE TABLE public.own (parent bigint REFERENCES contact)")
    captured.run(
        "ALTER TABLE account ADD COLUMN own bigint; CREATE TABLE public.top (id bigint PRIMARY KEY)"
    )
    captured.run("ALTER TABLE account ADD FOREIGN KEY (own) REFERENCES public.top")
    for statement in (
        "contact CASCADE",
        "account CASCADE",
        "public.top CASCADE",
        "public.own, contact",
    ):
        captured.run("SAVEPOINT s")
        with pytest.raises(psycopg.errors.FeatureNotSupported) as refusal:
            captured.run(f"TRUNCATE {statement}")
        assert "cannot be sent to Salesforce" in str(refusal.value.diag.message_primary)
        assert "SET LOCAL xmlbinary TO hex" in str(refusal.value.diag.message_hint)
        captured.run("ROLLBACK TO s")
    before = captured.taken()
    captured.run("SET LOCAL xmlbinary TO hex; TRUNCATE account CASCADE")
    assert (len(before), captured.log(), captured.run("TABLE contact")) == (5, [], [])


@levels
def test_what_salesforce_is_never_told_may_be_truncated(
    database: str, tmp_path: Path, level: str
) -> None:
    installed(database, wanted(tmp_path, level, access="read_only"))
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("INSERT INTO salesforce.account (name) VALUES ('a')")
        session.execute("TRUNCATE salesforce.account, salesforce.contact")
        states = session.execute("SELECT state FROM salesforce._trigger_log").fetchall()
        assert states == ([("READONLY",)] if level == "full" else [])
