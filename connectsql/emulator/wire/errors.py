"""Refusals as Salesforce words them.

REST answers a list of ``{"message", "errorCode", "fields"?}``; a row of a collection says
``statusCode`` instead. One exception carries both, so a rule need not know who asked.
"""

from __future__ import annotations

from typing import Any

DAILY_CALLS = "TotalRequests"
CONCURRENT_CALLS = "ConcurrentRequests (Concurrent API Requests)"
_METHODS = ("HEAD", "GET", "POST", "PUT", "PATCH", "DELETE")
_DOES_NOT_EXIST = "The requested resource does not exist"


class Refusal(Exception):
    """The org refuses a call or one of its rows.

    ``fields`` is None where the real error has no such key (anything but a DML error).
    ``status`` is the HTTP status when the refusal is the whole answer. ``others`` are what
    else is wrong with the same row.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fields: tuple[str, ...] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields
        self.headers = headers or {}
        self.others: tuple[Refusal, ...] = ()

    def as_body(self) -> list[dict[str, Any]]:
        """Return the body of a REST answer."""
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return [error, *(body for other in self.others for body in other.as_body())]

    def as_rows(self) -> list[dict[str, Any]]:
        """Return what a collection answers as a row's ``errors``."""
        return [one.as_row() for one in (self, *self.others)]

    def as_row(self) -> dict[str, Any]:
        """Return one element of a row's ``errors``, this refusal without the others."""
        return {
            "statusCode": self.code,
            "message": self.message,
            "fields": list(self.fields or ()),
        }


def together(refusals: list[Refusal]) -> Refusal:
    """Return one refusal that tells of all; there has to be one at least."""
    first, *others = refusals
    first.others = tuple(others)
    return first


def refuse_row(code: str, message: str, *fields: str, status: int = 400) -> Refusal:
    """Return a DML refusal: it always has ``fields``, if only an empty list."""
    return Refusal(code, message, status=status, fields=fields)


class UnknownRoute(Refusal):
    """No route leads to the address: a call that the emulator does not have, or a mistake."""

    def __init__(self) -> None:
        super().__init__("NOT_FOUND", _DOES_NOT_EXIST, status=404)


def limit_exceeded(limit: str) -> Refusal:
    """Return the refusal of a call because a limit of the org, so called, is reached."""
    return Refusal("REQUEST_LIMIT_EXCEEDED", f"{limit} Limit exceeded.", status=403)


def not_found() -> Refusal:
    """Return the answer to an address that leads nowhere."""
    return Refusal("NOT_FOUND", _DOES_NOT_EXIST, status=404)


def method_not_allowed(method: str, allowed: tuple[str, ...]) -> Refusal:
    """Return the answer to a method that a resource does not have."""
    known = [one for one in _METHODS if one in allowed or (one == "HEAD" and "GET" in allowed)]
    message = f"HTTP Method '{method}' not allowed. Allowed are {','.join(known)}"
    headers = {"Allow": ", ".join(known)}
    return Refusal("METHOD_NOT_ALLOWED", message, status=405, headers=headers)


def session_expired() -> Refusal:
    """Return the answer to a token that is unknown or no longer valid."""
    return Refusal(
        "INVALID_SESSION_ID",
        "Session expired or invalid",
        status=401,
        headers={"WWW-Authenticate": "Token"},
    )


def invalid_auth_header() -> Refusal:
    """Return the answer to an Authorization that is neither Bearer nor OAuth with a token."""
    headers = {"WWW-Authenticate": "Token"}
    return Refusal("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE", status=401, headers=headers)


def is_deleted() -> Refusal:
    """Return the refusal to touch a record that lies in the recycle bin."""
    return refuse_row("ENTITY_IS_DELETED", "entity is deleted", status=404)
