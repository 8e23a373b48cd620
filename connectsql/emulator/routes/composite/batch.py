"""Calls that have nothing to do with one another, sent together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectsql.emulator.routes.composite.parts import Parts, content, listed
from connectsql.emulator.routes.handler import Handler, flag, since
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call

_MOST = 25
_OLDEST = 34.0
_METHODS = ("POST", "PUT", "PATCH", "GET", "DELETE")
_URL = re.compile(r"(?:/services/data)?/?v(\d+\.\d)(/(?:limits|sobjects|query|queryAll)\b.*)")
_HALTED = "The request was not executed because a previous subrequest of the batch failed"
_FIRST_ERROR = 400


def send(part: Handler, org: Org, call: Call) -> Answer:
    """Answer up to 25 calls; each counts as a call and is committed by itself."""
    since(call, _OLDEST)
    body = call.json_object()
    requests = [_read(one, call.version) for one in listed(body, "batchRequests", _MOST)]
    org.quota.spend(len(requests) - 1)
    halts = flag(body.get("haltOnError"))
    parts = Parts(org, call, part)
    results: list[dict[str, Any]] = []
    has_errors = False
    for method, url, given in requests:
        if halts and has_errors:
            halted = Refusal("BATCH_PROCESSING_HALTED", _HALTED)
            results.append({"statusCode": 412, "result": halted.as_body()})
            continue
        answered = parts.answer(method, url, given)
        has_errors = has_errors or answered.status >= _FIRST_ERROR
        results.append({"statusCode": answered.status, "result": content(answered)})
    return parts.whole({"hasErrors": has_errors, "results": results})


def _read(told: Mapping[str, Any], version: float) -> tuple[str, str, Any]:
    """Return a subrequest's method, whole url and body; raises if the batch is to be refused."""
    if "binaryPartName" in told or "binaryPartNameAlias" in told:
        raise Refusal("JSON_PARSER_ERROR", "This org takes no binary parts")
    method, url = told.get("method"), told.get("url")
    if not isinstance(method, str) or method.upper() not in _METHODS:
        raise Refusal("JSON_PARSER_ERROR", f"{method} is not a valid HTTP method")
    found = _URL.fullmatch(url) if isinstance(url, str) else None
    if found is None or not _OLDEST <= float(found[1]) <= version:
        raise Refusal("JSON_PARSER_ERROR", f"{url} is not a valid url of a batch's subrequest")
    return method.upper(), f"/services/data/v{found[1]}{found[2]}", told.get("richInput")
