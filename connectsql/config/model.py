"""The config as values: what to sync, where to, and by which login.

Nothing here knows how a config is written down (``load.py``) or whether the org has what
it names (``compiler/resolve.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from connectsql.errors import Place


class Access(StrEnum):
    """Who may change the rows of a mapping."""

    READ_ONLY = "read_only"  # Salesforce only
    READ_WRITE = "read_write"  # Salesforce and Postgres


class Types(StrEnum):
    """Which column types a mapped table gets."""

    HEROKU = "heroku"  # exactly Heroku Connect's
    NATIVE = "native"  # timestamptz, numeric and bigint ids: nothing is rounded or runs out


class LogLevel(StrEnum):
    """How much the trigger log keeps of a change."""

    FULL = "full"  # old and new values, as Heroku Connect does
    CHANGES = "changes"  # what must be known; an insert's values are read when it is sent


class WriteMode(StrEnum):
    """What happens to several changes of one record that wait together."""

    MERGED = "merged"  # folded into one
    ORDERED = "ordered"  # sent one after the other


class Constraints(StrEnum):
    """What becomes of an application's write that Salesforce must refuse."""

    OFF = "off"  # it is captured, sent, and refused by Salesforce
    WARN = "warn"  # the same, and a line in connectsql.violation
    ENFORCE = "enforce"  # it fails in the application's own transaction


class Conflict(StrEnum):
    """Whose value counts where both sides changed a record since they last met."""

    LAST_WRITE = "last_write"  # whoever writes later, without looking
    SALESFORCE = "salesforce"
    POSTGRES = "postgres"
    FAIL = "fail"  # nobody's: the change is parked with the reason


class RemoteDeletes(StrEnum):
    """What becomes of a row when its record is deleted in Salesforce."""

    REMOVE = "remove"
    KEEP = "keep"  # the row stays, with isdeleted set


class LocalDeletes(StrEnum):
    """What becomes of a record when an application deletes its row."""

    SEND = "send"
    IGNORE = "ignore"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """Where a value that must not stand in the config is found at run time."""

    kind: str  # "env", "file", "command", or "literal" (an instance_url only: it is no secret)
    name: str  # the variable, the path (relative to the config's folder), the command line
    # (a JSON list of its words), or the value itself
    place: Place | None = field(default=None, compare=False)  # where the config says so


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """How to reach the org: an access token, or client id and secret."""

    instance_url: Reference = Reference(kind="env", name="SALESFORCE_INSTANCE_URL")
    access_token: Reference = Reference(kind="env", name="SALESFORCE_ACCESS_TOKEN")
    client_id: Reference = Reference(kind="env", name="SALESFORCE_CLIENT_ID")
    client_secret: Reference = Reference(kind="env", name="SALESFORCE_CLIENT_SECRET")


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """An index the config asks for, on one mapped field."""

    field: str
    unique: bool
    place: Place
    concurrently: bool = False  # on a table that stands: built after the transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class MappedField:
    """One entry of a mapping's ``fields``: a field, or a parent's external id.

    ``name`` is spelled as the user wrote it: ``Name``, ``Account__ExternalId__c``, or ``*`` for
    every field that a column can hold and ``exclude`` does not name.
    """

    name: str
    place: Place
    column: str | None = None  # the column's name where it is not the field's in lower case
    read_only: bool = False  # applications' values for it are not sent
    read_write: bool = field(default=False, compare=False)  # the config says so expressly
    conflict: Conflict | None = None  # where it differs from the mapping's
    local: str | None = None  # of a lookup: the column that holds the parent row's id


@dataclass(frozen=True, kw_only=True, slots=True)
class Computed:
    """A column that Postgres computes from others; Salesforce never sees it."""

    column: str
    type: str  # a type of Postgres: "text", "numeric(18, 2)"
    expression: str  # one scalar SQL expression over the mapping's columns
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Roles:
    """Who is granted what. Roles are made by the DBA, never by connectsql."""

    agent: str | None = None
    applications: tuple[str, ...] = ()  # write what is read_write, read the rest
    readers: tuple[str, ...] = ()  # read


NOBODY = Roles()


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """How long changes that were dealt with are kept, and whether with their values.

    ``values``: whether the archive keeps what was written, which may be personal data.
    """

    log_hours: int = 24
    archive_days: int = 31
    values: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class HerokuExport:
    """What an export says that means nothing here, kept so that it can be exported again.

    ``connection`` and ``mapping`` are the properties as they stood: app_name, features, ...
    """

    properties: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """One object and the table it is kept in step with."""

    object: str
    table: str
    access: Access
    fields: tuple[MappedField, ...]  # as listed; Id, SystemModstamp, IsDeleted may be missing
    upsert_field: str | None
    indexes: tuple[Index, ...]
    log: LogLevel
    writes: WriteMode
    poll_seconds: int
    place: Place
    exclude: tuple[str, ...] = ()  # fields that a "*" leaves out
    filter: str | None = None  # which records are read: a condition over the fields
    computed: tuple[Computed, ...] = ()
    constraints: Constraints = Constraints.OFF
    conflict: Conflict = Conflict.LAST_WRITE
    events: bool = False  # ask for change events beside polling
    partitioned: bool = False  # the table is one, or applications write to its parts
    replicated: bool = False  # rows that logical replication brings are changes to send
    remote_deletes: RemoteDeletes = RemoteDeletes.REMOVE
    local_deletes: LocalDeletes = LocalDeletes.SEND
    roles: Roles | None = None  # instead of the connection's, for this table; agent is not read
    heroku: HerokuExport | None = None
    places: dict[str, Place] = field(default_factory=dict, compare=False)  # property -> line

    def excluded_at(self, name: str) -> Place:
        """Return the line that excludes a field, spelled as there."""
        whole = self.places.get("exclude", self.place)
        return self.places.get(f"exclude {name}", whole)

    @property
    def writable(self) -> bool:
        """Whether applications may change the table's rows."""
        return self.access is Access.READ_WRITE

    @property
    def row_by_row(self) -> bool:
        """Whether changes are captured one at a time rather than a statement's together."""
        return self.writes is WriteMode.ORDERED or self.partitioned or self.replicated

    @property
    def sends_deletes(self) -> bool:
        """Whether a row that an application deletes is a change at all."""
        return self.local_deletes is LocalDeletes.SEND


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """One connection: one org, one schema of one database, and its mappings."""

    file: str  # as named by the user; describe/ lies beside it
    name: str
    schema: str
    api_version: str  # "62.0"
    types: Types
    login: Login
    lookback_seconds: int  # how far a poll reads behind its cursor, for late commits
    lease_seconds: int  # after this long without a sign of life an agent's claims are free
    mappings: tuple[Mapping, ...]
    place: Place
    roles: Roles = NOBODY
    retention: Retention = Retention()
    heroku: HerokuExport | None = None
    places: dict[str, Place] = field(default_factory=dict, compare=False)  # of the connection
