"""What has to be done to a database so that it holds what is desired.

New connections, tables, columns, indexes and triggers are made; a column whose type differs
is refused, because changing it can rewrite or cut data. Nothing is dropped but triggers of
ours on tables that are no longer mapped, or that another log level would not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from connectsql.compiler import render
from connectsql.compiler.model import Column, Desired, Table
from connectsql.errors import DatabaseError

SYSTEM_COLUMNS = ("sfid", "id", "_hc_lastop", "_hc_err")


@dataclass(frozen=True, kw_only=True)
class InstalledTable:
    """A table as the catalog has it: types by column, as ``format_type`` spells them."""

    columns: dict[str, str]
    triggers: frozenset[str] = frozenset()  # those that call a function of our schema


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What the database holds of one connection. No fingerprint: never applied."""

    fingerprint: str | None = None
    tables: dict[str, InstalledTable] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A step of ``apply``: SQL, and what it is for."""

    sql: str
    comment: str


def changes(desired: Desired, installed: Installed) -> list[Change]:
    """Return the steps from installed to desired; empty where there is nothing to do.

    Raises DatabaseError where a table that stands cannot become what is desired.
    """
    _refuse_differences(desired, installed)
    structural = [*_tables(desired, installed), *_stale_triggers(desired, installed)]
    if installed.fingerprint == render.fingerprint(desired) and not structural:
        return []
    steps = [Change(sql=render.runtime(desired), comment="runtime and trigger log")]
    steps += structural
    for table in desired.tables:
        rest = "\n".join(render.definition(table)[1:])
        steps.append(Change(sql=rest, comment=f"comments, indexes and triggers of {table.name}"))
    steps.append(Change(sql=render.record(desired), comment="record of what was applied"))
    return steps


def _tables(desired: Desired, installed: Installed) -> Iterator[Change]:
    for table in desired.tables:
        stands = installed.tables.get(table.name)
        if stands is None:
            create = render.definition(table)[0]
            yield Change(sql=create, comment=f"create table {table.name}")
            continue
        for column in table.columns:
            if column.name not in stands.columns:
                yield Change(
                    sql=render.add_column(table, column),
                    comment=f"add column {table.name}.{column.name}",
                )
        for trigger in table.triggers:
            if trigger.name not in stands.triggers:
                yield Change(
                    sql=render.create_trigger(table, trigger),
                    comment=f"create trigger {trigger.name} on {table.name}",
                )


def _stale_triggers(desired: Desired, installed: Installed) -> Iterator[Change]:
    for name, stands in sorted(installed.tables.items()):
        table = desired.by_name.get(name)
        wanted = {one.name for one in table.triggers} if table else set()
        for trigger in sorted(stands.triggers - wanted):
            yield Change(
                sql=render.drop_trigger(desired.schema, name, trigger),
                comment=f"drop trigger {trigger} on {name}: the config no longer asks for it",
            )


def _refuse_differences(desired: Desired, installed: Installed) -> None:
    problems = [
        problem
        for table in desired.tables
        if table.name in installed.tables
        for problem in _problems(table, installed.tables[table.name])
    ]
    if problems:
        raise DatabaseError(
            "nothing was applied: tables that stand differ from the config\n  "
            + "\n  ".join(problems),
            hint="change the column by hand, or move the table away, and apply again",
        )


def _problems(table: Table, stands: InstalledTable) -> Iterator[str]:
    lacking = [name for name in SYSTEM_COLUMNS if name not in stands.columns]
    if lacking:
        yield (
            f"{table.schema}.{table.name} is not a mapped table: "
            f"it has no column {', '.join(lacking)}"
        )
        return
    for column in table.columns:
        have = stands.columns.get(column.name)
        if have is not None and have != canonical(column):
            yield (
                f"{table.schema}.{table.name}.{column.name} is {have}, "
                f"the config makes it {canonical(column)}"
            )


_LONG_FORMS = {
    "timestamptz": "timestamp with time zone",
    "time": "time without time zone",
}


def canonical(column: Column) -> str:
    """Return the column's type as ``format_type`` spells it."""
    if column.type.startswith("varchar"):
        return "character varying" + column.type.removeprefix("varchar")
    return _LONG_FORMS.get(column.type, column.type)
