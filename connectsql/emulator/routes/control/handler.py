"""What a handler of the emulator's own routes is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connectsql.emulator.calls import CallLog
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What the control routes control."""

    org: Org
    log: CallLog


ControlHandler = Callable[[Controls, Call], Awaitable[Answer]]


@contextmanager
def refusing(code: str) -> Iterator[None]:
    """Turn a ``ValueError`` of the block, which says what is wrong, into a refusal."""
    try:
        yield
    except ValueError as wrong:
        raise Refusal(code, str(wrong)) from None
