"""Names: Heroku Connect's 63-byte rule, and quoting."""

from __future__ import annotations

import pytest
from psycopg import sql

from connectsql.compiler.names import quoted, shorten


def test_a_name_that_fits_is_kept() -> None:
    assert shorten("hc_idx_account_name") == "hc_idx_account_name"


def test_a_long_name_ends_in_four_digits_of_its_md5() -> None:
    name = "hc_idx_" + "x" * 80
    assert shorten(name) == name[:55] + "_9bce"
    assert len(shorten(name)) == 60


def test_bytes_count_not_characters() -> None:
    assert len(shorten("hc_idx_" + "ü" * 40).encode()) <= 63


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("account", "account"),
        ("user", '"user"'),
        ("order", '"order"'),
        ("Odd Name", '"Odd Name"'),
        ('with"quote', '"with""quote"'),
        ("1st", '"1st"'),
        ("ä", '"ä"'),
    ],
)
def test_quotes_stand_where_they_are_needed(name: str, text: str) -> None:
    assert sql.SQL("{}").format(quoted(name)).as_string(None) == text
