"""The wish to stop, in a form that every kind of wait can watch."""

from __future__ import annotations

import contextlib
import socket
import threading


class Stop:
    """Set once, from a signal handler or another thread.

    ``event`` ends waits on threads and on the org; ``wakeup`` becomes readable, which ends
    waits on sockets.
    """

    def __init__(self) -> None:
        self.event = threading.Event()
        self.wakeup, self._trigger = socket.socketpair()
        self._trigger.setblocking(False)

    def set(self) -> None:
        """Ask everything to stop."""
        self.event.set()
        with contextlib.suppress(OSError):
            self._trigger.send(b"x")

    def is_set(self) -> bool:
        """Whether to stop."""
        return self.event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait; True as soon as it is time to stop."""
        return self.event.wait(seconds)

    def close(self) -> None:
        """Give the sockets back."""
        self.wakeup.close()
        self._trigger.close()
