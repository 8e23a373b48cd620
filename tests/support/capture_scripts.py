"""Random scripts of what applications do in several sessions, and the tables they do it to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from connectsql.describe.model import Org
from support.describes import external_id, field, sobject

KEEP = "\0keep"  # a value that stays what it is
FRESH = "\0fresh"  # a value that nothing has had before
LONG = "\0long"  # a text that Postgres stores beside the row
NOTE = "own \"note\" \\ => 'x'"  # a column that somebody has added by hand
ORG = Org(
    tuple(
        sobject(
            name,
            field("Name", nillable=False),
            field("Long__c", "textarea", length=32000),
            field("Number__c", "double", precision=18, scale=2),
            field("Truth__c", "boolean"),
            field("Moment__c", "datetime"),
            field("Day__c", "date"),
            field("Site__c"),
            external_id(),
        )
        for name in ("Account", "Odd__c")
    )
)
CONFIG = """
connection: {{types: {types}}}
mappings:
  - object: Account
    access: {access}
    fields: [Name, Long__c, Number__c, Truth__c, Moment__c, Day__c, Ext__c,
             {{field: Site__c, access: read_only}}]
    log: {log}
  - object: Odd__c
    table: "Odd \\"Table\\" it's, ü"
    access: {odd_access}
    fields:
      - {{field: Name, column: "Select"}}
      - {{field: Long__c, column: "it's \\\\ \\"long\\" => $connectsql$, {{y}}"}}
      - {{field: Number__c, column: order}}
      - {{field: Truth__c, column: "n"}}
      - {{field: Moment__c, column: "old_rows"}}
      - {{field: Day__c, column: "tag ü"}}
      - {{field: Ext__c, column: d}}
      - {{field: Site__c, column: inserted, access: read_only}}
    log: {log}
"""
# What a script calls the columns, and what the odd table calls them.
ODD_COLUMNS = {
    "name": "Select",
    "long__c": 'it\'s \\ "long" => $connectsql$, {y}',
    "number__c": "order",
    "truth__c": "n",
    "moment__c": "old_rows",
    "day__c": "tag ü",
    "ext__c": "d",
    "site__c": "inserted",
}
SENT = ("name", "long__c", "number__c", "truth__c", "moment__c", "day__c", "ext__c")
SETTINGS = {
    "timezone": ("UTC", "Asia/Kolkata", "America/St_Johns"),
    "datestyle": ("ISO, MDY", "German", "SQL, DMY", "Postgres, MDY"),
    "extra_float_digits": ("1", "0", "-10"),
    "search_path": ("public", "", "salesforce, public"),
    "plan_cache_mode": ("auto", "force_generic_plan", "force_custom_plan"),
    "enable_hashjoin": ("on", "off"),
    "enable_mergejoin": ("on", "off"),
}

_TEXTS = [
    "", " ", "a", "NULL", "null", "it's", '"', '""', "\\", '\\"', "\\N", "a,b", "a=>b", '"a"=>"b",',
    "ünï 漢 😀", "two\nlines", "tab\there", "{}", "$connectsql$", "%s {x}", "\x01",
]  # fmt: skip
_LETTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
_text = st.sampled_from(_TEXTS) | st.text(_LETTERS, max_size=6)
_numbers = st.sampled_from(
    ["0", "0.00", "1", "1.5", "1.50", "-0.01", "0.1", "0.30000000000000004", "12345678901234.5"]
)
_moments = st.sampled_from(
    [
        "2024-02-29 23:59:59.999999+00",
        "2024-02-29 12:30:00+00",
        "1970-01-01 00:00:00+00",
        "1999-12-31 23:00:00.5+00",
        "2038-01-19 03:14:08+00",
    ]
)
_days = st.sampled_from(["2024-02-29", "0999-12-31", "1999-01-02", "2024-12-11"])
_truths = st.sampled_from(["t", "f"])
_COLUMNS: dict[str, st.SearchStrategy[str]] = {
    "name": _text,
    "long__c": _text | st.just(LONG),
    "number__c": _numbers,
    "truth__c": _truths,
    "moment__c": _moments,
    "day__c": _days,
    "site__c": _text,
    "isdeleted": _truths,
    "systemmodstamp": _moments,
    NOTE: _text,
    "sfid": st.just(FRESH),
    "_hc_lastop": st.sampled_from(["PENDING", "SYNCED", "FAILED"]),
    "_hc_err": st.just("why"),
}
_NAMES = [*_COLUMNS, "truth__c", "number__c"]  # often, as these have traps
_VALUES = {
    name: st.one_of(st.none(), st.just(KEEP), *[values] * 3) for name, values in _COLUMNS.items()
}
HOWS = (
    "insert",
    "insert",
    "copy",
    "upsert",
    "update",
    "update",
    "update",
    "delete",
    "with",
    "merge",
)


@dataclass(frozen=True, kw_only=True)
class Write:
    """One statement. Rows to change are picked from those there are, by number.

    ``rows`` hold the values of ``columns``; KEEP stands for what the row holds. ``ids``: an insert
    names its ids, an update changes them. ``alone``: in a transaction of its own, if none is open.
    """

    session: int
    table: int
    how: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, str | None], ...]
    picks: tuple[int, ...]
    ids: bool
    alone: bool


@dataclass(frozen=True, kw_only=True)
class Command:
    """A step in a transaction: savepoint, back, release, hex, base64, fail, commit or rollback."""

    session: int
    what: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Script:
    """What happens, and the settings of each session."""

    settings: tuple[dict[str, str], ...]
    steps: tuple[Write | Command, ...]
    limit: int  # how many entries an agent claims at a time


_COMMANDS = (
    "commit", "commit", "commit", "commit", "savepoint", "savepoint", "back", "back", "release",
    "hex", "base64", "fail", "rollback",
)  # fmt: skip


@st.composite
def _writes(draw: st.DrawFn, session: int) -> Write:
    names = draw(st.lists(st.sampled_from(_NAMES), min_size=1, max_size=4, unique=True))
    # Now and then nothing changes at all.
    kept = draw(st.integers(0, 4)) == 4
    values = {name: st.just(KEEP) if kept else _VALUES[name] for name in names}
    rows = st.lists(st.fixed_dictionaries(values), min_size=1, max_size=4)
    return Write(
        session=session,
        table=draw(st.integers(0, 1)),
        how=draw(st.sampled_from(HOWS)),
        columns=tuple(names),
        rows=tuple(draw(rows)),
        picks=tuple(draw(st.lists(st.integers(0, 30), min_size=1, max_size=5))),
        ids=draw(st.integers(0, 3)) == 3,
        alone=draw(st.integers(0, 3)) == 3,
    )


def first_writes(session: int) -> list[Write]:
    """Return what each session begins with: rows in both tables, one known to Salesforce."""
    row = {"name": "first", "truth__c": "t", "number__c": "1.5", "sfid": None}
    known = {**row, "sfid": FRESH, "truth__c": "f"}
    return [
        Write(
            session=session, table=table, how="insert", columns=tuple(row),
            rows=(row, known, row), picks=(), ids=False, alone=True,
        )
        for table in (0, 1)
    ]  # fmt: skip


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Draw a script of two to four sessions."""
    settings = st.fixed_dictionaries(
        {name: st.sampled_from(values) for name, values in SETTINGS.items()}
    )
    sessions = draw(st.lists(settings, min_size=2, max_size=4))
    one = st.integers(0, len(sessions) - 1)
    commands: st.SearchStrategy[Any] = st.builds(
        Command, session=one, what=st.sampled_from(_COMMANDS), number=st.integers(0, 3)
    )
    writes = one.flatmap(_writes)
    steps = st.lists(writes | writes | commands, min_size=15, max_size=40)
    return Script(settings=tuple(sessions), steps=tuple(draw(steps)), limit=draw(st.integers(1, 9)))
