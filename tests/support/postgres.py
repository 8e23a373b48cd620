"""Postgres servers for a test session, and a database of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count

import psycopg
import pytest
from psycopg import sql

from connectsql import embedded


@cache
def found() -> dict[int, embedded.Binaries]:
    """Return one Postgres for each major version on this machine, the preferred one first."""
    majors: dict[int, embedded.Binaries] = {}
    for binaries in embedded.binaries():
        majors.setdefault(binaries.major, binaries)
    return majors


def selected(wish: str, *, every: bool) -> list[int]:
    """Return the major versions a test runs on.

    ``wish`` is what the caller of pytest asked for: ``all``, ``first``, a major version, or
    nothing. A test that is not made for every version then runs on the preferred one.
    """
    majors = list(found())
    if wish == "all" or (every and not wish):
        return majors
    if wish in ("", "first"):
        return majors[:1]
    if wish not in map(str, majors):
        known = ", ".join(["all", "first", *map(str, majors)])
        raise pytest.UsageError(f"--postgres={wish}: not one of {known}")
    return [int(wish)]


class Servers:
    """The servers of one session. Each starts when it is first asked for."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: dict[int, TestServer] = {}

    def get(self, major: int | None) -> TestServer:
        """Return the server of a major version."""
        if major is None:
            # Raises the error that says what to install.
            return self._stack.enter_context(_started(None))
        if major not in self._running:
            self._running[major] = self._stack.enter_context(_started(found()[major]))
        return self._running[major]

    def __enter__(self) -> Servers:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


class TestServer:
    """A server and the connection that creates databases on it."""

    __test__ = False

    def __init__(self, server: embedded.Server, admin: psycopg.Connection) -> None:
        self.server = server
        self.major = server.major
        self._admin = admin
        self._numbers = count(1)

    def dsn(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return self.server.dsn(database)

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """Create an empty database, give its address, and drop it."""
        name = f"test_{next(self._numbers)}"
        identifier = sql.Identifier(name)
        self._admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(identifier))
        try:
            yield self.dsn(name)
        finally:
            self._admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@contextmanager
def _started(binaries: embedded.Binaries | None) -> Iterator[TestServer]:
    bin_dir = binaries.bin_dir if binaries else None
    with (
        embedded.start(bin_dir=bin_dir) as server,
        psycopg.connect(server.dsn(), autocommit=True) as admin,
    ):
        yield TestServer(server, admin)
