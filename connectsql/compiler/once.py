"""Computing what follows from a frozen value once, however many ask for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Value = TypeVar("Value")
Result = TypeVar("Result")


def once(function: Callable[[Value], Result]) -> Callable[[Value], Result]:
    """Make a function of one frozen value compute its result once for each value.

    The result is kept in the value itself and goes with it, as that of a ``cached_property``
    does: this is one for modules above the value's own. A copy by ``replace`` starts anew. What
    is kept must not be changed, and the value's class must have no slots.
    """
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def kept(value: Value) -> Result:
        memory: dict[str, Any] = value.__dict__
        if name not in memory:
            memory[name] = function(value)
        result: Result = memory[name]
        return result

    return kept
