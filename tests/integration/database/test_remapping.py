"""Mappings, fields and tables that go and come back: what stands is never taken for current."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.describes import desire

from connectsql.compiler.model import Desired
from connectsql.compiler.plan import Plan
from connectsql.compiler.plan_text import described
from connectsql.database.apply import apply, plan
from connectsql.database.connection import Connection, connect
from connectsql.errors import DatabaseError

ACCOUNT = "{object: Account, access: read_write, fields: [Name, Phone]}"
CONTACT = "{object: Contact, access: read_write, fields: [LastName]}"


def wanted(folder: Path, *mappings: str) -> Desired:
    listed = "".join(f"  - {one}\n" for one in mappings)
    return desire(folder, f'connection: {{schema: "Odd Schema"}}\nmappings:\n{listed}')[1]


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with connect(database) as made:
        yield made


def read_by_an_agent(connection: Connection) -> None:
    """Leave the state that an agent leaves when all tables are read."""
    connection.execute("SET LOCAL xmlbinary TO hex")
    connection.execute("INSERT INTO \"Odd Schema\".account (name) VALUES ('Acme')")
    connection.execute(
        "INSERT INTO connectsql.mapping (schema_name, table_name, loaded_at, read_until) "
        "SELECT schema_name, table_name, now(), now() FROM connectsql.object WHERE kind = 'table'"
    )
    connection.commit()


def states(connection: Connection) -> dict[str, bool]:
    """Return for each table on record whether it counts as loaded."""
    rows = connection.execute("SELECT table_name, loaded_at IS NOT NULL FROM connectsql.mapping")
    return dict(rows.fetchall())


def rereads(made: Plan) -> list[str]:
    return [described(one) for one in made.changes if one.comment.startswith("read ")]


def test_a_field_that_comes_back_is_read_again(connection: Connection, tmp_path: Path) -> None:
    apply(connection, wanted(tmp_path, ACCOUNT))
    read_by_an_agent(connection)
    apply(connection, wanted(tmp_path, ACCOUNT.replace(", Phone", "")))
    assert states(connection) == {"account": True}
    assert rereads(apply(connection, wanted(tmp_path, ACCOUNT))) == [
        "read account again from Salesforce, for phone, which was not mapped [BACKFILL]"
    ]
    assert states(connection) == {"account": False}


def test_a_load_that_was_interrupted_begins_anew_for_a_new_field(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path, ACCOUNT.replace(", Phone", "")))
    read_by_an_agent(connection)
    connection.execute(
        "UPDATE connectsql.mapping SET load_started = now(), loaded_up_to = '001', "
        "loaded_at = NULL, read_until = NULL"
    )
    connection.commit()
    assert rereads(apply(connection, wanted(tmp_path, ACCOUNT))) == [
        "read account again from Salesforce, for phone [BACKFILL]"
    ]
    assert connection.execute("SELECT loaded_up_to FROM connectsql.mapping").fetchone() == (None,)


def test_a_column_that_gets_another_field_is_read_again(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path, ACCOUNT))
    read_by_an_agent(connection)
    other = ACCOUNT.replace("Phone", "{field: Ext__c, column: phone}")
    assert rereads(plan(connection, wanted(tmp_path, other))) == [
        "read account again from Salesforce, for phone, which held Phone [BACKFILL]"
    ]


def test_a_mapping_that_comes_back_is_read_again(connection: Connection, tmp_path: Path) -> None:
    both = wanted(tmp_path, ACCOUNT, CONTACT)
    apply(connection, both)
    read_by_an_agent(connection)
    apply(connection, wanted(tmp_path, CONTACT))
    assert rereads(apply(connection, both)) == [
        "read account again from Salesforce, for what has changed while it was not mapped "
        "[BACKFILL]"
    ]
    assert states(connection) == {"account": False, "contact": True}
    assert plan(connection, both).changes == ()


@pytest.mark.parametrize("by_hand", [True, False])
def test_a_table_that_is_made_anew_is_read_from_the_start(
    connection: Connection, tmp_path: Path, by_hand: bool
) -> None:
    both = wanted(tmp_path, ACCOUNT, CONTACT)
    apply(connection, both)
    read_by_an_agent(connection)
    if by_hand:
        connection.execute('DROP TABLE "Odd Schema".account')
        connection.commit()
    else:
        apply(connection, wanted(tmp_path, CONTACT), prune=True)
    assert rereads(apply(connection, both)) == [
        "read account from Salesforce, from the start: the table is new"
    ]
    assert states(connection) == {"account": False, "contact": True}
    assert plan(connection, both).changes == ()


@pytest.mark.parametrize("between", [[ACCOUNT], []])
def test_rows_of_one_object_are_not_taken_for_those_of_another(
    connection: Connection, tmp_path: Path, between: list[str]
) -> None:
    apply(connection, wanted(tmp_path, ACCOUNT))
    read_by_an_agent(connection)
    apply(connection, wanted(tmp_path, *between, CONTACT))
    other = CONTACT.replace("Contact", "Contact, table: account")
    with pytest.raises(DatabaseError) as refusal:
        plan(connection, wanted(tmp_path, other))
    assert (
        "Odd Schema.account holds records of Account, the config makes it the table of Contact"
        in refusal.value.message
    )
    connection.execute('DELETE FROM "Odd Schema".account')
    connection.execute("SET LOCAL xmlbinary TO hex")
    connection.execute('TRUNCATE "Odd Schema".account')
    connection.commit()
    assert rereads(apply(connection, wanted(tmp_path, other)))
    assert states(connection)["account"] is False


def test_a_table_renamed_by_hand_is_asked_about(connection: Connection, tmp_path: Path) -> None:
    apply(connection, wanted(tmp_path, ACCOUNT))
    connection.execute('ALTER TABLE "Odd Schema".account RENAME TO "My Kunde"')
    connection.commit()
    with pytest.raises(DatabaseError) as refusal:
        plan(connection, wanted(tmp_path, ACCOUNT))
    assert (
        "Odd Schema.account needs the name hcu_idx_account_sfid, which an index of My Kunde has: "
        "if it was renamed, rename it back, or map it with `table: My Kunde`"
    ) in refusal.value.message


@pytest.mark.every_postgres
def test_a_table_that_is_renamed_with_its_mapping_goes_on_as_it_was(
    connection: Connection, tmp_path: Path
) -> None:
    apply(connection, wanted(tmp_path, ACCOUNT))
    read_by_an_agent(connection)
    connection.execute("INSERT INTO \"Odd Schema\".account (name) VALUES ('waits')")
    connection.execute('ALTER TABLE "Odd Schema".account RENAME TO "My Kunde"')
    connection.commit()
    new = wanted(tmp_path, ACCOUNT.replace("Account", 'Account, table: "My Kunde"'))
    done = apply(connection, new)
    assert rereads(done) == []
    assert described(done.changes[0]) == (
        "follow the renaming of account to My Kunde, with its changes that wait"
    )
    assert states(connection) == {"My Kunde": True}
    again = plan(connection, new, prune=True)
    assert (again.changes, again.notes) == ((), ())
    connection.execute("UPDATE \"Odd Schema\".\"My Kunde\" SET phone = '1' WHERE name = 'waits'")
    entries = connection.execute(
        'SELECT table_name, action FROM "Odd Schema"._trigger_log ORDER BY id'
    )
    assert entries.fetchall() == [("My Kunde", "INSERT"), ("My Kunde", "UPDATE")]
    connection.commit()
    apply(connection, wanted(tmp_path, CONTACT), prune=True)
    assert connection.execute(
        "SELECT relname FROM pg_class WHERE relname ~ '(account|Kunde)'"
    ).fetchall() == []  # fmt: skip


def test_a_partitioned_table_is_refused(connection: Connection, tmp_path: Path) -> None:
    """What is written straight into a partition would not be captured, unless row by row."""
    connection.execute(
        'CREATE SCHEMA "Odd Schema"; CREATE TABLE "Odd Schema".account (name varchar(80), '
        "sfid varchar(18), id bigint, _hc_lastop text, _hc_err text) PARTITION BY RANGE (sfid)"
    )
    with pytest.raises(DatabaseError) as refusal:
        plan(connection, wanted(tmp_path, ACCOUNT))
    assert "Odd Schema.account is partitioned, and its mapping does not" in refusal.value.message
    assert "`partitioned: true`" in refusal.value.message
