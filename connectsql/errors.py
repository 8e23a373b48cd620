"""Every error a user can meet, as one tree.

::

    ConnectsqlError                 exit code 1
    ├── UsageError                  exit code 2: the command was called wrongly
    ├── ConfigError                 the config has faults, each with file and line
    ├── DescribeError               a describe is missing, unreadable or of no use
    ├── CompileError                the compiled SQL would not be valid
    ├── DatabaseError               Postgres refused or cannot be reached
    │   ├── DatabaseUnreachable     no connection could be made, or it was lost
    │   ├── DatabaseBusy            an application holds a lock: try again
    │   └── NotInstalled            the database is not what the config says: apply first
    ├── SalesforceError             the org refused or cannot be reached
    │   ├── OrgUnreachable          no answer: the outcome of a write is unknown
    │   ├── LoginFailed             the org refused the credentials
    │   └── ApiError                the org answered with an error of its own
    ├── LeaseLost                   this agent was taken for dead: its claims are another's
    ├── EmbeddedPostgresError       the embedded server could not be started
    ├── EmulatorError               the emulator could not be started
    └── Drift                       exit code 3: what is installed differs from the config

A message says what happened and where; ``hint`` says what to do about it. The command
line prints both and turns the class into the exit code, in one place (``cli/errors.py``).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A line of a file that a user wrote. Lines count from 1; 0 means the whole file."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One mistake in what the user wrote: where, what, and how to mend it."""

    place: Place
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" + (f"\n    {self.hint}" if self.hint else "")


class ConnectsqlError(Exception):
    """Base of every error that a user is meant to read."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(ConnectsqlError):
    """The command was called in a way that cannot work."""

    exit_code = 2


class ConfigError(ConnectsqlError):
    """The config has faults; all that were found are listed, not only the first."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class DescribeError(ConnectsqlError):
    """A describe is missing, unreadable, or lacks what is needed."""


class CompileError(ConnectsqlError):
    """The compiled SQL would not be valid: a mistake of connectsql's own."""


class DatabaseError(ConnectsqlError):
    """Postgres refused a statement."""


class DatabaseUnreachable(DatabaseError):
    """No connection to Postgres could be made, or the one in use was lost."""


class DatabaseBusy(DatabaseError):
    """An application holds a lock that was waited for; nothing was done."""


class NotInstalled(DatabaseError):
    """The database does not hold what the config compiles to."""


class SalesforceError(ConnectsqlError):
    """The org refused a call or could not be reached."""


class OrgUnreachable(SalesforceError):
    """No usable answer came. A write may or may not have been done.

    ``sent`` is False when the call failed before the org can have acted on it, so that it may
    safely be made again.
    """

    def __init__(self, message: str, *, hint: str = "", sent: bool = True) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent


class LoginFailed(SalesforceError):
    """The org refused the credentials."""


class ApiError(SalesforceError):
    """The org answered with an error.

    ``status`` is the HTTP status, ``code`` Salesforce's errorCode (``INVALID_FIELD``), or
    ``""`` where the answer had none.
    """

    def __init__(self, message: str, *, status: int, code: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code


class LeaseLost(ConnectsqlError):
    """The agent gave no sign of life for too long; it may not act on its claims any more."""


class EmbeddedPostgresError(ConnectsqlError):
    """The embedded Postgres could not be found or started."""


class EmulatorError(ConnectsqlError):
    """The emulated org could not be started."""


class Drift(ConnectsqlError):
    """What is installed differs from what the config compiles to."""

    exit_code = 3
