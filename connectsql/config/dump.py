"""Writes a Config as YAML that people read and compare: stable, and without defaults."""

from __future__ import annotations

import json
from typing import Any

import yaml

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
from connectsql.config.scalars import ambiguity, value_of


def dump(config: Config) -> str:
    """Return ``config`` as YAML; loading it gives an equal config, apart from places."""
    document: dict[str, Any] = {"version": 1}
    if connection := _connection(config):
        document["connection"] = connection
    document["mappings"] = [_mapping(one) for one in config.mappings]
    text: str = yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=True,
        width=10_000,
    )
    return _spaced(text)


def _connection(config: Config) -> dict[str, Any]:
    return _without_defaults(
        ("name", config.name, "connectsql"),
        ("schema", config.schema, "salesforce"),
        ("api_version", config.api_version, "62.0"),
        ("types", config.types.value, Types.NATIVE.value),
        ("login", _login(config.login), {}),
        ("roles", _roles(config.roles), {}),
        ("heroku", _heroku(config.heroku), {}),
        ("retention", _retention(config.retention), {}),
        ("lookback_seconds", config.lookback_seconds, 300),
        ("lease_seconds", config.lease_seconds, 30),
    )


def _login(login: Login) -> dict[str, Any]:
    default = Login()
    names = ("instance_url", "access_token", "client_id", "client_secret")
    return {
        name: _reference(getattr(login, name))
        for name in names
        if getattr(login, name) != getattr(default, name)
    }


def _reference(reference: Reference) -> Any:
    if reference.kind == "literal":
        return reference.name
    if reference.kind == "command":
        return _Inline(command=json.loads(reference.name))
    return _Inline({reference.kind: reference.name})


def _roles(roles: Roles | None) -> Any:
    given = roles or NOBODY
    return _Inline(
        _without_defaults(
            ("agent", given.agent, None),
            ("applications", list(given.applications), []),
            ("readers", list(given.readers), []),
        )
    )


def _retention(retention: Retention) -> Any:
    default = Retention()
    return _Inline(
        _without_defaults(
            ("log_hours", retention.log_hours, default.log_hours),
            ("archive_days", retention.archive_days, default.archive_days),
            ("archive_values", retention.values, default.values),
        )
    )


def _heroku(kept: HerokuExport | None) -> dict[str, Any]:
    return dict(kept.properties) if kept else {}


def _mapping(mapping: Mapping) -> dict[str, Any]:
    return {"object": mapping.object} | _without_defaults(
        ("table", mapping.table, mapping.object.lower()),
        ("access", mapping.access.value, Access.READ_ONLY.value),
        ("upsert_field", mapping.upsert_field, None),
        ("log", mapping.log.value, LogLevel.CHANGES.value),
        ("writes", mapping.writes.value, WriteMode.MERGED.value),
        ("poll_seconds", mapping.poll_seconds, 120),
        ("events", mapping.events, False),
        ("constraints", _constraints(mapping).value, Constraints.OFF.value),
        ("remote_deletes", mapping.remote_deletes.value, RemoteDeletes.REMOVE.value),
        ("local_deletes", mapping.local_deletes.value, LocalDeletes.SEND.value),
        ("partitioned", mapping.partitioned, False),
        ("replicated", mapping.replicated, False),
        ("fields", [_field(one) for one in mapping.fields], None),
        ("exclude", list(mapping.exclude), []),
        ("filter", mapping.filter, None),
        ("computed", [_computed(one) for one in mapping.computed], []),
        ("indexes", [_index(one) for one in mapping.indexes], []),
        ("roles", _roles(mapping.roles), None if mapping.roles else {}),
        ("heroku", _heroku(mapping.heroku), {}),
    )


def _constraints(mapping: Mapping) -> Constraints:
    """A read-only mapping has the connection's, but no use for any."""
    return mapping.constraints if mapping.writable else Constraints.OFF


def _field(field: MappedField) -> Any:
    options = _without_defaults(
        ("column", field.column, None),
        ("access", "read_only" if field.read_only else "read_write", "read_write"),
    )
    return _Inline(field=field.name, **options) if options else field.name


def _computed(computed: Computed) -> Any:
    return _Inline(column=computed.column, type=computed.type, expression=computed.expression)


def _index(index: Index) -> Any:
    options = _without_defaults(
        ("unique", index.unique, False), ("concurrently", index.concurrently, False)
    )
    return _Inline(field=index.field, **options) if options else index.field


def _without_defaults(*properties: tuple[str, Any, Any]) -> dict[str, Any]:
    return {name: value for name, value, default in properties if value != default}


def _spaced(text: str) -> str:
    """Set mappings apart by an empty line."""
    first, *rest = text.split("\n  - object:")
    return "\n\n  - object:".join([f"{first}\n  - object:{rest[0]}", *rest[1:]]) if rest else text


class _Inline(dict[str, Any]):
    """A small group that is written in one line."""


class _Dumper(yaml.SafeDumper):
    """Indents lists, and quotes every text that an unquoted word would not be."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # Line breaks that only Unicode has would be read as others.
    plain = text.isprintable() and isinstance(value_of(text), str) and not ambiguity(text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


def _represent_inline(dumper: _Dumper, group: _Inline) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", group.items(), flow_style=True)


_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Inline, _represent_inline)
