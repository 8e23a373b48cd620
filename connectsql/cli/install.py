"""``compile`` and ``apply``: from the config to the database."""

from __future__ import annotations

from pathlib import Path

import click

from connectsql.cli.options import (
    config_option,
    database_option,
    describe_option,
    load_all,
    required_database,
)
from connectsql.cli.output import counted, say
from connectsql.compiler import check, render
from connectsql.database import apply as applying
from connectsql.database.connection import connect


@click.command("compile")
@config_option
@describe_option
@click.option("-o", "--output", metavar="FILE", help="Write the SQL to a file.")
def compile_(config_file: str, describe_dir: str | None, output: str | None) -> None:
    """Print the SQL for the whole config, offline; the same bytes each time."""
    _, desired = load_all(config_file, describe_dir)
    script = render.script(desired)
    check.check(script)
    if output:
        Path(output).write_text(script, encoding="utf-8")
        say(f"wrote {output}")
    else:
        click.echo(script, nl=False)


@click.command()
@config_option
@describe_option
@database_option
def apply(config_file: str, describe_dir: str | None, database: str | None) -> None:
    """Bring the database to what the config asks for, in one transaction."""
    _, desired = load_all(config_file, describe_dir)
    check.check(render.script(desired))
    address = required_database(database)
    with connect(address) as connection:
        plan = applying.apply(connection, desired)
    for line in applying.describe(plan):
        say(f"  {line}")
    if plan:
        say(f"applied {counted(len(plan), 'step')} to schema {desired.schema}")
    else:
        say(f"schema {desired.schema} is what the config asks for: nothing to do")
