"""Compares an answer with a recorded one: keys, types, and the values that must be equal.

An org gives ids and moments of its own. Recorded ids stand for those of the org that was
asked: the first time a recorded id is met in an answer, the one in its place is learned; from
then on it has to be there again.
"""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

_ID = re.compile(r"(?<![0-9A-Za-z])[0-9a-zA-Z]{3}[0-9a-zA-Z]{12}(?:[0-9a-zA-Z]{3})?(?![0-9A-Za-z])")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+0000)")
_HTTP_DATE = re.compile(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT")

# Measured, counted over the whole org, or a matter of speed: only the type can be the same.
_OF_ITS_OWN = frozenset(
    {
        "count", "expr0", "ETag", "totalProcessingTime", "apiActiveProcessingTime",
        "apexProcessingTime", "createdById", "state", "numberRecordsProcessed", "sObjects",
    }
)  # fmt: skip


class Ids:
    """Which id of the org stands for which recorded one."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def learn(self, recorded: str, own: str) -> None:
        """Note a pair."""
        self._known[recorded] = own

    def knows(self, recorded: str) -> bool:
        """Tell whether a recorded id stands for one of the org's."""
        return recorded in self._known

    def own(self, text: str) -> str:
        """Put the org's ids in place of all recorded ones in a text."""
        return _ID.sub(lambda found: self._known.get(found[0], found[0]), text)


def read(text: str) -> Any:
    """Return JSON, XML or CSV as plain values."""
    if text.startswith("<"):
        return _element(ElementTree.fromstring(text))
    try:
        return json.loads(text)
    except ValueError:
        return list(csv.DictReader(io.StringIO(text))) if "\n" in text else text


def _element(element: ElementTree.Element) -> Any:
    tags = [one.tag.rpartition("}")[2] for one in element]
    if len(set(tags)) < len(tags):
        return [_element(one) for one in element]
    return {tag: _element(one) for tag, one in zip(tags, element, strict=True)} or element.text


def differences(
    recorded: Any, answered: Any, ids: Ids, *, excerpt: bool = False, values: bool = True
) -> list[str]:
    """Return what differs, each with where it is.

    Of an ``excerpt`` only what it has is compared; without ``values`` only keys and types.
    """
    return list(_Comparison(ids, excerpt).differ(recorded, answered, "", values))


class _Comparison:
    def __init__(self, ids: Ids, excerpt: bool) -> None:
        self._ids = ids
        self._excerpt = excerpt

    def differ(self, recorded: Any, answered: Any, where: str, values: bool) -> Iterator[str]:
        if isinstance(recorded, dict) and isinstance(answered, dict):
            yield from self._objects(recorded, answered, where, values)
        elif isinstance(recorded, list) and isinstance(answered, list):
            yield from self._lists(recorded, answered, where, values)
        elif _kind(recorded) != _kind(answered) and (values or None not in (recorded, answered)):
            yield f"{where}: {recorded!r} was recorded, answered is {answered!r}"
        elif isinstance(recorded, str) and isinstance(answered, str):
            yield from self._texts(recorded, answered, where, values)
        elif values and recorded != answered:
            yield f"{where}: {recorded!r} was recorded, answered is {answered!r}"

    def _objects(
        self, recorded: dict[str, Any], answered: dict[str, Any], where: str, values: bool
    ) -> Iterator[str]:
        missing = sorted(set(recorded) - set(answered))
        more = [] if self._excerpt else sorted(set(answered) - set(recorded))
        if missing or more:
            yield f"{where}: {missing} are missing, {more} are more than was recorded"
        known = self._is_known(recorded)
        counted = recorded.get("totalSize") and not recorded.get("records")
        for key in recorded.keys() & answered.keys():
            told = values and known and key not in _OF_ITS_OWN
            told = told and not (key == "totalSize" and (counted or self._excerpt))
            yield from self.differ(recorded[key], answered[key], f"{where}.{key}", told)

    def _lists(
        self, recorded: list[Any], answered: list[Any], where: str, values: bool
    ) -> Iterator[str]:
        if values and not self._excerpt and len(recorded) != len(answered):
            yield f"{where}: {len(recorded)} were recorded, answered are {len(answered)}"
            return
        for number, (one, other) in enumerate(self._pairs(recorded, answered)):
            yield from self.differ(one, other, f"{where}[{number}]", values)

    def _pairs(self, recorded: list[Any], answered: list[Any]) -> Iterator[tuple[Any, Any]]:
        """Pair what belongs together: records by id, as nothing promises their order."""
        by_id = {_record_id(one): one for one in answered}
        for one, same_place in zip(recorded, answered, strict=False):
            record_id = _record_id(one)
            own = self._ids.own(record_id) if record_id else None
            yield one, by_id.get(own, same_place) if own else same_place

    def _is_known(self, recorded: dict[str, Any]) -> bool:
        """Tell whether the org can have the values of a record: not those of a stranger."""
        record_id = _record_id(recorded)
        return record_id is None or self._ids.knows(record_id)

    def _texts(self, recorded: str, answered: str, where: str, values: bool) -> Iterator[str]:
        if _MOMENT.fullmatch(recorded) or _HTTP_DATE.fullmatch(recorded):
            same = all(bool(one.fullmatch(recorded)) == bool(one.fullmatch(answered))
                       for one in (_MOMENT, _HTTP_DATE))  # fmt: skip
        elif _ID.fullmatch(recorded) and not self._ids.knows(recorded):
            same = bool(_ID.fullmatch(answered))
            if values:
                same = same and len(recorded) == len(answered) and recorded[:3] == answered[:3]
            self._ids.learn(recorded, answered)
        else:
            same = not values or _plain(self._ids.own(recorded)) == _plain(answered)
        if not same:
            yield f"{where}: {recorded!r} was recorded, answered is {answered!r}"


def _record_id(record: Any) -> str | None:
    """Return the id of a record, from its address."""
    if isinstance(record, dict) and isinstance(record.get("attributes"), dict):
        url: str = record["attributes"].get("url", "")
        return url.rpartition("/")[2] or None
    return None


def _kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


def _plain(text: str) -> str:
    """Let runs of white space be one space: some recordings were wrapped by hand."""
    return " ".join(text.split())
