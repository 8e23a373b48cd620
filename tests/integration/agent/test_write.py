"""What applications write reaches Salesforce, and what it made of it comes back at once."""

from __future__ import annotations

from decimal import Decimal

from support.world import World


def test_an_insert_comes_back_with_sfid_and_what_salesforce_computed(world: World) -> None:
    world.sql.execute(
        "INSERT INTO salesforce.account (name, annualrevenue, externalid__c) "
        "VALUES ('Acme', 1234.56, 'a1')"
    )
    world.once()
    [(sfid, owner, created, modified, lastop, err)] = world.rows(
        "SELECT sfid, ownerid, createddate, systemmodstamp, _hc_lastop, _hc_err "
        "FROM salesforce.account"
    )
    assert (lastop, err) == ("SYNCED", None)
    assert owner.startswith("005")
    assert created is not None
    assert created == modified
    records = world.records("SELECT Id, Name, AnnualRevenue, ExternalId__c FROM Account")
    assert records == [
        {
            "Id": sfid,
            "Name": "Acme",
            "AnnualRevenue": Decimal("1234.56"),
            "ExternalId__c": "a1",
        }
    ]
    assert world.log() == [("INSERT", "SUCCESS", None)]


def test_parent_and_children_of_one_transaction(world: World) -> None:
    with world.sql.transaction():
        world.sql.execute(
            "INSERT INTO salesforce.contact (lastname, account__externalid__c, externalid__c) "
            "VALUES ('Early', 'a1', 'c0')"
        )
        world.sql.execute(
            "INSERT INTO salesforce.account (name, externalid__c) VALUES ('Acme', 'a1')"
        )
        world.sql.execute(
            "INSERT INTO salesforce.contact (firstname, lastname, account__externalid__c, "
            "externalid__c) VALUES ('Ada', 'Late', 'a1', 'c1')"
        )
    world.once()
    assert world.rows(
        "SELECT c.name, c.account__externalid__c FROM salesforce.contact AS c "
        "JOIN salesforce.account AS a ON a.sfid = c.accountid ORDER BY c.id"
    ) == [("Early", "a1"), ("Ada Late", "a1")]
    assert {state for _, state, _ in world.log()} == {"SUCCESS"}


def test_a_checkbox_without_a_value_is_not_ticked(world: World) -> None:
    world.sql.execute(
        "INSERT INTO salesforce.contact (lastname, donotcall, externalid__c) "
        "VALUES ('a', true, 'a'), ('b', NULL, 'b')"
    )
    world.once()
    assert world.rows("SELECT donotcall FROM salesforce.contact ORDER BY id") == [(True,), (False,)]
    world.sql.execute("UPDATE salesforce.contact SET donotcall = NULL")
    world.once()
    assert {state for _, state, _ in world.log()} == {"SUCCESS"}
    assert world.rows("SELECT donotcall FROM salesforce.contact") == [(False,), (False,)]


def test_update_and_delete(world: World) -> None:
    world.sql.execute(
        "INSERT INTO salesforce.account (name, phone, externalid__c) "
        "VALUES ('keep', '1', 'k'), ('drop', '2', 'd')"
    )
    world.once()
    world.sql.execute(
        "UPDATE salesforce.account SET phone = NULL, name = 'kept' WHERE name = 'keep'"
    )
    world.sql.execute("DELETE FROM salesforce.account WHERE name = 'drop'")
    world.once()
    assert world.records("SELECT Name, Phone FROM Account") == [{"Name": "kept", "Phone": None}]
    assert world.rows("SELECT name, phone, _hc_lastop FROM salesforce.account") == [
        ("kept", None, "SYNCED")
    ]
    assert [entry[:2] for entry in world.log()] == [
        ("INSERT", "SUCCESS"),
        ("INSERT", "SUCCESS"),
        ("UPDATE", "SUCCESS"),
        ("DELETE", "SUCCESS"),
    ]


def test_what_waits_together_is_sent_once(world: World) -> None:
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')")
    world.sql.execute("UPDATE salesforce.account SET name = 'b'")
    world.sql.execute("UPDATE salesforce.account SET phone = '1'")
    world.control("DELETE", "calls")
    world.once()
    assert world.records("SELECT Name, Phone FROM Account") == [{"Name": "b", "Phone": "1"}]
    writes = [c for c in world.control("GET", "calls")["calls"] if c["method"] == "PATCH"]
    assert len(writes) == 1
    assert world.log() == [
        ("INSERT", "MERGED", None),
        ("UPDATE", "MERGED", None),
        ("UPDATE", "SUCCESS", None),
    ]


def test_a_row_made_and_deleted_before_it_was_sent_is_nobodys_business(world: World) -> None:
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')")
    world.sql.execute("DELETE FROM salesforce.account")
    world.once()
    assert world.records("SELECT Id FROM Account", deleted=True) == []
    assert [entry[:2] for entry in world.log()] == [("INSERT", "IGNORED"), ("DELETE", "IGNORE")]


def test_a_refused_row_says_why_and_holds_back_no_other(world: World) -> None:
    world.sql.execute(
        "INSERT INTO salesforce.contact (lastname, email, externalid__c) "
        "VALUES ('Bad', 'no mail', 'c1'), ('Good', 'a@example.com', 'c2')"
    )
    world.once()
    [bad, good] = world.rows(
        "SELECT sfid IS NULL, _hc_lastop, _hc_err FROM salesforce.contact ORDER BY id"
    )
    assert bad[:2] == (True, "FAILED")
    assert bad[2].startswith("INVALID_EMAIL_ADDRESS: ")
    assert good == (False, "SYNCED", None)
    assert [(state, message) for _, state, message in world.log()] == [
        ("FAILED", bad[2]),
        ("SUCCESS", None),
    ]


def test_mending_a_refused_insert_sends_the_whole_row(world: World) -> None:
    world.sql.execute(
        "INSERT INTO salesforce.contact (lastname, email, externalid__c) VALUES ('B', 'bad', 'c')"
    )
    world.once()
    world.sql.execute("UPDATE salesforce.contact SET email = 'b@example.com'")
    world.once()
    assert world.records("SELECT LastName, Email FROM Contact") == [
        {"LastName": "B", "Email": "b@example.com"}
    ]
    assert world.rows("SELECT _hc_lastop, _hc_err FROM salesforce.contact") == [("SYNCED", None)]


def test_a_value_without_a_form_in_salesforce_is_refused_here(world: World) -> None:
    world.sql.execute("ALTER TABLE salesforce.account ALTER COLUMN annualrevenue TYPE numeric")
    world.sql.execute(
        "INSERT INTO salesforce.account (name, annualrevenue, externalid__c) "
        "VALUES ('a', 'NaN', 'x'), ('b', 1, 'y')"
    )
    world.once()
    assert world.rows("SELECT name, _hc_lastop, _hc_err FROM salesforce.account ORDER BY name") == [
        ("a", "FAILED", "annualrevenue holds a value that Salesforce has no form for"),
        ("b", "SYNCED", None),
    ]


def test_an_upsert_adopts_a_record_that_is_there(world: World) -> None:
    made = world.call("POST", "sobjects/Account", {"Name": "there", "ExternalId__c": "x"})
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('here', 'x')")
    world.once()
    assert world.rows("SELECT sfid, name FROM salesforce.account") == [(made["id"], "here")]
    assert world.records("SELECT Name FROM Account") == [{"Name": "here"}]


def test_two_rows_cannot_be_one_record(world: World) -> None:
    # Salesforce compares external ids without regard to case, Postgres does not.
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('first', 'x')")
    world.once()
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('second', 'X')")
    world.once()
    [(_, first), (_, second)] = world.rows("SELECT id, _hc_err FROM salesforce.account ORDER BY id")
    assert first is None
    assert second.endswith("is another row of account already")


def test_state_edits_send_a_refused_entry_again(world: World) -> None:
    world.control(
        "POST", "faults",
        [{"method": "PATCH", "path": ".*composite/sobjects/Account.*", "nth": 1,
          "action": "row_error", "index": 0, "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
          "message": "not today"}],
    )  # fmt: skip
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')")
    world.once()
    [(_, state, message)] = world.log()
    assert (state, message) == ("FAILED", "FIELD_CUSTOM_VALIDATION_EXCEPTION: not today")
    world.sql.execute("UPDATE salesforce._trigger_log SET state = 'NEW'")
    world.once()
    assert world.log() == [("INSERT", "SUCCESS", None)]
    assert world.rows("SELECT _hc_lastop, _hc_err FROM salesforce.account") == [("SYNCED", None)]
