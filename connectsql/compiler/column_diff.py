"""How the columns of tables that stand become those that are desired."""

from __future__ import annotations

from collections.abc import Iterator

from connectsql.compiler import ddl
from connectsql.compiler.installed import Installed, InstalledColumn, InstalledTable
from connectsql.compiler.model import Column, Computed, Desired, Kind, Table
from connectsql.compiler.names import sequence_name
from connectsql.compiler.parts import parts
from connectsql.compiler.plan import Change, Hazard, Note
from connectsql.compiler.regrant import LOGS
from connectsql.compiler.rereads import other_object
from connectsql.compiler.retype import Retype, canonical, retype
from connectsql.compiler.versions import refuse_core
from connectsql.errors import DatabaseError

WHOLE_TABLE = frozenset({Hazard.TABLE_REWRITE, Hazard.LOCKS_WRITES})
LOG_COLUMNS = (
    "id", "txid", "created_at", "updated_at", "processed_at", "processed_tx", "state", "action",
    "table_name", "record_id", "sfid", "old", "values", "sf_result", "sf_message",
)  # fmt: skip
SYSTEM_COLUMNS = ("sfid", "id", "_hc_lastop", "_hc_err")


def refuse(desired: Desired, installed: Installed) -> None:
    """Raise DatabaseError where something stands that no plan may turn into a mapped table."""
    refuse_core(installed)
    problems = [problem for table in desired.tables for problem in _problems(table, installed)]
    problems += _taken_names(desired, installed)
    problems += _log_problems(desired.schema, installed)
    problems += [
        f"the role {role} does not exist: CREATE ROLE is the DBA's to decide"
        for role in _roles(desired)
        if role not in installed.roles
    ]
    if problems:
        raise DatabaseError(
            "nothing was applied: what stands does not fit the config\n  " + "\n  ".join(problems),
            hint="move it away, give the mapping another table, or make the role; then plan again",
        )


def _roles(desired: Desired) -> list[str]:
    named = [desired.roles, *(table.roles for table in desired.tables)]
    every = [role for one in named for role in (one.agent, *one.applications, *one.readers) if role]
    return list(dict.fromkeys(every))


def _problems(table: Table, installed: Installed) -> Iterator[str]:
    stands = installed.tables.get(table.name)
    if stands is None:
        return
    name = f"{table.schema}.{table.name}"
    if stands.kind == "p" and not table.mapping.partitioned:
        yield (
            f"{name} is partitioned, and its mapping does not say so: what is written straight "
            "into a partition would not be captured (say `partitioned: true`)"
        )
        return
    if stands.kind not in ("r", "p"):
        yield f"{name} is a {_KINDS.get(stands.kind, 'relation')}, not a table"
        return
    if not stands.empty and (other := other_object(table, installed)):
        own = table.object.name
        yield f"{name} holds records of {other}, the config makes it the table of {own}"
    lacking = [one for one in SYSTEM_COLUMNS if one not in stands.columns]
    if lacking:
        yield f"{name} is not a mapped table: it has no column {', '.join(lacking)}"
    for column in table.columns:
        have = stands.columns.get(column.name)
        if have is not None and have.generated is not None:
            yield f"{name}.{column.name} is computed by Postgres, the config makes it a field"


def undivided(table: Table) -> Iterator[Note]:
    """Say that a table which is to be partitioned is not: a config does not tell by what."""
    if table.mapping.partitioned:
        text = f"table {table.name} does not stand and is made whole, not partitioned: to have it "
        text += f"so, make it first, with the columns {', '.join(SYSTEM_COLUMNS)}"
        yield Note(what="left", text=text)


def _log_problems(schema: str, installed: Installed) -> Iterator[str]:
    for log in LOGS:
        stands = installed.tables.get(log)
        lacking = [one for one in LOG_COLUMNS if stands and one not in stands.columns]
        if lacking:
            yield f"{schema}.{log} is not a trigger log: it has no column {', '.join(lacking)}"


def _taken_names(desired: Desired, installed: Installed) -> Iterator[str]:
    """Indexes of a schema share their names: one of ours that stands elsewhere cannot be made."""
    where = {name: table for table, kind, name in installed.objects if kind == "index"}
    for table in desired.tables:
        taken = [
            part.name
            for part in parts(table)
            if part.kind is Kind.INDEX and where.get(part.name, table.name) != table.name
        ]
        if taken:
            name, other = f"{table.schema}.{table.name}", where[taken[0]]
            problem = f"{name} needs the name {taken[0]}, which an index of {other} has"
            if table.name not in installed.tables:
                problem += f": if it was renamed, rename it back, or map it with `table: {other}`"
            yield problem


_KINDS = {"v": "view", "m": "materialized view", "f": "foreign table"}


def column_changes(
    table: Table, stands: InstalledTable, notes: list[Note], *, prune: bool
) -> Iterator[Change]:
    """Yield the changes of the fields' columns of a table that stands."""
    yield from key_changes(table.schema, table.name, table.key_type, stands)
    for column in table.columns:
        have = stands.columns.get(column.name)
        if have is None:
            yield _added(table, column)
        elif how := retype(have.type, canonical(column.type)):
            if how.wider and not prune:
                notes.append(_kept(table, column, have))
            else:
                yield _retyped(table, column, have, how, stands)


def retyped_columns(table: Table, stands: InstalledTable, *, prune: bool) -> list[str]:
    """Return the columns that ``column_changes`` gives another type."""
    found = []
    for column in table.columns:
        have = stands.columns.get(column.name)
        how = retype(have.type, canonical(column.type)) if have else None
        if how and (prune or not how.wider):
            found.append(column.name)
    return found


def replaced_columns(table: Table, stands: InstalledTable) -> list[str]:
    """Return the columns that cannot keep their values: they are dropped and made anew."""
    found = []
    for column in table.columns:
        have = stands.columns.get(column.name)
        how = retype(have.type, canonical(column.type)) if have else None
        if how and how.anew:
            found.append(column.name)
    return found


def key_changes(schema: str, table: str, key_type: str, stands: InstalledTable) -> Iterator[Change]:
    """Yield what widens the ids of a table and their sequence; they are never narrowed."""
    for name in ("id", "record_id"):
        have = stands.columns.get(name)
        if have is None or (have.type, key_type) != ("integer", "bigint"):
            continue
        statements = [ddl.alter_type(schema, table, name, key_type)]
        if name == "id" and table != "_trigger_log_archive":
            statements.append(ddl.widen_sequence(schema, sequence_name(table, name)))
        yield Change(
            sql="\n".join(statements),
            comment=f"change type of {table}.{name}: integer to bigint",
            hazards=frozenset() if stands.empty else WHOLE_TABLE,
        )


def _added(table: Table, column: Column) -> Change:
    return Change(
        sql=ddl.add_column(table.schema, table.name, column.name, column.type),
        comment=f"add column {table.name}.{column.name}",
        reverse=ddl.drop_column(table.schema, table.name, column.name),
    )


def _kept(table: Table, column: Column, have: InstalledColumn) -> Note:
    return Note(
        what="kept",
        text=f"{table.name}.{column.name} is {have.type}, wider than the {column.type} that "
        "the config makes it: it stays (--prune narrows it)",
    )


def _retyped(
    table: Table, column: Column, have: InstalledColumn, how: Retype, stands: InstalledTable
) -> Change:
    schema, name = table.schema, table.name
    where = f"{name}.{column.name}: {have.type} to {canonical(column.type)}"
    hazards = frozenset[Hazard]() if stands.empty else how.hazards
    if how.anew:
        drop = ddl.drop_column(schema, name, column.name)
        return Change(
            sql=f"{drop}\n{ddl.add_column(schema, name, column.name, column.type)}",
            comment=f"replace column {where}",
            hazards=hazards,
            anew=(name, column.name),
            reverse=f"{drop}\n{add_again(table, column.name, have)}",
        )
    back = retype(canonical(column.type), have.type)
    using = back.using if back else ""
    if back and back.anew:  # what was turned into text can be read from it
        using = f"{{}}::{have.type}"
    return Change(
        sql=ddl.alter_type(schema, name, column.name, column.type, how.using),
        comment=f"change type of {where}",
        hazards=hazards,
        reverse=ddl.alter_type(schema, name, column.name, have.type, using),
    )


def stale_names(table: Table, stands: InstalledTable, installed: Installed) -> list[str]:
    """Return the columns of a table that connectsql made and nobody asks for any more."""
    wanted = {column.name for column in table.columns}
    wanted |= {one.name for one in table.computed} | {one.name for one in table.twins}
    made = [
        name for _, kind, name in installed.made_by_table.get(table.name, []) if kind == "column"
    ]
    stale = [name for name in made if name not in wanted and name in stands.columns]
    # Computed ones first: they need the others.
    return sorted(stale, key=lambda one: (stands.columns[one].generated is None, one))


def stale_columns(desired: Desired, installed: Installed) -> Iterator[Change]:
    """Yield the removal of the columns that nobody asks for any more."""
    for table in desired.tables:
        stands = installed.tables.get(table.name)
        if stands is not None:
            for name in stale_names(table, stands, installed):
                yield _dropped(table, name, stands)


def _dropped(table: Table, name: str, stands: InstalledTable) -> Change:
    return Change(
        sql=ddl.drop_column(table.schema, table.name, name),
        comment=f"drop column {table.name}.{name}: the config no longer asks for it",
        hazards=frozenset() if stands.columns[name].generated else frozenset({Hazard.DATA_LOSS}),
        reverse=add_again(table, name, stands.columns[name]),
    )


def add_again(table: Table, name: str, column: InstalledColumn) -> str:
    """Return the statements that make a column as it stood, without its values."""
    schema = table.schema
    if column.generated:
        computed = Computed(name=name, type=column.type, expression=column.generated)
        add = ddl.add_computed(table, computed)
    else:
        add = ddl.add_column(schema, table.name, name, column.type)
    if column.comment is None:
        return add
    return f"{add}\n{ddl.comment(schema, table.name, name, column.comment)}"
