"""Views that keep a column as it is: Postgres refuses a change under them, so the plan says so."""

from __future__ import annotations

from collections.abc import Iterator

from connectsql.compiler.column_diff import key_changes, retyped_columns, stale_names
from connectsql.compiler.installed import Installed, InstalledTable
from connectsql.compiler.model import Desired, Table
from connectsql.compiler.plan import Note


def in_the_way(desired: Desired, installed: Installed, *, prune: bool) -> Iterator[Note]:
    """Yield each view that has to be dropped before the plan can be carried out."""
    reading: dict[str, list[str]] = {}
    for name, stands in sorted(installed.tables.items()):
        table = desired.by_name.get(name)
        if table is not None:
            changing = _changing(table, stands, installed, prune=prune)
        elif prune and (name, "table", name) in installed.made:
            changing = list(stands.columns)
        else:
            continue
        for column in dict.fromkeys(changing):
            for view in stands.columns[column].views:
                reading.setdefault(view, []).append(f"{name}.{column}")
    for view, columns in sorted(reading.items()):
        text = f"view {view} reads {', '.join(columns)}: drop it, apply, and make it again"
        yield Note(what="in the way", text=text)


def _changing(
    table: Table, stands: InstalledTable, installed: Installed, *, prune: bool
) -> list[str]:
    found = retyped_columns(table, stands, prune=prune)
    if any(key_changes(table.schema, table.name, table.key_type, stands)):
        found.append("id")
    fed = [name for column in found for name in stands.columns[column].feeds]
    stale = stale_names(table, stands, installed) if prune else []
    return [*found, *fed, *stale]
