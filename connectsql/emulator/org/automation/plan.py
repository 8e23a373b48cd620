"""What happens, besides what every org does, when a record of one object is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectsql.emulator.hooks import Trigger
from connectsql.emulator.org.automation.fields import Formula
from connectsql.emulator.org.formulas.record import Reach, Record
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import Row
from connectsql.emulator.wire.errors import Refusal, refuse_row, together

MOST_DEEP = 16


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
            result
            for rule in self._validations
            if (result := self._check(rule, row, old)) is not None
        ]
        if broken:
            raise together([_custom_refusal(one) for one in broken])

    def after(self, row: Row, old: Row | None) -> None:
        """Let triggers act on a record that was saved."""
        for trigger in self._after:
            self._call(
                trigger,
                "After",
                old,
                lambda one: one(self._view(row), self._view(old), self.handle),
            )

    def _check(self, rule: Trigger, row: Row, old: Row | None) -> Any:
        try:
            return rule.hook(self._view(row), self._view(old))
        except Exception as broken:
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


def _custom_refusal(result: Any) -> Refusal:
    message, *fields = (result,) if isinstance(result, str) else result
    return refuse_row("FIELD_CUSTOM_VALIDATION_EXCEPTION", str(message), *map(str, fields))


def _unhandled(trigger: Trigger, event: str, broken: Exception) -> Refusal:
    """Return the refusal of a save whose trigger failed."""
    if isinstance(broken, Refusal):
        fields = ", ".join(broken.fields or ())
        cause = (
            "System.DmlException: Save failed. First exception on row 0; first error: "
            f"{broken.code}, {broken.message}: [{fields}]"
        )
    else:
        cause = f"{type(broken).__name__}: {broken}"
    line = trigger.place.rpartition(":")[2]
    message = (
        f"{_name(trigger)}: execution of {event}\n\ncaused by: {cause}\n\n"
        f"Trigger.{_name(trigger)}: line {line}, column 1"
    )
    return refuse_row("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


def _name(trigger: Trigger) -> str:
    return getattr(trigger.hook, "__name__", trigger.object)
