"""Brings config and describe together: every mapping becomes a table, or a list of faults.

All faults of all mappings are found in one go. What is merely risky is a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

from connectsql.compiler import rules
from connectsql.compiler.filters import filter_warnings, resolve_filter
from connectsql.compiler.model import Computed, Desired, Index, Table
from connectsql.compiler.names import sequence_name, shorten
from connectsql.compiler.selection import Selected, select
from connectsql.config.model import Config, Mapping, Roles, Types
from connectsql.config.words import did_you_mean
from connectsql.describe.model import Org, SObject
from connectsql.errors import ConfigError, Fault


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
    found = examine(config, org)
    if found.faults:
        raise ConfigError(found.faults)
    return Resolution(desired(config, found.tables), found.warnings)


@dataclass
class Findings:
    """The tables that can be told, and what is wrong or risky about them."""

    tables: list[Table] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def examine(
    config: Config,
    org: Org,
    *,
    doubtful: Set[int] = frozenset(),
    also: Callable[[Table], Iterable[Fault]] = lambda _: (),
) -> Findings:
    """Return the tables of a config with every fault.

    Of a ``doubtful`` mapping, one that has a fault already, by position, only what stands by
    itself is judged: its object, its fields, its filter. ``also`` judges the other tables.
    """
    found = Findings()
    for at, mapping in enumerate(config.mappings):
        if (sobject := org.object(mapping.object)) is None:
            found.faults.append(_unknown_object(mapping, org))
            continue
        selected, wrong = select(config, org, mapping, sobject, alone=at in doubtful)
        found.faults += wrong
        table = _filtered(found, _table(config, mapping, sobject, selected))
        if at not in doubtful:
            found.faults += rules.faults(mapping, sobject, selected)
            found.warnings += rules.warnings(mapping, sobject, selected)
            found.faults += rules.query_faults(table)
            found.faults += also(table)
            found.tables.append(table)
    found.faults += _shared_names(found.tables)
    return found


def _filtered(found: Findings, table: Table) -> Table:
    mapping = table.mapping
    if mapping.filter is None:
        return table
    place = mapping.places.get("filter", mapping.place)
    soql = resolve_filter(mapping.filter, table.object, place)
    if isinstance(soql, list):
        found.faults += soql
        return table
    found.warnings += filter_warnings(mapping, table.object)
    return replace(table, filter=soql)


def desired(config: Config, tables: Sequence[Table]) -> Desired:
    """Return the desired schema that these tables make up."""
    return Desired(
        schema=config.schema,
        key_type=_key_type(config),
        tables=tuple(tables),
        roles=config.roles,
        heroku=config.types is Types.HEROKU,
    )


def _table(config: Config, mapping: Mapping, sobject: SObject, selected: Selected) -> Table:
    columns = tuple(selected.values())
    return Table(
        schema=config.schema,
        name=mapping.table,
        mapping=mapping,
        object=sobject,
        columns=columns,
        indexes=tuple(_indexes(mapping, selected)),
        key_type=_key_type(config),
        sfid_collation="ucs_basic" if config.types is Types.HEROKU else "C",
        computed=tuple(
            Computed(name=one.column, type=one.type, expression=one.expression.strip())
            for one in mapping.computed
        ),
        roles=_roles(config, mapping),
    )


def _key_type(config: Config) -> str:
    return "integer" if config.types is Types.HEROKU else "bigint"


def _roles(config: Config, mapping: Mapping) -> Roles:
    """A mapping's own roles stand for the connection's; the agent serves every table."""
    if mapping.roles is None:
        return config.roles
    return replace(mapping.roles, agent=config.roles.agent)


def _unknown_object(mapping: Mapping, org: Org) -> Fault:
    place = mapping.places.get("object", mapping.place)
    near = did_you_mean(mapping.object, (one.name for one in org.objects))
    hint = f"did you mean {near}?" if near else "fetch its describe with `connectsql describe`"
    message = f"the describe snapshot has no object {mapping.object}"
    return Fault(place=place, message=message, hint=hint)


def _indexes(mapping: Mapping, selected: Selected) -> Iterator[Index]:
    """Yield an index for each column that is looked up, and for those that the config names.

    In a partitioned table none is unique: it would have to hold what the table is divided by.
    """
    wanted = {"sfid": Index(name="", column="sfid", unique=True)}
    if stamp := selected.get("systemmodstamp"):
        wanted[stamp.name] = Index(name="", column=stamp.name, unique=False)
    for one in mapping.indexes:
        if column := selected.get(one.field.lower()):
            wanted[column.name] = Index(
                name="", column=column.name, unique=one.unique, concurrently=one.concurrently
            )
    if identifier := selected.get((mapping.upsert_field or "").lower()):
        given = wanted.get(identifier.name, Index(name="", column=identifier.name, unique=True))
        wanted[identifier.name] = replace(given, unique=True)
    for index in wanted.values():
        unique = index.unique and not mapping.partitioned
        kind = "hcu_idx" if unique else "hc_idx"
        yield replace(index, unique=unique, name=shorten(f"{kind}_{mapping.table}_{index.column}"))


def _shared_names(tables: Sequence[Table]) -> Iterator[Fault]:
    """Tables, indexes and sequences of a schema share their names."""
    taken = {table.name: f"the table of {table.object.name}" for table in tables}
    distinct: dict[str, Table] = {}
    for table in tables:  # two mappings of one table are a fault already
        distinct.setdefault(table.name.lower(), table)
    for table in distinct.values():
        made = [index.name for index in table.indexes]
        for name in [*made, sequence_name(table.name, "id"), f"{table.name}_pkey"]:
            if name in taken:
                yield Fault(
                    place=table.mapping.places.get("table", table.mapping.place),
                    message=f"{table.name} needs the name {name}, which {taken[name]} has",
                    hint="choose another table",
                )
            taken.setdefault(name, f"an index or sequence of {table.name}")
