"""Starts a server and holds on to it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

from connectsql.embedded.account import Account, server_account
from connectsql.embedded.cache import reachable
from connectsql.embedded.guard import READY
from connectsql.embedded.home import Home, kept_home, password_file, temporary_home
from connectsql.embedded.search import Binaries, choose
from connectsql.errors import EmbeddedPostgresError

_HOST = "127.0.0.1"
_SUPERUSER = "postgres"
_ATTEMPTS = 5
_LOG_LINES = 12
# Data that goes with the server need not survive a power cut. It does survive a crash of the
# server, which tests provoke; without synchronous_commit it would not.
_THROWN_AWAY = {"fsync": "off", "full_page_writes": "off"}


class Server:
    """A running server; ``stop`` it, or use it as a context manager.

    A process that dies without stopping it takes it along. Processes forked from that one
    without exec count as the same owner.
    """

    def __init__(
        self, guard: subprocess.Popen[bytes], home: Home, found: Binaries, port: int
    ) -> None:
        self.port = port
        self.version = found.version
        self.major = found.major
        self._guard = guard
        self._home = home

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of a database, as a URL that libpq and psycopg take."""
        who = f"{_SUPERUSER}:{self._home.password}"
        return f"postgresql://{who}@{_HOST}:{self.port}/{quote(database, safe='')}"

    def stop(self) -> None:
        """Shut the server down and wait for it; a temporary data folder is removed."""
        _dismiss(self._guard)
        # The guard has done this, unless it was killed.
        self._home.remove()

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    data_dir: Path | None = None,
    *,
    bin_dir: Path | None = None,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
) -> Server:
    """Start a server and return once it takes connections.

    ``data_dir`` is a folder to keep the data in: it is created, or its data used again.
    Without it the data goes with the server, and is not made safe against a power cut.
    ``settings`` are settings of postgresql.conf, such as ``{"fsync": "off"}``.
    """
    account = server_account()
    found = choose(bin_dir)
    programs = reachable(found, account)
    for attempt in range(1, _ATTEMPTS + 1):
        home = kept_home(data_dir, found, account) if data_dir else temporary_home(account)
        chosen = port or _free_port()
        options = {**(_THROWN_AWAY if home.temporary else {}), **(settings or {})}
        try:
            guard = _launch(_job(home, programs, account, chosen, options), home)
        except _PortTaken as taken:
            # Between finding a free port and using it, another process may be faster.
            if port is not None or attempt == _ATTEMPTS:
                raise EmbeddedPostgresError(f"Port {chosen} on {_HOST} is taken.") from taken
        else:
            return Server(guard, home, found, chosen)
    raise AssertionError("the loop returns or raises")


class _PortTaken(EmbeddedPostgresError):
    pass


def _job(
    home: Home,
    programs: Path,
    account: Account | None,
    port: int,
    settings: Mapping[str, str],
) -> dict[str, object]:
    listen = {
        "listen_addresses": _HOST,
        "port": str(port),
        # A socket's path may be too long, and its folder would have to be open to others.
        "unix_socket_directories": "",
    }
    options = [f"--{name}={value}" for name, value in {**settings, **listen}.items()]
    return {
        "initdb": _initdb(home.nursery, programs, home.temporary) if home.nursery else None,
        "initdb_log": str(home.initdb_log),
        "moves": _moves(home.nursery, home.data) if home.nursery else [],
        "postgres": [str(programs / "postgres"), "-D", str(home.data), *options],
        "postgres_log": str(home.postgres_log),
        "data": str(home.data),
        "account": {"user": account.uid, "group": account.gid, "extra_groups": []}
        if account
        else {},
        "remove": [str(folder) for folder in home.throwaway],
    }


def _initdb(nursery: Path, programs: Path, temporary: bool) -> list[str]:
    command = [
        str(programs / "initdb"),
        f"--pgdata={nursery / 'data'}",
        f"--username={_SUPERUSER}",
        f"--pwfile={password_file(nursery)}",
        # Every user of this machine can reach the port.
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # The one locale that every system has.
        "--locale=C",
        "--no-instructions",
    ]
    return [*command, "--no-sync"] if temporary else command


def _moves(nursery: Path, data: Path) -> list[tuple[str, str]]:
    made = nursery / "data"
    return [
        (str(password_file(nursery)), str(password_file(made))),
        (str(made), str(data)),
    ]


def _launch(job: dict[str, object], home: Home) -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("guard.py")
    logs = {log: _size(log) for log in (home.initdb_log, home.postgres_log)}
    try:
        guard = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(script), json.dumps(job)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            # Ctrl-C is for the owner, who then stops the server in its own time.
            start_new_session=True,
        )
    except BaseException:
        home.remove()
        raise
    try:
        _wait_until_ready(guard, logs)
    except BaseException:
        _dismiss(guard)
        raise
    return guard


def _wait_until_ready(guard: subprocess.Popen[bytes], logs: Mapping[Path, int]) -> None:
    assert guard.stdout
    answer = guard.stdout.readline().decode().strip()
    if answer == READY:
        return
    said = "\n".join(_tail(log, start) for log, start in logs.items()).strip()
    message = f"The embedded Postgres did not start: {answer or 'its guard ended'}.\n{said}"
    kind = _PortTaken if "Address already in use" in said else EmbeddedPostgresError
    raise kind(message.rstrip())


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _tail(log: Path, start: int) -> str:
    if not log.exists():
        return ""
    new = log.read_bytes()[start:].decode(errors="replace")
    return "\n".join(new.splitlines()[-_LOG_LINES:])


def _dismiss(guard: subprocess.Popen[bytes]) -> None:
    # A byte, because a forked child may hold the pipe open. Leaving the block waits.
    with guard:
        if guard.stdin and not guard.stdin.closed:
            try:
                os.write(guard.stdin.fileno(), b".")
            except BrokenPipeError:
                return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
