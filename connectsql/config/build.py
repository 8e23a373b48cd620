"""Builds a Config out of a source's data, leaving out what is known to be wrong.

What is left out gets its default, so that the rest can still be checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from connectsql.config.model import (
    NOBODY,
    Access,
    Computed,
    Config,
    Constraints,
    HerokuExport,
    Index,
    LocalDeletes,
    Login,
    LogLevel,
    MappedField,
    Mapping,
    Reference,
    RemoteDeletes,
    Retention,
    Roles,
    Types,
    WriteMode,
)
from connectsql.config.source import Path, Source
from connectsql.errors import Place


def build(source: Source) -> tuple[Config, list[Path]]:
    """Return the config in ``source`` and the path of each of its mappings.

    Mappings without a usable object are not in it.
    """
    reader = _Reader(source)
    paths = list(_usable(reader))
    connection: Path = ("connection",)
    config = Config(
        file=source.file,
        name=reader.get((*connection, "name"), "connectsql"),
        schema=reader.get((*connection, "schema"), "salesforce"),
        api_version=_api_version(reader.get((*connection, "api_version"), "62.0")),
        types=Types(reader.get((*connection, "types"), Types.NATIVE)),
        login=_login(reader, (*connection, "login")),
        lookback_seconds=int(reader.get((*connection, "lookback_seconds"), 300)),
        lease_seconds=int(reader.get((*connection, "lease_seconds"), 30)),
        mappings=tuple(_mapping(reader, path) for path in paths),
        place=source.place(()),
        roles=_roles(reader, (*connection, "roles")) or NOBODY,
        retention=_retention(reader, (*connection, "retention")),
        heroku=_heroku(reader, (*connection, "heroku")),
        places=reader.places(connection)
        | {
            f"retention {name}": place
            for name, place in reader.places((*connection, "retention")).items()
        },
    )
    return config, paths


class _Reader:
    """Looks up values by path; a spoiled one counts as not there."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # A list's entry with a spoiled part is left out whole.
        self._touched = {path[:end] for path in source.spoiled for end in range(len(path) + 1)}

    def get(self, path: Path, default: Any) -> Any:
        value = self._source.data
        for end, step in enumerate(path, 1):
            there = step in value if isinstance(value, dict) else True
            if path[:end] in self._source.spoiled or not there:
                return default
            value = value[step]
        return value

    def entries(self, path: Path) -> Iterator[tuple[Path, Any]]:
        """Yield the entries of a list that no fault touches."""
        for at, value in enumerate(self.get(path, [])):
            if self.intact((*path, at)):
                yield (*path, at), value

    def intact(self, path: Path) -> bool:
        """Whether there is a value at ``path`` and no fault in it."""
        return self.get(path, None) is not None and path not in self._touched

    def place(self, path: Path) -> Place:
        return self._source.place(path)

    def places(self, path: Path) -> dict[str, Place]:
        """Return the line of every property in the group at ``path``."""
        group = self.get(path, {})
        return {name: self.place((*path, name)) for name in group}


def _api_version(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}"


def _login(reader: _Reader, path: Path) -> Login:
    given = {
        name: _reference(reader, (*path, name))
        for name in ("instance_url", "access_token", "client_id", "client_secret")
        if reader.intact((*path, name))
    }
    return Login(**given)


def _reference(reader: _Reader, path: Path) -> Reference:
    value = reader.get(path, None)
    place = reader.place(path)
    if isinstance(value, str):
        return Reference(kind="literal", name=value, place=place)
    [(kind, name)] = value.items()
    words = json.dumps(name) if kind == "command" else name
    return Reference(kind=kind, name=words, place=place)


def _usable(reader: _Reader) -> Iterator[Path]:
    for at, value in enumerate(reader.get(("mappings",), [])):
        if isinstance(value, dict) and reader.intact(("mappings", at, "object")):
            yield ("mappings", at)


def _mapping(reader: _Reader, path: Path) -> Mapping:
    name = reader.get((*path, "object"), "")
    return Mapping(
        object=name,
        table=reader.get((*path, "table"), name.lower()),
        access=Access(reader.get((*path, "access"), Access.READ_ONLY)),
        fields=tuple(
            _field(reader, entry, value) for entry, value in reader.entries((*path, "fields"))
        ),
        upsert_field=reader.get((*path, "upsert_field"), None),
        indexes=tuple(
            _index(reader, entry, value) for entry, value in reader.entries((*path, "indexes"))
        ),
        log=LogLevel(reader.get((*path, "log"), LogLevel.CHANGES)),
        writes=WriteMode(reader.get((*path, "writes"), WriteMode.MERGED)),
        poll_seconds=int(reader.get((*path, "poll_seconds"), 120)),
        place=reader.place(path),
        exclude=tuple(value for _, value in reader.entries((*path, "exclude"))),
        filter=reader.get((*path, "filter"), None),
        computed=tuple(
            Computed(**value, place=reader.place(entry))
            for entry, value in reader.entries((*path, "computed"))
        ),
        constraints=_constraints(reader, path),
        events=reader.get((*path, "events"), False),
        partitioned=reader.get((*path, "partitioned"), False),
        replicated=reader.get((*path, "replicated"), False),
        remote_deletes=RemoteDeletes(reader.get((*path, "remote_deletes"), RemoteDeletes.REMOVE)),
        local_deletes=LocalDeletes(reader.get((*path, "local_deletes"), LocalDeletes.SEND)),
        roles=_roles(reader, (*path, "roles")),
        heroku=_heroku(reader, (*path, "heroku")),
        places=reader.places(path)
        | {
            f"exclude {value}": reader.place(entry)
            for entry, value in reader.entries((*path, "exclude"))
        },
    )


def _field(reader: _Reader, path: Path, value: str | dict[str, Any]) -> MappedField:
    place = reader.place(path)
    if isinstance(value, str):
        return MappedField(name=value, place=place)
    return MappedField(
        name=value["field"],
        place=place,
        column=value.get("column"),
        read_only=value.get("access") == Access.READ_ONLY,
        read_write=value.get("access") == Access.READ_WRITE,
    )


def _constraints(reader: _Reader, path: Path) -> Constraints:
    """Return the mapping's own word, else the connection's."""
    usual = reader.get(("connection", "constraints"), Constraints.OFF)
    return Constraints(reader.get((*path, "constraints"), usual))


def _roles(reader: _Reader, path: Path) -> Roles | None:
    if not reader.intact(path):
        return None
    group = reader.get(path, {})
    return Roles(
        agent=group.get("agent"),
        applications=tuple(group.get("applications", ())),
        readers=tuple(group.get("readers", ())),
    )


def _retention(reader: _Reader, path: Path) -> Retention:
    usual = Retention()
    return Retention(
        log_hours=int(reader.get((*path, "log_hours"), usual.log_hours)),
        archive_days=int(reader.get((*path, "archive_days"), usual.archive_days)),
        values=reader.get((*path, "archive_values"), usual.values),
    )


def _heroku(reader: _Reader, path: Path) -> HerokuExport | None:
    group = reader.get(path, {})
    return HerokuExport(properties=tuple(group.items())) if group else None


def _index(reader: _Reader, path: Path, value: str | dict[str, Any]) -> Index:
    place = reader.place(path)
    if isinstance(value, str):
        return Index(field=value, unique=False, place=place)
    return Index(
        field=value["field"],
        unique=value.get("unique", False),
        concurrently=value.get("concurrently", False),
        place=place,
    )
