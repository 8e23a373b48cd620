"""Bulk jobs over HTTP, as short as tests want to say them."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable
from typing import Any

import requests

from .conftest import Client

_PATIENCE_SECONDS = 30
_UNDER_WAY = ("UploadComplete", "InProgress")


def until(condition: Callable[[], Any]) -> Any:
    """Return what a condition gives once that is true; fail if it never is."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not (met := condition()):
        assert time.monotonic() < end, "waited too long"
    return met


def rows(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


class Ingest:
    """One job that writes."""

    def __init__(self, client: Client, sobject: str, operation: str, **more: Any) -> None:
        self.client = client
        body = {"object": sobject, "operation": operation, **more}
        answer = client.call("POST", "jobs/ingest", json=body)
        assert answer.status_code == 200, answer.text
        self.made: dict[str, Any] = answer.json()
        self.path = f"jobs/ingest/{self.made['id']}"

    def put(self, data: str | bytes) -> requests.Response:
        body = data.encode() if isinstance(data, str) else data
        headers = {"Content-Type": "text/csv"}
        return self.client.call("PUT", f"{self.path}/batches", data=body, headers=headers)

    def state(self, state: str) -> requests.Response:
        return self.client.call("PATCH", self.path, json={"state": state})

    def info(self) -> dict[str, Any]:
        told: dict[str, Any] = self.client.get(self.path).json()
        return told

    def run(self, data: str | bytes) -> dict[str, Any]:
        """Upload, close, and wait until the job has ended."""
        assert self.put(data).status_code == 201
        assert self.state("UploadComplete").status_code == 200
        return self.ended()

    def ended(self) -> dict[str, Any]:
        told: dict[str, Any] = until(
            lambda: told if (told := self.info())["state"] not in _UNDER_WAY else None
        )
        return told

    def file(self, which: str) -> list[dict[str, str]]:
        answer = self.client.get(f"{self.path}/{which}")
        assert answer.status_code == 200, answer.text
        answer.encoding = "utf-8"
        return rows(answer.text)

    def successful(self) -> list[dict[str, str]]:
        return self.file("successfulResults/")

    def errors(self) -> list[str]:
        return [row["sf__Error"] for row in self.file("failedResults/")]


def refused(answer: requests.Response, status: int = 400) -> tuple[str, str]:
    """Return the code and message of a refusal."""
    assert answer.status_code == status, answer.text
    (error,) = answer.json()
    return error["errorCode"], error["message"]
