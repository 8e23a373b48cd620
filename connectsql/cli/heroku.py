"""``export-heroku``: the config as a mapping export that Heroku Connect imports."""

from __future__ import annotations

import json
from pathlib import Path

import click

from connectsql.cli.options import config_option, describe_option, load_all
from connectsql.cli.output import say, say_faults
from connectsql.compiler.model import Desired, Table
from connectsql.compiler.selection import EVERY
from connectsql.config.load import load
from connectsql.config.model import Config, Mapping
from connectsql.config.to_heroku import export, losses


@click.command("export-heroku")
@config_option
@describe_option
@click.option("-o", "--output", metavar="FILE", help="Write the export to a file.")
def export_heroku(config_file: str, describe_dir: str | None, output: str | None) -> None:
    """Print the config as a mapping export (heroku connect:import)."""
    config = load(config_file)
    desired = None
    if any(field.name == EVERY for one in config.mappings for field in one.fields):
        config, desired = load_all(config_file, describe_dir, warn=False)
    say_faults("warning", list(losses(config)))
    fields = {one.object: _fields(config, desired, one) for one in config.mappings}
    text = json.dumps(export(config, fields), indent=4, ensure_ascii=False) + "\n"
    if output:
        Path(output).write_text(text, encoding="utf-8")
        say(f"wrote {output}")
    else:
        click.echo(text, nl=False)


def _fields(config: Config, desired: Desired | None, mapping: Mapping) -> list[str]:
    """Return the fields of a mapping by name; what "*" stands for, the describe tells."""
    listed = [field.name for field in mapping.fields if field.name != EVERY]
    if desired is None or len(listed) == len(mapping.fields):
        return listed
    table: Table = desired.tables[config.mappings.index(mapping)]
    own = [column.path for column in table.columns if column.lookup is None]
    known = {name.lower() for name in own}
    return own + [name for name in listed if name.lower() not in known]
