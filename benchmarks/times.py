"""Taking times, so that what is compared runs in turn."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median


class Times:
    """Seconds by what was done and by whom, one for each repetition."""

    def __init__(self) -> None:
        self._seconds: dict[tuple[str, str], list[float]] = defaultdict(list)

    @contextmanager
    def taken(self, what: str, who: str) -> Iterator[None]:
        """Take the time of a block."""
        began = time.perf_counter()
        yield
        self.note(what, who, time.perf_counter() - began)

    def note(self, what: str, who: str, seconds: float) -> None:
        """Note a time taken otherwise."""
        self._seconds[what, who].append(seconds)

    def of(self, what: str, who: str, *, factor: float = 1.0) -> list[float]:
        """Return the times, times a factor: 1e6 makes microseconds of them."""
        return [seconds * factor for seconds in self._seconds[what, who]]

    def median(self, what: str, who: str) -> float:
        """Return the median in seconds."""
        return median(self._seconds[what, who])

    def ratios(self, what: str, who: str, to: str) -> list[float]:
        """Return each repetition's time of one against that of another."""
        pairs = zip(self._seconds[what, who], self._seconds[what, to], strict=True)
        return [one / other for one, other in pairs]


def in_turn(names: Sequence[str], turn: int) -> list[str]:
    """Return the names in the order of this turn: nobody always goes first."""
    start = turn % len(names)
    return [*names[start:], *names[:start]]
