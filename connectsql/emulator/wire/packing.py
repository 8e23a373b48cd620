"""Bodies are packed on their way: those of calls by choice, those of answers on request."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Call

_SMALLEST = 256  # what is shorter hardly becomes so by being packed


def unpack(call: Call) -> None:
    """Unpack the body of a call, or raise the refusal of one that is not what it says."""
    coding = call.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return
    unpacked = _CODINGS.get(coding)
    if unpacked is None:
        message = f"Content-Encoding '{coding}' is not supported"
        raise Refusal("UNSUPPORTED_MEDIA_TYPE", message, status=415)
    try:
        call.body = unpacked(call.body)
    except (OSError, EOFError, zlib.error):
        message = f"ClientInputError : The body is not {coding} as its Content-Encoding says"
        raise Refusal("CLIENTINPUTERROR", message) from None


def pack(call: Call, body: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the body of an answer as its caller takes it, and the headers that tell so."""
    if len(body) < _SMALLEST or "gzip" not in call.headers.get("accept-encoding", "").lower():
        return body, {}
    return gzip.compress(body, compresslevel=1, mtime=0), {"Content-Encoding": "gzip"}


def _inflated(body: bytes) -> bytes:
    """Unpack ``deflate``: with the wrapping that the standard asks for, or bare as some send it."""
    try:
        return zlib.decompress(body)
    except zlib.error:
        return zlib.decompress(body, -zlib.MAX_WBITS)


_CODINGS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": _inflated}
