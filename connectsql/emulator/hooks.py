"""What a hooks file says: ``automation = Automation()`` and what is declared on it.

Declaring only notes; ``engine.py`` binds what was noted to the objects of an org.
"""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from runpy import run_path
from typing import Any, Literal

from connectsql.errors import EmulatorError

Hook = Callable[..., Any]
Event = Literal["validation", "before_save", "after_save"]
Aggregate = Literal["COUNT", "SUM", "MIN", "MAX"]

_ARGUMENTS: dict[Event, tuple[str, ...]] = {
    "validation": ("record", "before"),
    "before_save": ("record", "before"),
    "after_save": ("record", "before", "org"),
}
_NEEDED = "It needs: from connectsql.emulator import Automation; automation = Automation()"


@dataclass(frozen=True, slots=True)
class Trigger:
    """A function that is called when a record of an object is saved."""

    event: Event
    object: str
    hook: Hook
    place: str


@dataclass(frozen=True, slots=True)
class FormulaField:
    """A field computed by an expression or by a function.

    ``uses`` are the paths a function reads (``Account.Name``); None is any field of the
    record and of the records its lookups lead to.
    """

    object: str
    field: str
    expression: str | None
    hook: Hook | None
    uses: tuple[str, ...] | None
    place: str


@dataclass(frozen=True, slots=True)
class Rollup:
    """A field of a parent that sums up its children; ``where`` is an expression of a child."""

    object: str
    field: str
    child: str
    lookup: str
    aggregate: Aggregate
    of: str | None
    where: str | None
    place: str


class Automation:
    """Validation rules, triggers, formulas and roll-ups, to be declared in a hooks file."""

    def __init__(self) -> None:
        self.triggers: list[Trigger] = []
        self.formulas: list[FormulaField] = []
        self.rollups: list[Rollup] = []

    def joined(self, other: Automation) -> Automation:
        """Return what both declare."""
        both = Automation()
        both.triggers = self.triggers + other.triggers
        both.formulas = self.formulas + other.formulas
        both.rollups = self.rollups + other.rollups
        return both

    def validation(self, object: str) -> Callable[[Hook], Hook]:
        """Check records: the function gets ``(record, before)``.

        It returns None, or the message that the record is refused with, or
        ``(message, field)``. ``before`` is the record before the change, None if it is new.
        """
        return self._trigger("validation", object)

    def before_save(self, object: str) -> Callable[[Hook], Hook]:
        """Change records before they are saved: the function gets ``(record, before)``."""
        return self._trigger("before_save", object)

    def after_save(self, object: str) -> Callable[[Hook], Hook]:
        """Act on saved records: the function gets ``(record, before, org)``.

        With ``org`` it can read and write other records, in the same transaction.
        """
        return self._trigger("after_save", object)

    def formula(
        self,
        object: str,
        field: str,
        expression: str | None = None,
        *,
        uses: Sequence[str] | None = None,
    ) -> Callable[[Hook], Hook]:
        """Compute a field by an expression, or by the function decorated with this.

        ``uses`` are the paths that the function reads.
        """
        paths = None if uses is None else tuple(uses)
        if expression is not None:
            self.formulas.append(FormulaField(object, field, expression, None, paths, _caller()))

        def decorate(hook: Hook) -> Hook:
            _check_takes(hook, ("record",))
            told = FormulaField(object, field, None, hook, paths, _place_of(hook))
            self.formulas.append(told)
            return hook

        return decorate

    def rollup(
        self,
        object: str,
        field: str,
        *,
        child: str,
        lookup: str,
        sum: str | None = None,
        min: str | None = None,
        max: str | None = None,
        where: str | None = None,
    ) -> None:
        """Sum up a field of the children, or their least or greatest value, or count them."""
        asked: list[tuple[Aggregate, str]] = []
        if sum:
            asked.append(("SUM", sum))
        if min:
            asked.append(("MIN", min))
        if max:
            asked.append(("MAX", max))
        place = _caller()
        if len(asked) > 1:
            raise EmulatorError(f"{place}: a roll-up has one of sum, min and max")
        aggregate: Aggregate = asked[0][0] if asked else "COUNT"
        of = asked[0][1] if asked else None
        self.rollups.append(Rollup(object, field, child, lookup, aggregate, of, where, place))

    def _trigger(self, event: Event, object: str) -> Callable[[Hook], Hook]:
        if callable(object):
            raise EmulatorError(f'{_place_of(object)}: @automation.{event} needs an object: ("X")')

        def decorate(hook: Hook) -> Hook:
            _check_takes(hook, _ARGUMENTS[event])
            self.triggers.append(Trigger(event, object, hook, _place_of(hook)))
            return hook

        return decorate


def load_hooks(path: Path) -> Automation:
    """Run a hooks file and return the ``Automation`` in it.

    Raises ``EmulatorError``, with file and line, for a file that fails or has none.
    """
    found = {id(one): one for one in _run(path).values() if isinstance(one, Automation)}
    if not found:
        raise EmulatorError(f"the hooks file {path} has no Automation", hint=_NEEDED)
    return reduce(Automation.joined, found.values())


def line_of(broken: BaseException, file: str) -> int | None:
    """Return the last line of a file that led to an error."""
    steps = traceback.extract_tb(broken.__traceback__)
    lines = [step.lineno for step in steps if step.filename == file]
    return lines[-1] if lines else None


def _run(path: Path) -> dict[str, Any]:
    """Return the names that a hooks file leaves behind."""
    try:
        path.read_bytes()  # tells of a folder, and of no file, in the system's own words
        return run_path(str(path), run_name="connectsql_hooks")
    except EmulatorError:
        raise
    except SyntaxError as broken:
        place = f"{broken.filename or path}:{broken.lineno or 1}"
        hint = "The hooks file is no Python."
        raise EmulatorError(f"{place}: {broken.msg}", hint=hint) from broken
    except (Exception, SystemExit) as broken:
        line = line_of(broken, str(path))
        if line is None and isinstance(broken, OSError):
            message = f"the hooks file {path} cannot be read: {broken.strerror}"
            raise EmulatorError(message, hint=_NEEDED) from broken
        place = f"{path}:{line}" if line else str(path)
        message = f"{place}: {type(broken).__name__}: {broken}"
        raise EmulatorError(message, hint="The hooks file could not be run.") from broken


def _check_takes(hook: Hook, names: tuple[str, ...]) -> None:
    """Raise ``EmulatorError`` for a function that cannot be called with so many arguments."""
    try:
        inspect.signature(hook).bind(*names)
    except TypeError:
        name = getattr(hook, "__name__", "the function")
        message = f"{_place_of(hook)}: {name} has to take ({', '.join(names)})"
        raise EmulatorError(message) from None
    except ValueError:  # built in, and says nothing of what it takes
        return


def _place_of(hook: Hook) -> str:
    code = getattr(hook, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(hook)


def _caller() -> str:
    frame = sys._getframe(2)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
