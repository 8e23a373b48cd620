"""Configs and the SQL of their tables, to be read in a review.

`UPDATE_GOLDEN=1 make test ARGS=tests/golden` writes the expected files anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from support.describes import ORG, desire

from connectsql.compiler import check, render

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/config.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_tables_are_as_expected(case: Path, tmp_path: Path) -> None:
    _, desired = desire(tmp_path, (case / "config.yaml").read_text(), ORG)
    paragraphs = [one for table in desired.tables for one in render.definition_of(table)]
    compiled = "\n\n".join(paragraphs) + "\n"
    expected = case / "expected.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(compiled, encoding="utf-8")
    assert compiled == expected.read_text(encoding="utf-8")


@pytest.mark.every_postgres
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_script_applies_twice_and_compiles_to_the_same_bytes(
    case: Path, tmp_path: Path, database: str
) -> None:
    _, desired = desire(tmp_path, (case / "config.yaml").read_text(), ORG)
    script = render.script(desired)
    assert script == render.script(desire(tmp_path, (case / "config.yaml").read_text(), ORG)[1])
    assert len(check.check(script)) > 30
    with psycopg.connect(database, autocommit=True) as session:
        session.execute(script.encode())
        session.execute(script.encode())
