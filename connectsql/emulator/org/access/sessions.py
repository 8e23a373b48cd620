"""Who may call: the access tokens given out, and the refresh tokens that new ones come from.

Both live as long as the org runs, except for the one refresh token that is chosen when the
org is started: that one is good again after a restart.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectsql.emulator.org.clock import Clock


@dataclass
class Session:
    """One access token: since when it is good, and when it was used last."""

    opened: datetime
    used: datetime


@dataclass
class Grant:
    """What a user granted a client: its refresh tokens, the last one in force."""

    refresh_tokens: list[str]
    access_tokens: set[str] = field(default_factory=set)


class Sessions:
    """The sessions in force. Tokens look as an org's do: ``<org id>!<secret>``.

    A session ends ``seconds`` after its last call; None is never.
    """

    def __init__(self, org_id: str, now: Clock, seconds: float | None = None) -> None:
        self._org_id = org_id
        self._now = now
        self._life = None if seconds is None else timedelta(seconds=seconds)
        self._sessions: dict[str, Session] = {}

    def open(self) -> str:
        """Return a new access token."""
        token = f"{self._org_id[:15]}!{secrets.token_urlsafe(24)}"
        now = self._now()
        self._sessions = {t: one for t, one in self._sessions.items() if not self._is_over(one)}
        self._sessions[token] = Session(now, now)
        return token

    def find(self, token: str) -> Session | None:
        """Return a session in force, without using it."""
        session = self._sessions.get(token)
        if session and self._is_over(session):
            del self._sessions[token]
            return None
        return session

    def expires(self, session: Session) -> datetime | None:
        """Return when a session ends unless it is used; None is never."""
        return None if self._life is None else session.used + self._life

    def is_valid(self, token: str) -> bool:
        """Tell whether a token is good; if it is, it was used now and lives on."""
        session = self.find(token)
        if session is None:
            return False
        session.used = self._now()
        return True

    def end(self, token: str) -> bool:
        """End one session; tell whether there was one."""
        return self._sessions.pop(token, None) is not None

    def expire(self) -> int:
        """End all sessions; return how many there were."""
        ended = len(self._sessions)
        self._sessions.clear()
        return ended

    def _is_over(self, session: Session) -> bool:
        expires = self.expires(session)
        return expires is not None and self._now() >= expires


class Grants:
    """The refresh tokens. With ``rotate`` each is good once and brings the next.

    Whoever uses a spent one may have stolen it: that ends the whole grant, with all the
    sessions that came of it.
    """

    def __init__(self, sessions: Sessions, first: str, *, rotate: bool) -> None:
        self._sessions = sessions
        self._rotate = rotate
        self._grants = {first: Grant([first])}

    def open(self) -> tuple[str, str]:
        """Return the access token and the refresh token of a new grant."""
        grant = Grant([])
        return self._access(grant), self._next(grant)

    def is_valid(self, refresh_token: str) -> bool:
        """Tell whether a refresh token is good."""
        grant = self._grants.get(refresh_token)
        return grant is not None and grant.refresh_tokens[-1] == refresh_token

    def refresh(self, refresh_token: str) -> tuple[str, str | None] | None:
        """Return a new access token and, if they rotate, the next refresh token.

        None is for a refresh token that is unknown, revoked or spent.
        """
        grant = self._grants.get(refresh_token)
        if grant is None:
            return None
        if grant.refresh_tokens[-1] != refresh_token:
            self._end(grant)
            return None
        return self._access(grant), self._next(grant) if self._rotate else None

    def revoke(self, token: str) -> bool:
        """End the grant of a refresh token, or one session; tell whether there was one."""
        grant = self._grants.get(token)
        if grant is None:
            return self._sessions.end(token)
        self._end(grant)
        return True

    def _access(self, grant: Grant) -> str:
        token = self._sessions.open()
        grant.access_tokens.add(token)
        return token

    def _next(self, grant: Grant) -> str:
        token = f"5Aep861{secrets.token_urlsafe(48)}"
        grant.refresh_tokens.append(token)
        self._grants[token] = grant
        return token

    def _end(self, grant: Grant) -> None:
        for token in grant.refresh_tokens:
            del self._grants[token]
        for token in grant.access_tokens:
            self._sessions.end(token)
