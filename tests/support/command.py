"""The command ``connectsql``, as a process of its own or inside this one."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from connectsql.cli import main

PATIENCE = 120  # seconds until something that has to happen counts as not happening


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def ok(self) -> Finished:
        """Return this; fails where the command did."""
        assert self.code == 0, self.err
        return self


class Running:
    """A command at work in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._said: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._ear = threading.Thread(target=self._listen)
        self._ear.start()

    @property
    def errors(self) -> str:
        """What has come on stderr so far."""
        with self._changed:
            return "".join(self._said)

    def wait_for(self, pattern: str) -> None:
        """Wait until stderr holds a line that the regular expression fits."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._has(pattern), PATIENCE)
            assert self._has(pattern), "".join(self._said)

    def wait(self) -> int:
        """Wait for the end and return the exit code."""
        code = self.process.wait(PATIENCE)
        self._ear.join()
        return code

    def signal(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self) -> None:
        """Kill what still runs, and let go of its pipes."""
        self.process.kill()
        self.wait()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._changed:
                self._said.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _has(self, pattern: str) -> bool:
        return any(re.search(pattern, line) for line in self._said)


@dataclass(frozen=True)
class Command:
    """The command in one folder and with one set of variables; others are as they are here.

    What this process has of connectsql's own variables does not count.
    """

    folder: Path
    variables: Mapping[str, str]

    def __call__(self, *arguments: str) -> Finished:
        """Run the command inside this process, which takes a tenth of the time."""
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            mock.patch.dict(os.environ, self._environment(), clear=True),
            mock.patch.object(sys, "argv", ["connectsql", *arguments]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main.main()
            except SystemExit as end:
                code = end.code
        assert isinstance(code, int)
        return Finished(code=code, out=out.getvalue(), err=err.getvalue())

    def run(self, *arguments: str) -> Finished:
        """Run the command to its end, as a process."""
        done = subprocess.run(
            self._line(arguments), cwd=self.folder, env=self._environment(), text=True,
            capture_output=True, check=False, timeout=PATIENCE,
        )  # fmt: skip
        return Finished(code=done.returncode, out=done.stdout, err=done.stderr)

    @contextmanager
    def running(self, *arguments: str) -> Iterator[Running]:
        """Start the command as a process; what of it still runs at the end is killed."""
        process = subprocess.Popen(
            self._line(arguments), cwd=self.folder, env=self._environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started = Running(process)
        try:
            yield started
        finally:
            started.end()

    def _environment(self) -> dict[str, str]:
        ours = ("SALESFORCE_", "CONNECTSQL_", "DATABASE_URL", "PG")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {**kept, **self.variables}

    @staticmethod
    def _line(arguments: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "connectsql", *arguments]
