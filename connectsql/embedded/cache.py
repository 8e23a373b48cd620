"""Copies of the programs for a server user who cannot reach the originals.

An installation below ``/root`` cannot be entered by ``nobody``. Its folders stay as they
are; the files are copied once to a place that belongs to root and that everyone may read.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from connectsql.embedded.account import Account, closed_folder
from connectsql.embedded.search import Binaries
from connectsql.errors import EmbeddedPostgresError

CACHE_VARIABLE = "CONNECTSQL_CACHE"
_USUAL = (Path("/var/cache"), Path("/Library/Caches"))
_NOT_NEEDED = shutil.ignore_patterns("include", "doc", "man")


def reachable(found: Binaries, account: Account | None) -> Path:
    """Return a bin folder that ``account`` can enter: the one found, or a copy of it."""
    if closed_folder(found.bin_dir, account) is None:
        return found.bin_dir
    cache = _cache_folder()
    if closed := closed_folder(cache, account):
        raise EmbeddedPostgresError(
            f"The Postgres programs cannot be kept in {cache}: {closed} is closed to others.",
            hint=f"Name another folder in {CACHE_VARIABLE}.",
        )
    return _copy_once(found, cache)


def _copy_once(found: Binaries, cache: Path) -> Path:
    prefix = found.bin_dir.parent
    package = prefix.parent
    copy = cache / f"postgres-{found.version}-{_digest(found.bin_dir / 'postgres')}"
    if not copy.is_dir():
        with tempfile.TemporaryDirectory(prefix=".copy-", dir=cache) as temporary:
            whole = Path(temporary) / "whole"
            # Wheels keep shared libraries in a sibling of the package and find them by a
            # relative path, so the copy has the same three levels.
            shutil.copytree(
                prefix,
                whole / package.name / prefix.name,
                symlinks=True,
                ignore=_NOT_NEEDED,
            )
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, whole / libraries.name, symlinks=True)
            _open_to_all(whole)
            _put_in_place(whole, copy)
    return copy / package.name / prefix.name / found.bin_dir.name


def _put_in_place(whole: Path, copy: Path) -> None:
    try:
        whole.rename(copy)
    except OSError:
        # Another start was faster: its copy is as good.
        if not copy.is_dir():
            raise


def _open_to_all(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        Path(parent).chmod(0o755)
        for path in (Path(parent, name) for name in files):
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _digest(program: Path) -> str:
    with program.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:16]


def _cache_folder() -> Path:
    if named := os.environ.get(CACHE_VARIABLE):
        folder = Path(named).resolve()
    else:
        base = next((path for path in _USUAL if os.access(path, os.W_OK)), None)
        folder = (base or Path(tempfile.gettempdir()).resolve()) / "connectsql"
    _create_open(folder)
    status = folder.lstat()
    # Whoever can write here decides what the server runs.
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise EmbeddedPostgresError(
            f"{folder} belongs to, or can be written by, another user.",
            hint=f"Remove it, or name another folder in {CACHE_VARIABLE}.",
        )
    return folder


def _create_open(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return
    # Whatever the umask.
    folder.chmod(0o755)
