"""Names in Postgres: the 63-byte rule, and quoting where it is needed and only there."""

from __future__ import annotations

import hashlib
import re

from psycopg import sql

MAX_BYTES = 63

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")

# Words that must be quoted as a column or table name (reserved or type/function names, 14 to 18).
_RESERVED_WORDS = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check
    collate collation column concurrently constraint create cross current_catalog current_date
    current_role current_schema current_time current_timestamp current_user default deferrable
    desc distinct do else end except false fetch for foreign freeze from full grant group having
    ilike in initially inner intersect into is isnull join lateral leading left like limit
    localtime localtimestamp natural not notnull null offset on only or order outer overlaps
    placing primary references returning right select session_user similar some symmetric
    system_user table tablesample then to trailing true union unique user using variadic verbose
    values when where window with
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())


def shorten(name: str) -> str:
    """Return a name that fits: the first 55 characters, ``_``, and 4 digits of its md5.

    Heroku Connect's rule for index names (and SQLAlchemy's), so that imported indexes keep
    their names.
    """
    if len(name.encode()) <= MAX_BYTES:
        return name
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    kept = name.encode()[: MAX_BYTES - 8].decode(errors="ignore")
    return f"{kept}_{digest[-4:]}"


def sequence_name(table: str, column: str) -> str:
    """Return the name that ``serial`` gives a column's sequence.

    Postgres cuts the longer of the two names until ``table_column_seq`` fits into 63 bytes.
    """
    names = [table.encode(), column.encode()]
    room = MAX_BYTES - len("__seq")
    while sum(map(len, names)) > room:
        longest = 0 if len(names[0]) > len(names[1]) else 1
        names[longest] = names[longest][:-1]
    cut = [name.decode(errors="ignore") for name in names]
    return f"{cut[0]}_{cut[1]}_seq"


def quoted(name: str) -> sql.Composable:
    """Return the name as SQL, quoted only where Postgres needs it."""
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return sql.SQL(name)
    return sql.Identifier(name)


def dollar_quoted(body: str) -> str:
    """Return a text between dollar quotes that do not occur in it: it may hold anybody's words."""
    tag = "connectsql"
    while f"${tag}" in body:
        tag += "_"
    return f"${tag}${body}${tag}$"
