"""How long to keep trying, and how to wait: back-off with jitter, ended by a stop event."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Bounds on repeating one call. All times are in seconds."""

    attempts: int = 5  # the first one included
    first: float = 0.5  # longest wait before the second attempt; doubles from there
    most: float = 30.0  # longest single wait
    total: float = 120.0  # no attempt starts later than this after the first

    def longest(self, attempt: int) -> float:
        """Return the longest wait after ``attempt`` (from 1) failed."""
        return min(self.most, self.first * 2.0 ** (attempt - 1))


class Attempts:
    """Counts the attempts at one call and waits between them.

    ``stop`` ends a wait at once; ``clock`` and ``jitter`` (0 to 1) are there for tests.
    """

    def __init__(
        self,
        backoff: Backoff,
        stop: threading.Event,
        *,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._backoff = backoff
        self._stop = stop
        self._clock = clock
        self._jitter = jitter
        self._started = clock()
        self._made = 1

    def again(self, at_least: float = 0.0) -> bool:
        """Wait, then say whether to try once more.

        ``at_least`` is the wait the server asked for. False when the attempts or the time
        are used up, or when told to stop.
        """
        pause = max(at_least, self._backoff.longest(self._made) * self._jitter())
        late = self._clock() - self._started + pause > self._backoff.total
        if self._made >= self._backoff.attempts or late:
            return False
        self._made += 1
        return not self._stop.wait(pause)
