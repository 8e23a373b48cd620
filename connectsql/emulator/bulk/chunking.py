"""PK chunking of Bulk API 1.0: one query becomes several, each for a range of ids."""

from __future__ import annotations

import re

from connectsql.emulator.org.core import OrgCore
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.soql.parse import parse

_DEFAULT, _LARGEST = 100_000, 250_000
_CHOSEN = re.compile(r"chunkSize\s*=\s*(\d+)", re.IGNORECASE)
_SOURCE = re.compile(r"\s*\w+(?:\s+(?:as\s+)?(?!where\b)\w+)?", re.IGNORECASE)
_WHERE = re.compile(r"\s*where\b", re.IGNORECASE)


def chunk_size(header: str) -> int:
    """Return how many records a chunk has, as ``Sforce-Enable-PKChunking`` says; 0 is none."""
    told = header.strip().lower()
    if told in ("", "false"):
        return 0
    chosen = _CHOSEN.search(header)
    return min(max(int(chosen[1]), 1), _LARGEST) if chosen else _DEFAULT


def chunks(org: OrgCore, sobject: SObject, text: str, size: int) -> list[str]:
    """Return the queries that a query is split into; none where it cannot be split."""
    query = parse(text)
    bounded = query.order or query.limit is not None or query.offset or query.grouping
    if bounded or query.scope or query.filtering or query.uses or query.all_rows:
        return []
    lows = org.store.every_nth_id(sobject, size)
    return [
        _within(text, query.source.path.at, low, high)
        for low, high in zip(lows, [*lows[1:], None], strict=True)
    ]


def _within(text: str, at: int, low: str, high: str | None) -> str:
    """Return a query with a range of ids in its condition; ``at`` is where the object stands."""
    source = _SOURCE.match(text, at)
    end = source.end() if source else at
    tests = f"Id >= '{low}'" + (f" AND Id < '{high}'" if high else "")
    where = _WHERE.match(text, end)
    rest = text[where.end() :].strip() if where else ""
    return f"{text[:end]} WHERE {tests}" + (f" AND ({rest})" if rest else "")
