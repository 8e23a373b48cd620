"""What changes in Salesforce reaches the tables, and never overwrites what has not been sent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from support.world import CONFIG, World, describes

from connectsql.agent.reader import Loading
from connectsql.agent.stop import Stop
from connectsql.agent.supervisor import Agent
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.database.apply import apply
from connectsql.database.connection import connect
from connectsql.errors import NotInstalled


def account(world: World, **values: object) -> str:
    answer = world.call("POST", "sobjects/Account", values)
    return str(answer["id"])


def test_the_initial_load_brings_every_record_and_value(world: World) -> None:
    sfid = account(world, Name="Ünïcode \\N 'quoted'\t\n", AnnualRevenue=1234567890123.45)
    world.call("POST", "sobjects/Contact", {"LastName": "Bo", "AccountId": sfid})
    summary = world.once()
    assert summary.problems == {}
    assert world.rows("SELECT sfid, name, annualrevenue, _hc_lastop FROM salesforce.account") == [
        (sfid, "Ünïcode \\N 'quoted'", Decimal("1234567890123.45"), "SYNCED")
    ]
    assert world.rows("SELECT name, accountid FROM salesforce.contact") == [("Bo", sfid)]


def test_changes_and_deletes_arrive_by_polling(world: World) -> None:
    keep, drop = account(world, Name="keep"), account(world, Name="drop")
    world.once()
    assert len(world.rows("SELECT 1 FROM salesforce.account")) == 2
    world.call("PATCH", f"sobjects/Account/{keep}", {"Phone": "123"})
    world.call("DELETE", f"sobjects/Account/{drop}")
    account(world, Name="new")
    world.once()
    assert world.rows("SELECT name, phone FROM salesforce.account ORDER BY name") == [
        ("keep", "123"),
        ("new", None),
    ]
    assert world.log() == []


def test_a_second_poll_changes_nothing_and_takes_no_ids(world: World) -> None:
    account(world, Name="a")
    world.once()
    before = world.rows("SELECT xmin::text, ctid::text FROM salesforce.account")
    assert world.once().received == 0
    assert world.rows("SELECT xmin::text, ctid::text FROM salesforce.account") == before
    account(world, Name="b")
    world.once()
    assert world.rows("SELECT id FROM salesforce.account ORDER BY id") == [(1,), (2,)]


def test_our_own_write_comes_back_as_no_change(world: World) -> None:
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('a', 'x')")
    world.once()
    before = world.rows("SELECT xmin::text FROM salesforce.account")
    assert world.once().received == 0
    assert world.rows("SELECT xmin::text FROM salesforce.account") == before


def test_an_incoming_record_finds_the_row_with_its_external_id(world: World) -> None:
    sfid = account(world, Name="theirs", ExternalId__c="x")
    world.sql.execute("SET xmlbinary TO hex")
    world.sql.execute("INSERT INTO salesforce.account (name, externalid__c) VALUES ('ours', 'x')")
    world.sql.execute("SET xmlbinary TO base64")
    world.once()
    assert world.rows("SELECT id, sfid, name FROM salesforce.account") == [(1, sfid, "theirs")]


def test_a_row_deleted_here_is_not_brought_back(world: World) -> None:
    account(world, Name="a")
    world.once()
    world.sql.execute("DELETE FROM salesforce.account")
    with world.reader() as found:
        found.read(world.desired.by_name["account"])
    assert world.rows("SELECT 1 FROM salesforce.account") == []
    world.once()
    assert world.records("SELECT Id FROM Account") == []
    assert world.rows("SELECT 1 FROM salesforce.account") == []


def test_an_unsent_change_is_not_overwritten(world: World) -> None:
    sfid = account(world, Name="a", Phone="1")
    world.once()
    world.sql.execute("UPDATE salesforce.account SET phone = '2'")
    world.call("PATCH", f"sobjects/Account/{sfid}", {"Phone": "3"})
    with world.reader() as found:
        found.read(world.desired.by_name["account"])
    assert world.rows("SELECT phone, _hc_lastop FROM salesforce.account") == [("2", "PENDING")]
    world.once()
    assert world.rows("SELECT phone, _hc_lastop FROM salesforce.account") == [("2", "SYNCED")]
    assert world.records("SELECT Phone FROM Account") == [{"Phone": "2"}]


def test_a_refused_change_stays_in_sight_until_the_record_changes_there(world: World) -> None:
    sfid = account(world, Name="a")
    world.once()
    world.sql.execute("UPDATE salesforce.account SET name = NULL")
    world.once()
    world.once()
    [(name, lastop, err)] = world.rows("SELECT name, _hc_lastop, _hc_err FROM salesforce.account")
    assert (name, lastop) == (None, "FAILED")
    assert "REQUIRED_FIELD_MISSING" in err
    # The stamp has whole seconds: moved by hand, so that the test need not wait for one.
    world.sql.execute("SET xmlbinary TO hex")
    world.sql.execute("UPDATE salesforce.account SET systemmodstamp = '2020-01-01'")
    world.sql.execute("SET xmlbinary TO base64")
    world.call("PATCH", f"sobjects/Account/{sfid}", {"Phone": "9"})
    world.once()
    assert world.rows("SELECT name, phone, _hc_lastop, _hc_err FROM salesforce.account") == [
        ("a", "9", "SYNCED", None)
    ]


def test_an_interrupted_load_goes_on_where_it_was(world: World) -> None:
    for number in range(3):
        account(world, Name=f"a{number}")
    first, *_ = world.records("SELECT Id FROM Account ORDER BY Id")
    world.rows(
        "INSERT INTO connectsql.mapping (schema_name, table_name, load_started, loaded_up_to) "
        "VALUES ('salesforce', 'account', now(), %s) RETURNING 1",
        first["Id"],
    )
    seen: list[Loading] = []
    with world.reader(seen) as found:
        assert found.read(world.desired.by_name["account"]).loaded
    assert [one.total for one in seen] == [2]


def test_an_agent_ends_where_another_config_is_applied(world: World, tmp_path: Path) -> None:
    """Its load lacks what the other config asks for, and must not count."""
    account(world, Name="a", Fax="1")
    path = tmp_path / "other.yaml"
    path.write_text(CONFIG.replace("[Name, Phone,", "[Name, Phone, Fax,"))
    other = resolve(load(path), describes(world.session, load(path))).desired

    def meanwhile(_: Loading) -> None:
        with connect(world.database) as connection:
            apply(connection, other)

    stop = Stop()
    agent = Agent(
        world.config, world.desired, world.database, world.session, stop, on_loading=meanwhile
    )
    with pytest.raises(NotInstalled, match="was applied from another config"):
        agent.run()
    stop.close()
    assert world.rows("SELECT loaded_at FROM connectsql.mapping") == [(None,)]
    world.desired = other
    world.once()
    assert world.rows("SELECT fax FROM salesforce.account") == [("1",)]


def test_a_table_that_cannot_be_read_does_not_stop_the_others(world: World) -> None:
    account(world, Name="a")
    world.call("POST", "sobjects/Contact", {"LastName": "Bo"})
    world.control(
        "POST", "faults",
        [{"method": "GET", "path": ".*query.*FROM%20Account.*|.*query.*FROM\\+Account.*",
          "every": 1, "action": "error", "status": 400, "errorCode": "INVALID_FIELD",
          "message": "No such column 'Phone' on entity 'Account'"}],
    )  # fmt: skip
    summary = world.once()
    assert list(summary.problems) == ["account"]
    assert "No such column 'Phone'" in summary.problems["account"]
    assert world.rows("SELECT name FROM salesforce.contact") == [("Bo",)]
    [(problem,)] = world.rows("SELECT problem FROM connectsql.mapping WHERE table_name = 'account'")
    assert "No such column 'Phone'" in problem
