"""Runs a server beside its owner, and ends it with its owner. A script, not a module.

It is started as ``python -I -S guard.py JOB``; JOB is the JSON that ``server._job`` writes.
Standard input is a pipe whose other end the owner holds. A byte on it, or its end, means:
stop. What it prints is one line: that the server is ready, or why it is not.

Why a process and not only ``prctl(PR_SET_PDEATHSIG)`` in postgres: that signal is tied to
the *thread* that forked, exists on Linux only, and leaves the data folder behind. The
kernel closes a pipe whatever way the owner dies, on every system. PDEATHSIG is used for the
one thing it is good at here: this process has one thread, and if it is killed itself,
postgres goes too.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

READY = "ready"
_STDIN = 0
_POLL_SECONDS = 0.005
_PR_SET_PDEATHSIG = 1


class Stopped(Exception):
    """The owner wants no server any more, or is gone."""


class Failed(Exception):
    """A program ended by itself; its log says why."""


def main() -> None:
    """Do the job, then clear up."""
    job = json.loads(sys.argv[1])
    signal.signal(signal.SIGTERM, _stop)
    try:
        _run(job)
    except Stopped:
        pass
    except (Failed, OSError) as error:
        print(error, flush=True)
        _until_owner_has_read()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for folder in job["remove"]:
            shutil.rmtree(folder, ignore_errors=True)


def _run(job: dict[str, Any]) -> None:
    if job["initdb"]:
        with _Program(job["initdb"], job["initdb_log"], job["account"]) as initdb:
            initdb.wait_for_end()
            if initdb.process.returncode:
                raise Failed("initdb failed")
        for source, target in job["moves"]:
            os.rename(source, target)
    with _Program(job["postgres"], job["postgres_log"], job["account"]) as postgres:
        _wait_until_ready(postgres, Path(job["data"]) / "postmaster.pid")
        print(READY, flush=True)
        postgres.wait_for_end()
    raise Failed("postgres ended")


class _Program:
    """A program with a pipe that closes when it and all its children are gone."""

    def __init__(self, command: list[str], log: str, account: dict[str, Any]) -> None:
        self.alive, held = os.pipe()
        with open(log, "ab") as output:
            self.process = subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=_environment(),
                pass_fds=(held,),
                # Runs after the change of user, which would clear the signal.
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
                **account,
            )
        os.close(held)

    def __enter__(self) -> _Program:
        return self

    def __exit__(self, *_: object) -> None:
        """Stop: first the fast shutdown, which keeps data safe; then the immediate one."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(number)
            if _readable([self.alive], 20):
                break
        self.process.wait()
        os.close(self.alive)

    def wait_for_end(self, timeout: float | None = None) -> bool:
        """Return whether the program ended within the time."""
        ready = _readable([_STDIN, self.alive], timeout)
        if _STDIN in ready:
            raise Stopped
        if ready:
            self.process.wait()
        return bool(ready)


def _wait_until_ready(postgres: _Program, pid_file: Path) -> None:
    # The way of pg_ctl: line 1 of the file is the process, line 8 its state.
    while not postgres.wait_for_end(_POLL_SECONDS):
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            continue
        if lines[:1] == [str(postgres.process.pid)] and "".join(lines[7:8]).strip() == "ready":
            return
    raise Failed("postgres failed")


def _environment() -> dict[str, str]:
    # Nothing else: PG* variables would mislead Postgres, and the owner's secrets would be
    # readable by every process of the same user.
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "LC_ALL": "C",
        "TZ": "UTC",
    }


def _readable(files: list[int], timeout: float | None) -> list[int]:
    return select.select(files, [], [], timeout)[0]


def _until_owner_has_read() -> None:
    try:
        _readable([_STDIN], None)
    except Stopped:
        return


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _stop(*_: object) -> None:
    raise Stopped


if __name__ == "__main__":
    main()
