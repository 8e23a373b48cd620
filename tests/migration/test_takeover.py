"""A database that Heroku Connect filled is taken over: nothing lost, reloaded or sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from support.world import World, describes
from support.world import world as build

from connectsql.compiler.plan import Hazard, Plan
from connectsql.compiler.plan_text import back_as_sql, described
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.database.apply import apply, plan
from connectsql.database.connection import connect
from connectsql.errors import DatabaseError

LEFT_BEHIND = Path(__file__).parents[1] / "support/heroku_connect.sql"
CONFIG = """
connection: {types: heroku}
mappings:
  - object: Account
    access: read_write
    upsert_field: ExternalId__c
    log: full
    writes: ordered
    fields: [Name, IsDeleted, CreatedDate, Type, ExternalId__c, AnnualRevenue, Description, Phone]
    indexes: [Name]
  - object: Contact
    access: read_write
    log: full
    writes: ordered
    fields: [LastName, AccountId, IsDeleted, CreatedDate]
"""
NOTHING_YET = "\nconnection: {schema: before}\nmappings: [{object: Account, fields: [Name]}]\n"


@contextmanager
def left_behind(database: str, folder: Path, hstore: str = "public") -> Iterator[World]:
    """Fill an org, and a database as Heroku Connect would have filled it from that org."""
    with build(database, folder, NOTHING_YET) as world:
        world.sql.execute("DROP SCHEMA connectsql, before CASCADE; DROP EXTENSION hstore CASCADE")
        world.sql.execute("DROP FUNCTION public.get_xmlbinary()")
        with world.sql.transaction():
            text = LEFT_BEHIND.read_text().replace("{hstore}", hstore)
            world.sql.execute(text.encode())
            _fill(world)
        yield world


def _fill(world: World) -> None:
    for number in range(1, 6):
        account = {"Name": f"A{number}", "ExternalId__c": f"a{number}"}
        account_id = world.call("POST", "sobjects/Account", account)["id"]
        contact = {"LastName": f"C{number}", "AccountId": account_id}
        world.call("POST", "sobjects/Contact", contact)
    world.sql.execute("SET LOCAL xmlbinary TO hex")
    world.sql.execute("SELECT setval('salesforce.account_id_seq', 40)")
    world.sql.execute("ALTER TABLE salesforce.contact DISABLE TRIGGER feeding")
    _copy(world, "Account", ["Name", "ExternalId__c"])
    _copy(world, "Contact", ["LastName", "AccountId"])
    world.sql.execute("ALTER TABLE salesforce.contact ENABLE TRIGGER feeding")
    world.sql.execute("DELETE FROM public.seen")
    world.sql.execute(
        "INSERT INTO salesforce.lead (company, sfid) VALUES ('L', '00QEm0000000001IAA')"
    )


def _copy(world: World, name: str, fields: list[str]) -> None:
    own = [*fields, "IsDeleted", "SystemModstamp", "CreatedDate"]
    columns = sql.SQL(", ").join(sql.Identifier(one.lower()) for one in own)
    for record in world.records(f"SELECT Id, {', '.join(own)} FROM {name} ORDER BY Id"):
        world.sql.execute(
            sql.SQL("INSERT INTO {} (sfid, {}, _hc_lastop) VALUES (%s, {}, 'SYNCED')").format(
                sql.Identifier("salesforce", name.lower()),
                columns,
                sql.SQL(", ").join([sql.Placeholder()] * len(own)),
            ),
            [record["Id"], *(record[one] for one in own)],
        )


def taken_over(world: World, text: str = CONFIG, **options: Any) -> Plan:
    path = world.config.file.replace("connectsql.yaml", "ours.yaml")
    Path(path).write_text(text)
    world.config = load(path)
    world.desired = resolve(world.config, describes(world.session, world.config)).desired
    with connect(world.database) as connection:
        return apply(connection, world.desired, **options)


def rows(world: World, table: str) -> list[tuple[Any, ...]]:
    return world.rows(f"SELECT * FROM salesforce.{table} ORDER BY id")


def queries(world: World) -> list[str]:
    calls = world.control("GET", "calls")["calls"]
    return [one["path"] for one in calls if "/query" in one["path"]]


@pytest.mark.every_postgres
@pytest.mark.parametrize("hstore", ["public", "heroku_ext"])
def test_rows_ids_and_the_log_stay_and_nothing_is_loaded_again(
    database: str, tmp_path: Path, hstore: str
) -> None:
    with left_behind(database, tmp_path, hstore) as world:
        before = {table: rows(world, table) for table in ("account", "contact", "lead", "_hcmeta")}
        taken_over(world)
        with connect(world.database) as connection:
            again = plan(connection, world.desired)
            assert again.changes == ()
            assert [note.what for note in again.notes] == ["kept"]
        world.control("DELETE", "calls")
        assert world.once().received == 0
        assert not [path for path in queries(world) if "ORDER%20BY%20Id" in path]
        for table, known in before.items():
            assert rows(world, table) == known
        new = world.call("POST", "sobjects/Account", {"Name": "new", "ExternalId__c": "n"})["id"]
        first = world.rows("SELECT sfid FROM salesforce.account ORDER BY id LIMIT 1")[0][0]
        world.call("PATCH", f"sobjects/Account/{first}", {"Name": "renamed"})
        world.once()
        assert world.rows(
            "SELECT id, name FROM salesforce.account WHERE sfid IN (%s, %s) ORDER BY id", new, first
        ) == [(41, "renamed"), (46, "new")]
        assert rows(world, "contact") == before["contact"]


def test_the_plan_says_what_is_left_and_what_differs(database: str, tmp_path: Path) -> None:
    with left_behind(database, tmp_path) as world:
        done = taken_over(world)
    assert [f"{note.what}: {note.text}" for note in done.notes] == [
        "left: account has columns beside the config: loyalty",
        "left: table lead is not in the config",
        "left: the triggers of lead go on writing as they did",
        *(
            f"left: function hc_{table}_{kind} is not used any more"
            for table in ("account", "contact", "lead")
            for kind in ("logger", "status")
        ),
        "kept: account.externalid__c is character varying(255), wider than the varchar(64) that "
        "the config makes it: it stays (--prune narrows it)",
    ]
    assert [described(change) for change in done.changes] == [
        "the runtime: bookkeeping, trigger log and its functions",
        "change type of account.type: character varying(40) to character varying(255)",
        "replace trigger hc_account_status_trigger on account",
        "create trigger hc_account_loginsert on account",
        "replace trigger hc_account_logtrigger on account",
        "create trigger hc_account_truncate on account",
        "comments of account",
        "replace trigger hc_contact_status_trigger on contact",
        "create trigger hc_contact_loginsert on contact",
        "replace trigger hc_contact_logtrigger on contact",
        "create trigger hc_contact_truncate on contact",
        "comments of contact",
        "go on reading account behind its latest change",
        "adopt the changes of account that were being sent",
        "go on reading contact behind its latest change",
        "adopt the changes of contact that were being sent",
        "record what was applied",
    ]


def test_what_waited_is_sent_and_what_was_in_flight_is_not_sent_twice(
    database: str, tmp_path: Path
) -> None:
    with left_behind(database, tmp_path) as world:
        write = world.sql.execute
        write("INSERT INTO salesforce.account (name, externalid__c) VALUES ('waits', 'w')")
        write("UPDATE salesforce.account SET phone = '1' WHERE externalid__c = 'a1'")
        write("INSERT INTO salesforce.account (name, externalid__c) VALUES ('arrived', 'x')")
        write("INSERT INTO salesforce.contact (lastname) VALUES ('in flight')")
        write("UPDATE salesforce.contact SET lastname = 'C2!' WHERE lastname = 'C2'")
        world.sql.execute(
            "UPDATE salesforce._trigger_log SET state = 'PENDING' WHERE record_id IN ("
            "SELECT id FROM salesforce.account WHERE externalid__c = 'x' UNION ALL "
            "SELECT id FROM salesforce.contact WHERE lastname IN ('in flight', 'C2!'))"
        )
        # Heroku Connect had sent this one, and was stopped before it heard of the answer.
        world.call("POST", "sobjects/Account", {"Name": "arrived", "ExternalId__c": "x"})
        taken_over(world)
        world.once()
        records = world.records("SELECT Name, Phone, ExternalId__c FROM Account ORDER BY Name")
        assert [(one["Name"], one["Phone"]) for one in records] == [
            ("A1", "1"), ("A2", None), ("A3", None), ("A4", None), ("A5", None),
            ("arrived", None), ("waits", None),
        ]  # fmt: skip
        contacts = world.records("SELECT LastName FROM Contact ORDER BY LastName")
        assert [one["LastName"] for one in contacts] == ["C1", "C2!", "C3", "C4", "C5"]
        [(state, error)] = world.rows(
            "SELECT _hc_lastop, _hc_err FROM salesforce.contact WHERE lastname = 'in flight'"
        )
        assert state == "FAILED"
        assert error


def test_the_applications_triggers_views_and_keys_go_on_working(
    database: str, tmp_path: Path
) -> None:
    with left_behind(database, tmp_path) as world:
        taken_over(world)
        sfid = world.rows("SELECT sfid FROM salesforce.account WHERE externalid__c = 'a1'")[0][0]
        world.call("PATCH", f"sobjects/Account/{sfid}", {"AnnualRevenue": 5000})
        world.call("POST", "sobjects/Contact", {"LastName": "fed", "AccountId": sfid})
        world.once()
        assert world.rows("SELECT name FROM public.big_accounts") == [("A1",)]
        assert world.rows("SELECT DISTINCT account, what FROM public.seen") == [(41, "UPDATE")]
        world.once()
        [record] = world.records(f"SELECT Description FROM Account WHERE Id = '{sfid}'")
        assert record["Description"] == "has contacts"
        world.sql.execute("DELETE FROM salesforce.account WHERE externalid__c = 'a1'")
        assert world.rows("SELECT 1 FROM public.seen") == []


def test_a_new_column_is_read_for_the_rows_that_stand_and_only_then(
    database: str, tmp_path: Path
) -> None:
    with left_behind(database, tmp_path) as world:
        before = world.rows("SELECT id, sfid FROM salesforce.contact ORDER BY id")
        text = CONFIG.replace("[LastName, AccountId", "[LastName, Email, AccountId")
        first = world.rows("SELECT sfid FROM salesforce.contact ORDER BY id LIMIT 1")[0][0]
        world.call("PATCH", f"sobjects/Contact/{first}", {"Email": "a@example.com"})
        done = taken_over(world, text, allow={Hazard.BACKFILL})
        assert "read contact again from Salesforce, for email [BACKFILL]" in map(
            described, done.changes
        )
        world.once()
        assert world.rows("SELECT id, sfid FROM salesforce.contact ORDER BY id") == before
        assert ("a@example.com",) in world.rows("SELECT email FROM salesforce.contact")


def test_a_read_only_mapping_has_no_trigger_of_the_other_sync_left(
    database: str, tmp_path: Path
) -> None:
    with left_behind(database, tmp_path) as world:
        text = "connection: {types: heroku}\nmappings: [{object: Contact, fields: [LastName]}]\n"
        taken_over(world, text)
        triggers = world.rows(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'salesforce.contact'::regclass "
            "AND NOT tgisinternal"
        )
        assert triggers == [("feeding",)]


def test_the_way_back_leaves_the_database_as_it_was(database: str, tmp_path: Path) -> None:
    def standing(world: World) -> list[tuple[Any, ...]]:
        return world.rows(
            "SELECT c.relname::text, t.tgname::text, pg_get_triggerdef(t.oid), "
            "pg_get_functiondef(t.tgfoid) FROM pg_trigger AS t "
            "JOIN pg_class AS c ON c.oid = t.tgrelid "
            "WHERE c.relnamespace = 'salesforce'::regnamespace AND NOT t.tgisinternal "
            "UNION ALL SELECT proname, '', pg_get_functiondef(oid), '' FROM pg_proc "
            "WHERE pronamespace = 'salesforce'::regnamespace AND proname LIKE 'hc_%%' "
            "ORDER BY 1, 2, 3"
        )

    with left_behind(database, tmp_path) as world:
        before = standing(world), rows(world, "account")
        done = taken_over(world)
        assert standing(world) != before[0]
        with psycopg.connect(database) as session:
            session.execute(back_as_sql(done, world.desired).encode())
        assert (standing(world), rows(world, "account")) == before


def test_a_second_take_over_looks_again_at_what_is_in_flight(database: str, tmp_path: Path) -> None:
    with left_behind(database, tmp_path) as world:
        done = taken_over(world)
        with psycopg.connect(database) as session:
            session.execute(back_as_sql(done, world.desired).encode())
        assert world.rows("SELECT 1 FROM connectsql.mapping") == []
        world.sql.execute("INSERT INTO salesforce.contact (lastname) VALUES ('in flight')")
        world.sql.execute("UPDATE salesforce._trigger_log SET state = 'PENDING'")
        taken_over(world)
        assert world.rows("SELECT sent_blind FROM connectsql.claim") == [(True,)]
        assert len(world.rows("SELECT 1 FROM connectsql.mapping WHERE loaded_at IS NOT NULL")) == 2


def test_values_that_stand_twice_are_told(database: str, tmp_path: Path) -> None:
    with left_behind(database, tmp_path) as world:
        world.sql.execute("DROP INDEX salesforce.hcu_idx_account_sfid")
        world.sql.execute(
            "INSERT INTO salesforce.account (sfid) SELECT sfid FROM salesforce.account LIMIT 1"
        )
        with pytest.raises(DatabaseError) as refusal:
            taken_over(world)
        assert refusal.value.hint == (
            "a value stands in several rows: mend them first; nothing was applied"
        )


def test_a_view_on_a_column_that_has_to_grow_is_named(database: str, tmp_path: Path) -> None:
    with left_behind(database, tmp_path) as world:
        world.sql.execute("CREATE VIEW public.types AS SELECT type FROM salesforce.account")
        with pytest.raises(DatabaseError) as refusal:
            taken_over(world)
        assert "view" in refusal.value.hint
        assert "types depends on column" in refusal.value.hint
        assert world.rows("SELECT to_regnamespace('connectsql')") == [(None,)]


def test_a_fresh_install_has_the_tables_that_heroku_connect_would_have_made(
    database: str, tmp_path: Path
) -> None:
    def made(world: World) -> set[tuple[Any, ...]]:
        return set(
            world.rows(
                "SELECT table_name, kind, name, replace(definition, 'ONLY ', '') "
                "FROM connectsql.catalog('salesforce') WHERE table_name LIKE '\\_%%' "
                "AND kind IN ('column', 'index') AND name <> '_trigger_log_idx_waiting_record' "
                "UNION ALL SELECT relname, 'sequence', format_type(seqtypid, NULL), '' "
                "FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid "
                "WHERE relname LIKE '\\_%%'"
            )
        )

    with left_behind(database, tmp_path) as world:
        taken_over(world)
        theirs = made(world)
        world.sql.execute("DROP SCHEMA connectsql, salesforce CASCADE")
        taken_over(world)
        assert made(world) == theirs
        assert len(theirs) > 50
