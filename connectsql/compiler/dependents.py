"""What others made upon our columns and tables: it keeps them from being changed or dropped.

Postgres protects views, so the plan only tells of them. It drops indexes, constraints and the like
with their column without a word: that is for connectsql to refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectsql.compiler.column_diff import (
    LOG_COLUMNS,
    SYSTEM_COLUMNS,
    key_changes,
    replaced_columns,
    retyped_columns,
    stale_names,
)
from connectsql.compiler.installed import Installed, InstalledTable
from connectsql.compiler.model import Desired, Table
from connectsql.compiler.plan import Note
from connectsql.compiler.regrant import LOGS
from connectsql.errors import DatabaseError


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


def refuse_drops(desired: Desired, installed: Installed, *, prune: bool) -> None:
    """Raise DatabaseError where the plan would drop what connectsql did not make."""
    lost: list[str] = []
    for table in desired.tables:
        if stands := installed.tables.get(table.name):
            going = replaced_columns(table, stands)
            going += stale_names(table, stands, installed) if prune else []
            lost += _carried(table.name, going, installed)
    if prune:
        made = {name for name, kind, _ in installed.made if kind == "table"}
        lost += others_upon(made - set(desired.by_name), installed)
    refuse_lost(lost)


def refuse_lost(lost: list[str]) -> None:
    """Raise DatabaseError where anything of others would be lost."""
    if lost:
        raise DatabaseError(
            "nothing was dropped: what others made would go with it\n  " + "\n  ".join(lost),
            hint="drop that first if nobody needs it, then try again",
        )


def others_upon(tables: Iterable[str], installed: Installed) -> list[str]:
    """Return what others made upon tables that are to be dropped."""
    lost: list[str] = []
    for name in sorted(set(tables) & set(installed.tables)):
        upon = {key[1:]: one for key, one in installed.objects.items() if key[0] == name}
        own = {key[2] for key in installed.made_by_table.get(name, [])}
        own |= {one for (kind, one), said in upon.items() if said.startswith("PRIMARY KEY")}
        own |= {*SYSTEM_COLUMNS, *(LOG_COLUMNS if name in LOGS else ())}
        columns = [("column", one) for one in installed.tables[name].columns]
        objects = [one for one in sorted(upon) if one[0] in ("index", "trigger", "constraint")]
        lost += [f"{kind} {one} of {name}" for kind, one in [*columns, *objects] if one not in own]
    return lost


def _carried(table: str, columns: Iterable[str], installed: Installed) -> Iterator[str]:
    stands = installed.tables[table]
    for column in columns:
        for kind, name in stands.columns[column].carries:
            if (table, kind, name) not in installed.made:
                yield f"{kind} {name} of {table}, which is on {column}"
