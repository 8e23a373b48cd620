"""The table tells the fate of every recording."""

from __future__ import annotations

from . import table, test_samples
from .recordings import RECORDED


def test_no_recording_is_forgotten_or_made_up() -> None:
    there = {str(one.relative_to(RECORDED)) for one in RECORDED.rglob("*") if one.is_file()}
    told = [f"cumulusci/{one}" for one in table.REPLAYED]
    told += [*table.NOT_REPLAYED, *table.SAMPLES]
    assert sorted(told) == sorted(there)


def test_what_is_said_to_be_harmless_is_marked_so() -> None:
    for test, harmless in table.SAMPLES.values():
        marks = getattr(getattr(test_samples, test), "pytestmark", [])
        assert ("harmless" in [one.name for one in marks]) is harmless, test
