"""Applications' own triggers on mapped tables: whatever they do is in the log, too."""

from __future__ import annotations

import pytest
from support.capture import Captured

pytestmark = pytest.mark.every_postgres
FIRST, LAST = "a_first", "zz_last"
names = pytest.mark.parametrize("name", [FIRST, LAST])


def trigger(captured: Captured, name: str, when: str, body: str, table: str = "account") -> None:
    """Make a trigger of an application; it fires for each row."""
    function = f"public.{name}_{table}"
    captured.run(
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {body} END $$;"
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
    )


def of_record(captured: Captured, record: int, table: str = "account") -> list[str]:
    """Take the log, and return what happened to one record."""
    return [one for one in captured.brief() if one.split()[1:3] == [table, str(record)]]


@names
def test_a_trigger_before_changes_what_is_written(captured: Captured, name: str) -> None:
    trigger(captured, name, "BEFORE INSERT OR UPDATE", "NEW.phone := upper(NEW.name); RETURN NEW;")
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b')")
    captured.taken()
    captured.run("UPDATE account SET name = 'c' WHERE id = 1")
    assert captured.taken() == [("UPDATE", "account", 1, {"name": "c", "phone": "C"})]
    captured.run("UPDATE account SET revenue__c = 1, phone = 'lost'")
    assert sorted(captured.brief()) == [
        "UPDATE account 1 revenue__c", "UPDATE account 2 revenue__c",
    ]  # fmt: skip


@names
def test_a_trigger_before_undoes_what_is_written(captured: Captured, name: str) -> None:
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b')")
    captured.settle()
    trigger(captured, name, "BEFORE UPDATE", "NEW.name := OLD.name; RETURN NEW;")
    captured.run("UPDATE account SET name = 'c'")
    captured.run("UPDATE account SET name = 'c' WHERE id = 1")
    assert captured.log() == []


@names
def test_a_trigger_before_keeps_rows_from_being_written(captured: Captured, name: str) -> None:
    skip = "IF coalesce(NEW.name, OLD.name) ~ 'skip' THEN RETURN NULL; END IF;"
    trigger(captured, name, "BEFORE INSERT OR UPDATE", f"{skip} RETURN NEW;")
    captured.run("INSERT INTO account (name) VALUES ('a'), ('skip'), ('b')")
    captured.run("UPDATE account SET name = CASE id WHEN 1 THEN 'skip' ELSE 'c' END")
    assert captured.brief() == ["INSERT account 1", "INSERT account 3", "UPDATE account 3 name"]
    trigger(captured, f"{name}_delete", "BEFORE DELETE", "RETURN NULL;")
    captured.run("DELETE FROM account")
    assert captured.brief() == []


@names
def test_a_trigger_after_updates_its_own_row(captured: Captured, name: str) -> None:
    trigger(
        captured, name, "AFTER INSERT OR UPDATE",
        "IF pg_trigger_depth() = 1 THEN "
        "UPDATE salesforce.account SET phone = NEW.name WHERE id = NEW.id; END IF; RETURN NULL;",
    )  # fmt: skip
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b')")
    for record in (1, 2):
        captured.run("SAVEPOINT s")
        found = of_record(captured, record)
        captured.run("ROLLBACK TO s")
        assert sorted(found) == [f"INSERT account {record}", f"UPDATE account {record} phone"]
        if captured.level == "full" or (captured.level == "ordered" and name == LAST):
            assert found[0] == f"INSERT account {record}"
    captured.taken()
    captured.run("UPDATE account SET name = 'c'")
    log = captured.taken()
    for record in (1, 2):
        made = [values for _, _, one, values in log if one == record]
        assert sorted(made, key=str) == [{"name": "c"}, {"phone": "c"}]
        if captured.level == "changes" or name == LAST:
            assert {name for values in made for name in values or {}} == {"name", "phone"}


@names
def test_a_trigger_after_writes_to_another_mapped_table(captured: Captured, name: str) -> None:
    trigger(
        captured, name, "AFTER INSERT OR UPDATE OR DELETE",
        "IF TG_OP = 'INSERT' THEN INSERT INTO salesforce.contact (lastname, accountid) "
        "VALUES (NEW.name, NEW.id::text); "
        "ELSIF TG_OP = 'UPDATE' THEN UPDATE salesforce.contact SET lastname = NEW.name "
        "WHERE accountid = NEW.id::text; "
        "ELSE DELETE FROM salesforce.contact WHERE accountid = OLD.id::text; END IF; RETURN NULL;",
    )  # fmt: skip
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b')")
    assert sorted(captured.brief()) == [
        "INSERT account 1", "INSERT account 2", "INSERT contact 1", "INSERT contact 2",
    ]  # fmt: skip
    captured.run("UPDATE account SET name = name || '2'")
    assert sorted(captured.brief()) == [
        "UPDATE account 1 name", "UPDATE account 2 name",
        "UPDATE contact 1 lastname", "UPDATE contact 2 lastname",
    ]  # fmt: skip
    captured.run("DELETE FROM account")
    assert sorted(captured.brief()) == [
        "DELETE account 1", "DELETE account 2", "DELETE contact 1", "DELETE contact 2",
    ]  # fmt: skip


@pytest.mark.parametrize("when", ["BEFORE UPDATE", "AFTER UPDATE"])
@names
def test_ids_that_change_while_a_trigger_writes_elsewhere(
    captured: Captured, name: str, when: str
) -> None:
    """What notes that ids change must reach the table that it is about."""
    trigger(
        captured, name, when,
        "UPDATE salesforce.contact SET lastname = NEW.name; "
        "IF pg_trigger_depth() = 1 AND TG_WHEN = 'AFTER' THEN "
        "UPDATE salesforce.account SET phone = 'x' WHERE id = 3; END IF; RETURN NEW;",
    )  # fmt: skip
    captured.run("INSERT INTO contact (lastname) VALUES ('c')")
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b'), ('c')")
    captured.run("UPDATE account SET id = id + 100, name = name || '!' WHERE id < 3")
    log = [one for one in captured.taken() if one[1] == "account"]
    assert {record for _, _, record, _ in log} == {101, 102, 3}
    for record, called in ((101, "a!"), (102, "b!")):
        changes = [values for action, _, one, values in log if one == record and action == "UPDATE"]
        assert [(one or {}).get("name") for one in changes] == [called]


def test_a_trigger_changes_the_id(captured: Captured) -> None:
    trigger(
        captured, FIRST, "BEFORE UPDATE",
        "IF NEW.name ~ 'move' THEN NEW.id := NEW.id + 100; END IF; RETURN NEW;",
    )  # fmt: skip
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b'), ('c')")
    captured.run("UPDATE account SET name = 'move' WHERE id < 3")
    assert sorted(set(captured.brief()) - {"UPDATE account 101 id", "UPDATE account 102 id"}) == [
        "INSERT account 101", "INSERT account 102", "INSERT account 3",
        *(f"UPDATE account {one} " + ("id name" if captured.level == "full" else "name")
          for one in (101, 102)),
    ]  # fmt: skip


@names
def test_a_trigger_sends_what_the_sync_brought(captured: Captured, name: str) -> None:
    """Heroku Connect's documented way: base64 for one statement, then back."""
    trigger(
        captured, name, "AFTER INSERT OR UPDATE",
        "IF public.get_xmlbinary() = 'hex' THEN "
        "SET LOCAL xmlbinary TO base64; "
        "UPDATE salesforce.account SET phone = 'sent' WHERE id = NEW.id; "
        "INSERT INTO salesforce.contact (lastname) VALUES (NEW.name); "
        "SET LOCAL xmlbinary TO hex; END IF; RETURN NULL;",
    )  # fmt: skip
    captured.run("SET LOCAL xmlbinary TO hex; INSERT INTO account (name) VALUES ('a'), ('b')")
    assert sorted(captured.brief()) == [
        "INSERT contact 1", "INSERT contact 2", "UPDATE account 1 phone", "UPDATE account 2 phone",
    ]  # fmt: skip
    assert set(captured.marks().values()) == {"PENDING"}
    captured.run("UPDATE account SET name = 'c', phone = NULL")
    assert sorted(captured.brief()) == [
        "INSERT contact 3", "INSERT contact 4", "UPDATE account 1 phone", "UPDATE account 2 phone",
    ]  # fmt: skip


@names
def test_a_trigger_writes_without_being_captured(captured: Captured, name: str) -> None:
    for when in ("BEFORE", "AFTER"):
        trigger(
            captured, f"{name}_{when}", f"{when} INSERT OR UPDATE",
            "SET LOCAL xmlbinary TO hex; "
            "INSERT INTO salesforce.contact (lastname) VALUES (NEW.name); "
            "SET LOCAL xmlbinary TO base64; RETURN NEW;",
        )  # fmt: skip
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b')")
    captured.run("UPDATE account SET phone = '1'")
    assert captured.one("SELECT count(*) FROM contact WHERE _hc_lastop = 'SYNCED'") == 8
    assert captured.brief() == [
        "INSERT account 1", "INSERT account 2", "UPDATE account 1 phone", "UPDATE account 2 phone",
    ]  # fmt: skip


def test_a_trigger_at_the_end_of_the_transaction(captured: Captured) -> None:
    captured.run(
        "CREATE FUNCTION public.later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE salesforce.account SET phone = 'late' WHERE id = NEW.id; RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER later AFTER INSERT ON account DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION public.later()"
    )
    captured.run("INSERT INTO account (name) VALUES ('a'), ('b')")
    captured.run("UPDATE account SET phone = 'early' WHERE id = 1")
    captured.run("SET CONSTRAINTS ALL IMMEDIATE")
    assert captured.taken()[2:] == [
        ("UPDATE", "account", 1, {"phone": "early"}),
        ("UPDATE", "account", 1, {"phone": "late"}), ("UPDATE", "account", 2, {"phone": "late"}),
    ]  # fmt: skip


def test_triggers_for_one_side_only(captured: Captured) -> None:
    captured.run(
        "CREATE TABLE public.seen (whose text, name text);"
        "CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO public.seen VALUES (TG_ARGV[0], NEW.name); RETURN NULL; END $$;"
        "CREATE TRIGGER ours AFTER INSERT ON account FOR EACH ROW "
        "WHEN (public.get_xmlbinary()::text = 'base64') EXECUTE FUNCTION public.see('application');"
        "CREATE TRIGGER theirs AFTER INSERT ON account FOR EACH ROW "
        "WHEN (public.get_xmlbinary()::text != 'base64') EXECUTE FUNCTION public.see('sync')"
    )
    captured.run("INSERT INTO account (name) VALUES ('a')")
    captured.run("SET LOCAL xmlbinary TO hex; INSERT INTO account (name) VALUES ('b')")
    assert captured.run("TABLE seen") == [("application", "a"), ("sync", "b")]


def test_get_xmlbinary(captured: Captured) -> None:
    assert captured.run(
        "SELECT pronamespace::regnamespace::text, pg_get_function_result(oid), "
        "pg_get_function_arguments(oid) FROM pg_proc WHERE proname = 'get_xmlbinary'"
    ) == [("public", "character varying", "")]
    for written, told in (("DEFAULT", "base64"), ("HEX", "hex"), ("'Base64'", "base64")):
        captured.run(f"SET xmlbinary TO {written}")
        assert captured.one("SELECT get_xmlbinary()") == told
    captured.run("PREPARE told AS SELECT public.get_xmlbinary()")
    for _ in range(7):
        for told in ("hex", "base64"):
            captured.run(f"SET xmlbinary TO {told}")
            assert captured.one("EXECUTE told") == told
