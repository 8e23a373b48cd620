"""What a hooks file says: ``automation = Automation()`` and what is declared on it.

Declaring only notes; ``engine.py`` binds what was noted to the objects of an org.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from runpy import run_path
from typing import Any, Literal

from connectsql.errors import EmulatorError

Hook = Callable[..., Any]
Event = Literal["validation", "before_save", "after_save"]
Aggregate = Literal["COUNT", "SUM", "MIN", "MAX"]


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
        def decorate(hook: Hook) -> Hook:
            self.triggers.append(Trigger(event, object, hook, _place_of(hook)))
            return hook

        return decorate


def load_hooks(path: Path) -> Automation:
    """Run a hooks file and return the ``Automation`` in it.

    Raises ``EmulatorError``, with file and line, for a file that fails or has none.
    """
    try:
        names = run_path(str(path), run_name="connectsql_hooks")
    except EmulatorError:
        raise
    except OSError as broken:
        raise EmulatorError(f"the hooks file {path} cannot be read: {broken.strerror}") from broken
    except SyntaxError as broken:
        raise EmulatorError(f"{broken.filename}:{broken.lineno}: {broken.msg}") from broken
    except Exception as broken:
        message = f"{_line(path, broken)}: {type(broken).__name__}: {broken}"
        raise EmulatorError(message, hint="The hooks file could not be run.") from broken
    found = [one for one in names.values() if isinstance(one, Automation)]
    if not found:
        raise EmulatorError(
            f"the hooks file {path} has no Automation",
            hint="It needs: from connectsql.emulator import Automation; automation = Automation()",
        )
    return found[0]


def _line(path: Path, broken: BaseException) -> str:
    """Return the last line of the hooks file that led to an error."""
    steps = traceback.extract_tb(broken.__traceback__)
    lines = [step.lineno for step in steps if step.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)


def _place_of(hook: Hook) -> str:
    code = getattr(hook, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(hook)


def _caller() -> str:
    frame = sys._getframe(2)
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
