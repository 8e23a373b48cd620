"""Checks that span several properties, or that a JSON schema cannot express.

Each rule names the properties it looks at. Where one of them already has a fault the rule
is not asked: what it would say may be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from ipaddress import ip_address
from urllib.parse import urlsplit

from connectsql.config.model import (
    Config,
    Index,
    LogLevel,
    MappedField,
    Mapping,
    Roles,
    WriteMode,
)
from connectsql.config.words import did_you_mean
from connectsql.errors import Fault, Place

LONGEST_SCHEMA = 63 - len(".hc_trigger_log")
LONGEST_NAME = 63  # bytes; Postgres cuts longer names off without a word
OLDEST_API = 46  # the first that upserts several records at a time and tells which were new
ALWAYS_MAPPED = ("Id", "SystemModstamp", "IsDeleted")
EVERY = "*"  # among a mapping's fields: all that a column can hold
_FIXED = {one.lower() for one in ALWAYS_MAPPED}

_CHOOSE = "choose another name"
_TABLES = {
    "_trigger_log": "the queue of changes",
    "_trigger_log_archive": "the queue's archive",
    "_hcmeta": "a table Heroku Connect's clients expect",
    "_sf_event_log": "a table Heroku Connect's clients expect",
}
_COLUMNS = {
    "sfid": "the column that holds Salesforce's Id; list Id, or nothing: it comes along",
    "_hc_lastop": "a column that connectsql adds itself",
    "_hc_err": "a column that connectsql adds itself",
}
NONE: Set[str] = frozenset()


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
        for properties, rule in _MAPPING:
            if not bad & properties:
                faults.extend(rule(mapping))
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
    yield from _name("schema", config.schema, place)
    name = config.schema
    if name.startswith("pg_") or name == "information_schema":
        yield Fault(place=place, message=f"the schema {name} belongs to Postgres", hint=_CHOOSE)
    if LONGEST_SCHEMA < len(name.encode()) <= LONGEST_NAME:
        message = (
            f"the schema's name is {len(name.encode())} bytes long; its notify channel, "
            f"SCHEMA.hc_trigger_log, leaves {LONGEST_SCHEMA}"
        )
        yield Fault(place=place, message=message, hint="choose a shorter name")
    if name == "connectsql":
        message = "the schema connectsql holds connectsql's own functions"
        yield Fault(place=place, message=message, hint=_CHOOSE)


def _name(what: str, name: str, place: Place) -> Iterator[Fault]:
    if "\0" in name or not name.isprintable():
        message = f"{what} holds a character that cannot be printed"
        yield Fault(place=place, message=message, hint="remove it")
    length = len(name.encode())
    if length > LONGEST_NAME:
        message = f"{what} is {length} bytes long; Postgres allows {LONGEST_NAME}"
        yield Fault(place=place, message=message, hint="choose a shorter name")


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


def _table(mapping: Mapping) -> Iterator[Fault]:
    place = mapping.places.get("table", mapping.place)
    yield from _name("table", mapping.table, place)
    if use := _TABLES.get(mapping.table.lower()):
        message = f"a table cannot be called {mapping.table}: that is {use}"
        yield Fault(place=place, message=message, hint=_CHOOSE)


def _fields(mapping: Mapping) -> Iterator[Fault]:
    seen: dict[str, MappedField] = {}
    for one in mapping.fields:
        if one.name == EVERY and one.name not in seen:
            seen[one.name] = one
            continue
        first = seen.setdefault(one.name.lower(), one)
        if first is not one:
            message = f"{one.name} is listed twice, first in line {first.place.line}"
            yield Fault(place=one.place, message=message, hint="remove one; case does not count")
        elif use := _COLUMNS.get(one.name.lower()):
            message = f"{one.name} is no field of Salesforce: it is {use}"
            yield Fault(place=one.place, message=message, hint="remove it from fields")
        else:
            yield from _name(f"the column of {one.name}", one.name, one.place)


def _columns(mapping: Mapping) -> Iterator[Fault]:
    """Columns that are named in the config: each is there once, whatever it holds."""
    own = {one.name.lower() for one in mapping.fields if one.column is None}
    named = [(one.column, one.place) for one in mapping.fields if one.column]
    named += [(one.column, one.place) for one in mapping.computed]
    seen: dict[str, int] = {}
    for name, place in named:
        if use := _COLUMNS.get(name, "the row's own id" if name == "id" else ""):
            message = f"a column cannot be called {name}: that is {use}"
            yield Fault(place=place, message=message, hint=_CHOOSE)
        elif name in seen or name in own:
            what = f"first in line {seen[name]}" if name in seen else "a field has it already"
            yield Fault(place=place, message=f"the column {name} is taken: {what}", hint=_CHOOSE)
        else:
            yield from _name(f"the column {name}", name, place)
        seen.setdefault(name, place.line)
    for one in mapping.fields:
        if one.column and one.name.lower() in _FIXED:
            message = f"{one.name} cannot have a column of another name: the sync reads it there"
            yield Fault(place=one.place, message=message, hint="list it by its name alone")


def _exclude(mapping: Mapping) -> Iterator[Fault]:
    place = mapping.places.get("exclude", mapping.place)
    listed = {one.name.lower(): one for one in mapping.fields}
    if mapping.exclude and EVERY not in listed:
        message = "exclude has no use without * among the fields"
        yield Fault(place=place, message=message, hint='add "*" to fields, or remove exclude')
    for name in mapping.exclude:
        if name.lower() in listed:
            message = f"{name} is listed and excluded"
            yield Fault(place=place, message=message, hint="keep one of the two")
        if name.lower() in {one.lower() for one in ALWAYS_MAPPED}:
            message = f"{name} cannot be excluded: the sync needs it"
            yield Fault(place=place, message=message, hint="remove it from exclude")


def _only_written(mapping: Mapping) -> Iterator[Fault]:
    """Properties that are about applications' writes."""
    if mapping.writable:
        return
    for name, default in (("local_deletes", "send"), ("constraints", "off")):
        if name in mapping.places and getattr(mapping, name) != default:
            yield Fault(
                place=mapping.places[name],
                message=f"{name} has no use here: the mapping of {mapping.object} is read_only",
                hint=f"add access: read_write, or remove {name}",
            )


def _role_faults(roles: Roles, place: Place) -> Iterator[Fault]:
    every = [*roles.applications, *roles.readers, *([roles.agent] if roles.agent else [])]
    for name in dict.fromkeys(every):
        if every.count(name) > 1:
            message = f"the role {name} is named more than once"
            yield Fault(place=place, message=message, hint="give each role one part")
        elif name == "public" or name.startswith("pg_"):
            message = f"{name} is no role that could be granted only this"
            yield Fault(place=place, message=message, hint="name a role of your own")
        else:
            yield from _name(f"the role {name}", name, place)


def _roles(config: Config) -> Iterator[Fault]:
    yield from _role_faults(config.roles, config.places.get("roles", config.place))


def _table_roles(mapping: Mapping) -> Iterator[Fault]:
    if mapping.roles:
        yield from _role_faults(mapping.roles, mapping.places.get("roles", mapping.place))


def _upsert_access(mapping: Mapping) -> Iterator[Fault]:
    if mapping.upsert_field and not mapping.writable:
        yield Fault(
            place=mapping.places.get("upsert_field", mapping.place),
            message=f"upsert_field has no use here: the mapping of {mapping.object} is read_only",
            hint="add access: read_write, or remove upsert_field",
        )


def _upsert_mapped(mapping: Mapping) -> Iterator[Fault]:
    name = mapping.upsert_field
    if not name:
        return
    place = mapping.places.get("upsert_field", mapping.place)
    if name.lower() in {one.lower() for one in ALWAYS_MAPPED}:
        message = f"{name} cannot be the upsert_field: Salesforce sets it"
        hint = "name a field that is External ID and Unique in Salesforce"
        yield Fault(place=place, message=message, hint=hint)
    else:
        yield from _mapped(mapping, name, place, f"the upsert_field {name}")


def _indexes(mapping: Mapping) -> Iterator[Fault]:
    seen: dict[str, Index] = {}
    for one in mapping.indexes:
        first = seen.setdefault(one.field.lower(), one)
        if first is not one:
            message = f"{one.field} is indexed twice, first in line {first.place.line}"
            yield Fault(place=one.place, message=message, hint="keep one of the two")
        else:
            yield from _mapped(mapping, one.field, one.place, f"the index on {one.field}")


def _mapped(mapping: Mapping, name: str, place: Place, what: str) -> Iterator[Fault]:
    names = [*(one.name for one in mapping.fields), *ALWAYS_MAPPED]
    # What a "*" stands for, the describe tells.
    if name.lower() in {one.lower() for one in names} or EVERY in names:
        return
    meant = did_you_mean(name, names)
    hint = f"did you mean {meant}?" if meant else f"add {name} to fields"
    yield Fault(place=place, message=f"{what} needs a field that is not mapped", hint=hint)


def _ordered(mapping: Mapping) -> Iterator[Fault]:
    if mapping.writes is WriteMode.ORDERED and mapping.log is not LogLevel.FULL:
        yield Fault(
            place=mapping.places.get("writes", mapping.place),
            message="writes: ordered needs log: full, which keeps the values of every change",
            hint="add log: full, or choose writes: merged",
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
)
_MAPPING: tuple[tuple[Set[str], Callable[[Mapping], Iterator[Fault]]], ...] = (
    ({"table"}, _table),
    (NONE, _fields),
    ({"access", "upsert_field"}, _upsert_access),
    ({"fields", "upsert_field"}, _upsert_mapped),
    ({"fields"}, _indexes),
    ({"fields", "computed"}, _columns),
    ({"fields", "exclude"}, _exclude),
    ({"access", "local_deletes", "constraints"}, _only_written),
    ({"roles"}, _table_roles),
    ({"writes", "log"}, _ordered),
)
