"""What a complete config says beside the first slice: read, written again, and its faults."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from connectsql.config.dump import dump
from connectsql.config.load import load
from connectsql.config.model import (
    Constraints,
    LocalDeletes,
    LogLevel,
    RemoteDeletes,
    Retention,
    Roles,
    WriteMode,
)
from connectsql.config.secrets import resolve
from connectsql.errors import ConfigError

WHOLE = """\
connection:
  constraints: off
  login: {access_token: {command: [COMMAND, -c, "print('token')"]}}
  roles: {agent: sync, applications: [web, "Odd Role"], readers: [report]}
  retention: {log_hours: 48, archive_days: 90, archive_values: false}
  heroku: {app_name: shop, features: {rest_count_only: false}}
mappings:
  - object: Account
    access: read_write
    fields: ["*", Name, {field: Site, column: place, access: read_only}]
    exclude: [Fax]
    filter: "Industry = 'Energy' AND AnnualRevenue > 1000"
    computed: [{column: shout, type: text, expression: upper(name)}]
    indexes: [Site]
    constraints: enforce
    events: true
    remote_deletes: keep
    local_deletes: ignore
    partitioned: true
    replicated: true
    writes: ordered
    roles: {applications: [web]}
    heroku: {sf_max_daily_api_calls: 3000}
""".replace("COMMAND", sys.executable)


SMALL = "mappings: [{object: Account, fields: [Name]}]\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_is_read(tmp_path: Path) -> None:
    config = load(written(tmp_path, WHOLE))
    assert config.roles == Roles(
        agent="sync", applications=("web", "Odd Role"), readers=("report",)
    )
    assert config.heroku is not None
    assert dict(config.heroku.properties)["app_name"] == "shop"
    mapping = config.mappings[0]
    site = mapping.fields[2]
    assert (site.name, site.column, site.read_only) == ("Site", "place", True)
    assert mapping.exclude == ("Fax",)
    assert mapping.filter == "Industry = 'Energy' AND AnnualRevenue > 1000"
    assert [(one.column, one.type, one.expression) for one in mapping.computed] == [
        ("shout", "text", "upper(name)")
    ]
    assert mapping.indexes[0].field == "Site"
    assert mapping.constraints is Constraints.ENFORCE
    assert mapping.events
    assert mapping.remote_deletes is RemoteDeletes.KEEP
    assert mapping.local_deletes is LocalDeletes.IGNORE
    assert (mapping.partitioned, mapping.replicated) == (True, True)
    assert (mapping.writes, mapping.log) == (WriteMode.ORDERED, LogLevel.CHANGES)
    assert mapping.roles == Roles(applications=("web",))
    assert config.retention == Retention(log_hours=48, archive_days=90, values=False)


def test_a_dump_of_everything_loads_as_the_same(tmp_path: Path) -> None:
    first = load(written(tmp_path, WHOLE))
    text = dump(first)
    assert dump(load(written(tmp_path, text))) == text
    for word in ("sync", "Odd Role", "partitioned: true", "upper(name)", "sf_max_daily_api_calls"):
        assert word in text


def test_what_retention_leaves_out_is_the_usual(tmp_path: Path) -> None:
    config = load(written(tmp_path, f"connection: {{retention: {{log_hours: 2.0}}}}\n{SMALL}"))
    assert config.retention == Retention(log_hours=2)
    assert "retention: {log_hours: 2}" in dump(config)
    assert load(written(tmp_path, SMALL)).retention == Retention()


def test_an_index_can_be_unique_and_built_concurrently(tmp_path: Path) -> None:
    index = "{field: Site, unique: true, concurrently: true}"
    text = f"mappings:\n  - {{object: Account, fields: [Site], indexes: [{index}]}}\n"
    config = load(written(tmp_path, text))
    assert config.mappings[0].indexes[0].concurrently
    assert index in dump(config)


def test_a_mapping_has_the_connections_constraints_unless_it_says_otherwise(
    tmp_path: Path,
) -> None:
    text = """
connection: {constraints: warn}
mappings:
  - {object: Account, access: read_write, fields: [Name]}
  - {object: Contact, access: read_write, fields: [LastName], constraints: off}
"""
    assert [one.constraints for one in load(written(tmp_path, text)).mappings] == ["warn", "off"]


def test_a_dump_says_nothing_of_constraints_where_nothing_is_written(tmp_path: Path) -> None:
    text = """
connection: {constraints: warn}
mappings:
  - {object: Account, access: read_write, fields: [Name]}
  - {object: Contact, fields: [LastName]}
"""
    again = load(written(tmp_path, dump(load(written(tmp_path, text)))))
    assert [one.constraints for one in again.mappings] == ["warn", "off"]


MAPPING = "mappings:\n  - object: Account\n    "


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fields: [Name]\n    exclude: [Fax]", "4: exclude has no use without * among the fields"),
        ('fields: ["*", Fax]\n    exclude: [Fax]', "4: Fax is listed and excluded"),
        (
            'fields: ["*", Fax]\n    exclude:\n      - Site\n      - Fax',
            "6: Fax is listed and excluded",
        ),
        ('fields: ["*", "*"]', "3: * is listed twice, first in line 3"),
        ('fields: ["*"]\n    exclude: [Id]', "4: Id cannot be excluded: the sync needs it"),
        (
            "fields: [Name, {field: Site, column: name}]",
            "3: the column name is taken: a field has it already",
        ),
        (
            "fields: [{field: Site, column: sfid}]",
            "3: a column cannot be called sfid: that is the column that holds Salesforce's Id",
        ),
        (
            "fields: [{field: Site, column: ctid}]",
            "3: a column cannot be called ctid: that is a column that Postgres adds itself",
        ),
        (
            "fields: [Name]\n    computed: [{column: tableoid, type: text, expression: name}]",
            "4: a column cannot be called tableoid: that is a column that Postgres adds itself",
        ),
        (
            "fields: [{field: Site, column: systemmodstamp}]",
            "3: the column systemmodstamp is taken: a field has it already",
        ),
        (
            "fields: [{field: SystemModstamp, column: stamp}]",
            "3: SystemModstamp cannot have a column of another name: the sync reads it there",
        ),
        (
            "fields: [Name]\n    computed: [{column: a, type: text, expression: name}, "
            "{column: a, type: text, expression: name}]",
            "4: the column a is taken: first in line 4",
        ),
        (
            "fields: [Name]\n    local_deletes: ignore",
            "4: local_deletes has no use here: the mapping of Account is read_only",
        ),
        (
            "fields: [Name]\n    constraints: enforce",
            "4: constraints has no use here: the mapping of Account is read_only",
        ),
        ("fields: [Name]\n    roles: {readers: [pg_monitor]}", "4: pg_monitor is no role that"),
        (
            "fields: [Name]\n    roles: {readers: [a], applications: [a]}",
            "4: the role a is named more than once",
        ),
        ("fields: [Name]\n    roles: {agent: a}", "4: agent is no property of roles"),
        ("fields: [{field: Name, colum: there}]", "3: colum is no property of entry 1 of fields"),
        ("fields: [Name]\n    constraints: on", "4: an unquoted on means different things"),
        (
            "fields: [Name]\n    constraints: enforced",
            "4: constraints must be off, warn or enforce",
        ),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load(written(tmp_path, MAPPING + text + "\n"))
    assert len(refusal.value.faults) == 1, refusal.value.message
    assert f"c.yaml:{told}" in refusal.value.message


def command(tmp_path: Path, program: str, *words: str) -> str | None:
    listed = ", ".join(repr(one) for one in (program, *words))
    text = (
        f"connection: {{login: {{access_token: {{command: [{listed}]}}}}}}\n{MAPPING}fields: [Name]"
    )
    config = load(written(tmp_path, text))
    return resolve(config.login.access_token, config)


def test_a_command_prints_a_secret(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("hidden\n")
    assert command(tmp_path, sys.executable, "-c", "print(open('token').read())") == "hidden"


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import sys; print('hidden'); sys.exit(3)", "ended with exit code 3"),
        ("pass", "printed nothing"),
        ("import os; os.write(1, bytes([255]))", "printed what is not UTF-8 text"),
    ],
)
def test_a_command_that_fails_is_told_and_its_output_is_not(
    tmp_path: Path, program: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as refusal:
        command(tmp_path, sys.executable, "-c", program)
    assert "c.yaml:1" in refusal.value.message
    assert "hidden" not in refusal.value.message


def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be run: No such file or directory"):
        command(tmp_path, "no-such-command-anywhere")
