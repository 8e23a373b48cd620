"""``init``, ``describe`` and ``validate``: from nothing to a config that holds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from connectsql.cli.options import (
    config_option,
    describe_option,
    load_all,
    open_session,
    snapshot_of,
)
from connectsql.cli.output import counted, say, say_faults
from connectsql.compiler.draft import draft
from connectsql.compiler.expressions import expression_faults
from connectsql.config.dump import dump
from connectsql.config.heroku import from_export
from connectsql.config.load import load
from connectsql.config.model import Config, Mapping
from connectsql.config.words import any_of, did_you_mean
from connectsql.describe import snapshot
from connectsql.describe.model import SObject
from connectsql.errors import ApiError, ConfigError, DescribeError, Fault, UsageError
from connectsql.salesforce.rest import Rest

_API_NAME = re.compile(r"[A-Za-z]\w*")
_NOT_FOUND = 404


@click.command()
@config_option
@click.option(
    "--from-heroku",
    "export",
    metavar="FILE",
    help="A mapping export of Heroku Connect (heroku connect:export).",
)
@click.option("--object", "objects", multiple=True, metavar="NAME", help="An object to map.")
@click.option("--force", is_flag=True, help="Overwrite a config that is there.")
def init(config_file: str, export: str | None, objects: tuple[str, ...], force: bool) -> None:
    """Write a config: from a Heroku Connect export, or for objects of your org."""
    if bool(export) == bool(objects):
        raise UsageError("give either --from-heroku FILE or --object NAME (several times)")
    if Path(config_file).exists() and not force:
        raise UsageError(f"{config_file} is there already", hint="use --force to overwrite it")
    if export:
        config, warnings = from_export(export)
    else:
        config, warnings = _from_org(config_file, objects), []
    Path(config_file).write_text(dump(config), encoding="utf-8")
    say_faults("warning", warnings)
    say(f"wrote {config_file}: {counted(len(config.mappings), 'mapping')}")
    if export:
        say(f"next: connectsql describe --config {config_file}")


@click.command()
@config_option
@describe_option
def describe(config_file: str, describe_dir: str | None) -> None:
    """Fetch the describes of the mapped objects: the snapshot that all else works from."""
    config = load(config_file)
    with open_session(config) as session:
        raws = fetch(Rest(session), config)
    folder = snapshot_of(config, describe_dir)
    for path in snapshot.write(folder, raws):
        say(f"wrote {path}")


@click.command()
@config_option
@describe_option
def validate(config_file: str, describe_dir: str | None) -> None:
    """Check the config, and against the describe snapshot: every fault with file and line."""
    config, desired = load_all(config_file, describe_dir, also=expression_faults)
    columns = sum(len(table.columns) for table in desired.tables)
    say(
        f"{config_file} is valid: {counted(len(config.mappings), 'mapping')}, "
        f"{counted(columns, 'column')}"
    )


def fetch(rest: Rest, config: Config) -> list[dict[str, Any]]:
    """Fetch the mapped objects, and the parents that their relationship columns need.

    A parent that the login's user may not see is left out, with a warning: the column may go
    through another one.
    """
    raws: dict[str, dict[str, Any]] = {}
    unknown: list[Mapping] = []
    for mapping in config.mappings:
        if raw := _describe(rest, mapping.object):
            raws[mapping.object.lower()] = raw
        else:
            unknown.append(mapping)
    if unknown:
        known = _object_names(rest, config)
        raise ConfigError([_unknown(one, known) for one in unknown])
    hidden: set[str] = set()
    for mapping in config.mappings:
        names = [one.name for one in mapping.fields]
        for parent in snapshot.parents(raws[mapping.object.lower()], names):
            if parent.lower() in raws or parent in hidden:
                continue
            if raw := _describe(rest, parent):
                raws[parent.lower()] = raw
            else:
                hidden.add(parent)
                say(
                    f"warning: the login's user does not see {parent}, a parent of {mapping.object}"
                )
    return list(raws.values())


def _describe(rest: Rest, name: str) -> dict[str, Any] | None:
    """Return an object's describe, or None where the login's user sees no such object."""
    try:
        return rest.describe(name)
    except ApiError as error:
        if error.status != _NOT_FOUND:
            raise
        return None


def _object_names(rest: Rest, config: Config) -> list[str]:
    """Return what the org has. Raises ConfigError where it does not know the API version."""
    try:
        return [str(one.get("name", "")) for one in rest.describe_global()]
    except ApiError as error:
        versions = rest.versions() if error.status == _NOT_FOUND else []
        if not versions or config.api_version in versions:
            raise
        place = config.places.get("api_version", config.place)
        message = f"the org does not serve API version {config.api_version}"
        hint = f"it serves {versions[0]} to {versions[-1]}"
        raise ConfigError([Fault(place=place, message=message, hint=hint)]) from None


def _unknown(mapping: Mapping, known: list[str]) -> Fault:
    return Fault(
        place=mapping.places.get("object", mapping.place),
        message=f"the org has no object {mapping.object}",
        hint=_meant(mapping.object, known),
    )


def _meant(name: str, known: list[str]) -> str:
    meant = did_you_mean(name, known)
    visible = "check the spelling, and that the login's user may see it"
    return f"did you mean {meant}?" if meant else visible


def _from_org(config_file: str, objects: Iterable[str]) -> Config:
    """Map every field that a column can hold, read-only: a start to be cut down by hand."""
    names = list({name.lower(): name for name in objects}.values())
    for name in names:
        if not _API_NAME.fullmatch(name):
            raise UsageError(f"--object {name}: no API name", hint="for example Account or Bill__c")
    config = draft(config_file, ())
    with open_session(config) as session:
        rest = Rest(session)
        raws = {name: _describe(rest, name) for name in names}
        if unknown := [name for name, raw in raws.items() if raw is None]:
            known = _object_names(rest, config)
            hints = dict.fromkeys(_meant(name, known) for name in unknown)
            raise DescribeError(f"the org has no object {any_of(unknown)}", hint="; ".join(hints))
    found = [raw for raw in raws.values() if raw]
    snapshot.write(Path(config_file).parent / "describe", found)
    return draft(config_file, [SObject.from_describe(raw) for raw in found])
