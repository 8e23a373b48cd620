"""Whatever is wrong: one clear message on stderr, nothing on stdout, and the right exit code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.command import Command, Finished
from support.somebody import login

from connectsql.emulator import RunningOrg, start_in_thread

FAILED, USAGE = 1, 2
CONFIG = """\
mappings:
  - object: Account
    fields: [Name]
"""
BROKEN = """\
conection: {}
mappings:
  - object: Account
    acess: read_write
    fields: [Name, name]
  - object: Contact
    access: maybe
    fields: []
"""
HINT = "  is it running, and is --database (or DATABASE_URL) right?\n"
NOT_ARRIVED = "postgresql://me:secret@127.0.0.1:1/there"


@pytest.fixture(scope="module")
def org() -> Iterator[RunningOrg]:
    """An empty org."""
    with start_in_thread() as running:
        yield running


@pytest.fixture
def command(org: RunningOrg, tmp_path: Path) -> Command:
    """The command in a folder with a config and a login, without a snapshot or a database."""
    (tmp_path / "connectsql.yaml").write_text(CONFIG)
    return Command(tmp_path, login(org.url))


@pytest.fixture
def described(command: Command) -> Command:
    """The same, with the snapshot."""
    command("describe").ok()
    return command


def having(command: Command, **variables: str) -> Command:
    """Return the command with some variables changed."""
    return replace(command, variables={**command.variables, **variables})


def refused(finished: Finished, code: int, message: str) -> None:
    """See that a command said just this, and ended so."""
    assert (finished.err, finished.out, finished.code) == (message, "", code)


@pytest.mark.parametrize("name", ["describe", "validate", "compile", "apply", "agent"])
def test_no_config(command: Command, name: str) -> None:
    (command.folder / "connectsql.yaml").unlink()
    message = (
        "error: connectsql.yaml does not exist\n  write a first config with: connectsql init\n"
    )
    refused(command(name), USAGE, message)


@pytest.mark.parametrize("name", ["describe", "validate", "compile", "apply", "agent"])
def test_a_broken_config_tells_all_its_faults(command: Command, name: str) -> None:
    (command.folder / "connectsql.yaml").write_text(BROKEN)
    refused(
        command(name),
        FAILED,
        "connectsql.yaml:1: error: conection is no property of the config\n"
        "  did you mean connection?\n"
        "connectsql.yaml:4: error: acess is no property of the mapping of Account\n"
        "  did you mean access?\n"
        "connectsql.yaml:5: error: name is listed twice, first in line 5\n"
        "  remove one; case does not count\n"
        'connectsql.yaml:7: error: access must be read_only or read_write, not "maybe"\n'
        "connectsql.yaml:8: error: fields is empty\n"
        "  for example:  fields: [Name, Phone]\n",
    )


@pytest.mark.parametrize("name", ["validate", "compile", "apply", "agent"])
def test_no_snapshot(command: Command, name: str) -> None:
    refused(
        command(name),
        FAILED,
        "error: describe: the folder of describes does not exist\n"
        "  fetch the describes from the org: connectsql describe\n",
    )


@pytest.mark.parametrize("name", ["validate", "compile", "apply", "agent"])
def test_a_field_that_the_org_has_not(described: Command, name: str) -> None:
    (described.folder / "connectsql.yaml").write_text(CONFIG.replace("[Name]", "[Nmae]"))
    message = "connectsql.yaml:3: error: Account has no field Nmae\n  did you mean Name?\n"
    refused(described(name), FAILED, message)


def test_an_object_that_the_org_has_not(command: Command) -> None:
    (command.folder / "connectsql.yaml").write_text(CONFIG.replace("Account", "Acount"))
    refused(
        command("describe"),
        FAILED,
        "connectsql.yaml:2: error: the org has no object Acount\n"
        "  check the spelling, and that the login's user may see it\n",
    )


@pytest.mark.parametrize("name", ["apply", "agent"])
def test_no_database_given(described: Command, name: str) -> None:
    message = "error: no database given\n  use --database URL or set DATABASE_URL\n"
    refused(described(name), USAGE, message)


@pytest.mark.parametrize("name", ["apply", "agent"])
def test_a_database_that_is_not_running(described: Command, name: str) -> None:
    place = "(127.0.0.1:1/there)"
    message = f"error: cannot connect to Postgres {place}: Connection refused\n{HINT}"
    refused(having(described, DATABASE_URL=NOT_ARRIVED)(name), FAILED, message)


@pytest.mark.parametrize("name", ["apply", "agent"])
def test_a_wrong_password(described: Command, database: str, name: str) -> None:
    parts = urlsplit(database)
    wrong = database.replace(f":{parts.password}@", ":wrong@")
    place = f"(127.0.0.1:{parts.port}{parts.path})"
    reason = f'password authentication failed for user "{parts.username}"'
    message = f"error: cannot connect to Postgres {place}: {reason}\n{HINT}"
    refused(having(described, DATABASE_URL=wrong)(name), FAILED, message)


def test_a_database_in_no_known_form(described: Command) -> None:
    refused(
        having(described, DATABASE_URL="postgres//x y")("apply"),
        FAILED,
        "error: the database is not given as a URL or as key=value pairs\n"
        "  postgresql://user@host:5432/name\n",
    )


@pytest.mark.parametrize("mode", [[], ["--once"]])
def test_a_database_that_nothing_was_applied_to(
    described: Command, database: str, mode: list[str]
) -> None:
    agent = having(described, DATABASE_URL=database)("agent", *mode)
    message = "error: schema salesforce was never applied to this database\n"
    refused(agent, FAILED, message + "  run `connectsql apply`\n")


@pytest.mark.parametrize("mode", [[], ["--once"]])
def test_a_config_changed_since_it_was_applied(
    described: Command, database: str, mode: list[str]
) -> None:
    command = having(described, DATABASE_URL=database)
    command("apply").ok()
    (command.folder / "connectsql.yaml").write_text(CONFIG.replace("[Name]", "[Name, Phone]"))
    message = "error: schema salesforce was applied from another config or version\n"
    refused(command("agent", *mode), FAILED, message + "  run `connectsql apply`\n")


def test_an_org_that_is_not_running(described: Command, database: str) -> None:
    stopped = having(described, DATABASE_URL=database, SALESFORCE_INSTANCE_URL="http://127.0.0.1:1")
    stopped("apply").ok()
    message = (
        "error: no connection to the org at 127.0.0.1:1: connection refused\n"
        "  check the org's address, and whether this machine reaches it\n"
    )
    refused(stopped("agent", "--once"), FAILED, message)


def test_a_wrong_client_secret(described: Command, database: str) -> None:
    wrong = having(described, DATABASE_URL=database, SALESFORCE_CLIENT_SECRET="wrong")
    wrong("apply").ok()
    message = (
        "error: the org refused the login: invalid client credentials\n"
        "  check the client secret (the app's consumer secret)\n"
    )
    refused(wrong("describe"), FAILED, message)
    refused(wrong("agent", "--once"), FAILED, message)


def test_no_login(command: Command) -> None:
    refused(
        having(command, SALESFORCE_CLIENT_SECRET="")("describe"),
        USAGE,
        "error: no login for the org\n  set SALESFORCE_ACCESS_TOKEN, or SALESFORCE_CLIENT_ID and "
        "SALESFORCE_CLIENT_SECRET (client credentials)\n",
    )


def test_init_over_a_config(command: Command) -> None:
    message = "error: connectsql.yaml is there already\n  use --force to overwrite it\n"
    refused(command("init", "--object", "Account"), USAGE, message)
    assert (command.folder / "connectsql.yaml").read_text() == CONFIG


def test_init_from_what_is_no_export(command: Command) -> None:
    (command.folder / "x.json").write_text("{}")
    refused(
        command("init", "--force", "--from-heroku", "x.json"),
        FAILED,
        "x.json:1: error: this is not a Heroku Connect export: no mappings\n"
        "  make one with: heroku connect:export\n",
    )
    assert (command.folder / "connectsql.yaml").read_text() == CONFIG


def test_a_file_that_cannot_be_written(described: Command) -> None:
    message = "error: nowhere/x.sql: No such file or directory\n"
    refused(described("compile", "-o", "nowhere/x.sql"), FAILED, message)


def test_an_unknown_option(command: Command) -> None:
    finished = command("apply", "--nope")
    assert (finished.code, finished.out) == (USAGE, "")
    assert finished.err.endswith("Error: No such option '--nope'.\n")


def test_a_port_that_is_taken(command: Command, org: RunningOrg) -> None:
    port = str(urlsplit(org.url).port)
    refused(
        command("emulator", "--port", port),
        FAILED,
        f"error: port {port} on 127.0.0.1 cannot be used: Address already in use\n"
        "  Choose another port, or 0 for any free one.\n",
    )


def test_a_process_shows_no_traceback_either(described: Command) -> None:
    ended = having(described, DATABASE_URL=NOT_ARRIVED).run("agent")
    place = "(127.0.0.1:1/there)"
    message = f"error: cannot connect to Postgres {place}: Connection refused\n{HINT}"
    refused(ended, FAILED, message)
