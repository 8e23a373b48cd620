"""Whatever is wrong: one clear message on stderr, nothing on stdout, and the right exit code."""

from __future__ import annotations

import sys
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
WRONG_EVERYWHERE = """\
conection: {}
mappings:
  - object: Account
    poll_seconds: soon
    fields: [Nmae]
    filter: Industri = 'x'
  - object: Contcat
    fields: [Name]
"""
HINT = "  is it running, and is --database (or DATABASE_URL) right?\n"
NOT_ARRIVED = "postgresql://me:secret@127.0.0.1:1/there"
NOT_RUN = "The hooks file could not be run."
NEEDED = "It needs: from connectsql.emulator import Automation; automation = Automation()"
MEANT, MEANT_SITE, MEANT_CONTACT = (
    f"did you mean {name}?" for name in ("Account", "Site", "Contact")
)
ITSELF = "the org sets it itself"
SITE = "formula of Site"
COUNTED = "a.rollup('Account', 'NumberOfEmployees', child="


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


@pytest.mark.parametrize("name", ["validate", "compile", "plan", "apply"])
def test_faults_of_the_form_do_not_hide_those_that_only_the_org_knows(
    described: Command, name: str
) -> None:
    (described.folder / "connectsql.yaml").write_text(WRONG_EVERYWHERE)
    refused(
        described(name),
        FAILED,
        "connectsql.yaml:1: error: conection is no property of the config\n"
        "  did you mean connection?\n"
        'connectsql.yaml:4: error: poll_seconds must be a whole number, not "soon"\n'
        "connectsql.yaml:5: error: Account has no field Nmae\n"
        "  did you mean Name?\n"
        "connectsql.yaml:6: error: the filter names Industri, which Account has not\n"
        "  did you mean Industry?\n"
        "connectsql.yaml:7: error: the describe snapshot has no object Contcat\n"
        "  fetch its describe with `connectsql describe`\n",
    )


def test_an_object_mapped_twice_is_told_once(described: Command) -> None:
    text = f"{CONFIG}  - {{object: ACCOUNT, fields: [Phone]}}\n"
    (described.folder / "connectsql.yaml").write_text(text)
    refused(
        described("validate"),
        FAILED,
        "connectsql.yaml:4: error: ACCOUNT is mapped twice, first in line 2\n"
        "  put all its fields into one mapping; an object has one table\n",
    )


def test_a_wrong_field_does_not_hide_a_wrong_expression(described: Command) -> None:
    computed = "{column: c, type: text, expression: uper(name)}"
    text = CONFIG.replace("[Name]", f"[Name, Phnoe]\n    computed: [{computed}]")
    (described.folder / "connectsql.yaml").write_text(text)
    refused(
        described("validate"),
        FAILED,
        "connectsql.yaml:3: error: Account has no field Phnoe\n"
        "  did you mean Phone?\n"
        "connectsql.yaml:4: error: the expression of the computed column c calls uper, "
        "which is not allowed here\n"
        "  did you mean upper?\n",
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


def test_objects_that_the_org_has_not(command: Command) -> None:
    text = f"{CONFIG}  - {{object: Unheard_Of__c, fields: [Name]}}\n"
    (command.folder / "connectsql.yaml").write_text(text.replace("Account", "Acount"))
    refused(
        command("describe"),
        FAILED,
        "connectsql.yaml:2: error: the org has no object Acount\n"
        "  did you mean Account?\n"
        "connectsql.yaml:4: error: the org has no object Unheard_Of__c\n"
        "  check the spelling, and that the login's user may see it\n",
    )


def test_an_api_version_that_the_org_has_not(command: Command) -> None:
    text = f'connection: {{api_version: "99.0"}}\n{CONFIG}'
    (command.folder / "connectsql.yaml").write_text(text)
    finished = command("describe")
    assert finished.code == FAILED
    message = "connectsql.yaml:1: error: the org does not serve API version 99.0\n  it serves "
    assert finished.err.startswith(message)


def test_init_for_objects_that_the_org_has_not(command: Command) -> None:
    refused(
        command("init", "--force", "--object", "Acount", "--object", "Contact", "--object", "Zz"),
        FAILED,
        "error: the org has no object Acount or Zz\n"
        "  did you mean Account?; check the spelling, and that the login's user may see it\n",
    )
    assert (command.folder / "connectsql.yaml").read_text() == CONFIG
    refused(
        command("init", "--force", "--object", "../limits"),
        USAGE,
        "error: --object ../limits: no API name\n  for example Account or Bill__c\n",
    )


def test_init_maps_an_object_named_twice_once(command: Command) -> None:
    command("init", "--force", "--object", "Account", "--object", "ACCOUNT").ok()
    command("validate").ok()


def test_a_parent_that_the_login_may_not_see_hides_no_other(described: Command) -> None:
    """Here the emulated org has no Group, the other parent of an owner."""
    text = CONFIG.replace("Account", "Case").replace("[Name]", "[Owner__Username]")
    (described.folder / "connectsql.yaml").write_text(text)
    assert "warning: the login's user does not see Group, a parent of Case\n" in (
        described("describe").ok().err
    )
    described("validate").ok()


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
    command("apply", "--yes").ok()
    (command.folder / "connectsql.yaml").write_text(CONFIG.replace("[Name]", "[Name, Phone]"))
    message = "error: schema salesforce was applied from another config\n"
    refused(command("agent", *mode), FAILED, message + "  run `connectsql apply`\n")


def test_an_org_that_is_not_running(described: Command, database: str) -> None:
    stopped = having(described, DATABASE_URL=database, SALESFORCE_INSTANCE_URL="http://127.0.0.1:1")
    stopped("apply", "--yes").ok()
    message = (
        "error: no connection to the org at 127.0.0.1:1: connection refused\n"
        "  check the org's address, and whether this machine reaches it\n"
    )
    refused(stopped("agent", "--once"), FAILED, message)


def test_a_wrong_client_secret(described: Command, database: str) -> None:
    wrong = having(described, DATABASE_URL=database, SALESFORCE_CLIENT_SECRET="wrong")
    wrong("apply", "--yes").ok()
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
    finished = command("apply", "--zzz")
    assert (finished.code, finished.out) == (USAGE, "")
    assert finished.err.endswith("Error: No such option '--zzz'.\n")


def test_a_port_that_is_taken(command: Command, org: RunningOrg) -> None:
    port = str(urlsplit(org.url).port)
    refused(
        command("emulator", "--port", port),
        FAILED,
        f"error: port {port} on 127.0.0.1 cannot be used: Address already in use\n"
        "  Choose another port, or 0 for any free one.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--port", "x"], "'x' is not a valid integer"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--pubsub-port", "-1", "--events", "*"], "-1 is not in the range"),
        (["--latency", "-5"], "-5 is not in the range"),
        (["--latency", "nan"], "'nan' is not a valid integer"),
        (["--session-seconds", "0"], "0 is not in the range"),
        (["--daily-calls", "-1"], "-1 is not in the range"),
        (["--concurrent-calls", "0"], "0 is not in the range"),
        (["--seed", "x"], "'x' is not a valid integer"),
        (["--nope"], "No such option"),
        (["extra"], "unexpected extra argument"),
    ],
)
def test_an_org_started_wrongly(command: Command, arguments: list[str], told: str) -> None:
    finished = command("emulator", *arguments)
    assert (finished.code, finished.out) == (USAGE, "")
    assert told in finished.err.splitlines()[-1]


@pytest.mark.parametrize("seeds", ["Account", "Account=x", "Account=-3", "=3", "Account=²"])
def test_records_to_be_seeded_that_are_no_number(command: Command, seeds: str) -> None:
    message = f"error: --seed-records {seeds}: write it as Account=5000\n"
    refused(command("emulator", "--seed-records", seeds), USAGE, message)


def test_a_port_of_the_pubsub_api_without_events(command: Command) -> None:
    message = "error: --pubsub-port is of no use without --events\n  --events '*' is all\n"
    refused(command("emulator", "--pubsub-port", "7443"), USAGE, message)


def test_an_org_of_no_describes(command: Command) -> None:
    refused(
        command("emulator", "--describe", "nowhere"),
        FAILED,
        "error: there is no folder of describes at nowhere\n"
        "  Name the folder that 'connectsql describe' wrote, or leave --describe out.\n",
    )


@pytest.mark.parametrize("option", ["--seed-records", "--events"])
def test_an_object_that_the_emulated_org_has_not(command: Command, option: str) -> None:
    value = "Acount=3" if option == "--seed-records" else "Acount"
    finished = command("emulator", option, value)
    assert (finished.code, finished.out) == (FAILED, "")
    assert "Acount" in finished.err.splitlines()[0]
    assert "Account, Case, Contact" in finished.err.splitlines()[1]


def test_events_without_what_they_need(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "connectsql.emulator.events.service", None)
    monkeypatch.delitem(sys.modules, "connectsql.emulator.events", raising=False)
    finished = command("emulator", "--events", "Account")
    assert (finished.code, finished.out) == (FAILED, "")
    assert finished.err.splitlines()[1] == (
        "  Install connectsql with its extra: pip install 'connectsql[events]'"
    )


def test_a_key_that_is_none(command: Command) -> None:
    (command.folder / "key.pem").write_text("no key")
    refused(
        command("emulator", "--client-key", "key.pem"),
        FAILED,
        "error: key.pem holds no public key\n"
        "  It is the PEM of an RSA public key or of an X.509 certificate, not the private key.\n",
    )


def test_a_fault_that_there_is_not(command: Command) -> None:
    (command.folder / "f.json").write_text('[{"action": "refuse"}, {"action": "refuse", "nht": 1}]')
    refused(
        command("emulator", "--faults", "f.json"),
        FAILED,
        "error: the fault plan f.json makes no sense: fault 2: a fault has no nht\n"
        '  It is a JSON list such as [{"action": "lose_answer", "nth": 3}].\n',
    )


@pytest.mark.parametrize(
    ("code", "told", "hint"),
    [
        ("def (:", "h.py:3: invalid syntax", "The hooks file is no Python."),
        ("1 / 0", "h.py:3: ZeroDivisionError: division by zero", NOT_RUN),
        ("raise SystemExit(3)", "h.py:3: SystemExit: 3", NOT_RUN),
        ("import nothere", "h.py:3: ModuleNotFoundError: No module named 'nothere'", NOT_RUN),
        ("del a", "the hooks file h.py has no Automation", NEEDED),
        ("a.formula('Acount', 'Site', '1')", "h.py:3: the org has no object Acount", MEANT),
        ("a.formula('Account', 'Stie', '1')", "h.py:3: Account has no field Stie", MEANT_SITE),
        ("a.formula('Account', 'Id', '1')", "h.py:3: Account.Id cannot be computed: " + ITSELF, ""),
        ("a.formula('Account', 'Site', 'X')", f"h.py:3: {SITE}: Account has no field X", ""),
        (
            "a.formula('Account', 'Site', 'IF(')",
            f"h.py:3: {SITE}: the end is out of place at column 3",
            "",
        ),
        (
            "a.formula('Account', 'Site', 'Site & 1')",
            "h.py:3: formulas of Account read each other: Site -> Site",
            "",
        ),
        (
            "a.formula('Account', 'Site', '1'); a.formula('Account', 'Site', '2')",
            "h.py:3: Account.Site is computed twice, first at h.py:3",
            "",
        ),
        ("a.validation('Acount')(lambda x, y: 1)", "h.py:3: the org has no object Acount", MEANT),
        (
            "a.after_save('Account')(lambda x, y: 1)",
            "h.py:3: <lambda> has to take (record, before, org)",
            "",
        ),
        (
            "a.validation(lambda x, y: 1)",
            'h.py:3: @automation.validation needs an object: ("X")',
            "",
        ),
        (COUNTED + "'Contct', lookup='A')", "h.py:3: the org has no object Contct", MEANT_CONTACT),
        (
            COUNTED + "'Contact', lookup='OwnerId')",
            "h.py:3: Contact.OwnerId leads to no Account",
            "",
        ),
        (
            COUNTED + "'Contact', lookup='AccountId', sum='LastName')",
            "h.py:3: Contact.LastName is not a number but string",
            "",
        ),
        (
            COUNTED + "'Contact', lookup='AccountId', where='X = 1')",
            "h.py:3: where: Contact has no field X",
            "",
        ),
        (
            COUNTED.replace("NumberOfEmployees", "Site") + "'Contact', lookup='AccountId')",
            "h.py:3: Account.Site is not a number but string",
            "",
        ),
    ],
)
def test_hooks_that_cannot_be(command: Command, code: str, told: str, hint: str) -> None:
    start = "from connectsql.emulator import Automation\na = Automation()\n"
    (command.folder / "h.py").write_text(start + code)
    message = f"error: {told}\n" + (f"  {hint}\n" if hint else "")
    refused(command("emulator", "--hooks", "h.py"), FAILED, message)


def test_a_process_shows_no_traceback_either(described: Command) -> None:
    ended = having(described, DATABASE_URL=NOT_ARRIVED).run("agent")
    place = "(127.0.0.1:1/there)"
    message = f"error: cannot connect to Postgres {place}: Connection refused\n{HINT}"
    refused(ended, FAILED, message)
