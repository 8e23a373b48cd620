"""Authorization codes: what a browser brings back from the org for the client to trade in."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectsql.emulator.org.clock import Clock

_LIFE = timedelta(minutes=15)


@dataclass(frozen=True)
class Code:
    """What a code was given out for; ``challenge`` is PKCE's, as S256 makes it."""

    redirect_uri: str
    challenge: str | None
    expires: datetime

    def is_proved_by(self, verifier: str | None) -> bool:
        """Tell whether this is who the code was given out to."""
        if self.challenge is None:
            return True
        digest = hashlib.sha256((verifier or "").encode()).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=") == self.challenge


class Codes:
    """The codes that were not traded in yet. Each is good once, and not for long."""

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._codes: dict[str, Code] = {}

    def give(self, redirect_uri: str, challenge: str | None) -> str:
        """Return a new code."""
        code = f"aPrx{secrets.token_urlsafe(40)}"
        self._codes[code] = Code(redirect_uri, challenge, self._now() + _LIFE)
        return code

    def take(self, code: str) -> Code | None:
        """Return what a code was given out for, once; None if it is none or too old."""
        found = self._codes.pop(code, None)
        return found if found and self._now() < found.expires else None
