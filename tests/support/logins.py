"""Logging in to an emulated org by hand."""

from __future__ import annotations

import requests

from connectsql.emulator import RunningOrg


def post(org: RunningOrg, path: str, **form: str) -> requests.Response:
    return requests.post(f"{org.url}/services/oauth2/{path}", data=form, timeout=30)


def credentials(org: RunningOrg) -> dict[str, str]:
    return {"client_id": org.client_id, "client_secret": org.client_secret}


def login(org: RunningOrg, **form: str) -> requests.Response:
    return post(org, "token", **(credentials(org) | form))


def password_login(org: RunningOrg, **changed: str) -> requests.Response:
    form = {"grant_type": "password", "username": org.username, "password": org.password}
    return login(org, **(form | changed))


def refresh(org: RunningOrg, refresh_token: str) -> requests.Response:
    return login(org, grant_type="refresh_token", refresh_token=refresh_token)


def is_good(org: RunningOrg, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.get(f"{org.url}/services/data/v60.0/limits", headers=headers, timeout=30)
    return answer.status_code == 200
