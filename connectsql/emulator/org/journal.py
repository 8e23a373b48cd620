"""What a transaction did to records, in the order it was done.

Whoever has to follow changes (roll-ups, change events) reads them here when the transaction
ends, instead of being called by each place that writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import Row

Kind = Literal["CREATE", "UPDATE", "DELETE", "UNDELETE", "PURGE"]


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf the org acts.

    ``origin`` is what change events call ``changeOrigin``:
    ``com/salesforce/api/rest/60.0;client=...``.
    """

    user_id: str
    origin: str = "com/salesforce/api/rest/60.0"


class Change(NamedTuple):
    """One record before and after a write; rows are not to be altered.

    ``before`` is None for CREATE, ``after`` for PURGE, which leaves nothing behind. A row of
    a new record may lack the fields that are null.
    """

    kind: Kind
    sobject: SObject
    record_id: str
    before: Row | None
    after: Row | None


@dataclass(frozen=True, slots=True)
class Commit:
    """What one transaction did, about to become visible; ``number`` grows with each."""

    number: int
    at: datetime
    caller: Caller
    changes: tuple[Change, ...]


Follower = Callable[[Commit], None]


class Journal:
    """The changes of the transaction under way."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def note(self, change: Change) -> None:
        """Add a change that has been written to the store."""
        self.changes.append(change)

    @contextmanager
    def undone_on_error(self) -> Iterator[None]:
        """Forget the block's changes when it raises, as the store does."""
        mark = len(self.changes)
        try:
            yield
        except BaseException:
            del self.changes[mark:]
            raise

    def take(self) -> tuple[Change, ...]:
        """Return all changes and start anew."""
        taken = tuple(self.changes)
        self.changes.clear()
        return taken
