"""Checks that span several properties, or that a JSON schema cannot express.

Each rule names the properties it looks at. Where one of them already has a fault the rule
is not asked: what it would say may be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from ipaddress import ip_address
from urllib.parse import urlsplit

from connectsql.config.mapping_rules import NONE, mapping_faults
from connectsql.config.model import Config, Mapping
from connectsql.config.names import (
    CHOOSE,
    LONGEST_NAME,
    name_faults,
    percent_faults,
    role_faults,
)
from connectsql.errors import Fault

LONGEST_SCHEMA = LONGEST_NAME - len(".hc_trigger_log")  # the notify channel is called after it
OLDEST_API = 46  # the first that upserts several records at a time and tells which were new

_DOLLAR_TAG = "$connectsql$"  # around the bodies of functions in sql/


def check(
    config: Config, *, connection: Set[str] = NONE, mappings: Sequence[Set[str]] = ()
) -> list[Fault]:
    """Return the faults of ``config``.

    ``connection`` and ``mappings`` (one set per mapping) name the properties with a fault
    already.
    """
    faults = [fault for one, rule in _CONNECTION if one not in connection for fault in rule(config)]
    known = mappings or [NONE] * len(config.mappings)
    for mapping, bad in zip(config.mappings, known, strict=True):
        faults.extend(mapping_faults(mapping, bad))
    faults.extend(_same_object(config.mappings))
    tables = (one for one, bad in zip(config.mappings, known, strict=True) if "table" not in bad)
    faults.extend(_same_table(tables))
    return faults


def instance_url_fault(url: str) -> str:
    """Say why ``url`` cannot be an org's address; nothing where it can."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if not host:
        return "names no host"
    if parts.username is not None or parts.password is not None:
        return "holds a user or a password: secrets never stand in the config"
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        return "must end after the host"
    if parts.scheme == "http" and not _loopback(host):
        return "must begin with https://: http is only for this machine"
    return ""


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _schema(config: Config) -> Iterator[Fault]:
    place = config.places.get("schema", config.place)
    name = config.schema
    yield from name_faults("schema", name, place)
    yield from percent_faults("schema", name, place)
    if LONGEST_SCHEMA < (length := len(name.encode())) <= LONGEST_NAME:
        message = f"schema is {length} bytes long; beyond {LONGEST_SCHEMA} its notify channel, "
        message += f"{name[:8]}….hc_trigger_log, has a longer name than Postgres allows"
        yield Fault(place=place, message=message, hint="choose a shorter name")
    if name.startswith("pg_") or name == "information_schema":
        yield Fault(place=place, message=f"the schema {name} belongs to Postgres", hint=CHOOSE)
    if name == "connectsql":
        message = "the schema connectsql holds connectsql's own functions"
        yield Fault(place=place, message=message, hint=CHOOSE)
    if _DOLLAR_TAG in name:
        message = f"schema holds {_DOLLAR_TAG}, between which the compiled functions stand"
        yield Fault(place=place, message=message, hint=CHOOSE)


def _connection_name(config: Config) -> Iterator[Fault]:
    if not config.name.isprintable():
        place = config.places.get("name", config.place)
        message = "name holds a character that cannot be printed"
        yield Fault(place=place, message=message, hint="remove it")


def _api_version(config: Config) -> Iterator[Fault]:
    if float(config.api_version) < OLDEST_API:
        yield Fault(
            place=config.places.get("api_version", config.place),
            message=f"API version {config.api_version} is too old",
            hint=f'use {OLDEST_API}.0 or later, best the default:  api_version: "62.0"',
        )


def _instance_url(config: Config) -> Iterator[Fault]:
    url = config.login.instance_url
    if url.kind == "literal" and (fault := instance_url_fault(url.name)):
        yield Fault(
            place=url.place or config.place,
            message=f"instance_url {fault}",
            hint="for example:  instance_url: https://example.my.salesforce.com",
        )


def _roles(config: Config) -> Iterator[Fault]:
    yield from role_faults(config.roles, config.places.get("roles", config.place))


def _retention(config: Config) -> Iterator[Fault]:
    kept = config.retention
    if kept.archive_days * 24 <= kept.log_hours:
        place = config.places.get("retention archive_days", config.places.get("retention"))
        yield Fault(
            place=place or config.place,
            message=f"archive_days ({kept.archive_days}) is not longer than log_hours "
            f"({kept.log_hours}): what leaves the log would be deleted at once",
            hint="both count from the change itself; keep the archive longer, or the log shorter",
        )


def _same_object(mappings: Iterable[Mapping]) -> Iterator[Fault]:
    seen: dict[str, Mapping] = {}
    for one in mappings:
        first = seen.setdefault(one.object.lower(), one)
        if first is not one:
            yield Fault(
                place=one.places.get("object", one.place),
                message=f"{one.object} is mapped twice, first in line {_line(first, 'object')}",
                hint="put all its fields into one mapping; an object has one table",
            )


def _same_table(mappings: Iterable[Mapping]) -> Iterator[Fault]:
    seen: dict[str, Mapping] = {}
    for one in mappings:
        first = seen.setdefault(one.table.lower(), one)
        # Two mappings of one object are told as such.
        if first is not one and first.object.lower() != one.object.lower():
            yield Fault(
                place=one.places.get("table", one.places.get("object", one.place)),
                message=f"the table {one.table} is taken: {first.object} has it",
                hint=f"give {one.object} a table of its own; case does not count",
            )


def _line(mapping: Mapping, name: str) -> int:
    return mapping.places.get(name, mapping.place).line


_CONNECTION: tuple[tuple[str, Callable[[Config], Iterator[Fault]]], ...] = (
    ("name", _connection_name),
    ("schema", _schema),
    ("api_version", _api_version),
    ("instance_url", _instance_url),
    ("roles", _roles),
    ("retention", _retention),
)
