"""The parts of a call: how each is answered, and what is told of all of them together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.encode import encode
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call

GRAPHS_SINCE = 50.0
HALTED = "PROCESSING_HALTED"
_ROLLED_BACK = (
    "The transaction was rolled back since another operation in the same transaction failed."
)
_NOT_MODIFIED = 304
_NO_SUCCESS = 300


class Parts:
    """The parts of one call. ``part`` answers one of them."""

    def __init__(self, org: Org, outer: Call, part: Handler) -> None:
        self.org = org
        self.version = outer.version
        self._outer = outer
        self._part = part
        self._records = 0
        self._known = True
        self._objects: set[str | None] = set()

    def answer(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Answer a part; ``url`` is the whole path with its query.

        It inherits the caller's session and ``Sforce-`` headers, so it acts for the same client.
        """
        path, _, query = url.partition("?")
        inherited = {
            name: text
            for name, text in self._outer.headers.items()
            if name == "authorization" or name.startswith("sforce-")
        }
        call = Call(
            method=method,
            path=path,
            query=query,
            headers=inherited | dict(headers or {}),
            body=b"" if body is None else encode(body),
            host=self._outer.host,
            at=self._outer.at,
        )
        answered = self._part(self.org, call)
        if "Content-Type" in answered.headers:
            refusal = Refusal(HALTED, "A composite request cannot answer anything but JSON")
            answered = Answer(status=refusal.status, body=refusal.as_body())
        self._records += answered.records or 0
        self._known = self._known and answered.known
        self._objects.add(answered.object or call.arguments.get("object"))
        return answered

    def whole(self, body: dict[str, Any]) -> Answer:
        """Return the answer to the whole call."""
        about = next(iter(self._objects)) if len(self._objects) == 1 else None
        return Answer(body=body, object=about, records=self._records, known=self._known)


def content(answered: Answer) -> Any:
    """Return an answer's body as a part of another body."""
    body = answered.body
    return json.loads(body) if isinstance(body, bytes) else body


def is_success(answered: Answer) -> bool:
    """Tell whether an answer is none of an error, and its rows are none, too."""
    if answered.status >= _NO_SUCCESS:
        return answered.status == _NOT_MODIFIED
    rows = answered.body if isinstance(answered.body, list) else ()
    return all(one.get("success", True) for one in rows if isinstance(one, dict))


def rolled_back() -> Refusal:
    """Return what is said of a part that was undone because another one failed."""
    return Refusal(HALTED, _ROLLED_BACK)


def listed(body: dict[str, Any], name: str, most: int) -> list[dict[str, Any]]:
    """Return a list of objects that a body has to have; raises if it is none or too long."""
    found = body.get(name)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Refusal("JSON_PARSER_ERROR", f"The body has to have a list of objects {name}")
    if not found:
        raise Refusal("MISSING_ARGUMENT", f"{name} must not be empty")
    if len(found) > most:
        raise over_limit(name, len(found), most)
    return found


def over_limit(what: str, given: int, most: int) -> Refusal:
    """Return the refusal of a call that asks for too much at once."""
    return Refusal("LIMIT_EXCEEDED", f"Limit exceeded: {given} {what}, at most {most} are allowed")
