"""Checks of one mapping by itself, without the describe.

Each rule names the properties it looks at. Where one of them already has a fault the rule
is not asked: what it would say may be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set

from connectsql.config.model import Index, LogLevel, MappedField, Mapping
from connectsql.config.names import (
    CHOOSE,
    SYSTEM_COLUMNS,
    name_faults,
    percent_faults,
    role_faults,
)
from connectsql.config.words import did_you_mean
from connectsql.errors import Fault, Place

ALWAYS_MAPPED = ("Id", "SystemModstamp", "IsDeleted")
EVERY = "*"  # among a mapping's fields: all that a column can hold
NONE: Set[str] = frozenset()
_FIXED = {one.lower() for one in ALWAYS_MAPPED}
_UNLISTED = _FIXED - {"id"}  # their columns; that of Id is sfid
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
_NAMED = {  # what a column that the config names cannot be called
    **_COLUMNS,
    "id": "the row's own id",
    **dict.fromkeys(SYSTEM_COLUMNS, "a column that Postgres adds itself"),
}


def mapping_faults(mapping: Mapping, bad: Set[str] = NONE) -> Iterator[Fault]:
    """Yield the faults that one mapping has by itself; ``bad`` names the properties with one."""
    for properties, rule in _MAPPING:
        if not bad & properties:
            yield from rule(mapping)


def _table(mapping: Mapping) -> Iterator[Fault]:
    place = mapping.places.get("table", mapping.place)
    yield from name_faults("table", mapping.table, place)
    yield from percent_faults("table", mapping.table, place)
    if use := _TABLES.get(mapping.table.lower()):
        message = f"a table cannot be called {mapping.table}: that is {use}"
        yield Fault(place=place, message=message, hint=CHOOSE)


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
            yield from name_faults(f"the column of {one.name}", one.name, one.place)


def _columns(mapping: Mapping) -> Iterator[Fault]:
    """Columns that are named in the config: each is there once, whatever it holds."""
    own = {one.name.lower() for one in mapping.fields if one.column is None} | _UNLISTED
    named = [
        (one.column, one.place)
        for one in mapping.fields
        if one.column and one.name.lower() not in _FIXED
    ]
    named += [(one.column, one.place) for one in mapping.computed]
    seen: dict[str, int] = {}
    for name, place in named:
        if use := _NAMED.get(name):
            message = f"a column cannot be called {name}: that is {use}"
            yield Fault(place=place, message=message, hint=CHOOSE)
        elif name in seen or name in own:
            what = f"first in line {seen[name]}" if name in seen else "a field has it already"
            yield Fault(place=place, message=f"the column {name} is taken: {what}", hint=CHOOSE)
        else:
            yield from name_faults(f"the column {name}", name, place)
            yield from percent_faults(f"the column {name}", name, place)
        seen.setdefault(name, place.line)
    for one in mapping.fields:
        if one.name.lower() in _FIXED and one.column not in (None, one.name.lower()):
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
            yield Fault(
                place=mapping.excluded_at(name), message=message, hint="keep one of the two"
            )
        if name.lower() in {one.lower() for one in ALWAYS_MAPPED}:
            message = f"{name} cannot be excluded: the sync needs it"
            yield Fault(
                place=mapping.excluded_at(name), message=message, hint="remove it from exclude"
            )


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


def _written_fields(mapping: Mapping) -> Iterator[Fault]:
    for one in mapping.fields:
        if one.read_write and not mapping.writable:
            yield Fault(
                place=one.place,
                message=f"{one.name} is read_write and the mapping of {mapping.object} read_only: "
                "nothing would be sent",
                hint=f"add access: read_write to the mapping, or remove that of {one.name}",
            )


def _table_roles(mapping: Mapping) -> Iterator[Fault]:
    if mapping.roles:
        yield from role_faults(mapping.roles, mapping.places.get("roles", mapping.place))


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


def _partitioned(mapping: Mapping) -> Iterator[Fault]:
    """Each partition has an index of its own: Postgres cannot tell values of two apart."""
    if not mapping.partitioned:
        return
    for index in mapping.indexes:
        for said, word in ((index.unique, "unique"), (index.concurrently, "built concurrently")):
            if said:
                yield Fault(
                    place=index.place,
                    message=f"the index on {index.field} cannot be {word}: "
                    f"the table of {mapping.object} is partitioned",
                    hint=f"index it by its name alone: {index.field}",
                )


def _replicated(mapping: Mapping) -> Iterator[Fault]:
    if mapping.replicated and not mapping.writable and mapping.log is not LogLevel.FULL:
        yield Fault(
            place=mapping.places.get("replicated", mapping.place),
            message=f"replicated has no use here: the mapping of {mapping.object} is read_only, "
            "and with log: changes nothing of it is captured",
            hint="add access: read_write or log: full, or remove replicated",
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
    ({"access"}, _written_fields),
    ({"roles"}, _table_roles),
    ({"indexes", "partitioned"}, _partitioned),
    ({"access", "log", "replicated"}, _replicated),
)
