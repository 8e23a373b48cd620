"""Which user the server runs as, and which folders that user can enter.

Postgres refuses to run as root. Where we are root it runs as ``nobody``, who exists on every
system: no user is added, and no folder that is not ours changes its owner or its mode.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from connectsql.errors import EmbeddedPostgresError


@dataclass(frozen=True, slots=True)
class Account:
    """A user other than ourselves, whom the server runs as."""

    name: str
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give a file or folder of ours to this user."""
        os.chown(path, self.uid, self.gid)


def server_account() -> Account | None:
    """Return the user to switch to, or None where the server can run as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedPostgresError(
            "Postgres does not run as root, and this system has no user 'nobody' to run it as.",
            hint="Run the command as an ordinary user.",
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def closed_folder(path: Path, account: Account | None) -> Path | None:
    """Return the outermost folder on the way to ``path``, itself included, that is closed."""
    if account is None:
        return None
    folders = reversed([path, *path.parents])
    return next((folder for folder in folders if not _may_enter(folder.stat(), account)), None)


def _may_enter(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)
