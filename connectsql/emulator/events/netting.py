"""What a transaction did to each record, all in all: one event per record tells only that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from connectsql.emulator.org.journal import Change
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import Row

_ABSENT, _LIVE, _DELETED = "absent", "live", "deleted"
_FROM = {
    "CREATE": _ABSENT,
    "UPDATE": _LIVE,
    "DELETE": _LIVE,
    "UNDELETE": _DELETED,
    "PURGE": _DELETED,
}
_TO = {
    "CREATE": _LIVE,
    "UPDATE": _LIVE,
    "DELETE": _DELETED,
    "UNDELETE": _LIVE,
    "PURGE": _ABSENT,
}
# Leaving for good is no event: the deletion before it was.
_NET = {
    (_ABSENT, _LIVE): "CREATE",
    (_LIVE, _LIVE): "UPDATE",
    (_LIVE, _DELETED): "DELETE",
    (_DELETED, _LIVE): "UNDELETE",
}


class Net(NamedTuple):
    """One record before and after a transaction; ``kind`` is the changeType of its event."""

    kind: str
    sobject: SObject
    record_id: str
    before: Row
    after: Row


def net_changes(changes: Iterable[Change]) -> list[Net]:
    """Return what became of each record, in the order in which they were first touched."""
    spans: dict[str, tuple[Change, Change]] = {}
    for change in changes:
        earlier = spans.get(change.record_id)
        spans[change.record_id] = (earlier[0] if earlier else change, change)
    found = []
    for record_id, (first, last) in spans.items():
        kind = _NET.get((_FROM[first.kind], _TO[last.kind]))
        if kind:
            before, after = first.before or {}, last.after or {}
            found.append(Net(kind, last.sobject, record_id, before, after))
    return found
