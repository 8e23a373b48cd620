"""Which tables the agent has to read again: what stands in them is not what the config asks for.

What a table was last kept in step with is in the registry, beside what was made: its object with
the filter, and the field of each column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectsql.compiler import render
from connectsql.compiler.installed import Installed, InstalledTable, Key
from connectsql.compiler.model import Desired, Table
from connectsql.compiler.plan import Change, Hazard


def rereads(desired: Desired, installed: Installed, changes: Iterable[Change]) -> Iterator[Change]:
    """Yield what has tables read again, after ``changes``."""
    anew = {one.anew for one in changes if one.anew}
    for table in desired.tables:
        stands = installed.tables.get(table.name)
        if stands is None and table.name in installed.read:
            yield Change(
                sql=render.read_again(table),
                comment=f"read {table.name} from Salesforce, from the start: the table is new",
            )
        if stands is None or not stands.loaded:
            continue
        if why := list(_reasons(table, stands, installed, anew)):
            yield Change(
                sql=render.read_again(table),
                comment=f"read {table.name} again from Salesforce, for {', '.join(why)}",
                hazards=frozenset({Hazard.BACKFILL}),
            )


def _reasons(
    table: Table, stands: InstalledTable, installed: Installed, anew: set[tuple[str, str]]
) -> Iterator[str]:
    made = installed.made
    known = made.get((table.name, "object", table.object.name))
    kept = installed.made_by_table.get(table.name, [])
    fields = {name for _, kind, name in kept if kind == "field"}
    if known is None or not fields:
        yield "what has changed while it was not mapped"
        return
    for column in table.columns:
        if column.name not in stands.columns:
            yield column.name
        elif (table.name, column.name) in anew:
            yield f"retyped {column.name}"
        elif column.name not in fields:
            yield f"{column.name}, which was not mapped"
        elif (held := made[table.name, "field", column.name].definition) != column.path:
            yield f"{column.name}, which held {held}"
    if known.definition != (table.filter or ""):
        yield "its filter"


def other_object(table: Table, installed: Installed) -> str | None:
    """Return the object that a table was last kept in step with, where it is another."""
    kept: list[Key] = installed.made_by_table.get(table.name, [])
    objects = [name for _, kind, name in kept if kind == "object"]
    return next((name for name in objects if name != table.object.name), None)
