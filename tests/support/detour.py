"""The way to an org for clients that know only https and Salesforce's own hosts."""

from __future__ import annotations

from typing import Any

import requests


class ToTheOrg(requests.adapters.HTTPAdapter):
    """Takes every call to the org at this address; mount it on ``https://``."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *given: Any, **more: Any) -> Any:
        """Send a call elsewhere than its client believes."""
        request.url = self._url + (request.path_url or "")
        return super().send(request, *given, **more)
