"""How CSV is written: the delimiter and the line ending that a job chose."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

DELIMITERS = {
    "BACKQUOTE": "`",
    "CARET": "^",
    "COMMA": ",",
    "PIPE": "|",
    "SEMICOLON": ";",
    "TAB": "\t",
}
LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}


def word(value: bool) -> str:
    """Return a boolean as CSV has it."""
    return "true" if value else "false"


@dataclass(frozen=True, slots=True)
class Dialect:
    """A delimiter and a line ending, by the names that jobs have for them."""

    column_delimiter: str = "COMMA"
    line_ending: str = "LF"

    @property
    def delimiter(self) -> str:
        """The character between two fields."""
        return DELIMITERS[self.column_delimiter]

    def lines(self, rows: Iterable[Sequence[Any]]) -> list[str]:
        """Return a line for each row: every value quoted, None empty."""
        lines = _Lines()
        self._write(lines, rows)
        return lines

    def file(self, rows: Iterable[Sequence[Any]]) -> bytes:
        """Return the same lines as one file, without holding its rows."""
        encoded = io.BytesIO()
        text = io.TextIOWrapper(encoded, "utf-8", newline="")
        self._write(text, rows)
        text.flush()
        return encoded.getvalue()

    def _write(self, to: _Lines | io.TextIOWrapper, rows: Iterable[Sequence[Any]]) -> None:
        csv.writer(
            to,
            delimiter=self.delimiter,
            lineterminator=LINE_ENDINGS[self.line_ending],
            quoting=csv.QUOTE_ALL,
        ).writerows(rows)


class _Lines(list[str]):
    """A file to write to that keeps what each write gave it, which is one line."""

    write = list.append
