"""The functions of expressions that do not just take the values of their arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from connectsql.emulator.org.clock import Clock
from connectsql.emulator.org.formulas.functions import equal, truth
from connectsql.emulator.org.formulas.record import Record
from connectsql.emulator.org.formulas.syntax import FormulaError, Node

Evaluate = Callable[[Record], Any]


class Compiler(Protocol):
    """What compiles the arguments."""

    null_is_zero: bool
    changes_with: str | None

    @property
    def now(self) -> Clock:
        """The org's clock."""

    def compile(self, node: Node) -> Evaluate:
        """Return the function of an expression."""


def _if(compiler: Compiler, arguments: tuple[Node, ...]) -> Evaluate:
    test, yes, no = _several(compiler, "IF", arguments, 3)
    return lambda record: yes(record) if truth(test(record)) else no(record)


def _case(compiler: Compiler, arguments: tuple[Node, ...]) -> Evaluate:
    if len(arguments) < 4 or len(arguments) % 2:
        raise FormulaError("CASE takes a value, pairs of value and result, and a last result")
    subject, *rest = [compiler.compile(one) for one in arguments]
    pairs = list(zip(rest[:-1:2], rest[1:-1:2], strict=True))

    def choose(record: Record) -> Any:
        value = subject(record)
        for wanted, result in pairs:
            if equal(value, wanted(record)):
                return result(record)
        return rest[-1](record)

    return choose


def _and(compiler: Compiler, arguments: tuple[Node, ...]) -> Evaluate:
    parts = _some(compiler, "AND", arguments)
    return lambda record: all(truth(part(record)) for part in parts)


def _or(compiler: Compiler, arguments: tuple[Node, ...]) -> Evaluate:
    parts = _some(compiler, "OR", arguments)
    return lambda record: any(truth(part(record)) for part in parts)


def _value_or(compiler: Compiler, arguments: tuple[Node, ...]) -> Evaluate:
    first, other = _several(compiler, "BLANKVALUE", arguments, 2)

    def choose(record: Record) -> Any:
        value = first(record)
        return other(record) if value is None or value == "" else value

    return choose


def _is_blank(compiler: Compiler, arguments: tuple[Node, ...]) -> Evaluate:
    """Tell whether a value is null, also where null numbers count as zero otherwise."""
    before, compiler.null_is_zero = compiler.null_is_zero, False
    (part,) = _several(compiler, "ISBLANK", arguments, 1)
    compiler.null_is_zero = before
    return lambda record: part(record) in (None, "")


def _today(compiler: Compiler, arguments: tuple[Node, ...]) -> Evaluate:
    _several(compiler, "TODAY", arguments, 0)
    compiler.changes_with = compiler.changes_with or "day"
    return lambda record: compiler.now().date()


def _now(compiler: Compiler, arguments: tuple[Node, ...]) -> Evaluate:
    _several(compiler, "NOW", arguments, 0)
    compiler.changes_with = "second"
    return lambda record: compiler.now().replace(microsecond=0)


def _several(
    compiler: Compiler, name: str, arguments: tuple[Node, ...], count: int
) -> list[Evaluate]:
    if len(arguments) != count:
        raise FormulaError(f"{name} does not take {len(arguments)} arguments")
    return [compiler.compile(one) for one in arguments]


def _some(compiler: Compiler, name: str, arguments: tuple[Node, ...]) -> list[Evaluate]:
    if not arguments:
        raise FormulaError(f"{name} takes at least one argument")
    return [compiler.compile(one) for one in arguments]


FORMS: dict[str, Callable[[Compiler, tuple[Node, ...]], Evaluate]] = {
    "IF": _if,
    "CASE": _case,
    "AND": _and,
    "OR": _or,
    "BLANKVALUE": _value_or,
    "NULLVALUE": _value_or,
    "ISBLANK": _is_blank,
    "ISNULL": _is_blank,
    "TODAY": _today,
    "NOW": _now,
}
