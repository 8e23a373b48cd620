"""Clients that insist on https reach an org that speaks http.

The way is changed below the client, where ``requests`` sends: an adapter is mounted at the
https address that the client believes in and sends the same request to the org.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter


class Rerouted(HTTPAdapter):
    """Sends what is meant for ``https://...`` to an address of its own."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self._target = target

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:  # type: ignore[override]
        assert request.url
        path = request.url.split("/", 3)[3]
        request.url = f"{self._target}/{path}"
        return super().send(request, **more)


def rerouted_session(url: str, *hosts: str) -> requests.Session:
    """Return a session in which the org's own https address and these hosts lead to it."""
    session = requests.Session()
    for host in (url.removeprefix("http://"), *hosts):
        session.mount(f"https://{host}", Rerouted(url))
    return session
