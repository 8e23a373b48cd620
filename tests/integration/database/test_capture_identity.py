"""Which row a change belongs to: ids that change, another primary key, partitions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from support.capture import LEVELS, Captured, installed, wanted

from connectsql.compiler.model import Kind
from connectsql.compiler.parts import parts

pytestmark = pytest.mark.every_postgres


def names(captured: Captured) -> dict[int, list[str]]:
    """Take the log; return the actions of each record, without what log: full has of ids."""
    found: dict[int, list[str]] = {}
    for action, _, record, values in captured.taken():
        if action != "UPDATE" or (values or {}).keys() != {"id"}:
            found.setdefault(record, []).append(" ".join([action, *sorted(values or ())]))
    return found


def several(captured: Captured) -> None:
    captured.run(
        "ALTER TABLE account DROP CONSTRAINT account_pkey;"
        "ALTER TABLE account ADD PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED;"
        "INSERT INTO account (name) VALUES ('a'), ('b'), ('c');"
        "UPDATE account SET phone = 'b' WHERE id = 2"
    )


@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_a_chain_of_ids(captured: Captured, order: str) -> None:
    several(captured)
    captured.run(
        f"CREATE TABLE public.sorted AS SELECT * FROM account ORDER BY id {order};"
        "SET LOCAL xmlbinary TO hex; DELETE FROM account;"
        "INSERT INTO account TABLE public.sorted; SET LOCAL xmlbinary TO base64"
    )
    captured.run("UPDATE account SET id = id + 1")
    assert names(captured) == {2: ["INSERT"], 3: ["INSERT", "UPDATE phone"], 4: ["INSERT"]}


def test_ids_change_places(captured: Captured) -> None:
    several(captured)
    for _ in range(3):
        captured.run("UPDATE account SET id = 3 - id WHERE id < 3")
    assert names(captured) == {1: ["INSERT", "UPDATE phone"], 2: ["INSERT"], 3: ["INSERT"]}


def test_ids_change_places_with_values(captured: Captured) -> None:
    several(captured)
    captured.run("UPDATE account SET id = 3 - id, name = name || '!' WHERE id < 3")
    log = captured.taken()
    updates = [
        (record, {name: values[name] for name in values if name != "id"})
        for action, _, record, values in log
        if action == "UPDATE" and values is not None
    ]
    assert sorted(updates, key=str) == [
        (1, {"name": "b!"}), (1, {"phone": "b"}), (2, {"name": "a!"}),
    ]  # fmt: skip


def test_one_row_changes_its_id_again_and_again(captured: Captured) -> None:
    captured.run("INSERT INTO account (name, sfid) VALUES ('a', '001'), ('b', NULL)")
    for new in (10, 20, 30):
        captured.run("UPDATE account SET id = %s, phone = %s WHERE name = 'a'", new, str(new))
        captured.run("SAVEPOINT s")
        captured.run("UPDATE account SET id = id + 1000")
        captured.run("ROLLBACK TO s")
    captured.run("DELETE FROM account WHERE id = 30")
    log = [one for one in captured.taken() if one[0] != "UPDATE" or "phone" in (one[3] or {})]
    assert [(one[0], one[2]) for one in log] == [
        ("INSERT", 30), ("INSERT", 2), *[("UPDATE", 30)] * 3, ("DELETE", 30),
    ]  # fmt: skip


def test_what_is_done_with_keeps_its_id(captured: Captured) -> None:
    captured.run("INSERT INTO account (name) VALUES ('a')")
    captured.run("UPDATE _trigger_log SET state = 'SUCCESS'")
    captured.run("INSERT INTO contact (lastname) VALUES ('c')")
    captured.run("UPDATE account SET id = 5")
    assert [one for one in captured.brief() if one != "UPDATE account 5 id"] == [
        "INSERT account 1", "INSERT contact 1",
    ]  # fmt: skip


def test_the_primary_key_is_another_column(captured: Captured) -> None:
    captured.run(
        "ALTER TABLE account DROP CONSTRAINT account_pkey, ADD PRIMARY KEY (ext__c);"
        "ALTER TABLE account ALTER COLUMN id DROP NOT NULL"
    )
    captured.run("INSERT INTO account (name, ext__c) VALUES ('a', 'A'), ('b', 'B'), ('c', 'C')")
    captured.run("UPDATE account SET name = name || '!' WHERE id < 3")
    captured.run("UPDATE account SET ext__c = 'D', phone = '1' WHERE ext__c = 'C'")
    captured.run(
        "INSERT INTO account (name, ext__c) VALUES ('b2', 'B') "
        "ON CONFLICT (ext__c) DO UPDATE SET name = excluded.name"
    )
    captured.run("DELETE FROM account WHERE ext__c = 'A'")
    assert captured.brief() == [
        "INSERT account 1", "INSERT account 2", "INSERT account 3",
        "UPDATE account 1 name", "UPDATE account 2 name",
        "UPDATE account 3 ext__c phone", "UPDATE account 2 name", "DELETE account 1",
    ]  # fmt: skip


def test_ids_that_are_not_unique_lose_nothing(captured: Captured) -> None:
    captured.run("ALTER TABLE account DROP CONSTRAINT account_pkey")
    captured.run("INSERT INTO account (id, name) VALUES (1, 'a'), (1, 'b')")
    captured.taken()
    captured.run("UPDATE account SET name = name || '!', phone = name WHERE id = 1")
    found = captured.taken()
    assert {one[2] for one in found} == {1}
    written = [(values or {}).get("phone") for _, _, _, values in found]
    assert {"a", "b"} <= set(written)


@pytest.fixture(params=LEVELS)
def partitioned(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Captured]:
    """Accounts in partitions by phone; a config makes none, a DBA does."""
    desired = wanted(tmp_path, request.param, partitioned=True)
    installed(database, desired)
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(
            "SET search_path TO salesforce, public;"
            "ALTER SEQUENCE account_id_seq OWNED BY NONE;"
            "ALTER TABLE account RENAME TO flat;"
            "CREATE TABLE account (LIKE flat INCLUDING DEFAULTS) PARTITION BY LIST (phone);"
            "DROP TABLE flat;"
            "CREATE TABLE \"Part 1\" PARTITION OF account FOR VALUES IN ('1');"
            "CREATE TABLE part_2 PARTITION OF account FOR VALUES IN ('2') PARTITION BY HASH (name);"
            "CREATE TABLE part_2_0 PARTITION OF part_2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
            "CREATE TABLE rest PARTITION OF account DEFAULT;"
            "CREATE INDEX ON account (id)"
        )
        for part in parts(desired.by_name["account"]):
            if part.kind is Kind.TRIGGER:
                session.execute(part.create.encode())
        session.execute("ALTER SEQUENCE _trigger_log_id_seq RESTART")
        yield Captured(request.param, "salesforce", session)


def test_partitions(partitioned: Captured) -> None:
    captured = partitioned
    captured.run("INSERT INTO account (name, phone) VALUES ('a', '1'), ('b', '2'), ('c', NULL)")
    captured.run("INSERT INTO \"Part 1\" (name, phone) VALUES ('d', '1')")
    captured.run("INSERT INTO part_2_0 (name, phone) VALUES ('e', '2')")
    assert captured.brief() == [f"INSERT account {one}" for one in (1, 2, 3, 4, 5)]
    captured.settle()
    captured.run("UPDATE account SET revenue__c = 1 WHERE id < 3")
    captured.run('UPDATE "Part 1" SET revenue__c = 2 WHERE id = 4')
    captured.run("UPDATE part_2_0 SET revenue__c = 2 WHERE id = 5")
    assert captured.brief() == [f"UPDATE account {one} revenue__c" for one in (1, 2, 4, 5)]
    assert captured.marks() == {
        1: "PENDING", 2: "PENDING", 3: "SYNCED", 4: "PENDING", 5: "PENDING",
    }  # fmt: skip
    captured.run("DELETE FROM account WHERE id < 3")
    captured.run('DELETE FROM "Part 1"')
    captured.run("DELETE FROM part_2")
    assert captured.brief() == [f"DELETE account {one}" for one in (1, 2, 4, 5)]
    captured.run("SET xmlbinary TO hex")
    captured.run("INSERT INTO rest (name) VALUES ('theirs')")
    captured.run("UPDATE account SET phone = '1'")
    captured.run("DELETE FROM account")
    assert captured.brief() == []


def test_rows_that_move_to_another_partition(partitioned: Captured) -> None:
    """To Postgres it is a delete and an insert; to Salesforce the record has changed."""
    captured = partitioned
    captured.run(
        "INSERT INTO account (name, phone, sfid) VALUES ('a', '1', '001a'), ('b', '2', '001b'), "
        "('c', '1', NULL)"
    )
    captured.settle()
    captured.run("UPDATE account SET phone = 'rest', name = name || '!' WHERE id < 3")
    assert captured.taken() == [
        ("UPDATE", "account", 1, {"name": "a!", "phone": "rest"}),
        ("UPDATE", "account", 2, {"name": "b!", "phone": "rest"}),
    ]
    assert captured.marks() == {1: "PENDING", 2: "PENDING", 3: "SYNCED"}
    captured.run("UPDATE account SET phone = '2' WHERE id = 1")
    captured.run("UPDATE account SET phone = '1' WHERE id = 1")
    captured.run("DELETE FROM account WHERE id = 1")
    captured.run("INSERT INTO account (id, name) VALUES (1, 'new')")
    assert captured.brief() == [
        "UPDATE account 1 phone", "UPDATE account 1 phone", "DELETE account 1", "INSERT account 1",
    ]  # fmt: skip
    with captured.session.transaction():
        captured.run("UPDATE account SET phone = '2' WHERE id = 3")
        captured.run("DELETE FROM account WHERE id = 3")
        captured.run("INSERT INTO account (id, name, phone) VALUES (3, 'again', '1')")
    assert captured.brief() == [
        "UPDATE account 3 phone", "DELETE account 3", "INSERT account 3",
    ]  # fmt: skip
