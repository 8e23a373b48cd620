"""Says what is wrong with a file that is not YAML, without the parser's own terms."""

from __future__ import annotations

import json
import re

import yaml

from connectsql.errors import Fault, Place

_NO_VALUE = re.compile(r"expected the node content, but found '([,\]}])'")
_CLOSE = "close the bracket or quote, or put a text that holds one in quotes"


def syntax_fault(error: yaml.MarkedYAMLError, file: str) -> Fault:
    """Turn the parser's error into a fault."""
    mark = error.problem_mark or error.context_mark
    message, hint = _words(error.problem or "", _begin(error))
    place = Place(file=file, line=mark.line + 1 if mark else 1)
    return Fault(place=place, message=message, hint=hint)


def json_fault(error: json.JSONDecodeError, file: str) -> Fault:
    """Turn an error of the JSON parser into a fault."""
    message = f"not valid JSON: {error.msg[0].lower()}{error.msg[1:]}"
    return Fault(place=Place(file=file, line=error.lineno), message=message)


def character_fault(error: yaml.reader.ReaderError, text: str, file: str) -> Fault:
    """Turn the reader's error, a character that YAML does not allow, into a fault."""
    line = text.count("\n", 0, int(error.position)) + 1
    code = error.character if isinstance(error.character, int) else ord(str(error.character))
    message = f"holds the character U+{code:04X}, which YAML does not allow"
    return Fault(place=Place(file=file, line=line), message=message, hint="remove it")


def _begin(error: yaml.MarkedYAMLError) -> int:
    """Return the line in which the unfinished thing begins."""
    mark = error.context_mark or error.problem_mark
    return mark.line + 1 if mark else 1


def _words(problem: str, begin: int) -> tuple[str, str]:
    if "'\\t'" in problem:
        return "not valid YAML: a tab where spaces are expected", "indent with spaces only"
    if problem.startswith("expected alphabetic or numeric character"):
        return "not valid YAML: a * or & that begins no name", 'put it in quotes:  fields: ["*"]'
    if found := _NO_VALUE.fullmatch(problem):
        message = f"not valid YAML: there is no value before the {found[1]}"
        return message, "put one there, or remove the comma"
    if problem.startswith("expected <block end>"):
        message = f"not valid YAML: this does not fit the block that begins in line {begin}"
        return message, "look at the indentation: what belongs together starts in one column"
    if problem == "mapping values are not allowed here":
        message = "not valid YAML: a colon where no property can begin"
        hint = "look for wrong indentation, a colon without a space behind it just above, "
        return message, hint + "or a text with a colon that needs quotes"
    if "<stream end>" in problem:
        return "not valid YAML: the file ends within brackets", _CLOSE
    if "end of stream" in problem or "but got" in problem:
        message = f"not valid YAML: a bracket or a quote opened in line {begin} is not closed"
        return message, _CLOSE
    return f"not valid YAML: {problem}", "put a text with special characters in quotes"
