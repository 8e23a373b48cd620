"""Who may call: the one integration user, and the access tokens given out."""

from __future__ import annotations

import secrets


class Sessions:
    """The valid access tokens. They look as an org's do: ``<org id>!<secret>``."""

    def __init__(self, org_id: str) -> None:
        self._org_id = org_id
        self._tokens: set[str] = set()

    def open(self) -> str:
        """Return a new access token."""
        token = f"{self._org_id[:15]}!{secrets.token_urlsafe(24)}"
        self._tokens.add(token)
        return token

    def is_valid(self, token: str) -> bool:
        """Tell whether a token was given out and has not expired."""
        return token in self._tokens

    def end(self, token: str) -> None:
        """End one session."""
        self._tokens.discard(token)

    def expire(self) -> int:
        """End all sessions; return how many there were."""
        ended = len(self._tokens)
        self._tokens.clear()
        return ended
