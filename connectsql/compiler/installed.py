"""What a database holds of one connection, as its catalog tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

Key = tuple[str, str, str]  # table (empty for the schema's own), kind, name


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledColumn:
    """A column: its type as ``format_type`` spells it, and its comment.

    ``generated`` is the expression of a computed column, ``feeds`` the computed columns of the
    table that need this one, ``views`` the views anywhere that read it. ``carries``
    is what Postgres drops with it without a word: ("index", name), constraints, statistics.
    """

    type: str
    collation: str | None = None  # where it is not the type's own
    generated: str | None = None
    feeds: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    carries: tuple[tuple[str, str], ...] = ()
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class InstalledTable:
    """A relation of the schema. ``kind`` is pg_class.relkind: r for a table, v for a view."""

    kind: str
    columns: Mapping[str, InstalledColumn]
    comment: str | None = None
    empty: bool = False  # it takes no room: nothing can be lost or take long
    known: bool = False  # the agent has a mapping of it on record
    loaded: bool = False  # the initial load of that mapping is done, or has stored rows


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """An entry of the registry: what connectsql made, and how the catalog spelled it then."""

    definition: str
    installed: str | None


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What the database holds of one connection. No fingerprint: never applied.

    ``core`` is the version of the core, ``extension`` that of the extension, where it is one.
    """

    fingerprint: str | None = None
    core: str | None = None
    extension: str | None = None
    tables: Mapping[str, InstalledTable] = field(default_factory=dict)
    read: Mapping[str, bool] = field(default_factory=dict)  # on record, standing or not: loaded?
    waiting: Mapping[str, int] = field(
        default_factory=dict
    )  # entries of the log that are to be sent
    objects: Mapping[Key, str] = field(default_factory=dict)  # as the catalog spells them
    made: Mapping[Key, Made] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()  # roles whose own all this is: nothing is taken from them
    granted_elsewhere: frozenset[str] = frozenset()  # roles that serve other connections, too

    @cached_property
    def made_by_table(self) -> dict[str, list[Key]]:
        """What connectsql made, by table."""
        found: dict[str, list[Key]] = {}
        for key in self.made:
            found.setdefault(key[0], []).append(key)
        return found
