"""Files that cannot be read at all: each mistake has its own words and its line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

CASES: dict[str, tuple[str | bytes, str]] = {
    "empty file": ("", "c.yaml: the file is empty\n    write a first config with: connectsql init"),
    "only comments": (
        "# nothing yet\n",
        "c.yaml: the file holds nothing but comments\n    declare mappings in it",
    ),
    "not UTF-8": (
        b"mappings:\n  - object: \xff\n",
        "c.yaml:2: not UTF-8 text\n    save the file with UTF-8 encoding",
    ),
    "UTF-16": (
        "mappings: []".encode("utf-16"),
        "c.yaml:1: not UTF-8 text\n    save the file with UTF-8 encoding",
    ),
    "UTF-16 without a mark": (
        "mappings: []".encode("utf-16-le"),
        "c.yaml:1: not UTF-8 text\n    save the file with UTF-8 encoding",
    ),
    "too large": (b"#" * (4 * 1024 * 1024 + 1), "c.yaml: larger than 4 MB"),
    "control character": (
        "a: 1\nb: \x01\n",
        "c.yaml:2: holds the character U+0001, which YAML does not allow\n    remove it",
    ),
    "indentation": (
        "mappings:\n  - object: A\n  fields: [Name]\n",
        "c.yaml:3: not valid YAML: this does not fit the block that begins in line 2\n"
        "    look at the indentation: what belongs together starts in one column",
    ),
    "tab": (
        "mappings:\n\t- object: A\n",
        "c.yaml:2: not valid YAML: a tab where spaces are expected\n    indent with spaces only",
    ),
    "end within brackets": (
        "mappings:\n  - object: A\n    fields: [Name,\n",
        "c.yaml:4: not valid YAML: the file ends within brackets\n"
        "    close the bracket or quote, or put a text that holds one in quotes",
    ),
    "open bracket": (
        "mappings:\n  - object: A\n    fields: [Name\n    table: a\n",
        "c.yaml:4: not valid YAML: a bracket or a quote opened in line 3 is not closed\n"
        "    close the bracket or quote, or put a text that holds one in quotes",
    ),
    "open quote": (
        'version: "1\nmappings: []\n',
        "c.yaml:3: not valid YAML: a bracket or a quote opened in line 1 is not closed\n"
        "    close the bracket or quote, or put a text that holds one in quotes",
    ),
    "colon": (
        "version: 1\nmappings: a: b\n",
        "c.yaml:2: not valid YAML: a colon where no property can begin\n"
        "    look for wrong indentation, a colon without a space behind it just above, "
        "or a text with a colon that needs quotes",
    ),
    "star without quotes": (
        "mappings:\n  - object: A\n    fields: [*]\n",
        "c.yaml:3: not valid YAML: a * or & that begins no name\n"
        '    put it in quotes:  fields: ["*"]',
    ),
    "nothing between commas": (
        "mappings:\n  - object: A\n    fields: [A, , B]\n",
        "c.yaml:3: not valid YAML: there is no value before the ,\n"
        "    put one there, or remove the comma",
    ),
    "special character": (
        "version: @1\n",
        "c.yaml:1: not valid YAML: found character '@' that cannot start any token\n"
        "    put a text with special characters in quotes",
    ),
    "no such character": (
        '"\\UFFFFFFFF": 1\n',
        "c.yaml:1: not valid YAML: an escape in quotes is no character",
    ),
    "half a character": (
        'a: 1\nb: "\\ud800"\n',
        "c.yaml:2: half of a surrogate pair is no character",
    ),
    "two documents": (
        "version: 1\n---\nversion: 1\n",
        "c.yaml:2: a second document begins here\n    put one config in one file",
    ),
    "tag": (
        "version: 1\nmappings: !!python/object:os.system x\n",
        "c.yaml:2: the tag tag:yaml.org,2002:python/object:os.system means nothing here\n"
        "    write the value alone",
    ),
    "complex key": (
        "? [a]\n: b\n",
        "c.yaml:1: a property's name is a word, not a list or an object",
    ),
    "unknown alias": (
        "version: 1\nmappings: *all\n",
        "c.yaml:2: *all stands for something that is not complete before it",
    ),
    "alias within itself": (
        "mappings: &all [*all]\n",
        "c.yaml:1: *all stands for something that is not complete before it",
    ),
    "too deep": ("a:\n " + "[" * 5000, "c.yaml:2: nested more than 40 levels deep"),
    "not a config": (
        "hello\n",
        'c.yaml:1: the config must be a group of properties, not "hello"\n'
        "    for example:  mappings: [{object: Account, fields: [Name, Phone]}]",
    ),
    "a list": (
        "- object: Account\n",
        "c.yaml:1: the config must be a group of properties, not a list\n"
        "    for example:  mappings: [{object: Account, fields: [Name, Phone]}]",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_file_that_is_no_config(case: str, faults_of: Callable[[str | bytes], str]) -> None:
    content, expected = CASES[case]
    content = content.encode() if isinstance(content, str) else content
    assert faults_of(content) == expected


def test_an_alias_bomb_is_refused(faults_of: Callable[[str | bytes], str]) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for one, before in zip("bcdefghi", "abcdefgh", strict=True):
        lines.append(f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]")
    assert faults_of("\n".join(lines)).splitlines() == [
        "c.yaml:1: holds more than 100,000 values once its aliases are written out",
        "    write it without aliases",
    ]
