"""The desired state of a database: tables with their columns, indexes, triggers and rights."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from connectsql.config.model import NOBODY, Access, LogLevel, Mapping, Roles, WriteMode
from connectsql.describe.model import Field, SObject


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column that holds a field of the object, or an external id of its parent.

    ``path`` is the field as SOQL names it: ``Name``, ``Account.ExternalId__c``. A parent's
    external id also has ``lookup``, the reference field through which the parent is found, and
    ``parent``, the parent's object.
    """

    name: str
    path: str
    type: str
    field: Field
    createable: bool
    updateable: bool
    lookup: Field | None = None
    parent: str | None = None

    @property
    def writable(self) -> bool:
        """Whether Salesforce takes a value for it at any time."""
        return self.createable or self.updateable


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index on one column."""

    name: str
    column: str
    unique: bool
    concurrently: bool = False


@dataclass(frozen=True, kw_only=True)
class Computed:
    """A stored generated column. The expression is checked: one scalar, over this table."""

    name: str
    type: str
    expression: str


@dataclass(frozen=True, kw_only=True)
class Twin:
    """A column that holds the id of the parent's row, beside the lookup that holds its sfid.

    A real, deferrable foreign key: rows written together refer to each other by it before
    Salesforce has given either an sfid.
    """

    name: str
    column: str  # the lookup's column
    field: Field  # the lookup
    parent: str  # the parent's table


class Kind(StrEnum):
    """What a part of a table is to the catalog."""

    COLUMN = "column"
    INDEX = "index"
    FUNCTION = "function"
    TRIGGER = "trigger"
    CONSTRAINT = "constraint"
    DEFAULT = "default"
    GRANT = "grant"


@dataclass(frozen=True, kw_only=True)
class Part:
    """Anything of a table that is made and dropped as a whole.

    ``create`` replaces what stands under the name where SQL has a way to say so. ``name`` is
    unique in the table for its kind; a grant's is its role.
    """

    kind: Kind
    name: str
    create: str
    drop: str


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """A trigger of a mapped table: when it fires and which function of the schema it calls.

    ``condition`` is SQL that has to hold beside ``applications_only``. ``transition`` names what
    the statement changed: ("NEW", "inserted").
    """

    name: str
    timing: str  # "AFTER INSERT"
    level: str  # "ROW" or "STATEMENT"
    function: str
    arguments: tuple[str, ...] = ()
    transition: tuple[tuple[str, str], ...] = ()
    condition: str | None = None
    applications_only: bool = True  # silent for the sync's own writes
    always: bool = False  # fires for replicated rows, too


@dataclass(frozen=True, kw_only=True)
class Table:
    """A mapped table. The columns are those of fields; sfid, id and the marks come on top."""

    schema: str
    name: str
    mapping: Mapping
    object: SObject
    columns: tuple[Column, ...]
    indexes: tuple[Index, ...]
    key_type: str  # "integer" or "bigint"
    sfid_collation: str
    computed: tuple[Computed, ...] = ()
    twins: tuple[Twin, ...] = ()
    roles: Roles = NOBODY
    filter: str | None = None  # the mapping's, as a condition of SOQL

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """The columns by their name in Postgres."""
        return {column.name: column for column in self.columns}

    @property
    def identifier(self) -> Column | None:
        """The column of the unique identifier, or None where the mapping has none."""
        wanted = (self.mapping.upsert_field or "").lower()
        return next((one for one in self.columns if one.path.lower() == wanted), None)

    @property
    def has_isdeleted(self) -> bool:
        """Whether the object knows soft deletes; User does not."""
        return self.object.field("IsDeleted") is not None

    @property
    def select(self) -> tuple[str, ...]:
        """What a query of this object asks for: Id, then the columns' paths in their order."""
        return ("Id", *(column.path for column in self.columns))

    @property
    def parents(self) -> frozenset[str]:
        """Objects that new rows may refer to by external id, so that they must go first.

        A parent named by its sfid is in Salesforce already.
        """
        return frozenset(column.parent for column in self.columns if column.parent)

    @property
    def ordered(self) -> bool:
        """Whether each change is sent on its own."""
        return self.mapping.writes is WriteMode.ORDERED

    @property
    def sent(self) -> tuple[str, ...]:
        """The columns whose values applications may send, in the order that hstore has them."""
        names = (column.name for column in self.columns if column.writable)
        return tuple(sorted(names, key=lambda name: (len(name.encode()), name.encode())))

    @property
    def captured(self) -> bool:
        """Whether applications' writes are logged at all."""
        return self.mapping.access is Access.READ_WRITE or self.mapping.log is LogLevel.FULL


@dataclass(frozen=True, kw_only=True)
class Desired:
    """Everything the config asks for in one schema."""

    schema: str
    key_type: str
    tables: tuple[Table, ...]
    roles: Roles = NOBODY
    heroku: bool = False  # types: heroku: with the tables that Heroku Connect's clients look for

    @cached_property
    def by_name(self) -> dict[str, Table]:
        """The tables by name."""
        return {table.name: table for table in self.tables}
