from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connectsql.describe import snapshot
from connectsql.errors import DescribeError

Raw = dict[str, Any]
FETCH = "fetch the describes from the org: connectsql describe"


def error_of(folder: Path) -> tuple[str, str]:
    with pytest.raises(DescribeError) as caught:
        snapshot.load(folder)
    return caught.value.message.replace(f"{folder}", "DIR"), caught.value.hint


def test_what_is_written_loads(tmp_path: Path, raw_org: dict[str, Raw]) -> None:
    paths = snapshot.write(tmp_path / "describe", raw_org.values())
    names = sorted(raw_org)
    assert [path.name for path in paths] == [f"{name}.json" for name in names]
    org = snapshot.load(tmp_path / "describe")
    assert [one.name for one in org.objects] == names
    contact = org.object("CONTACT")
    assert contact is not None
    assert contact.field("accountid") is not None
    assert org.object("Lead") is None


def test_writing_twice_gives_the_same_bytes(tmp_path: Path, raw_org: dict[str, Raw]) -> None:
    first = [path.read_bytes() for path in snapshot.write(tmp_path, raw_org.values())]
    shuffled = [dict(reversed(raw.items())) for raw in reversed(raw_org.values())]
    assert [path.read_bytes() for path in snapshot.write(tmp_path, shuffled)] == first
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{name}.json" for name in raw_org
    )


def test_what_changes_without_meaning_is_left_out(
    tmp_path: Path, raw_sobject: Callable[..., Raw], raw_field: Callable[..., Raw]
) -> None:
    values = [{"value": "a", "active": True, "validFor": "gAAA"}]
    picklist = raw_field("Kind__c", "picklist", picklistValues=values, inlineHelpText="Help")
    raw = raw_sobject(
        "Thing__c",
        picklist,
        keyPrefix="a00",
        labelPlural="Things",
        queryable=True,
        urls={"sobject": "/services/data/v62.0/sobjects/Thing__c"},
        recordTypeInfos=[{"name": "Master"}],
        childRelationships=[
            {
                "childSObject": "Z",
                "field": "ThingId",
                "relationshipName": "Zs",
                "junctionIdList": 1,
            },
            {"childSObject": "A", "field": "ThingId", "relationshipName": None},
        ],
    )
    [path] = snapshot.write(tmp_path, [raw])
    kept = json.loads(path.read_text())
    assert kept["keyPrefix"] == "a00"
    assert kept["queryable"] is True
    assert not kept.keys() & {"urls", "recordTypeInfos"}
    assert [one["childSObject"] for one in kept["childRelationships"]] == ["A", "Z"]
    assert "junctionIdList" not in kept["childRelationships"][1]
    assert kept["fields"][1]["picklistValues"] == [{"value": "a", "active": True}]
    assert kept["fields"][1]["inlineHelpText"] == "Help"


def test_the_parents_of_a_raw_describe(raw_org: dict[str, Raw]) -> None:
    assert snapshot.parents(raw_org["Contact"], ["Name", "Account__Key__c"]) == ("Account",)


def test_a_missing_or_empty_folder(tmp_path: Path) -> None:
    assert error_of(tmp_path) == ("DIR: the folder of describes holds no describes", FETCH)
    missing = tmp_path / "describe"
    assert error_of(missing) == ("DIR: the folder of describes does not exist", FETCH)


def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "describe"
    file.write_text("")
    message = "DIR: the folder of describes cannot be read: Not a directory"
    assert error_of(file) == (message, "")

    def refuse(_: Path) -> list[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)  # root may read any folder
    assert error_of(tmp_path) == (message.replace("Not a directory", "Permission denied"), "")


BROKEN: dict[str, tuple[str | bytes, str]] = {
    "broken JSON": (
        '{"name": "A",\n "fields": [}',
        "DIR/A.json:2: not valid JSON: Expecting value (column 13)",
    ),
    "not UTF-8": (b"\xff\xfe", "DIR/A.json: not UTF-8 text (byte 0)"),
    "too deep": ("[" * 100_000, "DIR/A.json: nested too deeply to be a describe"),
    "a number without end": ("9" * 5000, "DIR/A.json: holds a number that is too long"),
    "a list of objects": (
        '{"encoding": "UTF-8", "sobjects": []}',
        "DIR/A.json: this is the list of all objects, not the describe of one",
    ),
    "an error of the org": (
        '[{"errorCode": "NOT_FOUND", "message": "..."}]',
        "DIR/A.json: this is an error of the org: NOT_FOUND",
    ),
    "something else": ("[1]", "DIR/A.json: this is not the describe of an object: it has no name"),
    "no fields": (
        '{"name": "A"}',
        "DIR/A.json: this is not the describe of an object: A has no list of fields",
    ),
    "field without name": (
        '{"name": "A", "fields": [{"type": "id"}]}',
        "DIR/A.json: field 1 has no name",
    ),
    "field without type": (
        '{"name": "A", "fields": [{"name": "Id"}]}',
        "DIR/A.json: the field Id has no type",
    ),
    "name that is none": (
        '{"name": "A", "fields": [{"name": "Id FROM B", "type": "id"}]}',
        "DIR/A.json: 'Id FROM B' is not the name of a field",
    ),
    "field twice": (
        '{"name": "A", "fields": [{"name": "Id", "type": "id"}, {"name": "ID", "type": "id"}]}',
        "DIR/A.json: the field id stands there 2 times",
    ),
    "label that is none": (
        '{"name": "A", "label": [], "fields": [{"name": "Id", "type": "id"}]}',
        "DIR/A.json: A has a label that is no text",
    ),
    "negative length": (
        '{"name": "A", "fields": [{"name": "Id", "type": "id", "length": -1}]}',
        "DIR/A.json: the field Id has a length that is no number",
    ),
    "relationship that is none": (
        '{"name": "A", "fields": [{"name": "Id", "type": "id", "relationshipName": 1}]}',
        "DIR/A.json: the field Id has a relationshipName that is no text",
    ),
    "picklist that is none": (
        '{"name": "A", "fields": [{"name": "P", "type": "picklist", "picklistValues": "ab"}]}',
        "DIR/A.json: the field P has picklistValues that are no list of values",
    ),
    "value that is none": (
        '{"name": "A", "fields": [{"name": "P", "type": "picklist", "picklistValues": [{}]}]}',
        "DIR/A.json: the field P has picklistValues that are no list of values",
    ),
    "length that is none": (
        '{"name": "A", "fields": [{"name": "Id", "type": "id", "length": "18"}]}',
        "DIR/A.json: the field Id has a length that is no number",
    ),
    "references that are none": (
        '{"name": "A", "fields": [{"name": "B", "type": "reference", "referenceTo": [1]}]}',
        "DIR/A.json: the field B has a referenceTo that is no list of names",
    ),
    "a path for a name": (
        '{"name": "../A", "fields": [{"name": "Id", "type": "id"}]}',
        "DIR/A.json: '../A' is not the name of an object",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_file_that_is_no_describe(case: str, tmp_path: Path) -> None:
    content, expected = BROKEN[case]
    (tmp_path / "A.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert error_of(tmp_path) == (expected, FETCH)


def test_all_files_that_are_no_describes_are_told_at_once(
    tmp_path: Path, raw_sobject: Callable[..., Raw]
) -> None:
    (tmp_path / "A.json").write_text("[")
    (tmp_path / "B.json").write_text("[1]")
    for file in ("c.json", "d.json"):
        (tmp_path / file).write_text(json.dumps(raw_sobject("Account")))
    assert error_of(tmp_path) == (
        "DIR/A.json:1: not valid JSON: Expecting value (column 2)\n"
        "DIR/B.json: this is not the describe of an object: it has no name\n"
        "DIR/d.json: describes Account, as c.json does already",
        f"{FETCH}; remove one of the two files",
    )


def test_two_files_of_one_object(tmp_path: Path, raw_sobject: Callable[..., Raw]) -> None:
    for file, name in (("a.json", "Account"), ("b.json", "account")):
        (tmp_path / file).write_text(json.dumps(raw_sobject(name)))
    assert error_of(tmp_path) == (
        "DIR/b.json: describes account, as a.json does already",
        "remove one of the two files",
    )


def test_an_answer_that_is_no_describe_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(DescribeError) as caught:
        snapshot.write(tmp_path, [{"name": "../x", "fields": [{"name": "Id", "type": "id"}]}])
    assert caught.value.message == (
        "the org's answer cannot be kept: '../x' is not the name of an object"
    )
    assert list(tmp_path.iterdir()) == []
