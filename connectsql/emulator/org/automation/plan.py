"""What happens, besides what every org does, when a record of one object is saved."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from connectsql.emulator.hooks import Trigger, line_of
from connectsql.emulator.org.automation.fields import Formula
from connectsql.emulator.org.formulas.record import Reach, Record
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import Row
from connectsql.emulator.wire.errors import Refusal, refuse_row, together

MOST_DEEP = 16

_log = logging.getLogger("connectsql.emulator")


class Depth:
    """How many saves are under way within each other, in one org."""

    def __init__(self) -> None:
        self.now = 0


class Plan:
    """The triggers, validation rules and formulas of one object."""

    def __init__(
        self, sobject: SObject, triggers: list[Trigger], formulas: tuple[Formula, ...]
    ) -> None:
        self.sobject = sobject
        self.formulas = formulas
        self._before = [one for one in triggers if one.event == "before_save"]
        self._after = [one for one in triggers if one.event == "after_save"]
        self._validations = [one for one in triggers if one.event == "validation"]
        self.reach: Reach = lambda lookup, record_id: None
        self.handle: object = None  # handed on to triggers as it is
        self.depth = Depth()

    def before(self, row: Row, old: Row | None) -> Row:
        """Let triggers change a record about to be saved; return the fields they changed."""
        if not self._before:
            return {}
        told = dict(row)
        for trigger in self._before:
            self._call(trigger, "Before", old, lambda one: one(self._view(row), self._view(old)))
        return {name: value for name, value in row.items() if value != told.get(name)}

    def derive(self, row: Row) -> None:
        """Compute a record's formulas."""
        if self.formulas:
            record = Record(self.sobject, row, self.reach)
            for formula in self.formulas:
                row[formula.field.name] = formula.value(record)

    def validate(self, row: Row, old: Row | None) -> None:
        """Raise the refusal of a record that breaks rules; it tells of all of them."""
        broken = [
            refusal
            for rule in self._validations
            if (refusal := self._check(rule, row, old)) is not None
        ]
        if broken:
            raise together(broken)

    def after(self, row: Row, old: Row | None) -> None:
        """Let triggers act on a record that was saved."""
        for trigger in self._after:
            self._call(
                trigger,
                "After",
                old,
                lambda one: one(self._view(row), self._view(old), self.handle),
            )

    def _check(self, rule: Trigger, row: Row, old: Row | None) -> Refusal | None:
        try:
            return _custom_refusal(rule.hook(self._view(row), self._view(old)))
        except Exception as broken:
            _tell(rule, broken)
            message = f"The validation rule {_name(rule)} cannot be computed: {broken!r}"
            raise refuse_row("FIELD_CUSTOM_VALIDATION_EXCEPTION", message) from broken

    def _view(self, row: Row | None) -> Any:
        return None if row is None else Record(self.sobject, row, self.reach)

    def _call(
        self, trigger: Trigger, when: str, old: Row | None, act: Callable[[Any], None]
    ) -> None:
        event = f"{when}{'Insert' if old is None else 'Update'}"
        if self.depth.now >= MOST_DEEP:
            message = (
                f"{_name(trigger)}: maximum trigger depth exceeded\n"
                f"{self.sobject.name} trigger event {event}"
            )
            raise refuse_row("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)
        self.depth.now += 1
        try:
            act(trigger.hook)
        except Exception as broken:
            raise _unhandled(trigger, event, broken) from broken
        finally:
            self.depth.now -= 1


def _custom_refusal(result: Any) -> Refusal | None:
    """Return the refusal that a validation rule's result stands for; None for none."""
    if result is None:
        return None
    told = (result,) if isinstance(result, str) else result
    if not (isinstance(told, tuple | list) and told and all(isinstance(one, str) for one in told)):
        raise TypeError(f"it returned {result!r}, neither None nor a message")
    return refuse_row("FIELD_CUSTOM_VALIDATION_EXCEPTION", *told)


def _unhandled(trigger: Trigger, event: str, broken: Exception) -> Refusal:
    """Return the refusal of a save whose trigger failed."""
    if isinstance(broken, Refusal):
        fields = ", ".join(broken.fields or ())
        cause = (
            "System.DmlException: Save failed. First exception on row 0; first error: "
            f"{broken.code}, {broken.message}: [{fields}]"
        )
    else:
        _tell(trigger, broken)
        cause = f"{type(broken).__name__}: {broken}"
    line = _place(trigger, broken).rpartition(":")[2]
    message = (
        f"{_name(trigger)}: execution of {event}\n\ncaused by: {cause}\n\n"
        f"Trigger.{_name(trigger)}: line {line}, column 1"
    )
    return refuse_row("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


def _tell(trigger: Trigger, broken: Exception) -> None:
    """Say in the log where a hook failed."""
    _log.warning("%s: %s failed: %r", _place(trigger, broken), _name(trigger), broken)


def _place(trigger: Trigger, broken: Exception) -> str:
    """Return the line of the hook's file that failed, or the one that it begins at."""
    file = trigger.place.rpartition(":")[0]
    line = line_of(broken, file)
    return f"{file}:{line}" if line else trigger.place


def _name(trigger: Trigger) -> str:
    return getattr(trigger.hook, "__name__", trigger.object)
