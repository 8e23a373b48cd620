"""Merging records: the losers' children move to the master, the losers to the recycle bin."""

from __future__ import annotations

from collections.abc import Sequence

from connectsql.emulator.org.data import Data
from connectsql.emulator.org.deleting.cascade import Record, children
from connectsql.emulator.org.deleting.moves import MASTER, Moves
from connectsql.emulator.org.saving.records import Records
from connectsql.emulator.org.saving.rules import Body
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.wire.errors import refuse_row

_MOST_LOSERS = 2
_MERGEABLE_IN_LATE_VERSIONS = "Case"


def merge(
    data: Data,
    moves: Moves,
    rows: Records,
    master_id: str,
    loser_ids: Sequence[str],
    fields: Body,
) -> list[str]:
    """Merge the losers into the master; return the ids of the children that moved."""
    sobject = rows.sobject
    _check(sobject, master_id, loser_ids)
    rows.existing(master_id)
    losers = [Record(sobject, rows.existing(one)) for one in loser_ids]
    moved = [
        child_id
        for loser in losers
        for child_id in _move_children(data, moves, loser, master_id, loser_ids)
    ]
    merged_into = {MASTER: master_id} if sobject.field(MASTER) else {}
    for loser in losers:
        now = Record(sobject, rows.existing(loser.id))
        moves.discard(now, loser.id, merged_into)
    _update_master(data, moves, rows, master_id, fields)
    return list(dict.fromkeys(moved))


def _check(sobject: SObject, master_id: str, loser_ids: Sequence[str]) -> None:
    if not (sobject.mergeable or sobject.name == _MERGEABLE_IN_LATE_VERSIONS):
        raise refuse_row("MERGE_FAILED", f"entity type cannot be merged: {sobject.label}")
    if not 0 < len(loser_ids) <= _MOST_LOSERS:
        message = f"A merge takes one to {_MOST_LOSERS} records besides the master record"
        raise refuse_row("MERGE_FAILED", message)
    if len({master_id, *loser_ids}) <= len(loser_ids):
        raise refuse_row("MERGE_FAILED", "Each record can be named only once in a merge")


def _move_children(
    data: Data, moves: Moves, loser: Record, master_id: str, loser_ids: Sequence[str]
) -> list[str]:
    """Let the loser's children lead to the master, which never leads to itself."""
    moved = []
    for dependent in data.schema.dependents(loser.sobject):
        if dependent.field.name == MASTER:
            continue
        for child in children(data, loser, dependent):
            parent = None if child.id == master_id or child.id in loser_ids else master_id
            stamps = moves.stamped(child.sobject)
            moves.change(child, {dependent.field.name: parent} | stamps)
            moved.append(child.id)
    return moved


def _update_master(data: Data, moves: Moves, rows: Records, master_id: str, fields: Body) -> None:
    """Give the master its new values. It counts as changed, even where it has none."""
    before = len(data.journal.changes)
    rows.update(master_id, fields)
    if len(data.journal.changes) == before:
        master = Record(rows.sobject, rows.existing(master_id))
        moves.change(master, moves.stamped(rows.sobject))
