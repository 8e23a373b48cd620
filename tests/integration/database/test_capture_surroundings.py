"""Capture whatever a DBA makes of the surroundings: columns, types, paths, roles, names."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from support.capture import LEVELS, Captured, installed, wanted

pytestmark = pytest.mark.every_postgres
levels = pytest.mark.parametrize("level", LEVELS)


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
    captured.run(
        "ALTER TABLE contact ADD COLUMN parent bigint REFERENCES account;"
        "INSERT INTO account (name) VALUES ('a'), ('b');"
        "INSERT INTO contact (lastname, parent) VALUES ('x', 1)"
    )
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
    assert (len(before), captured.log(), captured.run("TABLE contact")) == (3, [], [])


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
