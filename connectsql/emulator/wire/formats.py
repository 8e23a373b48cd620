"""What a call may be like before anybody reads it: how long, and in which format.

The API speaks XML, too; the emulated org does not, and says so.
"""

from __future__ import annotations

from typing import Any

from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Call

_LONGEST = 16_384
_SUFFIXES_UNTIL = 57
_UPLOADS = "/jobs/ingest"  # what is sent there may be of several formats


class _BadMessage(Refusal):
    """The refusal of a server in front of the API: a line of HTML instead of JSON."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(
            "BAD_MESSAGE", reason, status=status, headers={"Content-Type": "text/html"}
        )

    def as_body(self) -> Any:
        """Return the body of the answer."""
        return f"<h1>Bad Message {self.status}</h1><pre>reason: {self.message}</pre>".encode()


def check_length(call: Call) -> None:
    """Raise the refusal of a call whose address, or address and headers, are too long."""
    length = len(call.address)
    if length > _LONGEST:
        raise _BadMessage(414, "URI Too Long")
    if length + sum(len(name) + len(text) for name, text in call.headers.items()) > _LONGEST:
        raise _BadMessage(431, "Request Header Fields Too Large")


def check_formats(call: Call, path: str) -> None:
    """Raise the refusal of a body that is no JSON by its own account, or of a wish for XML."""
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_read = call.verb in ("POST", "PATCH") and call.body and not path.startswith(_UPLOADS)
    if is_read and kind not in ("", "application/json"):
        message = f"MediaType of '{kind}' is not supported by this resource"
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", message, status=415)
    wanted = call.headers.get("accept", "")
    if "xml" in wanted and not any(one in wanted for one in ("json", "*/*", "application/*")):
        raise _no_xml()


def without_suffix(path: str, version: int) -> str:
    """Return a path without the ``.json`` that may end it in the older versions."""
    if version > _SUFFIXES_UNTIL:
        return path
    if path.endswith(".xml"):
        raise _no_xml()
    return path.removesuffix(".json")


def _no_xml() -> Refusal:
    return Refusal("NOT_ACCEPTABLE", "The emulated org answers in JSON, not in XML", status=406)
