"""Calls that follow one another and may refer to the answers before them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from connectsql.emulator.routes.composite.parts import (
    HALTED,
    Parts,
    content,
    is_success,
    listed,
    over_limit,
    rolled_back,
)
from connectsql.emulator.routes.composite.references import NAME, References, malformed_reference
from connectsql.emulator.routes.handler import Handler, flag, since
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call

_SINCE = 38.0
_MOST = 25
_MOST_WIDE = 5
_STRICT_NAMES_SINCE = 52.0
_METHODS = ("POST", "PUT", "PATCH", "GET", "DELETE")
_FORBIDDEN_HEADERS = frozenset({"accept", "authorization", "content-type"})
_COLLECTIONS = re.compile(r"/services/data/v\d+\.\d/composite/sobjects(/.*)?")
_QUERIES = re.compile(r"/services/data/v\d+\.\d/query(All)?(/.*)?")
_OBJECTS = re.compile(r"/services/data/v\d+\.\d/sobjects(/.*)?")

Result = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Subrequest:
    """One of the calls. Header names are in lower case."""

    method: str
    url: str
    name: str
    body: Any
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """The url without its query."""
        return self.url.partition("?")[0]

    @classmethod
    def read(cls, told: Mapping[str, Any], version: float) -> Subrequest:
        """Read an element of ``compositeRequest``; raises if the whole call is to be refused."""
        method, url = told.get("method"), told.get("url")
        if method not in _METHODS:
            raise Refusal("JSON_PARSER_ERROR", f"{method} is not a valid HTTP method")
        if not isinstance(url, str) or not url:
            raise Refusal("JSON_PARSER_ERROR", "Every subrequest needs a url")
        return cls(
            method=method,
            url=url,
            name=_read_name(told.get("referenceId"), version),
            body=told.get("body"),
            headers=_read_headers(told.get("httpHeaders")),
        )

    def in_transaction(self) -> Subrequest:
        """Return the call as it is made where all have to succeed: its rows have to, too."""
        if not _COLLECTIONS.fullmatch(self.path):
            return self
        if self.method == "DELETE":
            joint = "&" if "?" in self.url else "?"
            return replace(self, url=f"{self.url}{joint}allOrNone=true")
        if isinstance(self.body, dict) and "records" in self.body:
            return replace(self, body=self.body | {"allOrNone": True})
        return self


class Series:
    """The calls of one series; ``parts`` answers them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._references = References(parts.version)

    def each(self, subrequests: list[Subrequest]) -> list[Result]:
        """Answer each call by itself; only those that refer to a failed one fail with it."""
        return [_result(one, self._answer(one)) for one in subrequests]

    def all_or_none(self, subrequests: list[Subrequest]) -> tuple[list[Result], bool]:
        """Answer the calls in one transaction; also tell whether none failed.

        When one fails, all the others are answered as undone.
        """
        answers: list[Answer] = []
        try:
            with self._parts.org.transaction():
                for one in subrequests:
                    answers.append(self._answer(one.in_transaction()))
                    if not is_success(answers[-1]):
                        raise _Failed
        except _Failed:
            failed = len(answers) - 1
            undone = _refused(rolled_back())
            results = [_result(one, undone) for one in subrequests]
            results[failed] = _result(subrequests[failed], answers[failed])
            return results, False
        return [_result(*pair) for pair in zip(subrequests, answers, strict=True)], True

    def _answer(self, told: Subrequest) -> Answer:
        try:
            url = self._references.in_url(told.url)
            body = self._references.in_body(told.body)
        except Refusal as invalid:
            return _refused(invalid)
        answered = self._parts.answer(told.method, url, body, told.headers)
        answered.body = content(answered)
        if is_success(answered):
            self._references.add(told.name, answered.body)
        return answered


class _Failed(Exception):
    """A call failed where all were to succeed."""


def send(part: Handler, org: Org, call: Call) -> Answer:
    """Answer up to 25 calls, of which up to 5 are queries or collections."""
    since(call, _SINCE)
    body = call.json_object()
    subrequests = read_subrequests(body, call.version, _MOST)
    wide = sum(_is_wide(one) for one in subrequests)
    if wide > _MOST_WIDE:
        raise over_limit("queries and collections", wide, _MOST_WIDE)
    parts = Parts(org, call, _only_supported(part))
    series = Series(parts)
    if flag(body.get("allOrNone")):
        results, _ = series.all_or_none(subrequests)
    else:
        results = series.each(subrequests)
    return parts.whole({"compositeResponse": results})


def read_subrequests(body: dict[str, Any], version: float, most: int) -> list[Subrequest]:
    """Return the calls that a body asks for; raises if the whole call is to be refused."""
    told = listed(body, "compositeRequest", most)
    subrequests = [Subrequest.read(one, version) for one in told]
    names: set[str] = set()
    for one in subrequests:
        if one.name in names:
            message = f"Duplicate referenceId '{one.name}': it has to be unique in a request"
            raise Refusal("JSON_PARSER_ERROR", message)
        names.add(one.name)
    return subrequests


def refused_results(subrequests: list[Subrequest], refusal: Refusal) -> list[Result]:
    """Return the results of calls that are not made."""
    return [_result(one, _refused(refusal)) for one in subrequests]


def _read_name(told: Any, version: float) -> str:
    if not isinstance(told, str) or not told:
        raise Refusal("JSON_PARSER_ERROR", "Every subrequest needs a referenceId")
    if version >= _STRICT_NAMES_SINCE and not NAME.fullmatch(told):
        raise Refusal("JSON_PARSER_ERROR", malformed_reference(told))
    return told


def _read_headers(told: Any) -> dict[str, str]:
    if told is None:
        return {}
    if not isinstance(told, dict) or not all(isinstance(one, str) for one in told.values()):
        raise Refusal("JSON_PARSER_ERROR", "httpHeaders has to be an object of strings")
    headers = {name.lower(): text for name, text in told.items()}
    forbidden = sorted(_FORBIDDEN_HEADERS & set(headers))
    if forbidden:
        message = f"A subrequest must not set the header {', '.join(forbidden)}"
        raise Refusal("JSON_PARSER_ERROR", message)
    return headers


def _is_wide(one: Subrequest) -> bool:
    return bool(_COLLECTIONS.fullmatch(one.path) or _QUERIES.fullmatch(one.path))


def _only_supported(part: Handler) -> Handler:
    """Return ``part`` for those resources alone that a series may call."""

    def answer(org: Org, call: Call) -> Answer:
        kinds = (_OBJECTS, _QUERIES, _COLLECTIONS)
        if any(one.fullmatch(call.path) for one in kinds):
            return part(org, call)
        message = f"The resource {call.path} is not supported in a composite request"
        return _refused(Refusal(HALTED, message))

    return answer


def _refused(refusal: Refusal) -> Answer:
    return Answer(status=refusal.status, body=refusal.as_body())


def _result(told: Subrequest, answered: Answer) -> Result:
    return {
        "body": answered.body,
        "httpHeaders": answered.headers,
        "httpStatusCode": answered.status,
        "referenceId": told.name,
    }
