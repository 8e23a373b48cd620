"""What is said of a body that is no JSON."""

from __future__ import annotations

import pytest

from connectsql.emulator.wire.decode import decode
from connectsql.emulator.wire.errors import Refusal


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The HTTP entity body is required, but this request has no entity body."),
        (b" \n", "The HTTP entity body is required, but this request has no entity body."),
        (
            b'{"Name": "x",}',
            "Unexpected character ('}' (code 125)): was expecting double-quote to start field "
            "name at [line:1, column:14]",
        ),
        (
            b'{\n"Name": N}',
            "Unexpected character ('N' (code 78)): expected a valid value (number, String, array, "
            "object, 'true', 'false' or 'null') at [line:2, column:9]",
        ),
        (
            b'{"a" 1}',
            "Unexpected character ('1' (code 49)): was expecting a colon to separate field name "
            "and value at [line:1, column:6]",
        ),
        (
            b'{"a": 1 "b": 2}',
            "Unexpected character ('\"' (code 34)): was expecting comma to separate OBJECT entries "
            "at [line:1, column:9]",
        ),
        (b'{"a":', "Unexpected end-of-input within/between OBJECT entries at [line:1, column:6]"),
        (
            b"[NaN]",
            "Unrecognized token 'NaN': was expecting 'null', 'true' or 'false' at "
            "[line:1, column:1]",
        ),
        (b'"\xff"', "Invalid UTF-8: invalid start byte at [line:1, column:2]"),
        (b"[" * 100_000, "The JSON is nested too deeply at [line:1, column:1]"),
    ],
)
def test_a_body_that_is_no_json_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        decode(body)
    assert (refused.value.code, refused.value.message) == ("JSON_PARSER_ERROR", message)


def test_json_is_read() -> None:
    assert decode(' {"ä": [1, 2.5, null]} '.encode()) == {"ä": [1, 2.5, None]}
