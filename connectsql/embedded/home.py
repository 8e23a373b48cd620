"""The folder of one server: its data, its password and its logs.

::

    home/
    ├── data/                       PGDATA; belongs to the user the server runs as
    │   └── connectsql.password     the generated password, kept with the data it opens
    ├── initdb.log
    └── postgres.log
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from connectsql.embedded.account import Account, closed_folder
from connectsql.embedded.search import Binaries
from connectsql.errors import EmbeddedPostgresError

_PREFIX = "connectsql-postgres-"


@dataclass(frozen=True, slots=True)
class Home:
    """Where one server keeps its files; ``nursery`` is where its data folder is made."""

    folder: Path
    nursery: Path | None
    temporary: bool
    password: str

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.folder / "data"

    @property
    def initdb_log(self) -> Path:
        """What initdb said."""
        return self.folder / "initdb.log"

    @property
    def postgres_log(self) -> Path:
        """What the server says."""
        return self.folder / "postgres.log"

    @property
    def throwaway(self) -> list[Path]:
        """The folders to remove when the server ends."""
        if self.temporary:
            return [self.folder]
        return [self.nursery] if self.nursery else []

    def remove(self) -> None:
        """Remove what nobody is to find again."""
        for folder in self.throwaway:
            shutil.rmtree(folder, ignore_errors=True)


def password_file(data: Path) -> Path:
    """Return where the password of a data folder lies."""
    return data / "connectsql.password"


def temporary_home(account: Account | None) -> Home:
    """Make a home that goes with its server."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_temporary_base(account)))
    if account:
        folder.chmod(0o711)
    return _new_home(folder, account, temporary=True)


def kept_home(folder: Path, found: Binaries, account: Account | None) -> Home:
    """Take a home that stays: make it, or use the one that is there."""
    folder = folder.absolute()
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        # What we make is ours to open, whatever the umask.
        path.chmod(0o711 if account else 0o700)
    if closed := closed_folder(folder, account):
        raise EmbeddedPostgresError(
            f"Postgres runs as '{account.name if account else ''}', not as root, "
            f"and {closed} is closed to that user.",
            hint="Choose a data folder elsewhere, such as below /var/tmp, "
            "or run the command as an ordinary user.",
        )
    if not (folder / "data").exists():
        _refuse_other_files(folder)
        return _new_home(folder, account, temporary=False)
    return Home(folder, None, temporary=False, password=_kept_password(folder / "data", found))


def _new_home(folder: Path, account: Account | None, *, temporary: bool) -> Home:
    # initdb works beside the final place, and a rename ends it: data that is there is whole.
    nursery = Path(tempfile.mkdtemp(prefix="new-", dir=folder))
    data = nursery / "data"
    data.mkdir(mode=0o700)
    password = secrets.token_urlsafe(24)
    secret = password_file(nursery)
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password)
    if account:
        for path in (nursery, data, secret):
            account.own(path)
    return Home(folder, nursery, temporary, password)


def _kept_password(data: Path, found: Binaries) -> str:
    major = (data / "PG_VERSION").read_text().strip()
    if major != str(found.major):
        raise EmbeddedPostgresError(
            f"The data in {data} was made by Postgres {major}; this is Postgres {found.version}.",
            hint=f"Use a Postgres {major} for it, or choose another data folder.",
        )
    return password_file(data).read_text()


def _refuse_other_files(folder: Path) -> None:
    ours = ("new-", "initdb.log", "postgres.log")
    if other := [path.name for path in folder.iterdir() if not path.name.startswith(ours)]:
        raise EmbeddedPostgresError(
            f"{folder} holds other files, such as {min(other)}.",
            hint="Choose an empty or a new folder for the data.",
        )


def _temporary_base(account: Account | None) -> Path:
    usual = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]  # noqa: S108
    for base in usual:
        if base.is_dir() and closed_folder(base.resolve(), account) is None:
            return base.resolve()
    raise EmbeddedPostgresError(
        f"No temporary folder is open to '{account.name if account else ''}'.",
        hint="Set TMPDIR to a folder that every user can enter.",
    )
