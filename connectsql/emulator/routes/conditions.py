"""Conditional calls: what the caller has already, and what must not have changed.

Dates count for the records of every object, entity tags for accounts alone, as in Salesforce.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectsql.emulator.org import clock
from connectsql.emulator.org.describes import describe
from connectsql.emulator.org.schema import SObject
from connectsql.emulator.org.store import Row
from connectsql.emulator.wire.encode import encode
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Call

_TAGGED = "Account"
_STAMPS = ("LastModifiedDate", "SystemModstamp", "CreatedDate")
_STRICT = ("if-match", "if-none-match", "if-unmodified-since")


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What tells one state of a record from another: its tag, and when it was modified."""

    tag: str | None
    modified: datetime | None

    @classmethod
    def of(cls, sobject: SObject, row: Row) -> State:
        """Return the state of a stored record."""
        stamp = next((row[name] for name in _STAMPS if row.get(name)), None)
        return cls(
            tag=describe.etag(encode(row)) if sobject.name == _TAGGED else None,
            modified=datetime.fromisoformat(stamp) if stamp else None,
        )

    @property
    def headers(self) -> dict[str, str]:
        """The headers that tell a caller of the state."""
        headers = {} if self.tag is None else {"ETag": self.tag}
        if self.modified is not None:
            headers["Last-Modified"] = clock.http_date(self.modified)
        return headers

    def is_known(self, call: Call) -> bool:
        """Tell whether a caller who reads has this state already; raises the 412."""
        self._check(call)
        known = call.headers.get("if-none-match")
        if known is not None and self.tag is not None:
            return self._is_among(known)
        since = _date(call.headers.get("if-modified-since"))
        return bool(since and self.modified and self.modified <= since)

    def check_change(self, call: Call) -> None:
        """Raise the 412 if a caller who writes did not expect this state, or the 400."""
        for name in ("if-match", "if-none-match"):
            if '"' not in call.headers.get(name, '"') and call.headers[name].strip() != "*":
                raise _invalid(name)
        until = "if-unmodified-since"
        if until in call.headers and _date(call.headers[until]) is None:
            raise _invalid(until)
        self._check(call)
        if self.tag is not None and self._is_among(call.headers.get("if-none-match", "")):
            raise _unexpected()

    def _check(self, call: Call) -> None:
        expected = call.headers.get("if-match")
        if expected is not None and self.tag is not None and not self._is_among(expected):
            raise _unexpected()
        until = _date(call.headers.get("if-unmodified-since"))
        if until and self.modified and self.modified > until:
            raise _unexpected()

    def _is_among(self, tags: str) -> bool:
        given = [one.strip().removeprefix("W/") for one in tags.split(",")]
        return "*" in given or self.tag in given


def is_conditional(call: Call) -> bool:
    """Tell whether a call that writes has a condition."""
    return any(name in call.headers for name in _STRICT)


def _date(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unexpected() -> Refusal:
    message = "The record is not in the state that the request's conditions ask for"
    return Refusal("PRECONDITION_FAILED", message, status=412)


def _invalid(header: str) -> Refusal:
    return Refusal("INVALID_HEADER", f"The value of the header {header} is invalid")
