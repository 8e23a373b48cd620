"""The table tells the fate of every recording."""

from __future__ import annotations

from . import table, test_answers, test_bulk, test_reads
from .recordings import RECORDED


def test_no_recording_is_forgotten_or_made_up() -> None:
    there = {str(one.relative_to(RECORDED)) for one in RECORDED.rglob("*") if one.is_file()}
    told = [f"cumulusci/{one}" for one in table.REPLAYED]
    told += [*table.NOT_REPLAYED, *table.SAMPLES]
    assert sorted(told) == sorted(there)


def test_only_what_reads_is_said_to_be_harmless() -> None:
    for test, harmless in table.SAMPLES.values():
        places = (test_reads,) if harmless else (test_answers, test_bulk)
        assert any(hasattr(place, test) for place in places), test
