"""What an org holds, and the transaction under way: all that writing a record takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from connectsql.emulator.org import clock
from connectsql.emulator.org.clock import Clock
from connectsql.emulator.org.journal import Caller, Commit, Follower, Journal
from connectsql.emulator.org.schema import Schema
from connectsql.emulator.org.store import Store


class Data:
    """The objects, their records, and who is changing them.

    At the end of a transaction that changed something ``settle`` may change more, as roll-ups
    do; ``before_commit`` are called after that, still inside it, and ``after_commit`` once it
    is visible. ``caller`` is on whose behalf the org acts. ``open_moments`` are the stamps of
    late commits that are yet to come.
    """

    def __init__(self, schema: Schema, store: Store, now: Clock, user_id: str) -> None:
        self.schema = schema
        self.store = store
        self.journal = Journal()
        self.caller = Caller(user_id)
        self.before_commit: list[Follower] = []
        self.after_commit: list[Follower] = []
        self.open_moments: list[datetime] = []
        self.settle: Callable[[], None] = lambda: None
        self._clock = now
        self._moment: datetime | None = None

    def now(self) -> datetime:
        """Return the present time, or the moment at which a late commit began."""
        return self._moment or self._clock()

    def stamp(self) -> str:
        """Return the present time, as system fields have it."""
        return clock.stamp(self.now())

    @contextmanager
    def acting(self, caller: Caller, at: datetime | None = None) -> Iterator[None]:
        """Act for a caller in the block; with ``at``, stamp what it writes with that moment."""
        before = self.caller, self._moment
        self.caller, self._moment = caller, at or self._moment
        try:
            yield
        finally:
            self.caller, self._moment = before

    @contextmanager
    def late(self) -> Iterator[datetime]:
        """Give the present moment for stamps of what is written at the end of the block."""
        at = self._clock()
        self.open_moments.append(at)
        try:
            yield at
        finally:
            self.open_moments.remove(at)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what the block writes, or nothing of it when the block raises.

        Inside another transaction it is a savepoint: the outermost commits.
        """
        if self.store.in_transaction:
            with self.store.transaction(), self.journal.undone_on_error():
                yield
            return
        commit = None
        with self.store.transaction(), self.journal.undone_on_error():
            yield
            if self.journal.changes:
                self.settle()
                commit = self._commit()
        if commit:
            for follower in self.after_commit:
                follower(commit)

    def _commit(self) -> Commit:
        number = self.store.next_number("_commit")
        commit = Commit(number, self.now(), self.caller, self.journal.take())
        for follower in self.before_commit:
            follower(commit)
        return commit
