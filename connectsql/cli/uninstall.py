"""``uninstall``: out of the database again."""

from __future__ import annotations

import click

from connectsql.cli.install import confirm, show_changes
from connectsql.cli.options import config_option, database_option, required_database
from connectsql.cli.output import say
from connectsql.config.load import load
from connectsql.database import uninstall as removing
from connectsql.database.connection import connect


@click.command()
@config_option
@database_option
@click.option("--drop-tables", is_flag=True, help="Drop the tables that connectsql made, too.")
@click.option("--abandon-changes", is_flag=True, help="Even if changes wait to be sent.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def uninstall(
    config_file: str, database: str | None, drop_tables: bool, abandon_changes: bool, yes: bool
) -> None:
    """Remove triggers, functions and bookkeeping; tables and rows stay unless told."""
    schema = load(config_file).schema
    with connect(required_database(database)) as connection:
        changes = removing.plan(connection, schema, drop_tables=drop_tables)
        connection.rollback()
        show_changes(changes)
        confirm(yes, "Remove?")
        removing.uninstall(connection, schema, drop_tables=drop_tables, abandon=abandon_changes)
    kept = "" if drop_tables else "; its tables and rows stay"
    say(f"removed connectsql from schema {schema}{kept}")
