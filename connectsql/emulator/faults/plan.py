"""The faults in force, tried in their order: the first one due happens."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from connectsql.emulator.faults.fault import (
    ACTIONS,
    EVENT_ACTIONS,
    JOB_ACTIONS,
    JOB_ROW_ACTIONS,
    Fault,
)
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Call
from connectsql.errors import EmulatorError

_COUNTED = frozenset({"met", "happened"})
_KNOWN = {one.name: one.default for one in fields(Fault)}
_QUOTAS = ("total", "concurrent")


class FaultPlan:
    """The faults in force. ``seed`` decides what those with a probability happen to.

    Each has a chance of its own: how often another one was met, which may depend on when
    jobs had their turn, changes nothing about it.
    """

    def __init__(self, seed: int = 1) -> None:
        self.faults: list[Fault] = []
        self._seed: Any = seed

    def extend(self, told: Any) -> list[Fault]:
        """Add the faults of a plan; raises ``ValueError`` if one makes no sense.

        A plan is a list of faults, one fault, or ``{"seed": 7, "faults": [...]}``.
        """
        seed, faults = _parts(told)
        added = [_read(one, n) for n, one in enumerate(faults, 1)]
        if seed is not None:
            self._seed = seed
        for number, one in enumerate(added, len(self.faults)):
            one.repeat(f"{self._seed}/{number}")
        self.faults += added
        return added

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self.faults.clear()

    def due(self, call: Call, *, part: bool = False) -> Fault | None:
        """Return the fault that happens to this call, or to this part of a call, if any.

        A call that fits a fault counts for it whether or not it is due.
        """
        aside = JOB_ACTIONS | JOB_ROW_ACTIONS | EVENT_ACTIONS
        fitting = [
            one
            for one in self.faults
            if one.part == part and one.action not in aside and one.fits(call)
        ]
        due = [one for one in fitting if one.falls()]
        return due[0] if due else None

    def of_job(self, sobject: str) -> Fault | None:
        """Return the fault that happens to a bulk job that is about to start, if any."""
        return self._first(JOB_ACTIONS, sobject)

    def of_event(self, sobject: str) -> Fault | None:
        """Return the fault that happens to the next change event of an object, if any."""
        return self._first(EVENT_ACTIONS, sobject)

    def of_job_rows(self, sobject: str, count: int) -> dict[int, Refusal]:
        """Return what the next rows of a bulk job are refused with, by their place from 0."""
        fitting = self._about(JOB_ROW_ACTIONS, sobject)
        return {
            place: one.refusal
            for place in range(count if fitting else 0)
            for one in fitting
            if one.falls()
        }

    def _first(self, actions: frozenset[str], sobject: str) -> Fault | None:
        due = [one for one in self._about(actions, sobject) if one.falls()]
        return due[0] if due else None

    def _about(self, actions: frozenset[str], sobject: str) -> list[Fault]:
        return [one for one in self.faults if one.action in actions and one.is_about(sobject)]


def read_plan(file: Path) -> Any:
    """Return the plan that a JSON file holds; raises ``EmulatorError`` for none."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        FaultPlan().extend(told)
    except OSError as broken:
        raise EmulatorError(f"the fault plan {file} cannot be read: {broken.strerror}") from broken
    except ValueError as broken:
        raise EmulatorError(
            f"the fault plan {file} makes no sense: {broken}",
            hint='It is a JSON list such as [{"action": "lose_answer", "nth": 3}].',
        ) from broken
    return told


def _parts(told: Any) -> tuple[int | None, list[Any]]:
    """Return the seed and the faults of a plan."""
    seed = None
    if isinstance(told, Mapping) and not {"seed", "faults"}.isdisjoint(told):
        unknown = sorted(set(told) - {"seed", "faults"})
        if unknown:
            raise ValueError(f"beside seed and faults a plan has no {', '.join(unknown)}")
        seed, told = told.get("seed"), told.get("faults", [])
        if seed is not None and type(seed) is not int:
            raise ValueError(f"a plan's seed is a whole number, not {seed!r}")
    elif isinstance(told, Mapping):
        told = [told]
    if not isinstance(told, list):
        raise ValueError("a fault plan is a list of faults")
    return seed, told


def _read(told: Any, number: int) -> Fault:
    """Return a fault; what is wrong with it is told with its number in the plan."""
    try:
        return _checked(told)
    except ValueError as wrong:
        raise ValueError(f"fault {number}: {wrong}") from None


def _checked(told: Any) -> Fault:
    if not isinstance(told, Mapping):
        raise ValueError(f"a fault is an object, not {told!r}")
    action = told.get("action")
    if not isinstance(action, str) or action not in ACTIONS:
        raise ValueError(f"a fault's action is one of {', '.join(ACTIONS)}, not {action!r}")
    unknown = sorted(set(told) - set(_KNOWN) | set(told) & _COUNTED)
    if unknown:
        raise ValueError(f"a fault has no {', '.join(unknown)}")
    missing = [key for key in ACTIONS[action] if key not in told]
    if missing:
        raise ValueError(f"the fault {action} needs {', '.join(missing)}")
    for key, value in told.items():
        _check(key, value)
    return Fault(**told)


def _check(key: str, value: Any) -> None:
    if key == "path":
        try:
            re.compile(value)
        except (re.error, TypeError) as broken:
            raise ValueError(f"a fault's path is a regular expression: {broken}") from None
    elif key == "quota" and value not in _QUOTAS:
        raise ValueError(f"a fault's quota is one of {', '.join(_QUOTAS)}, not {value!r}")
    elif key == "probability" and not (_is_number(value) and value <= 1):
        raise ValueError(f"a fault's probability is a number from 0 to 1, not {value!r}")
    elif key == "status" and not (_is_number(value) and value in _STATUSES):
        raise ValueError(f"a fault's status is an HTTP status from 200 to 599, not {value!r}")
    elif key in _LEAST and not (type(value) is int and value >= _LEAST[key]):
        least = _LEAST[key]
        raise ValueError(f"a fault's {key} is a whole number of at least {least}, not {value!r}")
    elif key == "ms" and not _is_number(value):
        raise ValueError(f"a fault's ms is a number of at least 0, not {value!r}")
    elif key == "part" and not isinstance(value, bool):
        raise ValueError(f"a fault's part is true or false, not {value!r}")
    elif key in _TEXTS and not isinstance(value, str):
        raise ValueError(f"a fault's {key} is text, not {value!r}")


_LEAST = {"nth": 1, "every": 1, "times": 1, "index": 0, "after_rows": 0}
_STATUSES = range(200, 600)
_TEXTS = frozenset({"method", "object", "errorCode", "statusCode", "message"})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
