"""Refusals as the OAuth endpoints word them: an object, where REST has a list."""

from __future__ import annotations

from typing import Any

from connectsql.emulator.wire.errors import Refusal


class LoginRefused(Refusal):
    """A login is refused: ``error`` and ``error_description``, with status 400."""

    def as_body(self) -> Any:
        """Return the body of the answer."""
        return {"error": self.code, "error_description": self.message}


class IdentityRefused(Refusal):
    """The identity service refuses a token or an address with one word of plain text."""

    def __init__(self, word: str, status: int) -> None:
        super().__init__(word, word, status=status, headers={"Content-Type": "text/html"})

    def as_body(self) -> Any:
        """Return the body of the answer."""
        return self.message.encode()
