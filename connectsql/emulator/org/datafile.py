"""The data file of an org: opened for one emulator alone, and refused where it is another's."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from connectsql.emulator.org import sums, text
from connectsql.errors import EmulatorError

_APPLICATION = 0x53464F52  # in the file's header, says whose it is
_CACHED_STATEMENTS = 512
_PATIENCE_SECONDS = 2
_HOLDERS = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_DISK = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


def opened(file: Path | None) -> sqlite3.Connection:
    """Open a data file, or memory; raises ``EmulatorError`` for a file that cannot be used.

    The file stays locked until the connection is closed: two emulators on one file would
    give out the same ids.
    """
    try:
        connection = sqlite3.connect(
            file or ":memory:",
            timeout=_PATIENCE_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_CACHED_STATEMENTS,
        )
    except sqlite3.Error as broken:
        raise EmulatorError(
            f"the data file {file} cannot be opened: {broken}",
            hint="Its folder has to exist and to be writable.",
        ) from broken
    try:
        if file:
            _claim(file, connection)
        text.install(connection)
        sums.install(connection)
    except sqlite3.DatabaseError as broken:
        connection.close()
        raise unusable(file, broken) from broken
    except BaseException:
        connection.close()
        raise
    return connection


def unusable(file: Path | None, reason: Exception | str) -> EmulatorError:
    """Return the error that tells why a data file cannot be used."""
    if isinstance(reason, sqlite3.Error) and _code(reason) in _HOLDERS:
        return EmulatorError(
            f"the data file {file} is in use",
            hint="Only one emulator at a time can run on a data file.",
        )
    return EmulatorError(
        f"the data file {file} cannot be used: {reason}",
        hint="Name a file that an emulator wrote or one that is not there yet,"
        " on a disk with room that can be written to.",
    )


def is_of_disk(error: sqlite3.Error) -> bool:
    """Tell whether the file or its disk is to blame for an error, and not the statement."""
    return _code(error) in _DISK


def _claim(file: Path, connection: sqlite3.Connection) -> None:
    """Lock the file, once it is known not to be another program's."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    ((application,),) = connection.execute("PRAGMA application_id")
    is_older = application == 0 and "_sequence" in tables
    if tables and application != _APPLICATION and not is_older:
        raise unusable(file, "another program wrote it")
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA application_id={_APPLICATION:d}")


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code; 0 where the error is not SQLite's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
