"""Reads the CSV of a job row by row, as strictly as RFC 4180 is.

A row that is no CSV is given as ``Broken`` in its place; the rows after it can be read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from connectsql.emulator.bulk.dialect import LINE_ENDINGS, Dialect

_LONGEST_FIELD = 32_000
_LONGEST_RECORD = 400_000
_MOST_COLUMNS = 5_000


class Unusable(Exception):
    """The data as a whole cannot be worked on; the text is the job's ``errorMessage``."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that cannot be read: its cells as far as they can be told, and what is wrong."""

    cells: list[str]
    message: str


class Table:
    """A header and rows. ``names`` is empty where the data are.

    With ``either_ending`` both line endings will do, whatever the dialect says.
    """

    def __init__(self, body: bytes, dialect: Dialect, *, either_ending: bool = False) -> None:
        """Read the header; raises ``Unusable``."""
        self._line_ending = None if either_ending else dialect.line_ending
        self._delimiter = dialect.delimiter
        self._lines: list[str] = []
        self._suspect, self._record = _patterns(dialect.delimiter)
        self._reader = csv.reader(self._tracked(body), delimiter=dialect.delimiter, strict=True)
        self.names = self._header()

    def rows(self) -> Iterator[list[str] | Broken]:
        """Read the rows, blank lines left out; raises ``Unusable`` for what is no UTF-8."""
        width = len(self.names)
        while True:
            self._lines.clear()
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as broken:
                yield self._broken(str(broken))
                continue
            if cells:
                wrong = self._wrong(cells)
                yield Broken(_fitted(cells, width), wrong) if wrong else cells

    def _wrong(self, cells: list[str]) -> str | None:
        """Return what is wrong with the row just read, if anything."""
        raw = self._lines[0] if len(self._lines) == 1 else "".join(self._lines)
        if len(cells) != len(self.names):
            return f"the row has {len(cells)} columns, the header has {len(self.names)}"
        if '"' in raw and self._suspect(raw) and not self._record.fullmatch(raw):
            return "a space or text stands beside a quoted value"
        return _too_long(cells) if len(raw) > _LONGEST_FIELD else None

    def _header(self) -> list[str]:
        try:
            names = next(self._reader, [])
        except csv.Error as broken:
            raise Unusable(f"InvalidBatch : The header cannot be read: {broken}") from None
        self._check_line_ending("".join(self._lines))
        if len(names) > _MOST_COLUMNS:
            raise Unusable(f"InvalidBatch : Too many columns, the most are {_MOST_COLUMNS}")
        return names

    def _check_line_ending(self, line: str) -> None:
        ending = line[len(line.rstrip("\r\n")) :]
        chosen = self._line_ending
        if chosen and ending and not ending.startswith(LINE_ENDINGS[chosen]):
            raise Unusable(
                "ClientInputError : LineEnding is invalid on user data. "
                f"Current LineEnding setting is {chosen}"
            )

    def _tracked(self, body: bytes) -> Iterator[str]:
        """Give the lines, and remember those of the row that is being read."""
        text = io.TextIOWrapper(io.BytesIO(body), "utf-8-sig", newline="")
        remember = self._lines.append
        try:
            for line in text:
                remember(line)
                yield line
        except UnicodeDecodeError as broken:
            raise Unusable(f"InvalidBatch : The data is no UTF-8: {broken.reason}") from None

    def _broken(self, reason: str) -> Broken:
        line = "".join(self._lines).rstrip("\r\n")
        cells = [one.strip().strip('"') for one in line.split(self._delimiter)]
        return Broken(_fitted(cells, len(self.names)), f"the row is no CSV: {reason}")


def _too_long(cells: list[str]) -> str | None:
    if max(map(len, cells)) > _LONGEST_FIELD:
        return f"a field is longer than {_LONGEST_FIELD} characters"
    if sum(map(len, cells)) > _LONGEST_RECORD:
        return f"a record is longer than {_LONGEST_RECORD} characters"
    return None


def _fitted(cells: list[str], width: int) -> list[str]:
    return (cells + [""] * width)[:width]


@lru_cache
def _patterns(delimiter: str) -> tuple[Callable[[str], object], re.Pattern[str]]:
    """Return the search for a quote inside a bare field, and the form of a whole row.

    The first finds too much (it looks into quoted fields, too) but is quick.
    """
    d = re.escape(delimiter)
    field = rf'(?:"(?:[^"]|"")*+"|[^"{d}\r\n]*)'
    return (
        re.compile(rf'(?:^|{d})[^"{d}\r\n]+"').search,
        re.compile(rf"{field}(?:{d}{field})*(?:\r\n|\n|\r)?"),
    )
