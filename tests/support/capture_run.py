"""Plays a script in several sessions of a database, and in the model beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql

from support import capture_sql
from support.capture_model import MARKS, Entry, Model, Values, paired
from support.capture_scripts import (
    FRESH,
    KEEP,
    LONG,
    Command,
    Script,
    Write,
    first_writes,
)
from support.capture_sides import Connection, Side, entries, rows
from support.capture_sql import Effects, Target

MERGE_SINCE = 150000
_FORMS = {
    "insert": capture_sql.insert,
    "update": capture_sql.update,
    "delete": capture_sql.delete,
    "with": capture_sql.with_,
    "merge": capture_sql.merge,
}
_LONG = "".join(hashlib.sha256(b"%d" % one).hexdigest() for one in range(200))


@dataclass
class Player:
    """One session, what it has committed, and what it is about to."""

    sql: Connection
    number: int
    committed: Model = field(default_factory=Model)
    current: Model = field(default_factory=Model)
    saved: list[tuple[Model, bool]] = field(default_factory=list)
    transaction: int = 0
    open: bool = False
    captured: bool = True
    used: set[tuple[str, int]] = field(default_factory=set)

    def live(self, side: Side) -> list[int]:
        """Return the ids of this session's rows."""
        return sorted(id_ for table, id_ in self.current.rows if table == side.name)


class Play:
    """A script as it is played. ``compare`` says whether rows and log are what they must be."""

    def __init__(
        self, sessions: Sequence[Connection], watcher: Connection, sides: Sequence[Side]
    ) -> None:
        self.players = [Player(one, number) for number, one in enumerate(sessions)]
        self.watcher = watcher
        self.sides = sides
        self._transactions = 0
        self._fresh = 0

    def play(self, script: Script) -> None:
        """Play it all, and commit what is open in the end."""
        for player, settings in zip(self.players, script.settings, strict=False):
            for name, value in settings.items():
                player.sql.execute("SELECT set_config(%s, %s, false)", (name, value))
        for player in self.players[: len(script.settings)]:
            for write in first_writes(player.number):
                self._write(player, write)
        for step in script.steps:
            player = self.players[step.session]
            if isinstance(step, Write):
                self._write(player, step)
            elif player.open:
                self._command(player, step)
        for player in self.players:
            if player.open:
                self._command(player, Command(session=player.number, what="commit", number=0))

    def compare(self) -> list[tuple[Entry, Entry]]:
        """Compare everything committed with the models; return what is and what must be."""
        for side in self.sides:
            wanted = {
                id_: side.normal(row)
                for player in self.players
                for (table, id_), row in player.committed.rows.items()
                if table == side.name
            }
            assert rows(self.watcher, side) == wanted
        log = [self._normal(one) for player in self.players for one in player.committed.log]
        return paired(log, [self._normal(one) for one in entries(self.watcher)])

    def _normal(self, entry: Entry) -> Entry:
        side = next(one for one in self.sides if one.name == entry.table)
        names = ("old", "values", "same_old", "same_values", "after")
        parts = {name: side.normal(getattr(entry, name)) for name in names}
        return Entry(**{**entry.__dict__, **parts})

    def _command(self, player: Player, step: Command) -> None:
        if step.what in ("commit", "rollback"):
            player.sql.execute(step.what.upper().encode())
            ended = player.current if step.what == "commit" else player.committed
            self._end(player, ended)
        elif step.what in ("hex", "base64"):
            player.sql.execute(f"SET LOCAL xmlbinary TO {step.what}".encode())
            player.captured = step.what == "base64"
        elif step.what == "savepoint":
            player.sql.execute(f"SAVEPOINT s{len(player.saved)}".encode())
            player.saved.append((player.current.copy(), player.captured))
        elif step.what == "fail":
            self._fail(player, self.sides[step.number % 2])
        elif player.saved:
            self._back_or_release(player, step)

    def _back_or_release(self, player: Player, step: Command) -> None:
        at = step.number % len(player.saved)
        if step.what == "release":
            player.sql.execute(f"RELEASE s{at}".encode())
            del player.saved[at:]
            return
        player.sql.execute(f"ROLLBACK TO s{at}".encode())
        model, player.captured = player.saved[at]
        player.current = model.copy()
        del player.saved[at + 1 :]

    def _end(self, player: Player, model: Model) -> None:
        player.committed, player.current = model, model.copy()
        player.saved, player.open, player.captured = [], False, True
        self.compare()

    def _fail(self, player: Player, side: Side) -> None:
        """Let statements fail that have changed rows before: they leave no trace."""
        live = player.live(side)[:2]
        if not live:
            return
        doubles: list[Values] = [{"id": str(self.fresh())}, {"id": str(live[0])}]
        tries = [capture_sql.insert(side.target, Effects(doubles))]
        if live[1:]:
            double: Values = {"id": str(live[1])}
            tries.append(capture_sql.update(side.target, Effects(updates=[(live[0], double)])))
        for statement in tries:
            with pytest.raises(psycopg.errors.UniqueViolation), player.sql.transaction():
                player.sql.execute(statement)

    def _write(self, player: Player, write: Write) -> None:
        side = self.sides[write.table]
        effects = _effects(self, player, side, write)
        if not (effects.inserts or effects.updates or effects.deletes):
            return
        if not player.open:
            self._transactions += 1
            player.transaction = self._transactions
            player.open = not write.alone
            if player.open:
                player.sql.execute("BEGIN")
        _execute(player, side, write.how, effects)
        _note(player, side, effects)
        if not player.open:
            self._end(player, player.current)

    def fresh(self) -> int:
        """Return a number that nothing has had before: for ids, sfids and keys."""
        self._fresh += 1
        return 1_000_000_000 + self._fresh


def _effects(play: Play, player: Player, side: Side, write: Write) -> Effects:
    """Return what a statement does to this session's rows as they stand."""
    live = player.live(side)
    picked = list(dict.fromkeys(live[pick % len(live)] for pick in write.picks if live))
    new = [_new_row(play, player, side, write, row) for row in write.rows]
    if write.how in ("insert", "copy"):
        return Effects(inserts=new)
    if write.how == "delete":
        return Effects(deletes=picked)
    if write.how == "upsert":
        for row, id_ in zip(new, picked[1:], strict=False):
            row["id"] = str(id_)
        return Effects(inserts=new)
    changed = picked if write.how == "update" else picked[::2]
    updates = [
        (id_, _changes(play, player, side, write, id_, write.rows[at % len(write.rows)]))
        for at, id_ in enumerate(changed)
    ]
    if write.how == "update":
        return Effects(updates=updates)
    return Effects(inserts=new, updates=updates, deletes=picked[1::2])


def _new_row(
    play: Play, player: Player, side: Side, write: Write, values: dict[str, str | None]
) -> Values:
    given = {name: None if value == KEEP else value for name, value in values.items()}
    row = _values(play, side, given)
    row[side.target.key] = f"key {play.fresh()}"
    if write.ids or write.how == "upsert":
        row["id"] = str(_some_id(play, player, side))
    return row


def _some_id(play: Play, player: Player, side: Side) -> int:
    """Return an id for a new row: one that a row has had before, now and then."""
    gone = player.used - player.current.rows.keys()
    free = sorted(id_ for table, id_ in gone if table == side.name)
    found = free[-1] if free else play.fresh()
    player.used.discard((side.name, found))
    return found


def _changes(
    play: Play, player: Player, side: Side, write: Write, id_: int, values: dict[str, str | None]
) -> Values:
    row = player.current.rows[side.name, id_]
    given = {
        name: row[side.column(name)] if value == KEEP else value for name, value in values.items()
    }
    changes = _values(play, side, given)
    if write.ids:
        changes["id"] = str(play.fresh())
    return changes


def _values(play: Play, side: Side, given: dict[str, str | None]) -> Values:
    meant: dict[str | None, Callable[[], str]] = {
        FRESH: lambda: f"sf{play.fresh()}",
        LONG: lambda: _LONG,
    }
    values = {
        side.column(name): meant[value]() if value in meant else value
        for name, value in given.items()
    }
    # A double has one form only: 1.50 is 1.5.
    doubles = [name for name in values if side.target.types[name] == "double precision"]
    return {**values, **(side.normal({name: values[name] for name in doubles}) or {})}


def _execute(player: Player, side: Side, how: str, effects: Effects) -> None:
    target = side.target
    if how == "copy":
        names = list(effects.inserts[0])
        head = sql.SQL("COPY {} ({}) FROM STDIN").format(
            target.table, sql.SQL(", ").join(map(sql.Identifier, names))
        )
        with player.sql.cursor().copy(head) as copy:
            for row in effects.inserts:
                copy.write_row([row[name] for name in names])
    elif how == "upsert":
        player.sql.execute(capture_sql.upsert(target, effects, _taken(target, effects)))
    elif how == "merge" and player.sql.info.server_version < MERGE_SINCE:
        player.sql.execute(capture_sql.with_(target, effects))
    else:
        player.sql.execute(_FORMS[how](target, effects))


def _taken(target: Target, effects: Effects) -> list[str]:
    """Return the columns that an upsert takes over: not the key, and not the marks."""
    return [name for name in effects.inserts[0] if name not in ("id", *MARKS)]


def _note(player: Player, side: Side, effects: Effects) -> None:
    """Do in the model what was done in the database."""
    model, rules = player.current, side.rules
    how: dict[str, Any] = {"transaction": player.transaction, "captured": player.captured}
    ids = _ids(player, side, effects.inserts)
    taken = _taken(side.target, effects) if effects.inserts else []
    for id_, changes in effects.updates:
        model.update(rules, record=id_, changes=changes, **how)
    for id_ in effects.deletes:
        model.delete(rules, record=id_, **how)
    for row in effects.inserts:
        id_ = ids[row[side.target.key]]
        if (side.name, id_) in model.rows:
            model.update(rules, record=id_, changes={name: row[name] for name in taken}, **how)
        else:
            whole = {**dict.fromkeys(side.columns), **row, "id": str(id_)}
            model.insert(rules, row=whole, marked="_hc_lastop" in row, **how)
    player.used |= model.rows.keys()


def _ids(player: Player, side: Side, inserted: Sequence[Values]) -> dict[str | None, int]:
    """Return the ids of new rows by their keys."""
    key = side.target.key
    found = player.sql.execute(
        sql.SQL("SELECT {key}, id FROM {table} WHERE {key} = ANY ({keys})").format(
            key=sql.Identifier(key),
            table=side.target.table,
            keys=sql.Literal([row[key] for row in inserted]),
        )
    )
    return dict(found.fetchall())
