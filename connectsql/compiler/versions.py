"""Which versions of connectsql get along: the core of a database, what is applied, the agent."""

from __future__ import annotations

from connectsql import __version__
from connectsql.compiler.installed import Installed
from connectsql.errors import DatabaseError


def refuse_core(installed: Installed) -> None:
    """Raise DatabaseError where the core is newer than this version, or is another's to change."""
    if installed.core and newer(installed.core, __version__):
        raise DatabaseError(
            f"this database has the core of connectsql {installed.core}; this is {__version__}",
            hint="use that version, or a later one: an older one would undo what it made",
        )
    if installed.extension and newer(__version__, installed.extension):
        raise DatabaseError(
            f"the extension connectsql is {installed.extension}; this is {__version__}",
            hint=f"install the newer files, then: ALTER EXTENSION connectsql UPDATE TO "
            f"'{__version__}';",
        )


def newer(one: str, other: str) -> bool:
    """Return whether a version is later than another: 0.10.0 than 0.9.1."""
    return _parts(one) > _parts(other)


def _parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
