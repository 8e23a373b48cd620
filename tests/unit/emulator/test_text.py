"""LIKE and comparison against slow, plain evaluators."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from connectsql.emulator.org import text

LETTERS = st.text(alphabet="aAbBäÄß%_\\.\n*", max_size=6)


def slow_like(pattern: str, value: str) -> bool:
    """Match by trying every way to take a pattern apart."""
    if not pattern:
        return not value
    head, rest = pattern[0], pattern[1:]
    if head == "%":
        return any(slow_like(rest, value[start:]) for start in range(len(value) + 1))
    if head == "_":
        return bool(value) and slow_like(rest, value[1:])
    if head == "\\" and rest:
        head, rest = rest[0], rest[1:]
    return value[:1] == head and slow_like(rest, value[1:])


@settings(max_examples=300)
@given(LETTERS, LETTERS)
def test_like_matches_what_the_slow_evaluator_matches(pattern: str, value: str) -> None:
    assert text.like(pattern, value) == slow_like(pattern.casefold(), value.casefold())


@settings(max_examples=200)
@given(LETTERS, LETTERS)
def test_comparison_ignores_case(left: str, right: str) -> None:
    order = text.compare(left, right)
    assert (order == 0) == (left.casefold() == right.casefold())
    assert order == -text.compare(right, left)


def test_includes_wants_all_parts_of_one_choice() -> None:
    assert text.includes("A;B;C", ("a;b", "x"))
    assert not text.includes("A;C", ("a;b", "x"))
