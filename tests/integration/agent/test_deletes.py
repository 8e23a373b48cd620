"""What a config makes of deletes on either side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.world import World
from support.world import world as build

CONFIG = """
mappings:
  - object: Account
    access: read_write
    fields: [{field: Name, column: "Odd Title"}, Phone, {field: Site, access: read_only}, IsDeleted]
    SETTING
"""
Start = Callable[..., World]


@pytest.fixture
def start(database: str, tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def begin(*settings: str) -> World:
            text = CONFIG.replace("SETTING", "\n    ".join(settings))
            return stack.enter_context(build(database, tmp_path, text))

        yield begin


def accounts(world: World) -> list[tuple[object, ...]]:
    return world.rows('SELECT "Odd Title", phone, isdeleted FROM salesforce.account ORDER BY id')


def test_a_deleted_record_can_stay_as_a_row_until_it_is_restored(start: Start) -> None:
    world = start("remote_deletes: keep")
    sfid = world.call("POST", "sobjects/Account", {"Name": "a", "Phone": "1"})["id"]
    gone = world.call("POST", "sobjects/Account", {"Name": "b"})["id"]
    world.call("DELETE", f"sobjects/Account/{gone}")
    world.once()
    assert accounts(world) == [("a", "1", False)]
    world.call("DELETE", f"sobjects/Account/{sfid}")
    world.once()
    assert accounts(world) == [("a", "1", True)]
    assert world.once().received == 0
    assert world.log() == []


def test_a_write_to_a_row_whose_record_is_deleted_says_so(start: Start) -> None:
    world = start("remote_deletes: keep")
    sfid = world.call("POST", "sobjects/Account", {"Name": "a"})["id"]
    world.once()
    world.call("DELETE", f"sobjects/Account/{sfid}")
    world.once()
    world.sql.execute("UPDATE salesforce.account SET phone = '2'")
    world.once()
    [(state, error)] = world.rows("SELECT _hc_lastop, _hc_err FROM salesforce.account")
    assert state == "FAILED"
    assert "ENTITY_IS_DELETED" in str(error)


@pytest.mark.parametrize("log", ["changes", "full"])
def test_a_row_deleted_here_can_leave_its_record_alone(start: Start, log: str) -> None:
    world = start("local_deletes: ignore", f"log: {log}")
    sfid = world.call("POST", "sobjects/Account", {"Name": "a"})["id"]
    world.once()
    world.sql.execute("DELETE FROM salesforce.account")
    world.sql.execute("""INSERT INTO salesforce.account ("Odd Title") VALUES ('unsent')""")
    world.sql.execute("DELETE FROM salesforce.account")
    world.once()
    assert "DELETE" not in [action for _, action, _ in world.log()]
    assert sfid in [record["Id"] for record in world.records("SELECT Id FROM Account")]
    world.call("PATCH", f"sobjects/Account/{sfid}", {"Phone": "3"})
    world.once()
    assert ("a", "3", False) in accounts(world)


@pytest.mark.parametrize("log", ["changes", "full"])
def test_renamed_and_read_only_columns_go_both_ways(start: Start, log: str) -> None:
    world = start(f"log: {log}")
    world.sql.execute(
        """INSERT INTO salesforce.account ("Odd Title", phone, site) VALUES ('t', '1', 'mine')"""
    )
    world.once()
    [record] = world.records("SELECT Id, Name, Phone, Site FROM Account")
    assert (record["Name"], record["Phone"], record["Site"]) == ("t", "1", None)
    world.sql.execute("""UPDATE salesforce.account SET "Odd Title" = 'u', site = 'mine'""")
    world.once()
    [record] = world.records("SELECT Id, Name, Site FROM Account")
    assert (record["Name"], record["Site"]) == ("u", None)
    world.call("PATCH", f"sobjects/Account/{record['Id']}", {"Name": "v", "Site": "theirs"})
    world.once()
    assert world.rows('SELECT "Odd Title", site, _hc_lastop FROM salesforce.account') == [
        ("v", "theirs", "SYNCED")
    ]
