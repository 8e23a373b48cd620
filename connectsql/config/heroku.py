"""Turns a Heroku Connect mapping export into a Config.

The config asks for what Heroku Connect does: its column types, its full trigger log, and
writes in order unless the export says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from connectsql.config import shape
from connectsql.config.check import OLDEST_API, check
from connectsql.config.import_warnings import summary
from connectsql.config.model import (
    Access,
    Config,
    Index,
    Login,
    LogLevel,
    MappedField,
    Mapping,
    Types,
    WriteMode,
)
from connectsql.config.source import Path, Source, read
from connectsql.config.to_heroku import kept_of_connection, kept_of_mapping
from connectsql.errors import ConfigError, Fault

_MAKE_ONE = "make one with: heroku connect:export"
_DEFAULT_POLL = 600
# In every export; the compiled tables have both without being asked.
_IMPLIED = {("id", True), ("systemmodstamp", False)}


def from_export(path: str | FilePath) -> tuple[Config, list[Fault]]:
    """Return the config that does what the export's connection did, and warnings.

    Raises ConfigError where the file is no export or lacks what a mapping needs.
    """
    source = read(path, missing_hint=_MAKE_ONE, only_json=True)
    source.noun = "export"
    if other := _something_else(source):
        raise ConfigError([other])
    findings = shape.find(source, "heroku-export.schema.json")
    if faults := [*source.faults, *(finding.fault for finding in findings)]:
        raise ConfigError(sorted(faults, key=lambda fault: fault.place.line))
    config, warnings = _config(source)
    if faults := check(config):
        raise ConfigError(faults)
    return config, sorted([*warnings, *summary(source)], key=lambda one: one.place.line)


def _something_else(source: Source) -> Fault | None:
    data = source.data
    mappings = data.get("mappings") if isinstance(data, dict) else None
    entries = mappings if isinstance(mappings, list) else []
    if any(isinstance(one, dict) and "object" in one for one in entries):
        return source.fault((), "this is a connectsql config, not a Heroku Connect export")
    if mappings is None:
        return source.fault((), "this is not a Heroku Connect export: no mappings", _MAKE_ONE)
    return None


def _config(source: Source) -> tuple[Config, list[Fault]]:
    connection = source.data.get("connection", {})
    warnings: list[Fault] = []
    ordered = connection.get("features", {}).get("poll_db_no_merge", True)
    writes = WriteMode.ORDERED if ordered else WriteMode.MERGED
    name = connection.get("name") or connection.get("app_name") or "connectsql"
    version = _api_version(source, connection.get("api_version"), warnings)
    config = Config(
        file=source.file,
        name=name,
        schema="salesforce",
        api_version=version,
        types=Types.HEROKU,
        login=Login(),
        lookback_seconds=300,
        lease_seconds=30,
        mappings=tuple(
            _mapping(source, ("mappings", at), writes, warnings)
            for at in range(len(source.data["mappings"]))
        ),
        place=source.place(()),
        heroku=kept_of_connection(connection, name, version),
    )
    return config, warnings


def _api_version(source: Source, version: str | None, warnings: list[Fault]) -> str:
    if not version:
        return "62.0"
    if float(version) >= OLDEST_API:
        return version
    message = f"API version {version} is too old: the config asks for {OLDEST_API}.0"
    path: Path = ("connection", "api_version")
    warnings.append(source.fault(path, message, "a later api_version is best"))
    return f"{OLDEST_API}.0"


def _mapping(source: Source, path: Path, writes: WriteMode, warnings: list[Fault]) -> Mapping:
    at = path[-1]
    name: str = source.data["mappings"][at]["object_name"]
    given: dict[str, Any] = source.data["mappings"][at]["config"]
    inner: Path = (*path, "config")
    access = Access(given["access"])
    mapping = Mapping(
        object=name,
        table=name.lower(),
        access=access,
        fields=tuple(
            MappedField(name=one, place=source.place((*inner, "fields", one)))
            for one in given["fields"]
        ),
        upsert_field=_upsert_field(source, path, warnings),
        indexes=tuple(_indexes(source, inner, given, warnings)),
        log=LogLevel.FULL,
        writes=writes,
        poll_seconds=int(given.get("sf_polling_seconds", _DEFAULT_POLL)),
        events=given.get("sf_notify_enabled") is True,
        place=source.place(path),
        places={
            "object": source.place((*path, "object_name")),
            "table": source.place((*path, "object_name")),
            **{key: source.place((*inner, key)) for key in ("access", "fields", "upsert_field")},
        },
    )
    return replace(mapping, heroku=kept_of_mapping(given, mapping))


def _upsert_field(source: Source, path: Path, warnings: list[Fault]) -> str | None:
    mapping = source.data["mappings"][path[-1]]
    name, given = mapping["object_name"], mapping["config"]
    field: str | None = given.get("upsert_field")
    if given["access"] == Access.READ_ONLY:
        if field:
            message = f"the upsert_field of {name} has no use and is left out: it is read_only"
            warnings.append(source.fault((*path, "config", "upsert_field"), message))
        return None
    if not field:
        warnings.append(
            source.fault(
                (*path, "config", "access"),
                f"{name} is read_write without a unique identifier (upsert_field): an insert "
                "whose answer is lost cannot simply be sent again",
                "set upsert_field to a field that is External ID and Unique in Salesforce; "
                "until then such a row is looked up first, and parked where that is not certain",
            )
        )
    return field


def _indexes(
    source: Source, inner: Path, given: dict[str, Any], warnings: list[Fault]
) -> Iterator[Index]:
    mapped = {one.lower() for one in given["fields"]}
    for name, options in given.get("indexes", {}).items():
        path = (*inner, "indexes", name)
        unique = options.get("unique", False)
        if (name.lower(), unique) in _IMPLIED:
            continue
        if name.lower() in mapped:
            yield Index(field=name, unique=unique, place=source.place(path))
        else:
            message = f"the index on {name} is left out: the field is not mapped"
            warnings.append(source.fault(path, message, f"map {name}, or forget the index"))
