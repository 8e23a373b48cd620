"""A call and an answer, free of any server, so that a composite can make calls of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from connectsql.emulator.wire.decode import decode
from connectsql.emulator.wire.encode import encode
from connectsql.emulator.wire.errors import Refusal

JSON_TYPE = "application/json;charset=UTF-8"
_DEFAULT_VERSION = 60.0


@dataclass(kw_only=True)
class Call:
    """One call of the API as it came in.

    ``path`` is as sent: still percent-encoded, without the query. Header names are in lower
    case. ``arguments`` are what the route's template found in the path. ``planned`` are rows
    of a collection that a fault plan wants refused, by index. ``at`` is the moment that what
    it writes is stamped with, where that is not the present.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    host: str = "127.0.0.1"
    version: float = _DEFAULT_VERSION
    arguments: dict[str, str] = field(default_factory=dict)
    planned: dict[int, Refusal] = field(default_factory=dict)
    at: datetime | None = None

    @cached_property
    def params(self) -> dict[str, str]:
        """The query's parameters; of a repeated one the last counts."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def verb(self) -> str:
        """The method that is meant.

        A POST may name another one in ``_HttpMethod``; HEAD is GET, of which all but the
        body is sent.
        """
        if self.method == "POST":
            return self.params.get("_HttpMethod", "POST")
        return "GET" if self.method == "HEAD" else self.method

    @property
    def address(self) -> str:
        """The path with its query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def data_url(self) -> str:
        """The version's root, ``/services/data/v60.0``."""
        return f"/services/data/v{self.version:.1f}"

    @property
    def token(self) -> str:
        """The access token that came along, however it came; empty without one."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() in ("bearer", "oauth"):
            return token.strip()
        return self.headers.get("x-sfdc-session", "").strip()

    @property
    def client(self) -> str | None:
        """The name that the client gave itself in ``Sforce-Call-Options: client=...``."""
        given = self.headers.get("sforce-call-options", "")
        options = dict(one.strip().partition("=")[::2] for one in given.split(","))
        return options.get("client") or None

    @property
    def origin(self) -> str:
        """What change events say of where a change came from."""
        api = f"com/salesforce/api/rest/{self.version:.1f}"
        return f"{api};client={self.client}" if self.client else api

    @property
    def instance_url(self) -> str:
        """Where the caller reaches this org."""
        return f"http://{self.host}"

    def json(self) -> Any:
        """Return the body, read as JSON."""
        return decode(self.body)

    def json_object(self) -> dict[str, Any]:
        """Return the body, which has to be a JSON object."""
        body = self.json()
        if not isinstance(body, dict):
            message = f"The HTTP entity body is required to be a JSON object, not {_kind(body)}"
            raise Refusal("JSON_PARSER_ERROR", message)
        return body


@dataclass(kw_only=True)
class Answer:
    """What goes back. ``body`` is JSON to be, or bytes that are ready, or None for no body.

    A long body may come in pieces, as an iterator of bytes: ``complete`` makes it whole.

    ``object`` and ``records`` tell the call log what it was about; ``known`` is false where
    no route led to the address.
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    object: str | None = None
    records: int | None = None
    known: bool = True

    async def complete(self, give_way: Callable[[], Awaitable[None]]) -> None:
        """Make a body that comes in pieces whole, giving way after each."""
        if isinstance(self.body, Iterator):
            whole = BytesIO()
            for piece in self.body:
                whole.write(piece)
                await give_way()
            self.body = whole.getvalue()

    def payload(self) -> bytes:
        """Return the bytes of the body."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else encode(self.body)


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", type(None): "null", bool: "a boolean"}
    return names.get(type(value), "a number")
