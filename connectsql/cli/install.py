"""``compile``, ``plan`` and ``apply``: from the config to the database."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import click
from psycopg.errors import Diagnostic

from connectsql.cli.options import (
    config_option,
    database_option,
    describe_option,
    load_all,
    required_database,
)
from connectsql.cli.output import counted, say
from connectsql.compiler import check, render
from connectsql.compiler.expressions import check_expressions, expression_faults
from connectsql.compiler.model import Desired
from connectsql.compiler.plan import Change, Hazard, Plan
from connectsql.compiler.plan_text import as_sql, back_as_sql
from connectsql.database import apply as applying
from connectsql.database.connection import connect
from connectsql.database.locks import LOCK_TIMEOUT
from connectsql.errors import Drift, UsageError

prune_option = click.option(
    "--prune", is_flag=True, help="Drop columns and tables of ours that the config dropped."
)


@click.command("compile")
@config_option
@describe_option
@click.option("-o", "--output", metavar="FILE", help="Write the SQL to a file.")
def compile_(config_file: str, describe_dir: str | None, output: str | None) -> None:
    """Print the SQL for the whole config, offline; the same bytes each time."""
    _, desired = load_all(config_file, describe_dir, also=expression_faults)
    _write(_checked(desired), output)


@click.command()
@config_option
@describe_option
@database_option
@prune_option
@click.option("--check", "only_check", is_flag=True, help="Exit 3 where there is anything to do.")
@click.option("--sql", "as_file", is_flag=True, help="Print the plan as SQL, for psql.")
@click.option("--reverse", is_flag=True, help="Print the way back as SQL.")
@click.option("-o", "--output", metavar="FILE", help="With --sql or --reverse: write to a file.")
def plan(
    config_file: str,
    describe_dir: str | None,
    database: str | None,
    prune: bool,
    only_check: bool,
    as_file: bool,
    reverse: bool,
    output: str | None,
) -> None:
    """Show what apply would do to the database: each change, its hazards, what differs."""
    if as_file and reverse:
        raise UsageError("give either --sql or --reverse")
    if output and not (as_file or reverse):
        raise UsageError("-o wants --sql or --reverse: what is to be written?")
    _, desired = load_all(config_file, describe_dir, also=expression_faults)
    _checked(desired)
    with connect(required_database(database)) as connection:
        made = applying.plan(connection, desired, prune=prune)
    if as_file:
        script = as_sql(made, desired)
        check.check(script)
        _write(script, output)
    elif reverse:
        _write(back_as_sql(made, desired), output)
    else:
        _show(made, desired, click.echo)
    if only_check and made.changes:
        changes = counted(len(made.changes), "change")
        raise Drift(f"schema {desired.schema} differs from the config: {changes}")


@click.command()
@config_option
@describe_option
@database_option
@prune_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--allow-hazard",
    "allowed",
    multiple=True,
    type=click.Choice([hazard.value for hazard in Hazard]),
    help="Allow changes with this hazard; several times for several.",
)
@click.option(
    "--lock-timeout",
    type=click.FloatRange(0.1, 600),
    default=LOCK_TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for a lock before stepping back.",
)
def apply(
    config_file: str,
    describe_dir: str | None,
    database: str | None,
    prune: bool,
    yes: bool,
    allowed: tuple[str, ...],
    lock_timeout: float,
) -> None:
    """Bring the database to what the config asks for, in one transaction."""
    _, desired = load_all(config_file, describe_dir, also=expression_faults)
    _checked(desired)
    allow = {Hazard(one) for one in allowed}
    with connect(required_database(database)) as connection:
        made = applying.plan(connection, desired, prune=prune)
        connection.rollback()
        _show(made, desired)
        if not made.changes:
            return
        applying.refuse_hazards(made, allow)
        confirm(yes, "Apply?")
        connection.add_notice_handler(_warn)
        made = applying.apply(
            connection, desired, allow=allow, prune=prune, shown=made, lock_timeout=lock_timeout
        )
    if not made.changes:
        say(f"schema {desired.schema} was brought there by somebody else: nothing to do")
        return
    say(f"applied {counted(len(made.changes), 'change')} to schema {desired.schema}")


def _warn(diagnosis: Diagnostic) -> None:
    """Show what Postgres warns of: a warning is never without a reason."""
    if diagnosis.severity_nonlocalized == "WARNING":
        hint = f"\n  {diagnosis.message_hint}" if diagnosis.message_hint else ""
        say(f"warning: {diagnosis.message_primary}{hint}")


def _checked(desired: Desired) -> str:
    check_expressions(desired)
    script = render.script(desired)
    check.check(script)
    return script


def _write(script: str, output: str | None) -> None:
    if output:
        Path(output).write_text(script, encoding="utf-8")
        say(f"wrote {output}")
    else:
        click.echo(script, nl=False)


def _show(made: Plan, desired: Desired, tell: Callable[[str], None] = say) -> None:
    for note in made.notes:
        tell(f"{note.what}: {note.text}")
    if not made.changes:
        tell(f"schema {desired.schema} is what the config asks for: nothing to do")
        return
    show_changes(made.changes, tell)
    tell(f"{counted(len(made.changes), 'change')} to schema {desired.schema}")


def show_changes(changes: Iterable[Change], tell: Callable[[str], None] = say) -> None:
    """Show changes as a numbered list, each with its hazards."""
    for number, change in enumerate(changes, 1):
        after = " (after the transaction)" if change.concurrently else ""
        tell(f"{number:3}. {change.comment}{after}")
        for hazard in sorted(change.hazards):
            tell(f"     hazard: {hazard}")


def confirm(yes: bool, question: str) -> None:
    """Ask before anything is done. Raises UsageError where the answer is no, or nobody is there."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("nothing was done: nobody is there to ask", hint="use --yes")
    if not click.confirm(question, err=True):
        raise UsageError("nothing was done")
