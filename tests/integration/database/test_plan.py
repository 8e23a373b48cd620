"""Planning: the smallest safe way, its hazards, and what was changed by hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support import describes
from support.describes import desire

from connectsql.compiler import check, render
from connectsql.compiler.model import Desired
from connectsql.compiler.plan import Hazard, Plan
from connectsql.compiler.plan_text import as_sql, back_as_sql, described
from connectsql.compiler.retype import retype
from connectsql.database.apply import apply, plan
from connectsql.database.connection import Connection, connect
from connectsql.database.uninstall import uninstall
from connectsql.describe.model import Org
from connectsql.errors import CompileError, ConnectsqlError, DatabaseError, UsageError

CONFIG = """
connection: {{types: {types}}}
mappings:
  - object: Account
    access: read_write
    fields: [{fields}]
    {more}
"""
NONE: frozenset[Hazard] = frozenset()


def wanted(
    folder: Path, fields: str = "Name, Phone", more: str = "", types: str = "native", **of: Any
) -> Desired:
    name = {"length": 80, **of}
    account = describes.sobject(
        "Account", describes.field("Name", **name), describes.field("Phone"),
        describes.field("Number__c", "int", digits=9), describes.external_id(),
        describes.field("Sum__c", "double", precision=18, scale=2),
        describes.field("At__c", "datetime"),
    )  # fmt: skip
    text = CONFIG.format(fields=fields, more=more, types=types)
    return desire(folder, text, Org((account,)))[1]


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with connect(database) as made:
        yield made


def filled(connection: Connection, rows: int = 1000) -> None:
    connection.execute("SET LOCAL xmlbinary TO hex")
    connection.execute(
        "INSERT INTO salesforce.account (name, phone) "
        "SELECT 'Acme ' || n, n FROM generate_series(1, %s) AS n",
        (rows,),
    )
    connection.execute(
        "INSERT INTO connectsql.mapping (schema_name, table_name, loaded_at, read_until) "
        "VALUES ('salesforce', 'account', now(), now())"
    )
    connection.commit()


def node(connection: Connection) -> object:
    """Return the file of the table: another one means that it was written anew."""
    found = connection.execute("SELECT pg_relation_filenode('salesforce.account')").fetchone()
    connection.commit()
    return found


def lines(made: Plan) -> list[str]:
    return [described(change) for change in made.changes]


def notes(made: Plan) -> list[str]:
    return [f"{note.what}: {note.text}" for note in made.notes]


@pytest.mark.every_postgres
def test_a_new_field_and_a_longer_one_change_only_the_catalog(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path))
    filled(connection)
    before = node(connection)
    done = apply(connection, wanted(tmp_path, "Name, Phone, Number__c", length=255))
    assert node(connection) == before
    assert lines(done)[:2] == [
        "change type of account.name: character varying(80) to character varying(255)",
        "add column account.number__c",
    ]
    assert {change.hazards for change in done.changes} == {NONE, frozenset({Hazard.BACKFILL})}


def test_a_new_field_is_read_for_the_rows_that_stand(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path))
    filled(connection)
    after = wanted(tmp_path, "Name, Phone, Number__c")
    with pytest.raises(UsageError) as refusal:
        apply(connection, after, allow=NONE)
    assert refusal.value.message == (
        "nothing was applied: these changes have hazards that were not allowed\n"
        "  read account again from Salesforce, for number__c [BACKFILL]"
    )
    assert refusal.value.hint == "allow them with --allow-hazard BACKFILL"
    apply(connection, after, allow={Hazard.BACKFILL})
    assert connection.execute(
        "SELECT loaded_at, read_until FROM connectsql.mapping"
    ).fetchone() == (None, None)


def test_a_shorter_field_keeps_its_room_until_pruned(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path, length=255))
    filled(connection)
    after = wanted(tmp_path)
    kept = apply(connection, after)
    assert [note for note in notes(kept) if note.startswith("kept")] == [
        "kept: account.name is character varying(255), wider than the varchar(80) that the "
        "config makes it: it stays (--prune narrows it)"
    ]
    assert plan(connection, after).changes == ()
    narrowing = plan(connection, after, prune=True).changes[0]
    assert narrowing.hazards == {Hazard.TABLE_REWRITE, Hazard.LOCKS_WRITES, Hazard.DATA_LOSS}
    apply(connection, after, prune=True)
    assert plan(connection, after, prune=True).changes == ()


def test_a_removed_field_stays_until_pruned(connection: Connection, tmp_path: Path) -> None:
    apply(connection, wanted(tmp_path))
    filled(connection)
    after = wanted(tmp_path, "Name")
    apply(connection, after)
    assert connection.execute("SELECT count(phone) FROM salesforce.account").fetchone() == (1000,)
    dropping = plan(connection, after, prune=True).changes[0]
    assert described(dropping) == (
        "drop column account.phone: the config no longer asks for it [DATA_LOSS]"
    )
    apply(connection, after, prune=True)
    with pytest.raises(psycopg.errors.UndefinedColumn):
        connection.execute("SELECT phone FROM salesforce.account")


def test_columns_and_tables_of_others_are_never_dropped(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path))
    connection.execute("ALTER TABLE salesforce.account ADD COLUMN mine text")
    connection.execute("CREATE TABLE salesforce.mine (id integer)")
    connection.execute("CREATE INDEX mine_idx ON salesforce.account (mine)")
    connection.execute(
        "CREATE TRIGGER mine BEFORE UPDATE ON salesforce.account "
        "FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    )
    connection.commit()
    assert plan(connection, wanted(tmp_path), prune=True).changes == ()
    done = apply(connection, wanted(tmp_path, "Name"), prune=True)
    assert not [line for line in lines(done) if "mine" in line]
    connection.execute("SELECT mine FROM salesforce.account, salesforce.mine")


DRIFT = {
    "DROP TRIGGER hc_account_logupdate ON salesforce.account": (
        "drift: trigger hc_account_logupdate of account is gone by hand"
    ),
    "ALTER TABLE salesforce.account DISABLE TRIGGER hc_account_loginsert": (
        "drift: trigger hc_account_loginsert of account was changed by hand"
    ),
    "DROP INDEX salesforce.hcu_idx_account_sfid": (
        "drift: index hcu_idx_account_sfid of account is gone by hand"
    ),
    "CREATE OR REPLACE FUNCTION salesforce.mark_inserts() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NULL; END'": "drift: function mark_inserts was changed by hand",
    "CREATE OR REPLACE FUNCTION salesforce.hc_account_logger() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NULL; END'": "drift: function hc_account_logger was changed by hand",
    "ALTER TABLE salesforce.account ALTER COLUMN _hc_lastop DROP DEFAULT": (
        "drift: default _hc_lastop of account is gone by hand"
    ),
    "ALTER TABLE salesforce.account DROP COLUMN phone": None,
    "ALTER TABLE salesforce.account ALTER COLUMN name TYPE varchar(20)": None,
    "COMMENT ON COLUMN salesforce.account.name IS 'mine'": None,
}


@pytest.mark.parametrize("by_hand", DRIFT)
def test_what_was_changed_by_hand_is_named_and_mended(
    connection: Connection, tmp_path: Path, by_hand: str
) -> None:
    desired = wanted(tmp_path)
    apply(connection, desired)
    connection.execute(by_hand.encode())
    connection.commit()
    found = plan(connection, desired)
    assert found.changes
    if DRIFT[by_hand]:
        assert notes(found) == [DRIFT[by_hand]]
    apply(connection, desired)
    again = plan(connection, desired)
    assert (again.changes, again.notes) == ((), ())
    connection.execute("INSERT INTO salesforce.account (name) VALUES ('Acme')")
    connection.execute("UPDATE salesforce.account SET phone = '1'")
    entries = connection.execute("SELECT action FROM salesforce._trigger_log ORDER BY id")
    assert entries.fetchall() == [("INSERT",), ("UPDATE",)]


def test_an_index_is_built_concurrently_where_the_config_asks(
    connection: Connection, tmp_path: Path, database: str
) -> None:
    apply(connection, wanted(tmp_path))
    filled(connection)
    calm = wanted(tmp_path, more="indexes: [{field: Name, concurrently: true}]")
    loud = wanted(tmp_path, more="indexes: [Name]")
    assert plan(connection, loud).hazards == {Hazard.LOCKS_WRITES}
    assert plan(connection, calm).hazards == NONE
    connection.rollback()
    apply(connection, calm, allow=NONE)
    assert plan(connection, calm).changes == ()
    assert connection.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'salesforce.hc_idx_account_name'"
        "::regclass"
    ).fetchone() == (True,)


def test_a_concurrent_index_that_fails_is_told_and_the_next_apply_mends_it(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path))
    filled(connection)
    connection.execute("UPDATE salesforce.account SET name = 'same'")
    connection.commit()
    unique = wanted(tmp_path, more="indexes: [{field: Name, unique: true, concurrently: true}]")
    with pytest.raises(DatabaseError) as refusal:
        apply(connection, unique)
    assert refusal.value.message == (
        "Postgres refused, while doing: create index hcu_idx_account_name on account: could not "
        'create unique index "hcu_idx_account_name" [account]'
    )
    assert refusal.value.hint == "all else was applied; mend the cause and apply again"
    assert notes(plan(connection, unique)) == [
        "unfinished: index hcu_idx_account_name of account was not built to its end"
    ]
    connection.execute("UPDATE salesforce.account SET name = phone")
    connection.commit()
    done = apply(connection, unique)
    assert "drop index hcu_idx_account_name, to make it anew" in lines(done)
    assert plan(connection, unique).changes == ()
    assert connection.execute(
        "SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = 'salesforce.account'::regclass"
    ).fetchone() == (True,)


def test_an_application_that_holds_a_lock_is_waited_for_shortly(
    connection: Connection, tmp_path: Path, database: str
) -> None:
    apply(connection, wanted(tmp_path))
    after = wanted(tmp_path, "Name, Phone, Number__c")
    with psycopg.connect(database) as application:
        application.execute("LOCK TABLE salesforce.account IN ROW EXCLUSIVE MODE")
        with pytest.raises(DatabaseError) as refusal:
            apply(connection, after, lock_timeout=0.05)
        process = application.info.backend_pid
    assert refusal.value.message == (
        "nothing was applied: 5 times an application held a lock for 0.05 s or longer, "
        "while doing: add column account.number__c"
    )
    assert refusal.value.hint == (
        "end the long transaction and try again; locks are held by "
        f"process {process} on account (idle in transaction)"
    )
    assert apply(connection, after).changes


def test_another_apply_that_takes_long_is_named(
    connection: Connection, tmp_path: Path, database: str
) -> None:
    with psycopg.connect(database) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtextextended('connectsql.apply', 0))")
        with pytest.raises(DatabaseError) as refusal:
            apply(connection, wanted(tmp_path), lock_timeout=0.05)
        assert refusal.value.message == (
            "nothing was applied: another apply is at work on this database "
            f"(process {other.info.backend_pid})"
        )


def test_what_is_applied_is_what_was_shown(connection: Connection, tmp_path: Path) -> None:
    apply(connection, wanted(tmp_path))
    after = wanted(tmp_path, "Name, Phone, Number__c")
    shown = plan(connection, after)
    connection.execute("DROP INDEX salesforce.hcu_idx_account_sfid")
    connection.commit()
    with pytest.raises(DatabaseError) as refusal:
        apply(connection, after, shown=shown)
    assert "the database has changed since its plan was shown" in refusal.value.message
    assert apply(connection, after, shown=plan(connection, after)).changes
    assert apply(connection, after, shown=shown).changes == ()


def run_on(connection: Connection, script: str) -> list[str]:
    """Run a script as psql does without ON_ERROR_STOP, and return what failed."""
    failed = []
    connection.commit()
    connection.autocommit = True
    for statement in check.check(script):
        try:
            connection.execute(statement.encode())
        except psycopg.Error as error:
            failed.append(str(error.diag.message_primary))
    connection.autocommit = False
    return failed


def test_a_file_that_fails_on_the_way_leaves_books_that_are_true(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path))
    filled(connection)
    after = wanted(
        tmp_path, "Name, Phone, Number__c", more="indexes: [{field: Name, concurrently: true}]"
    )
    before = plan(connection, after)
    script = as_sql(before, after).replace("ADD COLUMN", "ADD NO COLUMN", 1)
    with pytest.raises(CompileError):
        check.check(script)
    script = as_sql(before, after).replace("number__c integer", "number__c no_such_type", 1)
    assert run_on(connection, script)[0] == 'type "no_such_type" does not exist'
    index = "hc_idx_account_name"
    assert lines(plan(connection, after)) == [one for one in lines(before) if index not in one][:-1]
    apply(connection, after)
    assert plan(connection, after).changes == ()


def test_a_file_runs_only_on_what_it_was_planned_for(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path))
    after, other = wanted(tmp_path, "Name, Phone, Number__c"), wanted(tmp_path, "Name")
    made = plan(connection, after)
    there, back = as_sql(made, after), back_as_sql(made, after)
    expected = "the schema is not as this file expects it: something else was applied"
    assert run_on(connection, back)[0] == expected
    assert run_on(connection, there) == []
    assert run_on(connection, there)[0] == expected
    apply(connection, other)
    assert run_on(connection, back)[0] == expected
    assert plan(connection, other).changes == ()


def test_a_file_tells_of_nothing_that_stays(connection: Connection, tmp_path: Path) -> None:
    """Of 300 tables, only the one that changes is for the DBA to read."""
    apply(connection, wanted(tmp_path))
    after = wanted(tmp_path, "Name, Phone, Number__c")
    made = plan(connection, after)
    for script in (as_sql(made, after), back_as_sql(made, after)):
        assert "systemmodstamp" not in script
        assert "_trigger_log_idx" not in script
        assert "number__c" in script


def test_two_that_apply_at_once_take_turns(
    connection: Connection, tmp_path: Path, database: str
) -> None:
    desired = wanted(tmp_path)
    done: list[Plan | ConnectsqlError] = []

    def one() -> None:
        with connect(database) as own:
            try:
                done.append(apply(own, desired))
            except ConnectsqlError as error:
                done.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    plans = [each for each in done if isinstance(each, Plan)]
    assert len(plans) == 4, done
    assert sorted(bool(each.changes) for each in plans) == [False, False, False, True]


def test_a_role_that_does_not_exist_is_told_before_anything(
    connection: Connection, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseError) as refusal:
        apply(connection, wanted(tmp_path, more="roles: {applications: [nobody_here]}"))
    assert "the role nobody_here does not exist" in refusal.value.message
    assert connection.execute("SELECT to_regnamespace('connectsql')").fetchone() == (None,)


def test_what_was_applied_is_on_record(connection: Connection, tmp_path: Path) -> None:
    done = apply(connection, wanted(tmp_path))
    apply(connection, wanted(tmp_path))
    rows = connection.execute(
        "SELECT applied_by, changes, length(checksum) FROM connectsql.history"
    ).fetchall()
    user = connection.execute("SELECT session_user::text").fetchone()
    assert user is not None
    assert rows == [(user[0], lines(done), 64)]


@pytest.mark.every_postgres
def test_a_database_of_heroku_connects_types_becomes_native(
    connection: Connection, tmp_path: Path
) -> None:
    fields = "Name, Phone, At__c, Sum__c"
    apply(connection, wanted(tmp_path, fields, types="heroku"))
    filled(connection)
    connection.execute(
        "UPDATE salesforce.account SET at__c = '2026-01-02 03:04:05', sum__c = 0.1 WHERE id = 1"
    )
    connection.commit()
    native = wanted(tmp_path, fields)
    done = apply(connection, native)
    assert done.hazards == {Hazard.TABLE_REWRITE, Hazard.LOCKS_WRITES}
    assert plan(connection, native).changes == ()
    connection.execute("SET LOCAL timezone TO 'UTC'")
    assert connection.execute(
        "SELECT at__c::text, sum__c::text, pg_typeof(id)::text FROM salesforce.account WHERE id = 1"
    ).fetchone() == ("2026-01-02 03:04:05+00", "0.1", "bigint")
    connection.execute("SELECT setval('salesforce.account_id_seq', 3000000000)")
    connection.execute("INSERT INTO salesforce.account (name) VALUES ('Acme')")
    assert connection.execute(
        "SELECT record_id FROM salesforce._trigger_log ORDER BY id DESC LIMIT 1"
    ).fetchone() == (3000000001,)


COMPUTED = """computed:
      - {{column: "Odd Shout", type: text, expression: "upper(name) || '''; DROP TABLE x; --'"}}
      - {{column: part, type: "varchar(10)", expression: "left(coalesce(phone, '0'), 3)"}}
      - {{column: more, type: bigint, expression: "{expression}"}}
"""


@pytest.mark.every_postgres
def test_computed_columns_are_computed_and_never_written(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path, more=COMPUTED.format(expression="id * 2 + length(name)")))
    connection.execute("INSERT INTO salesforce.account (name, phone) VALUES ('Acme', '12345')")
    assert connection.execute(
        'SELECT "Odd Shout", part, more FROM salesforce.account'
    ).fetchone() == ("ACME'; DROP TABLE x; --", "123", 6)
    with pytest.raises(psycopg.errors.GeneratedAlways):
        connection.execute("UPDATE salesforce.account SET part = 'x'")


def test_what_postgres_cannot_compute_is_told_and_nothing_is_applied(
    connection: Connection, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseError) as refusal:
        apply(connection, wanted(tmp_path, more=COMPUTED.format(expression="name + 1")))
    assert refusal.value.message.startswith(
        "Postgres refused, while doing: create table account: operator does not exist"
    )
    assert refusal.value.hint == "nothing was applied"
    assert connection.execute("SELECT to_regnamespace('connectsql')").fetchone() == (None,)


def test_a_plan_names_the_views_that_keep_it_from_being_applied(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path, "Name, Phone, Number__c"))
    connection.execute('CREATE VIEW public."Odd" AS SELECT phone, name FROM salesforce.account')
    connection.execute("CREATE VIEW public.calm AS SELECT number__c FROM salesforce.account")
    connection.commit()
    after = wanted(tmp_path, "Name", length=255)
    assert notes(plan(connection, after))[-1] == (
        'in the way: view public."Odd" reads account.name: drop it, apply, and make it again'
    )
    assert notes(plan(connection, after, prune=True)) == [
        'in the way: view public."Odd" reads account.name, account.phone: '
        "drop it, apply, and make it again",
        "in the way: view public.calm reads account.number__c: drop it, apply, and make it again",
    ]
    with pytest.raises(DatabaseError) as refusal:
        apply(connection, after)
    assert 'public."Odd"' in refusal.value.hint
    connection.execute('DROP VIEW public."Odd"')
    connection.commit()
    assert notes(apply(connection, after)) == [
        "kept: account keeps columns that the config no longer asks for: number__c, phone "
        "(--prune drops them)"
    ]


LOSSES = [
    ("numeric", "double precision", True), ("bigint", "integer", True),
    ("double precision", "bigint", True), ("numeric", "integer", True),
    ("integer", "bigint", False), ("integer", "numeric", False),
    ("double precision", "numeric", False), ("integer", "double precision", False),
]  # fmt: skip


@pytest.mark.parametrize(("have", "want", "loses"), LOSSES)
def test_a_number_that_loses_digits_is_a_loss(have: str, want: str, loses: bool) -> None:
    how = retype(have, want)
    assert how is not None
    assert (Hazard.DATA_LOSS in how.hazards) is loses


@pytest.mark.parametrize(
    ("by_others", "named"),
    [
        ("CREATE UNIQUE INDEX mine ON salesforce.account (lower(phone))", "index mine"),
        ("ALTER TABLE salesforce.account ADD CONSTRAINT mine CHECK (phone <> '')",
         "constraint mine"),
        ("CREATE STATISTICS salesforce.mine ON name, phone FROM salesforce.account",
         "statistics mine"),
    ],
)  # fmt: skip
def test_what_others_made_on_a_column_is_not_dropped_with_it(
    connection: Connection, tmp_path: Path, by_others: str, named: str
) -> None:
    apply(connection, wanted(tmp_path))
    connection.execute(by_others.encode())
    connection.commit()
    assert apply(connection, wanted(tmp_path, "Name")).changes
    for after in (
        wanted(tmp_path, "Name"),
        wanted(tmp_path, "Name, {field: At__c, column: phone}"),
    ):
        with pytest.raises(DatabaseError) as refusal:
            apply(connection, after, prune=True)
        assert refusal.value.message == (
            "nothing was dropped: what others made would go with it\n"
            f"  {named} of account, which is on phone"
        )


@pytest.mark.parametrize(
    ("by_others", "named"),
    [
        ("ALTER TABLE salesforce.account ADD COLUMN mine text", "column mine of account"),
        ("CREATE INDEX mine ON salesforce.account (name)", "index mine of account"),
        ("CREATE TRIGGER mine BEFORE UPDATE ON salesforce.account FOR EACH ROW "
         "EXECUTE FUNCTION suppress_redundant_updates_trigger()", "trigger mine of account"),
    ],
)  # fmt: skip
def test_what_others_made_on_a_table_is_not_dropped_with_it(
    connection: Connection, tmp_path: Path, by_others: str, named: str
) -> None:
    apply(connection, wanted(tmp_path))
    connection.execute(by_others.encode())
    connection.commit()
    other = wanted(tmp_path, more="table: other")
    assert apply(connection, other).changes
    with pytest.raises(DatabaseError, match=f"\n  {named}$"):
        apply(connection, other, prune=True)
    with pytest.raises(DatabaseError, match=f"\n  {named}$"):
        uninstall(connection, "salesforce", drop_tables=True)
    assert uninstall(connection, "salesforce")


def test_changes_of_a_table_that_is_mapped_no_more_are_told(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path))
    connection.execute("INSERT INTO salesforce.account (name) VALUES ('waits')")
    connection.commit()
    assert notes(apply(connection, wanted(tmp_path, more="table: other"))) == [
        "kept: table account and its rows stay, though not mapped any more (--prune drops it)",
        "left: 1 changes of account wait in the log, and nothing sends them",
    ]


def test_a_log_that_is_none_is_refused(connection: Connection, tmp_path: Path) -> None:
    connection.execute("CREATE SCHEMA salesforce; CREATE TABLE salesforce._trigger_log (id int)")
    with pytest.raises(
        DatabaseError, match=r"salesforce\._trigger_log is not a trigger log: it has"
    ):
        apply(connection, wanted(tmp_path))


def test_a_compiled_script_is_refused_where_another_config_was_applied(
    connection: Connection, tmp_path: Path
) -> None:
    """It makes tables that are missing, and no columns."""
    apply(connection, wanted(tmp_path))
    script = render.script(wanted(tmp_path, "Name, Phone, Number__c"))
    assert run_on(connection, script)[0] == "another config was applied to the schema"
    assert plan(connection, wanted(tmp_path)).changes == ()


def test_the_way_back_is_on_record_too(connection: Connection, tmp_path: Path) -> None:
    apply(connection, wanted(tmp_path))
    done = apply(connection, after := wanted(tmp_path, "Name, Phone, Number__c"))
    assert run_on(connection, back_as_sql(done, after)) == []
    row = connection.execute(
        "SELECT changes, fingerprint = (SELECT fingerprint FROM connectsql.connection) "
        "FROM connectsql.history ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    assert "undo: add column account.number__c" in row[0]
    assert row[1] is True
