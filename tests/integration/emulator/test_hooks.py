"""What a hooks file declares happens when records are saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from connectsql.emulator import Automation, Options, RunningOrg, start_in_thread
from connectsql.errors import EmulatorError
from tests.integration.emulator.conftest import Client

Teach = Callable[[Automation], Client]


@pytest.fixture
def teach() -> Iterator[Teach]:
    """Serve an org with an automation; returns a client of it."""
    opened: list[tuple[RunningOrg, Client]] = []

    def start(automation: Automation) -> Client:
        running = start_in_thread(Options(automation=automation))
        opened.append((running, Client(running)))
        return opened[-1][1]

    yield start
    for running, client in opened:
        client.close()
        running.stop()


def test_validation_refuses_with_its_message_and_field(teach: Teach) -> None:
    automation = Automation()

    @automation.validation("Account")
    def no_x(record: Any, before: Any) -> Any:
        return ("No X here", "Name") if "X" in record["Name"] else None

    client = teach(automation)
    error = client.row_error("Account", Name="X")
    assert error == {
        "message": "No X here",
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "fields": ["Name"],
    }
    assert client.query("SELECT Id FROM Account") == []


def test_all_broken_rules_are_told(teach: Teach) -> None:
    automation = Automation()
    automation.validation("Account")(lambda record, before: "one")
    automation.validation("Account")(lambda record, before: ("two", "Name"))
    client = teach(automation)
    answer = client.call("POST", "sobjects/Account", json={"Name": "A"})
    assert [(one["message"], one["fields"]) for one in answer.json()] == [
        ("one", []),
        ("two", ["Name"]),
    ]
    (row,) = client.collection("POST", "", [{"attributes": {"type": "Account"}, "Name": "A"}])
    assert [one["message"] for one in row["errors"]] == ["one", "two"]


def test_validation_sees_the_record_before_an_update(teach: Teach) -> None:
    automation = Automation()

    @automation.validation("Account")
    def name_stays(record: Any, before: Any) -> str | None:
        return "stays" if before and before["Name"] != record["Name"] else None

    client = teach(automation)
    account = client.create("Account", Name="A")
    assert (
        client.call("PATCH", f"sobjects/Account/{account}", json={"Name": "B"}).status_code == 400
    )
    changed = client.call("PATCH", f"sobjects/Account/{account}", json={"Phone": "1"})
    assert changed.status_code == 204


def test_before_save_changes_the_record(teach: Teach) -> None:
    automation = Automation()

    @automation.before_save("Contact")
    def tidy(record: Any, before: Any) -> None:
        record["LastName"] = record["LastName"].upper()
        record["Title"] = "new" if before is None else "old"

    client = teach(automation)
    contact = client.create("Contact", FirstName="Ada", LastName="Byron")
    query = "SELECT Name, Title FROM Contact"
    assert [(one["Name"], one["Title"]) for one in client.query(query)] == [("Ada BYRON", "new")]
    client.call("PATCH", f"sobjects/Contact/{contact}", json={"LastName": "King"})
    assert [(one["Name"], one["Title"]) for one in client.query(query)] == [("Ada KING", "old")]


def test_what_before_save_writes_is_checked(teach: Teach) -> None:
    automation = Automation()

    @automation.before_save("Contact")
    def too_long(record: Any, before: Any) -> None:
        record["LastName"] = "x" * 81

    error = teach(automation).row_error("Contact", LastName="Byron")
    assert error["errorCode"] == "STRING_TOO_LONG"


def test_after_save_writes_other_records(teach: Teach) -> None:
    automation = Automation()

    @automation.after_save("Account")
    def contact(record: Any, before: Any, org: Any) -> None:
        if before is None:
            org.create("Contact", {"LastName": record["Name"], "AccountId": record["Id"]})
        for one in org.find("Contact", "AccountId", record["Id"]):
            org.update(one["Id"], {"Title": record["Phone"]})

    client = teach(automation)
    account = client.create("Account", Name="Acme")
    client.call("PATCH", f"sobjects/Account/{account}", json={"Phone": "7"})
    (found,) = client.query("SELECT LastName, Title, Account.Name FROM Contact")
    assert (found["LastName"], found["Title"]) == ("Acme", "7")


def test_failing_trigger_undoes_its_row_alone(teach: Teach) -> None:
    automation = Automation()

    @automation.after_save("Account")
    def fails(record: Any, before: Any, org: Any) -> None:
        org.create("Contact", {"LastName": record["Name"]})
        if record["Name"] == "bad":
            raise ValueError("no luck")

    client = teach(automation)
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("A", "bad", "B")]
    rows = client.collection("POST", "", records)
    assert [row["success"] for row in rows] == [True, False, True]
    (error,) = rows[1]["errors"]
    assert error["statusCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert error["message"].startswith(
        "fails: execution of AfterInsert\n\ncaused by: ValueError: no luck\n\nTrigger.fails: line"
    )
    assert client.names("SELECT Name FROM Account ORDER BY Name") == ["A", "B"]
    assert client.names("SELECT Name FROM Contact ORDER BY Name") == ["A", "B"]


def test_refusal_within_a_trigger_is_its_failure(teach: Teach) -> None:
    automation = Automation()

    @automation.after_save("Account")
    def nameless(record: Any, before: Any, org: Any) -> None:
        org.create("Contact", {"FirstName": "Ada"})

    error = teach(automation).row_error("Account", Name="A")
    assert "REQUIRED_FIELD_MISSING, Required fields are missing: [LastName]" in error["message"]


def test_recursion_ends(teach: Teach) -> None:
    automation = Automation()

    @automation.after_save("Account")
    def again(record: Any, before: Any, org: Any) -> None:
        org.create("Account", {"Name": "more"})

    client = teach(automation)
    error = client.row_error("Account", Name="A")
    assert "maximum trigger depth exceeded" in error["message"]
    assert client.query("SELECT Id FROM Account") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("automation = (", r"hooks\.py:1: "),
        ("x = 1\nraise ValueError('no')", r"hooks\.py:2: ValueError: no"),
        ("x = 1", r"has no Automation"),
        (
            "from connectsql.emulator import Automation\nautomation = Automation()\n"
            "automation.validation('Foo')(lambda record, before: None)",
            r"hooks\.py:3: the org has no object Foo",
        ),
        (
            "from connectsql.emulator import Automation\nautomation = Automation()\n"
            "automation.formula('Account', 'Name', 'Foo + 1')",
            r"hooks\.py:3: formula of Name: Account has no field Foo",
        ),
        (
            "from connectsql.emulator import Automation\nautomation = Automation()\n"
            "automation.rollup('Account', 'Phone', child='Contact', lookup='OwnerId')",
            r"hooks\.py:3: Contact\.OwnerId leads to no Account",
        ),
    ],
)
def test_wrong_hooks_file_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "hooks.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(EmulatorError, match=message):
        start_in_thread(Options(hooks=path))


def test_hooks_file_is_run(tmp_path: Path) -> None:
    path = tmp_path / "hooks.py"
    path.write_text(
        "from connectsql.emulator import Automation\n"
        "automation = Automation()\n"
        "@automation.validation('Account')\n"
        "def never(record, before):\n"
        "    return 'never'\n",
        encoding="utf-8",
    )
    with start_in_thread(Options(hooks=path)) as running:
        client = Client(running)
        assert client.row_error("Account", Name="A")["message"] == "never"
        client.close()


@pytest.mark.parametrize("result", [True, 0, (), ("message", 1)])
def test_a_rule_that_returns_no_message_says_so(teach: Teach, result: Any) -> None:
    automation = Automation()
    automation.validation("Account")(lambda record, before: result)
    error = teach(automation).row_error("Account", Name="A")
    assert error["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert "neither None nor a message" in error["message"]


def test_a_failing_trigger_tells_the_line_that_failed(teach: Teach) -> None:
    automation = Automation()

    @automation.after_save("Account")
    def fails(record: Any, before: Any, org: Any) -> None:
        org.get(record["Id"])
        org.create("Nothing", {})

    line = fails.__code__.co_firstlineno + 3
    error = teach(automation).row_error("Account", Name="A")
    assert error["message"].endswith(f"Trigger.fails: line {line}, column 1")


def test_all_automations_of_a_file_count(tmp_path: Path) -> None:
    file = tmp_path / "hooks.py"
    file.write_text(
        "from connectsql.emulator import Automation\n"
        "one, two = Automation(), Automation()\n"
        "one.formula('Account', 'Site', 'Name')\n"
        "two.formula('Account', 'Description', 'Name')\n"
    )
    with start_in_thread(Options(hooks=file, seed_records={"Account": 1})) as org:
        client = Client(org)
        (account,) = client.query("SELECT Name, Site, Description FROM Account")
        assert account["Name"] == account["Site"] == account["Description"]
        client.close()
