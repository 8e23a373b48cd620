"""One planned fault: which calls it is for, and what happens to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from connectsql.emulator.faults.about import objects_of
from connectsql.emulator.wire.errors import (
    CONCURRENT_CALLS,
    DAILY_CALLS,
    Refusal,
    limit_exceeded,
    refuse_row,
    session_expired,
)
from connectsql.emulator.wire.http import Call

# What each action needs told. The first group happens to calls, the second to bulk jobs, the
# third to change events.
ACTIONS: dict[str, tuple[str, ...]] = {
    "lose_answer": (),
    "refuse": (),
    "delay": ("ms",),
    "late_commit": ("ms",),
    "error": ("status", "errorCode", "message"),
    "session_expired": (),
    "quota_spent": (),
    "row_error": ("index", "statusCode", "message"),
    "job_error": ("after_rows", "message"),
    "job_row_error": ("statusCode", "message"),
    "drop_event": (),
    "gap_event": (),
}
JOB_ACTIONS = frozenset({"job_error"})
JOB_ROW_ACTIONS = frozenset({"job_row_error"})
EVENT_ACTIONS = frozenset({"drop_event", "gap_event"})


@dataclass(kw_only=True)
class Fault:
    """One fault and how often it was met.

    ``method``, ``path`` (a regular expression over the path with its query) and ``object``
    say which calls fit, all where absent; with ``part`` they are the subrequests of composite
    and batch calls instead. Of those that fit, ``nth`` (from 1), each ``every``-th, or one
    with ``probability`` is due, all where absent; ``times`` is the most it happens.

    ``lose_answer`` does the work and drops the connection, ``refuse`` drops it before.
    ``delay`` waits ``ms`` before the work; ``late_commit`` does as well, but what is written
    bears the stamp of the moment before. ``error`` answers ``status``, ``errorCode`` and
    ``message``, ``session_expired`` ends the session, ``quota_spent`` refuses for the
    ``total`` of the day or for ``concurrent`` calls, as ``quota`` says. ``row_error`` refuses
    row ``index`` (from 0) with ``statusCode`` and ``message``.

    ``job_error`` fails a bulk job after so many rows. ``job_row_error`` refuses rows of bulk
    jobs with ``statusCode`` and ``message``; it counts rows, not calls. ``drop_event`` lets
    a change event vanish, ``gap_event`` turns it into a gap; both count events.
    """

    action: str
    method: str | None = None
    path: str = ""
    object: str | None = None
    part: bool = False
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    times: int | None = None
    ms: float = 0
    status: int = 500
    errorCode: str = ""
    index: int = 0
    statusCode: str = ""
    message: str = ""
    quota: str = "total"
    after_rows: int = 0
    met: int = 0
    happened: int = 0

    def fits(self, call: Call) -> bool:
        """Tell whether a call is one of those the fault is for."""
        if self.method and self.method.upper() != call.method:
            return False
        if not re.search(self.path, call.address):
            return False
        return self.object is None or self.object.lower() in objects_of(call)

    def is_about(self, sobject: str) -> bool:
        """Tell whether a bulk job or an event of an object is one of those it is for."""
        return self.object is None or self.object.lower() == sobject.lower()

    def __post_init__(self) -> None:
        self._chance = Random()  # noqa: S311 - chance that can be repeated, not secrecy

    def repeat(self, seed: str) -> None:
        """Let chance decide as it always does for this seed."""
        self._chance.seed(seed)

    def falls(self) -> bool:
        """Tell whether it happens to a call that fits, and count the call."""
        self.met += 1
        if self.times is not None and self.happened >= self.times:
            return False
        if self.nth is not None and self.met != self.nth:
            return False
        if self.every is not None and self.met % self.every:
            return False
        if self.probability is not None and self._chance.random() >= self.probability:
            return False
        self.happened += 1
        return True

    @property
    def refusal(self) -> Refusal:
        """What the call, or its row, is refused with."""
        match self.action:
            case "row_error" | "job_row_error":
                return refuse_row(self.statusCode, self.message)
            case "session_expired":
                return session_expired()
            case "quota_spent":
                return limit_exceeded(
                    CONCURRENT_CALLS if self.quota == "concurrent" else DAILY_CALLS
                )
        return Refusal(self.errorCode, self.message, status=self.status)
