"""The statements of applications: what changes which row, as SQL of several forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from support.capture_model import Values


@dataclass(frozen=True)
class Target:
    """A table, and the types of its columns."""

    table: sql.Identifier
    key: str  # a column that no two rows share
    types: Mapping[str, str]


@dataclass(frozen=True)
class Effects:
    """What a statement does. Rows to insert name the same columns; so do the updates."""

    inserts: Sequence[Values] = ()
    updates: Sequence[tuple[int, Values]] = ()
    deletes: Sequence[int] = ()


def insert(target: Target, effects: Effects) -> sql.Composed:
    """Return an INSERT of one row or of many."""
    names = list(effects.inserts[0])
    rows = sql.SQL(", ").join(_row(row[name] for name in names) for row in effects.inserts)
    return sql.SQL("INSERT INTO {} ({}) VALUES {}").format(target.table, _columns(names), rows)


def upsert(target: Target, effects: Effects, taken: Sequence[str]) -> sql.Composed:
    """Return an INSERT that updates ``taken`` columns of the rows that are there already."""
    sets = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in taken
    )
    form = sql.SQL("{} ON CONFLICT (id) DO UPDATE SET {}")
    return form.format(insert(target, effects), sets)


def update(target: Target, effects: Effects) -> sql.Composed:
    """Return an UPDATE, of one value for all rows or of one for each."""
    names = list(effects.updates[0][1])
    sets = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), _new_value(target, effects, name))
        for name in names
    )
    form = sql.SQL("UPDATE {} SET {} WHERE id = ANY ({})")
    return form.format(target.table, sets, _ids([one for one, _ in effects.updates]))


def delete(target: Target, effects: Effects) -> sql.Composed:
    """Return a DELETE."""
    form = sql.SQL("DELETE FROM {} WHERE id = ANY ({})")
    return form.format(target.table, _ids(effects.deletes))


def with_(target: Target, effects: Effects) -> sql.Composed:
    """Return one statement that does all of it, by data-modifying WITH queries."""
    parts = []
    if effects.updates:
        parts.append(sql.SQL("updated AS ({})").format(update(target, effects)))
    if effects.deletes:
        parts.append(sql.SQL("gone AS ({})").format(delete(target, effects)))
    head = sql.SQL("WITH {} ").format(sql.SQL(", ").join(parts)) if parts else sql.SQL("")
    return head + insert(target, effects)


def merge(target: Target, effects: Effects) -> sql.Composed:
    """Return a MERGE that does all of it."""
    inserted = list(effects.inserts[0])
    updated = list(effects.updates[0][1]) if effects.updates else []
    names = list(dict.fromkeys([*inserted, *updated]))
    lines = [_line(target, names, "i", None, row) for row in effects.inserts]
    lines += [_line(target, names, "u", id_, row) for id_, row in effects.updates]
    lines += [_line(target, names, "d", id_, {}) for id_ in effects.deletes]
    new = sql.SQL(", ").join(_source(names, name) for name in inserted)
    sets = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), _source(names, name)) for name in updated
    )
    change = sql.SQL("WHEN MATCHED THEN UPDATE SET {}").format(sets) if updated else sql.SQL("")
    return sql.SQL(
        "MERGE INTO {} AS t USING (VALUES {}) AS s ON t.id = s.column2 "
        "WHEN MATCHED AND s.column1 = 'd' THEN DELETE {} "
        "WHEN NOT MATCHED THEN INSERT ({}) VALUES ({})"
    ).format(target.table, sql.SQL(", ").join(lines), change, _columns(inserted), new)


def _line(
    target: Target, names: Sequence[str], what: str, id_: int | None, row: Values
) -> sql.Composed:
    values = sql.SQL(", ").join(_typed(target, name, row.get(name)) for name in names)
    return sql.SQL("({}, {}::bigint, {})").format(sql.Literal(what), sql.Literal(id_), values)


def _source(names: Sequence[str], name: str) -> sql.Composed:
    return sql.SQL("s.{}").format(sql.Identifier(f"column{names.index(name) + 3}"))


def _new_value(target: Target, effects: Effects, name: str) -> sql.Composable:
    values = {row[name] for _, row in effects.updates}
    if len(values) == 1:
        return sql.Literal(values.pop())
    cases = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(sql.Literal(id_), _typed(target, name, row[name]))
        for id_, row in effects.updates
    )
    return sql.SQL("CASE id {} END").format(cases)


def _typed(target: Target, name: str, value: str | None) -> sql.Composed:
    form = sql.SQL("{}::{}")
    return form.format(sql.Literal(value), sql.SQL(target.types[name]))


def _row(values: Iterable[object]) -> sql.Composed:
    return sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, values)))


def _columns(names: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _ids(ids: Sequence[int]) -> sql.Literal:
    return sql.Literal(list(ids))
