"""What follows from a frozen value is computed once, however often it is asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.describes import desire

from connectsql.compiler import constraints, diff, render
from connectsql.compiler.installed import Installed
from connectsql.compiler.model import Table
from connectsql.compiler.once import once
from connectsql.compiler.org_rules import Rule, org_rules
from connectsql.compiler.plan_text import as_sql, back_as_sql

CONFIG = """
connection: {constraints: enforce}
mappings:
  - {object: Account, access: read_write, fields: ["*"]}
  - {object: Contact, access: read_write, fields: ["*"]}
"""


@dataclass(frozen=True)
class Word:
    text: str


def test_each_value_has_its_own_result_and_keeps_it() -> None:
    asked: list[str] = []

    @once
    def length(word: Word) -> int:
        asked.append(word.text)
        return len(word.text)

    @once
    def capitals(word: Word) -> str:
        return word.text.upper()

    word = Word("field")
    other = replace(word, text="fields")
    assert [length(word), length(other), length(word), length(other)] == [5, 6, 5, 6]
    assert asked == ["field", "fields"]
    assert capitals(word) == "FIELD"
    assert (word, hash(word)) == (Word("field"), hash(Word("field")))


def test_a_function_that_fails_is_asked_again() -> None:
    answers = iter(["", "late"])

    @once
    def answer(_: Word) -> str:
        found = next(answers)
        if not found:
            raise ValueError("nothing yet")
        return found

    word = Word("field")
    with pytest.raises(ValueError, match="nothing yet"):
        answer(word)
    assert answer(word) == "late"


def test_compiling_and_planning_work_out_the_rules_of_a_table_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_out: Counter[str] = Counter()

    def counting(table: Table) -> tuple[Rule, ...]:
        worked_out[table.name] += 1
        return org_rules(table)

    monkeypatch.setattr(constraints, "org_rules", counting)
    _, desired = desire(tmp_path, CONFIG)
    for _ in range(2):
        render.script(desired)
        made = diff.plan(desired, Installed())
        as_sql(made, desired)
        back_as_sql(made, desired)
    assert worked_out == {"account": 1, "contact": 1}
