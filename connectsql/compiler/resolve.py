"""Brings config and describe together: every mapping becomes a table, or a list of faults.

All faults of all mappings are found in one go. What is merely risky is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches

from connectsql.compiler.columns import resolve_column
from connectsql.compiler.model import Column, Desired, Index, Table
from connectsql.compiler.names import shorten
from connectsql.compiler.triggers import triggers
from connectsql.config.model import Config, Mapping, Types
from connectsql.describe.model import Org, SObject
from connectsql.errors import ConfigError, Fault

ALWAYS_READ = ("SystemModstamp", "IsDeleted")  # where the object has them, mapped or not


@dataclass
class Resolution:
    """The desired schema and what is worth knowing about it."""

    desired: Desired
    warnings: list[Fault] = field(default_factory=list)


def resolve(config: Config, org: Org) -> Resolution:
    """Return what the config asks of the database.

    Raises ConfigError with every fault: objects and fields that the org lacks, types that have
    no column, identifiers that identify nothing, columns that collide.
    """
    faults: list[Fault] = []
    warnings: list[Fault] = []
    tables = []
    for mapping in config.mappings:
        sobject = org.object(mapping.object)
        if sobject is None:
            faults.append(_unknown_object(mapping, org))
            continue
        columns = _columns(config, org, mapping, sobject, faults)
        faults.extend(_mapping_faults(mapping, sobject, columns))
        warnings.extend(_mapping_warnings(mapping, sobject, columns))
        tables.append(_table(config, mapping, sobject, columns))
    if faults:
        raise ConfigError(faults)
    desired = Desired(schema=config.schema, key_type=_key_type(config), tables=tuple(tables))
    return Resolution(desired, warnings)


def _table(
    config: Config, mapping: Mapping, sobject: SObject, columns: tuple[Column, ...]
) -> Table:
    return Table(
        schema=config.schema,
        name=mapping.table,
        mapping=mapping,
        object=sobject,
        columns=columns,
        indexes=tuple(_indexes(mapping, columns)),
        triggers=triggers(mapping, columns),
        key_type=_key_type(config),
        sfid_collation="ucs_basic" if config.types is Types.HEROKU else "C",
    )


def _key_type(config: Config) -> str:
    return "integer" if config.types is Types.HEROKU else "bigint"


def _unknown_object(mapping: Mapping, org: Org) -> Fault:
    place = mapping.places.get("object", mapping.place)
    near = get_close_matches(mapping.object, [one.name for one in org.objects], n=1)
    hint = f"did you mean {near[0]}?" if near else "fetch its describe with `connectsql describe`"
    message = f"the describe snapshot has no object {mapping.object}"
    return Fault(place=place, message=message, hint=hint)


def _columns(
    config: Config, org: Org, mapping: Mapping, sobject: SObject, faults: list[Fault]
) -> tuple[Column, ...]:
    columns: dict[str, Column] = {}
    wanted = {one.name.lower(): (one.name, one.place) for one in mapping.fields}
    for name in ALWAYS_READ:
        if sobject.field(name) is not None:
            wanted.setdefault(name.lower(), (name, mapping.place))
    wanted.pop("id", None)  # Id is the column sfid
    for name, place in wanted.values():
        column = resolve_column(config, org, sobject, name, place)
        if isinstance(column, Fault):
            faults.append(column)
        else:
            columns[column.name] = column
    return tuple(columns.values())


def _mapping_faults(
    mapping: Mapping, sobject: SObject, columns: tuple[Column, ...]
) -> Iterator[Fault]:
    if sobject.field("SystemModstamp") is None:
        yield Fault(
            place=mapping.place,
            message=f"{sobject.name} has no SystemModstamp, so changes of it cannot be found",
            hint="leave this object out",
        )
    if mapping.writable and not (sobject.createable or sobject.updateable or sobject.deletable):
        yield Fault(
            place=mapping.places.get("access", mapping.place),
            message=f"Salesforce lets nobody write {sobject.name}",
            hint="use access: read_only",
        )
    if mapping.upsert_field:
        yield from _identifier_faults(mapping, mapping.upsert_field, columns)


def _identifier_faults(mapping: Mapping, name: str, columns: tuple[Column, ...]) -> Iterator[Fault]:
    place = mapping.places.get("upsert_field", mapping.place)
    column = next((one for one in columns if one.name == name.lower()), None)
    if column is not None and not (column.field.external_id or column.field.id_lookup):
        yield Fault(
            place=place,
            message=f"{mapping.object}.{name} is no external id: no record can be found by it",
            hint="tick External ID (and Unique) on the field in Salesforce, or name another field",
        )


def _mapping_warnings(
    mapping: Mapping, sobject: SObject, columns: tuple[Column, ...]
) -> Iterator[Fault]:
    if not mapping.writable:
        return
    # A lookup is also filled through its parent's external id.
    paths = {column.path for column in columns}
    paths |= {column.lookup.name for column in columns if column.lookup}
    missing = [f.name for f in sobject.fields if f.required_on_create and f.name not in paths]
    if missing and sobject.createable:
        yield Fault(
            place=mapping.place,
            message=f"new rows of {mapping.table} will be refused: Salesforce requires "
            f"{', '.join(missing)}, not mapped",
            hint="add the fields, or only update rows of this table",
        )
    for column in columns:
        if column.name == (mapping.upsert_field or "").lower() and not column.field.unique:
            yield Fault(
                place=mapping.places.get("upsert_field", mapping.place),
                message=f"{mapping.object}.{column.path} is not unique in Salesforce",
                hint="tick Unique on the field: otherwise one value can match several records",
            )


def _indexes(mapping: Mapping, columns: tuple[Column, ...]) -> Iterator[Index]:
    wanted: dict[str, bool] = {"sfid": True}
    by_name = {column.name for column in columns}
    for column in ("systemmodstamp",):
        if column in by_name:
            wanted[column] = False
    for index in mapping.indexes:
        name = index.field.lower()
        if name in by_name:
            wanted[name] = index.unique
    if mapping.upsert_field and mapping.upsert_field.lower() in by_name:
        wanted[mapping.upsert_field.lower()] = True
    for column, unique in wanted.items():
        kind = "hcu_idx" if unique else "hc_idx"
        yield Index(name=shorten(f"{kind}_{mapping.table}_{column}"), column=column, unique=unique)
