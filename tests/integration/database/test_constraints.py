"""Constraints from the org's rules: what Salesforce must refuse fails or is noted right away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.describes import desire, external_id, field, sobject

from connectsql.compiler import render
from connectsql.compiler.model import Desired
from connectsql.database.apply import apply, plan
from connectsql.database.connection import connect
from connectsql.describe.model import Org

NAMES = ("Hot", "Wärm", "It's", " Spaced ", "Gone")
VALUES = [{"value": value, "active": value != "Gone"} for value in NAMES]
ACCOUNT = sobject(
    "Account",
    field("Name", nillable=False),
    field("Phone", length=5),
    field("Notes__c", "textarea", length=5000),
    field("Rating", "picklist", length=255, restrictedPicklist=True, picklistValues=VALUES),
    field("Tags__c", "multipicklist", length=4099, restrictedPicklist=True, picklistValues=VALUES),
    field("Revenue__c", "currency", precision=5, scale=2),
    field("Count__c", "int", digits=3),
    field("Kind__c", nillable=False, defaultedOnCreate=True),
    field("Flag__c", "boolean", nillable=False),
    field("Once__c", updateable=False),
    field("Site"),
    field("Owner__c", "reference", length=18, nillable=False, referenceTo=["Account"],
          relationshipName="Owner__r"),
    external_id(),
)  # fmt: skip
CONFIG = """
connection: {{schema: {schema}, types: {types}}}
mappings:
  - object: Account
    table: {table}
    access: read_write
    constraints: {constraints}
    log: {log}
    fields: ["*", {{field: Site, access: read_only}}, Owner__r__Ext__c]
"""
ODD = {"schema": '"Odd \\"Schema\\" it\'s"', "table": "Odd Table"}
FINE = {"name": "Acme", "owner__c": "001000000000001"}


def desired(folder: Path, constraints: str = "enforce", **more: str) -> Desired:
    given = {"schema": "s", "types": "native", "table": "account", "log": "changes", **more}
    return desire(folder, CONFIG.format(constraints=constraints, **given), Org((ACCOUNT,)))[1]


@contextmanager
def applied(database: str, wanted: Desired) -> Iterator[psycopg.Connection[Any]]:
    with connect(database) as connection:
        apply(connection, wanted)
        assert plan(connection, wanted).changes == ()
    with psycopg.connect(database, autocommit=True) as session:
        name = psycopg.sql.Identifier(wanted.schema)
        session.execute(psycopg.sql.SQL("SET search_path TO {}").format(name))
        yield session


def insert(session: psycopg.Connection[Any], table: str = "account", /, **values: object) -> int:
    row = {name: value for name, value in {**FINE, **values}.items() if value is not ...}
    statement = psycopg.sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING id").format(
        psycopg.sql.Identifier(table),
        psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, row)),
        psycopg.sql.SQL(", ").join(psycopg.sql.Placeholder() * len(row)),
    )
    (found,) = session.execute(statement, list(row.values())).fetchall()
    return int(found[0])


REFUSED = [
    ({"name": ...}, "name_required"),
    ({"name": " \t\n"}, "name_required"),
    ({"owner__c": ...}, "owner__c_required"),
    ({"owner__c": ""}, "owner__c_required"),
    ({"notes__c": "x" * 5001}, "notes__c_length"),
    ({"rating": "Cold"}, "rating_picklist"),
    ({"rating": "Gone"}, "rating_picklist"),
    ({"tags__c": "Hot;Cold"}, "tags__c_picklist"),
    ({"revenue__c": 1000}, "revenue__c_range"),
    ({"revenue__c": "NaN"}, "revenue__c_range"),
    ({"revenue__c": -1000}, "revenue__c_range"),
    ({"count__c": 1000}, "count__c_range"),
    ({"count__c": -(2**31)}, "count__c_range"),
    ({"createddate": "2020-01-01"}, "createddate_read_only"),
    ({"isdeleted": False}, "isdeleted_read_only"),
    ({"site": "here"}, "site_read_only"),
    ({"sfid": "001000000000002"}, "sfid_read_only"),
]
TAKEN = [
    {},
    {"owner__c": ..., "owner__r__ext__c": "a"},
    {"phone": " 12345 "[:5]},
    {"notes__c": f"\n{'x' * 5000} "},
    {"rating": " hOT"},
    {"rating": " "},
    {"rating": "it's"},
    {"rating": " Spaced "},
    {"rating": "spaced"},
    {"tags__c": "hot; Wärm;;"},
    {"revenue__c": "-999.99999"},
    {"count__c": -999},
    {"flag__c": None},
    {"kind__c": None},
    {"once__c": "x"},
    {"site": ""},
]


@pytest.mark.every_postgres
@pytest.mark.parametrize("names", [{}, ODD], ids=["plain", "odd"])
@pytest.mark.parametrize("types", ["native", "heroku"])
def test_enforce_refuses_what_salesforce_must(
    database: str, tmp_path: Path, types: str, names: dict[str, str]
) -> None:
    wanted = desired(tmp_path, types=types, **names)
    table = wanted.tables[0].name
    with applied(database, wanted) as session:
        for values in TAKEN:
            insert(session, table, **values)
        for values, rule in REFUSED:
            with pytest.raises(psycopg.errors.IntegrityError) as caught:
                insert(session, table, **values)
            told = caught.value.diag
            assert told.constraint_name == f"{table}_{rule}"
            assert (told.schema_name, told.table_name) == (wanted.schema, table)
            assert str(told.constraint_name).startswith(f"{table}_{told.column_name}_")
            expected = "23502" if rule.endswith("required") else "23514"
            assert caught.value.sqlstate == expected
        entries = session.execute("SELECT count(*) FROM _trigger_log").fetchone()
    assert entries == (len(TAKEN),)


@pytest.mark.every_postgres
def test_an_update_is_held_against_the_columns_it_changes(database: str, tmp_path: Path) -> None:
    with applied(database, desired(tmp_path)) as session:
        session.execute("SET xmlbinary TO hex")  # as the agent stores what the org has
        insert(session, name=None, rating="Cold", revenue__c=5000, kind__c="k", sfid="a")
        session.execute("SET xmlbinary TO base64")
        session.execute("UPDATE account SET phone = '1', rating = 'Cold'")
        session.execute("UPDATE account SET rating = '', revenue__c = 7, name = 'Acme'")
        for change, rule in [
            ("name = NULL", "name_required"),
            ("name = ''", "name_required"),
            ("kind__c = NULL", "kind__c_required"),
            ("owner__c = NULL", "owner__c_required"),
            ("rating = 'Cold'", "rating_picklist"),
            ("revenue__c = 5000", "revenue__c_range"),
            ("once__c = 'other'", "once__c_read_only"),
            ("site = 'there'", "site_read_only"),
            ("sfid = 'b'", "sfid_read_only"),
            ("systemmodstamp = now()", "systemmodstamp_read_only"),
        ]:
            with pytest.raises(psycopg.errors.IntegrityError) as caught:
                session.execute(f"UPDATE account SET {change}".encode())
            assert caught.value.diag.constraint_name == f"account_{rule}"
        session.execute("UPDATE account SET owner__r__ext__c = 'x'")
        session.execute("UPDATE account SET owner__c = NULL")  # the external id tells it still


def test_until_salesforce_knows_a_row_its_updates_are_part_of_its_insert(
    database: str, tmp_path: Path
) -> None:
    with applied(database, desired(tmp_path)) as session:
        insert(session, once__c="first", kind__c="k")
        session.execute("UPDATE account SET once__c = 'second', kind__c = NULL")
        with pytest.raises(psycopg.errors.NotNullViolation):
            session.execute("UPDATE account SET name = NULL")


def test_what_an_applications_own_trigger_stores_is_what_is_checked(
    database: str, tmp_path: Path
) -> None:
    with applied(database, desired(tmp_path)) as session:
        session.execute(
            "CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN NEW.name := coalesce(NEW.name, 'filled'); RETURN NEW; END $$"
        )
        session.execute(
            "CREATE TRIGGER zzz BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION fill()"
        )
        insert(session, name=None)
        assert session.execute("SELECT name FROM account").fetchall() == [("filled",)]


def test_a_refusal_never_quotes_the_value(database: str, tmp_path: Path) -> None:
    with applied(database, desired(tmp_path)) as session:
        for values in ({"rating": "s3cret"}, {"notes__c": "s3cret" * 1000}, {"site": "s3cret"}):
            with pytest.raises(psycopg.errors.CheckViolation) as caught:
                insert(session, **values)
            told = caught.value.diag
            parts = (told.message_primary, told.message_detail, told.message_hint, told.context)
            assert "s3cret" not in "".join(part or "" for part in parts)


@pytest.mark.every_postgres
def test_warn_lets_the_write_through_and_notes_each_rule(database: str, tmp_path: Path) -> None:
    with applied(database, desired(tmp_path, "warn")) as session:
        insert(session)
        row = insert(session, name=" ", rating="Cold", revenue__c=1000)
        noted = session.execute(
            "SELECT schema_name, table_name, record_id, rule FROM connectsql.violation ORDER BY id"
        ).fetchall()
        assert noted == [
            ("s", "account", row, f"account_{rule}")
            for rule in ("name_required", "rating_picklist", "revenue__c_range")
        ]
        assert session.execute("SELECT count(*) FROM _trigger_log").fetchone() == (2,)


@pytest.mark.every_postgres
@pytest.mark.parametrize("before", ["off", "warn", "enforce"])
@pytest.mark.parametrize("after", ["off", "warn", "enforce"])
def test_a_change_of_mind_leaves_nothing_behind(
    database: str, tmp_path: Path, before: str, after: str
) -> None:
    for mode in (before, after):
        with applied(database, desired(tmp_path, mode)) as session:
            pass
    with psycopg.connect(database, autocommit=True) as session:
        session.execute("SET search_path TO s")
        found = session.execute(
            "SELECT prosecdef FROM pg_proc WHERE proname = 'check_account_for_org'"
        ).fetchall()
        assert found == {"off": [], "warn": [(True,)], "enforce": [(False,)]}[after]
        if after == "enforce":
            with pytest.raises(psycopg.errors.NotNullViolation):
                insert(session, name=None)
        else:
            insert(session, name=None)
        noted = session.execute("SELECT count(*) FROM connectsql.violation").fetchone()
    assert noted == (1 if after == "warn" else 0,)


@pytest.mark.parametrize("mode", ["warn", "enforce"])
def test_the_script_gives_the_same_and_runs_twice(database: str, tmp_path: Path, mode: str) -> None:
    wanted = desired(tmp_path, mode)
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(render.script(wanted).encode())
        session.execute(render.script(wanted).encode())
    with connect(database) as connection:
        assert plan(connection, wanted).changes == ()


def test_a_check_that_was_switched_off_by_hand_is_found_and_mended(
    database: str, tmp_path: Path
) -> None:
    wanted = desired(tmp_path)
    with applied(database, wanted) as session:
        session.execute("ALTER TABLE account DISABLE TRIGGER check_account_for_org")
        insert(session, name=None)
    with connect(database) as connection:
        notes = [note.text for note in apply(connection, wanted).notes]
    assert any("check_account_for_org" in note and "by hand" in note for note in notes)
    with applied(database, wanted) as session, pytest.raises(psycopg.errors.NotNullViolation):
        insert(session, name=None)


LONG = {"table": "managed__package_with_a_long_name__c", "column": "a_column_of_an_application__c"}


@pytest.mark.parametrize("constraints", ["enforce", "warn"])
def test_a_rule_of_long_names_says_which_it_is(
    database: str, tmp_path: Path, constraints: str
) -> None:
    text = """
mappings:
  - object: Account
    table: {table}
    access: read_write
    constraints: {constraints}
    fields: [Name, Owner__c, {{field: Rating, column: {column}}}]
"""
    org = Org((ACCOUNT,))
    wanted = desire(tmp_path, text.format(constraints=constraints, **LONG), org)[1]
    rule = f"{LONG['table']}_{LONG['column']}_picklist"
    with applied(database, wanted) as session:
        if constraints == "warn":
            insert(session, LONG["table"], **{LONG["column"]: "Cold"})
            assert session.execute("SELECT rule FROM connectsql.violation").fetchall() == [(rule,)]
            return
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            insert(session, LONG["table"], **{LONG["column"]: "Cold"})
        assert caught.value.diag.constraint_name == rule
