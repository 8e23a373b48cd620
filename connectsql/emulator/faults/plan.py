"""The faults in force, tried in their order: the first one due happens."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from random import Random
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
    """The faults in force. ``seed`` decides what those with a probability happen to."""

    def __init__(self, seed: int = 1) -> None:
        self.faults: list[Fault] = []
        self._chance = Random(seed)  # noqa: S311 - chance that can be repeated, not secrecy

    def extend(self, told: Any) -> list[Fault]:
        """Add the faults of a plan; raises ``ValueError`` if one makes no sense.

        A plan is a list of faults, one fault, or ``{"seed": 7, "faults": [...]}``.
        """
        if isinstance(told, Mapping):
            if "seed" in told:
                self._chance.seed(told["seed"])
            told = told.get("faults", [told])
        if not isinstance(told, list):
            raise ValueError("a fault plan is a list of faults")
        added = [_read(one) for one in told]
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
        due = [one for one in fitting if one.falls(self._chance)]
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
            if one.falls(self._chance)
        }

    def _first(self, actions: frozenset[str], sobject: str) -> Fault | None:
        due = [one for one in self._about(actions, sobject) if one.falls(self._chance)]
        return due[0] if due else None

    def _about(self, actions: frozenset[str], sobject: str) -> list[Fault]:
        return [
            one for one in self.faults if one.action in actions and one.object in (None, sobject)
        ]


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


def _read(told: Any) -> Fault:
    if not isinstance(told, Mapping):
        raise ValueError(f"a fault is an object, not {told!r}")
    action = told.get("action")
    if action not in ACTIONS:
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
    elif key in _NUMBERS and not _is_number(value):
        raise ValueError(f"a fault's {key} is a number of at least 0, not {value!r}")
    elif key in _TEXTS and not isinstance(value, str):
        raise ValueError(f"a fault's {key} is text, not {value!r}")


_NUMBERS = frozenset(
    {"nth", "every", "probability", "times", "ms", "status", "index", "after_rows"}
)
_TEXTS = frozenset({"method", "object", "errorCode", "statusCode", "message"})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
