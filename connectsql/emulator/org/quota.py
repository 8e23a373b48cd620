"""What an org allows in 24 hours and at once: API calls, and rows of bulk jobs.

The 24 hours roll: what was spent a day ago is free again, to the minute. An org that is
started again has spent nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from connectsql.emulator.options import Options
from connectsql.emulator.org.clock import Clock
from connectsql.emulator.wire.errors import CONCURRENT_CALLS, DAILY_CALLS, limit_exceeded

_DAY_SECONDS = 24 * 60 * 60
_GRAIN_SECONDS = 60


class Allowance:
    """An amount that may be spent in any 24 hours; ``name`` is what a refusal calls it."""

    def __init__(self, name: str, limit: int, now: Clock) -> None:
        self.limit = limit
        self._name = name
        self._now = now
        self._used = 0
        self._spent: deque[list[float]] = deque()  # [minute, amount], the oldest first

    @property
    def used(self) -> int:
        """What was spent in the last 24 hours."""
        self._let_go()
        return self._used

    @property
    def remaining(self) -> int:
        """What may still be spent now."""
        return max(self.limit - self.used, 0)

    def spend(self, amount: int) -> None:
        """Spend an amount, or raise the 403 and spend nothing where that is too much."""
        if self.used + amount > self.limit:
            raise limit_exceeded(self._name)
        self._add(amount)

    def set_used(self, amount: int) -> None:
        """Let this much be spent, and now, whatever was spent before."""
        self._spent.clear()
        self._used = 0
        self._add(amount)

    def _add(self, amount: int) -> None:
        minute = self._now().timestamp() // _GRAIN_SECONDS
        if not self._spent or self._spent[-1][0] != minute:
            self._spent.append([minute, 0])
        self._spent[-1][1] += amount
        self._used += amount

    def _let_go(self) -> None:
        oldest = (self._now().timestamp() - _DAY_SECONDS) // _GRAIN_SECONDS
        while self._spent and self._spent[0][0] <= oldest:
            self._used -= int(self._spent.popleft()[1])


class Quota:
    """What callers have spent of the org's limits."""

    def __init__(self, options: Options, now: Clock) -> None:
        self.calls = Allowance(DAILY_CALLS, options.daily_calls, now)
        self.bulk_rows = Allowance("TotalBulkRows", options.daily_bulk_rows, now)
        self._at_once = options.concurrent_calls
        self._under_way = 0

    @property
    def limit_info(self) -> str:
        """The value of ``Sforce-Limit-Info``."""
        return f"api-usage={self.calls.used}/{self.calls.limit}"

    def spend(self, calls: int = 1) -> None:
        """Count API calls, or raise the 403 of an org that has none left.

        Every call of the API is counted before its handler runs; a handler spends only what
        comes on top of that one, as the other subrequests of a batch do.
        """
        self.calls.spend(calls)

    def spend_bulk_rows(self, rows: int) -> None:
        """Count rows that a bulk job processes, or raise the refusal of too many."""
        self.bulk_rows.spend(rows)

    @contextmanager
    def entering(self) -> Iterator[None]:
        """Hold one of the calls that may be under way at once, or raise the 403."""
        if self._at_once is not None and self._under_way >= self._at_once:
            raise limit_exceeded(CONCURRENT_CALLS)
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
