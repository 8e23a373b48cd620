"""One HTTP exchange: the only place that knows requests.

What cannot be told from a lost answer counts as one. No message or traceback carries the
query, which holds ids and field values.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, Timeout
from requests.utils import get_environ_proxies
from urllib3.exceptions import NameResolutionError, NewConnectionError

from connectsql.errors import OrgUnreachable
from connectsql.salesforce.address import is_loopback

_KEEP_ALIVE = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came back, unread: status, headers (any case), content after decompression."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class Transport:
    """Sends requests over pooled connections; threads may share it.

    ``timeout`` is (to connect, between two pieces of the answer) in seconds; ``workers``
    is how many connections stay open. Redirects are not followed and cookies not kept.
    """

    def __init__(self, *, timeout: tuple[float, float], workers: int) -> None:
        self._timeout = timeout
        self._session = requests.Session()
        # Left on, it lets a .netrc entry replace the Authorization header.
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.mount("https://", _Adapter(pool_maxsize=workers))
        self._session.mount("http://", _Adapter(pool_maxsize=workers))

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Reply:
        """Return the answer whatever its status; raises OrgUnreachable when none came."""
        address = urlsplit(url)
        host = address.hostname or ""
        place = host if address.port is None else f"{host}:{address.port}"
        try:
            answer = self._session.request(
                method,
                url,
                headers=dict(headers),
                params=params,
                data=data,
                timeout=self._timeout,
                allow_redirects=False,
                proxies={} if is_loopback(host) else get_environ_proxies(url),
                verify=_certificates(),
            )
        except RequestException as error:
            raise _unreachable(place, error) from None
        return Reply(status=answer.status_code, headers=answer.headers, content=answer.content)

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()


class _Adapter(HTTPAdapter):
    """Keeps idle connections alive, so that a firewall does not drop them unseen."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, socket_options=_KEEP_ALIVE)


def _certificates() -> str | bool:
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True


def _unreachable(host: str, error: RequestException) -> OrgUnreachable:
    causes = list(_causes(error))
    if isinstance(error, ProxyError):
        return OrgUnreachable(f"the proxy did not connect to {host}", hint=_PROXY, sent=False)
    if any(isinstance(cause, NameResolutionError) for cause in causes):
        return OrgUnreachable(f"there is no host {host}", hint=_ADDRESS, sent=False)
    if any("certificate verify failed" in str(cause) for cause in causes):
        return OrgUnreachable(f"{host} has an untrusted certificate", hint=_TRUST, sent=False)
    if any(isinstance(cause, ConnectTimeout | NewConnectionError) for cause in causes):
        message = f"no connection to the org at {host}: {_reason(causes)}"
        return OrgUnreachable(message, hint=_ADDRESS, sent=False)
    if isinstance(error, Timeout) or any("timed out" in str(cause) for cause in causes):
        return OrgUnreachable(f"{host} took the call but did not answer in time")
    return OrgUnreachable(f"the connection to {host} broke before the answer was whole")


_ADDRESS = "check the org's address, and whether this machine reaches it"
_PROXY = "it is set by HTTPS_PROXY; NO_PROXY lists the hosts to reach directly"
_TRUST = "name the file of your own certificate authority in REQUESTS_CA_BUNDLE"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what lies below it; urllib3 nests in args, reason and context."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        below = (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__)
        waiting.extend(item for item in below if isinstance(item, BaseException))


def _reason(causes: list[BaseException]) -> str:
    """Return the system's own word for it; urllib3's texts would repeat the URL."""
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
    return "timed out"
