"""Python imports this first where this folder is on its path: the client needs no change.

Whatever a process sends to Salesforce's own login host with ``requests`` goes to the address
in EMULATOR_URL instead. The rest of what it sends goes where the login's answer points to.
"""

from __future__ import annotations

import os

import requests
from requests.adapters import HTTPAdapter

_LOGIN = "https://login.salesforce.com"


class _Rerouted(HTTPAdapter):
    def send(self, request, **more):
        request.url = os.environ["EMULATOR_URL"] + request.url.removeprefix(_LOGIN)
        return super().send(request, **more)


class _Session(requests.Session):
    def __init__(self):
        super().__init__()
        self.mount(_LOGIN, _Rerouted())


requests.Session = requests.sessions.Session = _Session
