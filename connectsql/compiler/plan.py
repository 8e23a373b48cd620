"""What ``plan`` shows and ``apply`` executes: ordered changes, their hazards and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Hazard(StrEnum):
    """What a change can do to a database in use. ``apply`` wants each allowed by name."""

    DATA_LOSS = "DATA_LOSS"  # values or rows are gone afterwards
    TABLE_REWRITE = "TABLE_REWRITE"  # the table is written anew, and locked meanwhile
    LOCKS_WRITES = "LOCKS_WRITES"  # applications cannot write to the table meanwhile
    BACKFILL = "BACKFILL"  # rows that stand get their values by reading Salesforce again


@dataclass(frozen=True, kw_only=True)
class Change:
    """A step of ``apply``: SQL, what it is for, what it can do, and what undoes it.

    ``reverse`` is empty where nothing needs undoing, and a comment of SQL where nothing can.
    """

    sql: str
    comment: str
    hazards: frozenset[Hazard] = frozenset()
    reverse: str = ""
    concurrently: bool = False  # runs alone, after the transaction of the others
    index: tuple[str, str] | None = None  # what it builds, as the registry names it
    anew: tuple[str, str] | None = None  # the table and column whose values have to be read again


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something found that calls for no change: drift that was mended, a difference kept."""

    what: str  # "drift", "unfinished", "kept", "left"
    text: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The way from what is installed to what is desired; nothing to do where it has no changes.

    ``since`` is the fingerprint of what was applied before, None where nothing was; ``restore``
    sets the books back to what they were, once all changes are undone.
    """

    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()
    since: str | None = None
    restore: str = ""

    @property
    def hazards(self) -> frozenset[Hazard]:
        """Every hazard of any change."""
        return frozenset(hazard for change in self.changes for hazard in change.hazards)
