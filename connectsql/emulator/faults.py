"""What shall go wrong: a plan of faults, each for certain calls.

A fault is ``{"action": ..., "method"?, "path"?, "nth"? | "every"?, "times"?, ...}``; see
``Fault`` for what each key means. Faults are tried in their order and the first one due
happens; a call that fits a fault counts for it whether or not it is due.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from connectsql.emulator.wire.errors import Refusal, refuse_row

_ACTIONS = {
    "lose_answer": (),
    "refuse": (),
    "delay": ("ms",),
    "error": ("status", "errorCode", "message"),
    "row_error": ("index", "statusCode", "message"),
}


@dataclass(kw_only=True)
class Fault:
    """One fault and how often it was met.

    ``method`` and ``path`` (a regular expression over the path with its query) say which
    calls fit, all where absent. Of these, ``nth`` (from 1) or each ``every``-th is due, all
    where absent; ``times`` is the most it happens. ``lose_answer`` does the work and drops
    the connection, ``refuse`` drops it before; ``delay`` waits ``ms``; ``error`` answers
    ``status``, ``errorCode``, ``message``; ``row_error`` refuses the row ``index`` (from 0)
    with ``statusCode`` and ``message``.
    """

    action: str
    method: str | None = None
    path: str = ""
    nth: int | None = None
    every: int | None = None
    times: int | None = None
    ms: float = 0
    status: int = 500
    errorCode: str = ""
    index: int = 0
    statusCode: str = ""
    message: str = ""
    met: int = 0
    happened: int = 0

    def is_due(self, method: str, address: str) -> bool:
        """Tell whether the fault happens to this call, and count the call."""
        if self.method and self.method.upper() != method:
            return False
        if not re.search(self.path, address):
            return False
        self.met += 1
        if self.times is not None and self.happened >= self.times:
            return False
        if self.nth is not None and self.met != self.nth:
            return False
        if self.every is not None and self.met % self.every:
            return False
        self.happened += 1
        return True

    @property
    def refusal(self) -> Refusal:
        """What ``error`` and ``row_error`` answer."""
        if self.action == "row_error":
            return refuse_row(self.statusCode, self.message)
        return Refusal(self.errorCode, self.message, status=self.status)


class FaultPlan:
    """The faults in force."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def extend(self, told: Any) -> None:
        """Add the faults of a list; raises ``ValueError`` if one makes no sense."""
        if isinstance(told, Mapping):
            told = told.get("faults", [told])
        if not isinstance(told, list):
            raise ValueError("a fault plan is a list of faults")
        self.faults += [_read(one) for one in told]

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self.faults.clear()

    def due(self, method: str, address: str) -> Fault | None:
        """Return the fault that happens to this call, if any."""
        due = [fault for fault in self.faults if fault.is_due(method, address)]
        return due[0] if due else None


def _read(told: Any) -> Fault:
    if not isinstance(told, Mapping):
        raise ValueError(f"a fault is an object, not {told!r}")
    action = told.get("action")
    if action not in _ACTIONS:
        raise ValueError(f"a fault's action is one of {', '.join(_ACTIONS)}, not {action!r}")
    known = {one.name for one in fields(Fault)} - {"met", "happened"}
    unknown = sorted(set(told) - known)
    if unknown:
        raise ValueError(f"a fault has no {', '.join(unknown)}")
    missing = [key for key in _ACTIONS[action] if key not in told]
    if missing:
        raise ValueError(f"the fault {action} needs {', '.join(missing)}")
    try:
        re.compile(told.get("path", ""))
    except (re.error, TypeError) as broken:
        raise ValueError(f"a fault's path is a regular expression: {broken}") from None
    return Fault(**told)
