"""Fills an org with believable records, the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Mapping

from connectsql.emulator.org.org import Org


def seed(org: Org, counts: Mapping[str, int], number: int) -> None:
    pass
