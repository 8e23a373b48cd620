"""Progress of initial loads: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from connectsql.agent.reader import Loading
from connectsql.cli.output import say


@contextmanager
def progress(console: Console | None = None) -> Iterator[Callable[[Loading], None]]:
    """Give what an Agent's ``on_loading`` wants."""
    if not sys.stderr.isatty() and console is None:
        yield _Lines().show
        return
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console or Console(stderr=True),
    )
    with bar:
        yield _Bars(bar).show


class _Bars:
    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._tasks: dict[str, tuple[TaskID, float]] = {}

    def show(self, loading: Loading) -> None:
        if loading.table not in self._tasks:
            task = self._bar.add_task(f"load {loading.table}", total=loading.total, rate="")
            self._tasks[loading.table] = (task, time.monotonic())
        task, began = self._tasks[loading.table]
        self._bar.update(task, completed=loading.done, rate=_rate(loading, began))


class _Lines:
    """A line when a table is done, and one every few seconds until then."""

    EVERY = 5.0  # seconds

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._said: dict[str, float] = {}

    def show(self, loading: Loading) -> None:
        now = time.monotonic()
        began = self._began.setdefault(loading.table, now)
        said = self._said.setdefault(loading.table, began)
        if loading.done >= loading.total or now - said >= self.EVERY:
            self._said[loading.table] = now
            done = f"{loading.done:,} of {loading.total:,}"
            say(f"load {loading.table}: {done} {_rate(loading, began)}".rstrip())


def _rate(loading: Loading, began: float) -> str:
    took = time.monotonic() - began
    return f"{loading.done / took:,.0f} rows/s" if took > 0.01 else ""
