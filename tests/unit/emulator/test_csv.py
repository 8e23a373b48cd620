"""CSV of bulk jobs: what is written can be read, and what is no CSV is told row by row."""

from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsql.emulator.bulk.dialect import DELIMITERS, LINE_ENDINGS, Dialect
from connectsql.emulator.bulk.reading import Broken, Table, Unusable

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
ONE_LINE_OR_LF = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)
NAMES = ["Name", "Description", "Phone"]
DIALECTS = st.builds(
    Dialect, st.sampled_from(list(DELIMITERS)), st.sampled_from(list(LINE_ENDINGS))
)


def read(body: str, dialect: Dialect | None = None) -> list[list[str] | Broken]:
    return list(Table(body.encode(), dialect or Dialect()).rows())


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=8), DIALECTS)
def test_what_is_written_is_read_as_it_was(rows: list[list[str]], dialect: Dialect) -> None:
    body = "".join(dialect.lines([NAMES, *rows])).encode()
    table = Table(body, dialect)
    assert table.names == NAMES
    assert list(table.rows()) == rows


@given(st.lists(st.lists(ONE_LINE_OR_LF, min_size=3, max_size=3), max_size=8), DIALECTS)
def test_values_quoted_only_where_needed_are_read(rows: list[list[str]], dialect: Dialect) -> None:
    file = io.StringIO()
    ending = LINE_ENDINGS[dialect.line_ending]
    writer = csv.writer(file, delimiter=dialect.delimiter, lineterminator=ending)
    writer.writerows([NAMES, *rows])
    assert list(Table(file.getvalue().encode(), dialect).rows()) == rows


@given(st.binary(max_size=200), DIALECTS)
def test_any_bytes_are_read_or_refused(body: bytes, dialect: Dialect) -> None:
    with contextlib.suppress(Unusable):
        table = Table(body, dialect)
        for row in table.rows():
            cells = row.cells if isinstance(row, Broken) else row
            assert len(cells) == len(table.names)


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert Table(b"\xef\xbb\xbfName\nx\n", Dialect()).names == ["Name"]


def test_spaces_are_kept() -> None:
    assert read("A,B\nJohn, Smith \n") == [["John", " Smith "]]


@pytest.mark.parametrize("row", ['"John", "Smith"', '"John" ,"Smith"', 'John "the" Smith,x'])
def test_a_quote_beside_other_text_breaks_its_row_alone(row: str) -> None:
    broken, after = read(f"A,B\n{row}\n1,2\n")
    assert isinstance(broken, Broken)
    assert after == ["1", "2"]


def test_quotes_inside_quotes_are_no_break() -> None:
    assert read('A,B\n"he, ""x"" said, ""y""","2"\n') == [['he, "x" said, "y"', "2"]]


@pytest.mark.parametrize(("row", "cells"), [("1", ["1", ""]), ("1,2,3", ["1", "2"])])
def test_a_row_of_another_width_is_broken_and_fitted(row: str, cells: list[str]) -> None:
    (broken,) = read(f"A,B\n{row}\n")
    assert isinstance(broken, Broken)
    assert broken.cells == cells


def test_blank_lines_are_left_out() -> None:
    assert read("A\n\n1\n\n2") == [["1"], ["2"]]


def test_a_field_may_have_32000_characters() -> None:
    fits, exceeds = read(f"A\n{'x' * 32_000}\n{'x' * 32_001}\n")
    assert fits == ["x" * 32_000]
    assert isinstance(exceeds, Broken)


@pytest.mark.parametrize(("ending", "body"), [("LF", "A\r\n1\r\n"), ("CRLF", "A\n1\n")])
def test_the_line_ending_has_to_be_the_chosen_one(ending: str, body: str) -> None:
    with pytest.raises(Unusable, match=f"Current LineEnding setting is {ending}"):
        Table(body.encode(), Dialect("COMMA", ending))


def test_a_line_break_in_a_quoted_field_is_no_line_ending() -> None:
    assert read('"A"\n"x\r\ny"\n') == [["x\r\ny"]]


def test_data_that_is_no_utf8_cannot_be_used() -> None:
    table = Table(b"A\n1\n" + b"x" * 20_000 + b"\n\xff\n", Dialect())
    with pytest.raises(Unusable, match="UTF-8"):
        list(table.rows())


def test_no_data_has_no_names() -> None:
    table = Table(b"", Dialect())
    assert table.names == []
    assert list(table.rows()) == []
