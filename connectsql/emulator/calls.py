"""The log of completed calls, and waiting for one."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

_MOST = 100_000


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedCall:
    """One call, numbered by when it was completed.

    ``status`` 0 means that no answer was sent; ``ms`` is the time from its arrival; ``known``
    is false where no route led to the address.
    """

    n: int
    method: str
    path: str
    query: str
    status: int
    object: str | None
    records: int | None
    ms: float
    fault: str | None
    known: bool = True

    @property
    def address(self) -> str:
        """The path with its query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def as_json(self) -> dict[str, Any]:
        """Return the call as the control route shows it."""
        return asdict(self)


class CallLog:
    """The calls completed so far; of very many, the latest."""

    def __init__(self) -> None:
        self._calls: deque[LoggedCall] = deque(maxlen=_MOST)
        self._last = 0
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def last(self) -> int:
        """The number of the latest call, 0 before the first."""
        return self._last

    def add(self, **told: Any) -> LoggedCall:
        """Note a completed call and wake those who wait for one."""
        self._last += 1
        call = LoggedCall(n=self._last, **told)
        self._calls.append(call)
        self._changed.set()
        self._changed = asyncio.Event()
        return call

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._closed = True
        self._changed.set()

    def clear(self) -> None:
        """Forget the calls; numbering goes on."""
        self._calls.clear()

    def unknown(self) -> list[LoggedCall]:
        """Return the calls of addresses that no route leads to."""
        return [call for call in self._calls if not call.known]

    def since(self, n: int, path: str = "") -> list[LoggedCall]:
        """Return the calls after number ``n`` whose address fits the regular expression."""
        pattern = re.compile(path)
        return [call for call in self._calls if call.n > n and pattern.search(call.address)]

    async def wait(self, n: int, path: str, seconds: float) -> list[LoggedCall]:
        """Return such calls as soon as there is one, or none after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := self.since(n, path)) and not self._closed:
                    await self._changed.wait()
        except TimeoutError:
            return []
        return found
