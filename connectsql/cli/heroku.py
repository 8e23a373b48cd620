"""``export-heroku``: the config as a mapping export that Heroku Connect imports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from connectsql.cli.options import config_option, describe_option, load_all, snapshot_of
from connectsql.cli.output import say, say_faults
from connectsql.compiler.model import Table
from connectsql.compiler.selection import EVERY
from connectsql.config.load import load
from connectsql.config.model import Config, Mapping, Types
from connectsql.config.to_heroku import export, losses


@click.command("export-heroku")
@config_option
@describe_option
@click.option("-o", "--output", metavar="FILE", help="Write the export to a file.")
def export_heroku(config_file: str, describe_dir: str | None, output: str | None) -> None:
    """Print the config as a mapping export (heroku connect:import)."""
    config = load(config_file)
    if _wants_describes(config, snapshot_of(config, describe_dir)):
        config, desired = load_all(config_file, describe_dir, warn=False)
        say_faults("warning", list(losses(config)))
        config = replace(config, mappings=tuple(map(_spelled, desired.tables)))
        fields = {one.object.name: _fields(one) for one in desired.tables}
    else:
        say_faults("warning", list(losses(config)))
        fields = {one.object: [field.name for field in one.fields] for one in config.mappings}
    text = json.dumps(export(config, fields), indent=4, ensure_ascii=False) + "\n"
    if output:
        Path(output).write_text(text, encoding="utf-8")
        say(f"wrote {output}")
    else:
        click.echo(text, nl=False)


def _wants_describes(config: Config, folder: Path) -> bool:
    """An imported config says all by itself; what "*" stands for, only the describes tell."""
    star = any(field.name == EVERY for one in config.mappings for field in one.fields)
    return star or (config.types is Types.NATIVE and folder.is_dir())


def _spelled(table: Table) -> Mapping:
    """Return a table's mapping with the names as the org spells them."""
    names = {one.path.lower(): one.path for one in table.columns if one.lookup is None}

    def spelled(name: str) -> str:
        return names.get(name.lower(), name)

    mapping = table.mapping
    return replace(
        mapping,
        object=table.object.name,
        upsert_field=spelled(mapping.upsert_field) if mapping.upsert_field else None,
        indexes=tuple(replace(one, field=spelled(one.field)) for one in mapping.indexes),
    )


def _fields(table: Table) -> list[str]:
    """Return the fields of a table by name, in the order of its columns.

    A parent's external id is written as the config has it.
    """
    written = [field.name for field in table.mapping.fields if field.name != EVERY]
    own = [column.path for column in table.columns if column.lookup is None]
    known = {name.lower() for name in own}
    return own + [name for name in written if name.lower() not in known]
