"""The SQL files parse, bodies of functions included."""

from __future__ import annotations

import pytest

from connectsql.compiler.check import check
from connectsql.database.queries import blocks
from connectsql.errors import CompileError
from connectsql.resources import read_text


@pytest.mark.parametrize("name", ["connectsql.sql", "connection.sql"])
def test_the_runtime_parses(name: str) -> None:
    assert check(read_text("sql", name))


def test_every_named_query_is_there_once_and_explained_by_its_name() -> None:
    found = blocks()
    assert len(found) > 30
    assert all(text.strip() for text in found.values())


def test_a_broken_function_body_is_noticed() -> None:
    broken = "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN retrn 1; END $$;"
    with pytest.raises(CompileError, match="does not parse"):
        check(broken)
