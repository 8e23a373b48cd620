"""What benchmarks stand on: a Postgres with databases, an org and an agent as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from connectsql import embedded
from connectsql.compiler.model import Desired
from connectsql.database.apply import apply
from connectsql.database.connection import connect
from connectsql.salesforce.login import ClientCredentials
from connectsql.salesforce.session import Session

API = "62.0"
# Nothing in the background: no vacuum and no checkpoint in the middle of a measurement.
SETTINGS = {
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
}

_numbers = count(1)


class Ground:
    """A server, and an empty folder for files."""

    def __init__(self, server: embedded.Server, folder: Path) -> None:
        self.server = server
        self.folder = folder

    @contextmanager
    def database(self, *desired: Desired) -> Iterator[str]:
        """Give the address of a database that holds what is desired, and drop it."""
        name = f"bench_{next(_numbers)}"
        identifier = sql.Identifier(name)
        with psycopg.connect(self.server.dsn(), autocommit=True) as admin:
            admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(identifier))
            try:
                with connect(self.server.dsn(name)) as connection:
                    for one in desired:
                        apply(connection, one)
                yield self.server.dsn(name)
            finally:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@contextmanager
def started(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Ground]:
    """Start a server for benchmarks, with more settings of postgresql.conf if need be."""
    with embedded.start(settings={**SETTINGS, **(settings or {})}) as server:
        yield Ground(server, folder)


@dataclass(frozen=True, kw_only=True)
class OrgProcess:
    """An emulated org in a process of its own."""

    url: str
    client_id: str
    client_secret: str
    access_token: str
    pid: int

    def session(self) -> Session:
        """Return a session with it; the caller closes it."""
        return Session(self.url, ClientCredentials(self.client_id, self.client_secret), API)


@contextmanager
def org(seeds: Mapping[str, int], *more: str) -> Iterator[OrgProcess]:
    """Start `connectsql emulator` with so many records of each object and more options."""
    options = [*more, *(f"--seed-records={name}={number}" for name, number in seeds.items())]
    with _process("emulator", *options, stdout=subprocess.PIPE) as process:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        names = ("url", "client_id", "client_secret", "access_token")
        yield OrgProcess(**{name: told[name] for name in names}, pid=process.pid)


@contextmanager
def agent(config: Path, database: str) -> Iterator[None]:
    """Run `connectsql agent`."""
    with _process("agent", f"--config={config}", environment={"DATABASE_URL": database}):
        yield


@contextmanager
def _process(
    *arguments: str, environment: Mapping[str, str] | None = None, stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "connectsql", *arguments],
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    with process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
