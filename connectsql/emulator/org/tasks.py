"""What the org does in the background: bulk jobs.

Tasks run in the server's event loop between calls, so they need no locks either; after each
step they give way. However many there are, only one of them makes a step between two looks
at the calls that have come in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger("connectsql.emulator")


class Tasks:
    """The tasks under way."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task; to be called from the event loop, as handlers are."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    async def give_way(self) -> None:
        """Let calls, and the next steps of all others at work, come first."""
        async with self._turn:
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Cancel all tasks and wait until they have ended."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            _log.error("a background task failed", exc_info=error)
