"""Which fields a mapping asks for, in the order of their columns, and whether they fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectsql.compiler.columns import OWN_COLUMNS, resolve_column
from connectsql.compiler.model import Column
from connectsql.config.model import Config, MappedField, Mapping
from connectsql.config.words import did_you_mean
from connectsql.describe.model import Field, Org, SObject
from connectsql.describe.types import column_type
from connectsql.errors import DescribeError, Fault

ALWAYS_READ = ("SystemModstamp", "IsDeleted")  # where the object has them, mapped or not
MOST_COLUMNS = 1600  # of a table in Postgres
EVERY = "*"

Selected = dict[str, Column]  # lower-cased name of the entry -> its column


def select(
    config: Config, org: Org, mapping: Mapping, sobject: SObject, *, alone: bool = False
) -> tuple[Selected, list[Fault]]:
    """Return the columns of a mapping by the names its other properties use, and the faults.

    ``alone`` leaves out how the columns fit together: not all of them are known.
    """
    faults = list(_unknown_exclusions(mapping, sobject))
    selected: Selected = {}
    taken: dict[str, list[str]] = {}  # the column's name -> the paths that have it
    for entry in _entries(config, mapping, sobject):
        column = resolve_column(config.types, org, sobject, entry)
        if isinstance(column, Fault):
            faults.append(column)
        else:
            paths = taken.setdefault(column.name, [])
            faults.extend(() if alone else _shared(paths, column, entry))
            paths.append(column.path)
            selected[entry.name.lower()] = column
    if not alone:
        faults.extend(_misfits(mapping, selected))
        faults.extend(_unknown_names(mapping, selected))
    return selected, faults


def _entries(config: Config, mapping: Mapping, sobject: SObject) -> Iterator[MappedField]:
    """Yield one entry per column. What is listed beside a "*" only refines what that gives."""
    listed = {one.name.lower(): one for one in mapping.fields if one.name != EVERY}
    given = {"id"}  # Id is the column sfid
    for entry in mapping.fields:
        if entry.name == EVERY:
            for field in _every(config, mapping, sobject):
                yield listed.get(
                    field.name.lower(), MappedField(name=field.name, place=entry.place)
                )
                given.add(field.name.lower())
    for entry in mapping.fields:
        if entry.name != EVERY and entry.name.lower() not in given:
            yield entry
            given.add(entry.name.lower())
    for name in ALWAYS_READ:
        if sobject.field(name) is not None and name.lower() not in given:
            yield MappedField(name=name, place=mapping.place)


def _every(config: Config, mapping: Mapping, sobject: SObject) -> Iterator[Field]:
    """Yield what a "*" stands for: all that a column can hold and that is not excluded."""
    excluded = {"id", *(name.lower() for name in mapping.exclude)}
    for field in sobject.fields:
        if field.name.lower() not in excluded and _has_column(config, field):
            yield field


def _has_column(config: Config, field: Field) -> bool:
    try:
        column_type(field, config.types)
    except DescribeError:
        return False
    return True


def _unknown_exclusions(mapping: Mapping, sobject: SObject) -> Iterator[Fault]:
    for name in mapping.exclude:
        if sobject.field(name) is None:
            meant = did_you_mean(name, (field.name for field in sobject.fields))
            yield Fault(
                place=mapping.excluded_at(name),
                message=f"{sobject.name} has no field {name} that could be excluded",
                hint=f"did you mean {meant}?" if meant else "remove it from exclude",
            )


def _shared(paths: Iterable[str], column: Column, entry: MappedField) -> Iterator[Fault]:
    for path in paths:
        yield Fault(
            place=entry.place,
            message=f"{path} and {column.path} cannot both have the column {column.name}",
            hint=f"give one another:  {{field: {entry.name}, column: NAME}}",
        )


def _misfits(mapping: Mapping, selected: Selected) -> Iterator[Fault]:
    names = {column.name for column in selected.values()}
    for computed in mapping.computed:
        if computed.column in names:
            yield Fault(
                place=computed.place,
                message=f"the column {computed.column} is taken: a field has it already",
                hint="choose another name",
            )
    count = len(names) + len(OWN_COLUMNS) + len(mapping.computed)
    if count > MOST_COLUMNS:
        yield Fault(
            place=mapping.places.get("fields", mapping.place),
            message=f"{mapping.table} would have {count:,} columns; Postgres holds "
            f"{MOST_COLUMNS:,}",
            hint="list fewer fields, or exclude some from *",
        )


def _unknown_names(mapping: Mapping, selected: Selected) -> Iterator[Fault]:
    """What a "*" stands for is known only now; a listed field has been judged already."""
    known = {"id", *selected, *(one.name.lower() for one in mapping.fields)}
    named = [(f"the index on {one.field}", one.field, one.place) for one in mapping.indexes]
    if name := mapping.upsert_field:
        place = mapping.places.get("upsert_field", mapping.place)
        named.append((f"the upsert_field {name}", name, place))
    for what, name, place in named:
        if name.lower() not in known:
            meant = did_you_mean(name, (column.path for column in selected.values()))
            hint = f"did you mean {meant}?" if meant else f"add {name} to fields"
            if name.lower() in {one.lower() for one in mapping.exclude}:
                hint = f"remove {name} from exclude"
            yield Fault(place=place, message=f"{what} needs a field that is not mapped", hint=hint)
