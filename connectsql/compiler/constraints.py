"""The org's rules as a trigger: a write that Salesforce must refuse shows where it is made."""

from __future__ import annotations

from collections.abc import Iterator

from connectsql.compiler.model import Part, Table


def constraint_parts(table: Table) -> Iterator[Part]:
    """Yield the function and the trigger that check applications' writes to a table."""
    yield from ()
