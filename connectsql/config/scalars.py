"""What an unquoted word of a config means."""

from __future__ import annotations

import re

_WORDS: dict[str, bool | None] = {
    "true": True, "false": False, "null": None, "": None, "~": None,
}  # fmt: skip
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_TRUTH = {
    "yes": "true", "on": "true", "no": "false", "off": "false", "y": "true", "n": "false",
    "true": "true", "false": "false",
}  # fmt: skip
# Octal, hexadecimal, binary, sexagesimal, grouped, exponents, and the odd floats of YAML.
_ODD_NUMBER = re.compile(
    r"""[-+]?(0[0-9_]+|0o[0-7]+|0x[0-9a-f_]+|0b[01_]+|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?
    |[0-9][0-9_]*|[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|[0-9][0-9_]*\.?[0-9_]*e[-+]?[0-9]+
    |\.[0-9_]+e[-+]?[0-9]+|\.inf)|\.nan""",
    re.VERBOSE | re.IGNORECASE,
)

_TOO_LONG = re.compile(r"-?[1-9][0-9]{18,}(\.[0-9]+)?|-?[0-9]+\.[0-9]{18,}")


def value_of(text: str) -> str | int | float | bool | None:
    """Return what the unquoted ``text`` stands for: JSON's words and numbers, else itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def ambiguity(text: str) -> str:
    """Say how to write ``text`` so that every YAML reader agrees; nothing where they do."""
    if not isinstance(value_of(text), str):
        return ""
    if truth := _TRUTH.get(text.lower()):
        return f'write "{text}" in quotes for the word, or {truth} for the truth value'
    if text.lower() == "null":
        return f'write "{text}" in quotes for the word, or leave the property out'
    if _TOO_LONG.fullmatch(text):
        return f'write "{text}" in quotes for the text; a number has at most 18 digits'
    if _ODD_NUMBER.fullmatch(text):
        return f'write "{text}" in quotes for the text, or the number in plain decimal digits'
    return ""
