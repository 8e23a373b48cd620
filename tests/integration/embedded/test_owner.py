"""A server goes when its owner goes, however that happens."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from connectsql import embedded

if TYPE_CHECKING:
    from .conftest import Owner, StartOwner

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="waits for processes by pidfd and reads /proc"
)

_LONG_AGO = 60


@dataclass(frozen=True)
class Running:
    """The processes behind a server, held so that their ends can be waited for."""

    home: Path
    guard: int
    ends: tuple[int, int]

    def wait_until_gone(self) -> None:
        for end in self.ends:
            assert select.select([end], [], [], _LONG_AGO)[0], "still running"


@contextmanager
def watch(dsn: str) -> Iterator[Running]:
    with psycopg.connect(dsn) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
    assert row
    data = Path(row[0])
    postgres = int((data / "postmaster.pid").read_text().split()[0])
    # "pid (name) state parent ..."
    guard = int(Path(f"/proc/{postgres}/stat").read_text().rpartition(")")[2].split()[1])
    with ExitStack() as stack:
        ends = (os.pidfd_open(postgres), os.pidfd_open(guard))
        for end in ends:
            stack.callback(os.close, end)
        yield Running(data.parent, guard, ends)


def end(owner: Owner) -> None:
    owner.process.kill()
    owner.process.wait()


def test_a_killed_owner_takes_server_and_folder_along(start_owner: StartOwner) -> None:
    owner = start_owner()
    with watch(owner.dsn) as running:
        assert running.home.is_dir()
        end(owner)
        running.wait_until_gone()
        assert not running.home.exists()


def test_an_owner_that_forgets_to_stop(start_owner: StartOwner) -> None:
    owner = start_owner()
    with watch(owner.dsn) as running:
        assert owner.process.stdin
        owner.process.stdin.close()
        owner.process.wait()
        running.wait_until_gone()
        assert not running.home.exists()


def test_kept_data_is_whole_after_the_owner_was_killed(
    start_owner: StartOwner, open_folder: Path
) -> None:
    # The owner may be nobody, who makes the folder itself.
    open_folder.chmod(0o777)
    home = open_folder / "home"
    owner = start_owner(home)
    with watch(owner.dsn) as running:
        with psycopg.connect(owner.dsn) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        end(owner)
        running.wait_until_gone()
    assert "database system is shut down" in (home / "postgres.log").read_text()
    again = start_owner(home)
    with psycopg.connect(again.dsn) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_forked_child_does_not_keep_the_server() -> None:
    held, holder = os.pipe()
    server = embedded.start()
    with watch(server.dsn()) as running:
        child = os.fork()
        if child == 0:
            os.close(holder)
            os.read(held, 1)
            os._exit(0)
        server.stop()
        running.wait_until_gone()
    os.close(holder)
    os.close(held)
    os.waitpid(child, 0)


def test_a_killed_guard_takes_the_server_along() -> None:
    server = embedded.start()
    with watch(server.dsn()) as running:
        os.kill(running.guard, signal.SIGKILL)
        running.wait_until_gone()
        server.stop()
        assert not running.home.exists()
