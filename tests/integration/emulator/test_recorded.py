"""Answers have the shape of those recorded from real orgs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from .conftest import Client

RECORDED = Path(__file__).resolve().parents[4] / "shared" / "data" / "recorded"

pytestmark = pytest.mark.skipif(not RECORDED.exists(), reason="needs the shared recordings")


def real(name: str) -> Any:
    return json.loads((RECORDED / "restforce" / f"{name}.json").read_text())


def shape(value: Any) -> Any:
    """Reduce a value to its keys and types."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    return [shape(one) for one in value[:1]] if isinstance(value, list) else type(value)


def test_creating(client: Client) -> None:
    answer = client.call("POST", "sobjects/Account", json={"Name": "x"})
    assert shape(answer.json()) == shape(real("create_success_response"))


def test_an_unknown_column(client: Client) -> None:
    answer = client.call("POST", "sobjects/Account", json={"foo": "x"})
    assert answer.json() == [
        {
            **real("write_error_response")[0],
            "message": "No such column 'foo' on sobject of type Account",
        }
    ]


def test_errors_that_are_worded_alike(client: Client) -> None:
    assert client.get("sobjects/Nope/describe").json() == real("sobject_describe_error_response")
    assert client.get("sobjects/Account/23foo").json() == real("sobject_find_error_response")
    answer = client.call("PATCH", "sobjects/Account/Namez/x", json={"Name": "x"})
    assert answer.json() == real("upsert_error_response")
    answer = client.call("GET", "sobjects", headers={"Authorization": "Bearer x"})
    assert answer.json() == real("expired_session_response")


def test_an_empty_result(client: Client) -> None:
    answer = client.get("query", q="SELECT Id FROM Account WHERE Name = 'nobody'")
    assert answer.json() == real("query_empty_response")


def test_a_wrong_login(client: Client) -> None:
    form = {"grant_type": "password", "client_id": client.org.client_id}
    form |= {"client_secret": client.org.client_secret, "username": "x", "password": "y"}
    answer = requests.post(f"{client.org.url}/services/oauth2/token", data=form, timeout=30)
    assert shape(answer.json()) == shape(real("auth_error_response"))


def test_an_unknown_object_in_a_query(client: Client) -> None:
    code, message = client.refused("select count() from XYZZY")
    assert code == "INVALID_TYPE"
    recorded = (
        RECORDED / "cumulusci" / "TestCountSObjects.test_count_sobjects__errors.yaml"
    ).read_text()
    plain = " ".join(recorded.replace('"\\\n', "").replace("\\n", " ").replace("\\", "").split())
    assert " ".join(message.split()) in plain


def test_counting_records(client: Client) -> None:
    client.create("Lead", LastName="x", Company="y")
    answer = client.get("limits/recordCount", sObjects="Lead,Case,Nope")
    assert answer.json() == {"sObjects": [{"count": 1, "name": "Lead"}]}
