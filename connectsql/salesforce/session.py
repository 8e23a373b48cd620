"""A session with an org: every call goes through ``Session.call``.

It logs in, renews the token, repeats what may be repeated, and turns what the org says
into an Answer or one of the SalesforceErrors. Logs hold no token, body, query or value.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from connectsql.errors import ApiError, LoginFailed, OrgUnreachable, SalesforceError, UsageError
from connectsql.salesforce.address import base_url
from connectsql.salesforce.answer import Answer, Usage, read_answer, read_error, retry_after
from connectsql.salesforce.classify import Verdict, classify
from connectsql.salesforce.encode import dumps
from connectsql.salesforce.login import Grant, Login
from connectsql.salesforce.retry import Attempts, Backoff
from connectsql.salesforce.tokens import TokenKeeper
from connectsql.salesforce.transport import Reply, Transport

_log = logging.getLogger("connectsql.salesforce")
_NOT_MODIFIED = 304


@dataclass(frozen=True, kw_only=True, slots=True)
class _Request:
    method: str
    path: str  # absolute: /services/...
    params: Mapping[str, str] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    data: bytes | None = field(default=None, repr=False)


class Session:
    """Calls to one org; threads may share it.

    ``api_version`` is like ``68.0``. ``client`` names us in the org's change events, which
    is how our own echoes are told apart. ``timeout`` is (to connect, between two pieces of
    an answer) in seconds. ``workers`` is how many connections are kept open. ``stop`` ends
    every wait between attempts.
    """

    def __init__(
        self,
        instance_url: str,
        login: Login,
        api_version: str,
        *,
        client: str = "connectsql",
        timeout: tuple[float, float] = (10.0, 120.0),
        workers: int = 8,
        backoff: Backoff | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self.api_version = _version(api_version)
        self._client = _client(client)
        self._backoff = backoff or Backoff()
        self._stop = stop or threading.Event()
        self._usage: Usage | None = None
        self._ahead = timedelta(0)  # how far the org's clock is ahead of ours
        address = base_url(instance_url)
        self._transport = Transport(timeout=timeout, workers=workers)
        self._tokens = TokenKeeper(login, self._transport, address)

    @property
    def instance_url(self) -> str:
        """The org's address, without a slash at the end."""
        return self._tokens.instance_url

    @property
    def usage(self) -> Usage | None:
        """API calls of the last 24 hours as of the newest answer that told them."""
        return self._usage

    @property
    def server_now(self) -> datetime:
        """The org's clock (UTC), as the newest answer told it, to about a second."""
        return datetime.now(UTC) + self._ahead

    def call(
        self,
        method: str,
        path: str,
        *,
        idempotent: bool,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make one call and return its answer (2xx, or 304 where asked for).

        ``path`` is below ``/services/data/vXX.X``, or absolute when it begins with
        ``/services/``. Only an ``idempotent`` call is ever repeated after a failure; any
        call is repeated once after the session had expired. ``json`` may hold Decimal,
        datetime, date and time.

        Raises ApiError with the org's words, LoginFailed, or OrgUnreachable, whose ``sent``
        says whether the outcome is unknown.
        """
        request = _Request(
            method=method,
            path=self._path(path),
            params=params,
            headers=headers or {},
            data=None if json is None else dumps(json),
        )
        attempts = Attempts(self._backoff, self._stop)
        while True:
            problem, pause = self._attempt(request)
            if isinstance(problem, Answer):
                return problem
            if not (idempotent and _transient(problem) and attempts.again(pause)):
                raise problem

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _path(self, path: str) -> str:
        if path.startswith("/services/"):
            return path
        if "://" in path.partition("?")[0] or path.startswith("//"):
            raise ValueError(f"{path!r} is not a path of the org")
        return f"/services/data/v{self.api_version}/{path.lstrip('/')}"

    def _attempt(self, request: _Request) -> tuple[Answer | SalesforceError, float]:
        """Return the answer, or the problem and the pause in seconds that the org asks for."""
        try:
            reply = self._authorised(request)
            if reply.status < 300 or reply.status == _NOT_MODIFIED:
                return self._noted(read_answer(reply)), 0.0
        except OrgUnreachable as error:
            return error, 0.0
        return read_error(reply), retry_after(reply.headers)

    def _authorised(self, request: _Request) -> Reply:
        grant = self._tokens.grant()
        reply = self._send(request, grant)
        if not _expired(reply):
            return reply
        reply = self._send(request, self._tokens.renew(grant))
        if _expired(reply):
            words = read_error(reply).message
            raise LoginFailed(f"the org refuses its own new token: {words}", hint=_REFUSED)
        return reply

    def _send(self, request: _Request, grant: Grant) -> Reply:
        started = time.monotonic()
        status: int | None = None
        try:
            reply = self._transport.send(
                request.method,
                grant.instance_url + request.path,
                headers=self._headers(request, grant),
                params=request.params,
                data=request.data,
            )
            status = reply.status
        finally:
            took = round((time.monotonic() - started) * 1000)
            where = request.path.partition("?")[0]
            _log.debug("%s %s: %s in %d ms", request.method, where, status or "no answer", took)
        return reply

    def _headers(self, request: _Request, grant: Grant) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {grant.access_token}",
            "Accept": "application/json",
            "User-Agent": self._client,
            "Sforce-Call-Options": f"client={self._client}",
            **({} if request.data is None else {"Content-Type": "application/json; charset=UTF-8"}),
            **request.headers,
        }

    def _noted(self, answer: Answer) -> Answer:
        self._usage = answer.usage or self._usage
        if answer.server_time is not None:
            self._ahead = answer.server_time - datetime.now(UTC)
        return answer


_REFUSED = "the app's user may not use the API: check its permissions and the app's policies"


def _expired(reply: Reply) -> bool:
    if reply.status not in (401, 403):
        return False
    problem = read_error(reply)
    code = problem.code if isinstance(problem, ApiError) else ""
    return classify(reply.status, code, problem.message) is Verdict.REAUTH


def _transient(problem: SalesforceError) -> bool:
    if isinstance(problem, ApiError):
        return classify(problem.status, problem.code, problem.message) is Verdict.RETRY
    return isinstance(problem, OrgUnreachable)


def _version(text: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]\.0", text):
        raise UsageError(f"{text!r} is not an API version", hint="write it as 68.0")
    return text


def _client(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._/-]{1,64}", name):
        raise UsageError(f"the client name {name!r} cannot stand in a header")
    return name
