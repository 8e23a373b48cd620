from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectsql.emulator.org import ids

REAL = ["0015500001QdQWaAAN", "0031a0000065SyJAAU", "005Do000000PVvJIAW", "001ZM000001n4n5YAA"]


@pytest.mark.parametrize("known", REAL)
def test_ids_of_real_orgs_are_completed_as_there(known: str) -> None:
    assert ids.complete(known[:15]) == known
    assert ids.normalise(known[:15]) == ids.normalise(known) == known


@pytest.mark.parametrize("known", REAL)
def test_the_long_form_survives_the_loss_of_case(known: str) -> None:
    assert ids.normalise(known.upper()) == ids.normalise(known.lower()) == known


@pytest.mark.parametrize("text", ["", "23foo", "0015500001QdQW", REAL[0] + "x", "001-5500001QdQWa"])
def test_what_is_no_id_is_none(text: str) -> None:
    assert ids.normalise(text) is None


def test_wrong_check_characters_are_no_id() -> None:
    assert ids.normalise("0015500001QdQWaAAA") is None


@settings(max_examples=200)
@given(st.integers(1, 62**9 - 2))
def test_ids_grow_in_byte_order(number: int) -> None:
    one, next_one = ids.make_id("001", number), ids.make_id("001", number + 1)
    assert one < next_one
    assert len(one) == 18
    assert ids.normalise(one[:15]) == ids.normalise(one.upper()) == one
