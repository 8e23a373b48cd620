"""How the columns of tables that stand become those that are desired."""

from __future__ import annotations

from collections.abc import Iterator

from connectsql.compiler import ddl
from connectsql.compiler.installed import Installed, InstalledColumn, InstalledTable
from connectsql.compiler.model import Column, Desired, Kind, Table
from connectsql.compiler.parts import parts
from connectsql.compiler.plan import Change, Hazard, Note
from connectsql.compiler.retype import Retype, canonical, retype
from connectsql.errors import DatabaseError

SYSTEM_COLUMNS = ("sfid", "id", "_hc_lastop", "_hc_err")


def refuse(desired: Desired, installed: Installed) -> None:
    """Raise DatabaseError where something stands that no plan may turn into a mapped table."""
    problems = [problem for table in desired.tables for problem in _problems(table, installed)]
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
    if stands.kind not in ("r", "p"):
        yield f"{name} is a {_KINDS.get(stands.kind, 'relation')}, not a table"
        return
    lacking = [one for one in SYSTEM_COLUMNS if one not in stands.columns]
    if lacking:
        yield f"{name} is not a mapped table: it has no column {', '.join(lacking)}"
    for column in table.columns:
        have = stands.columns.get(column.name)
        if have is not None and have.generated:
            yield f"{name}.{column.name} is computed by Postgres, the config makes it a field"


_KINDS = {"v": "view", "m": "materialized view", "f": "foreign table"}


def column_changes(
    table: Table, stands: InstalledTable, notes: list[Note], *, prune: bool
) -> Iterator[Change]:
    """Yield the changes of the fields' columns of a table that stands."""
    for column in table.columns:
        have = stands.columns.get(column.name)
        if have is None:
            yield _added(table, column)
        elif how := retype(have.type, canonical(column.type)):
            if how.wider and not prune:
                notes.append(_kept(table, column, have))
            else:
                yield _retyped(table, column, have, how, stands)


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
            reverse=f"{drop}\n{ddl.add_column(schema, name, column.name, have.type)}",
        )
    back = retype(canonical(column.type), have.type)
    using = back.using if back and not back.anew else ""
    return Change(
        sql=ddl.alter_type(schema, name, column.name, column.type, how.using),
        comment=f"change type of {where}",
        hazards=hazards,
        reverse=ddl.alter_type(schema, name, column.name, have.type, using),
    )


def stale_columns(desired: Desired, installed: Installed) -> Iterator[Change]:
    """Yield the removal of the columns that connectsql made and nobody asks for any more."""
    for table in desired.tables:
        stands = installed.tables.get(table.name)
        wanted = {column.name for column in table.columns}
        wanted |= {part.name for part in parts(table) if part.kind is Kind.COLUMN}
        for _, kind, name in sorted(installed.made_by_table.get(table.name, [])):
            if kind == "column" and name not in wanted and stands and name in stands.columns:
                yield _dropped(table, name, stands)


def _dropped(table: Table, name: str, stands: InstalledTable) -> Change:
    column = stands.columns[name]
    return Change(
        sql=ddl.drop_column(table.schema, table.name, name),
        comment=f"drop column {table.name}.{name}: the config no longer asks for it",
        hazards=frozenset({Hazard.DATA_LOSS}),
        reverse=ddl.add_column(table.schema, table.name, name, column.type),
    )
