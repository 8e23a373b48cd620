"""From a call to its answer: which part of the API, with which session, by which handler."""

from __future__ import annotations

import re

from connectsql.emulator.org.journal import Caller
from connectsql.emulator.org.org import Org
from connectsql.emulator.routes import oauth, versions
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.routes.table import data_routes
from connectsql.emulator.wire.errors import Refusal, UnknownRoute, not_found, session_expired
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

_VERSIONED = re.compile(r"/services/data/v(\d+)\.(\d)(/.*)?")

_DATA: Router[Handler] = data_routes()


def answer(org: Org, call: Call) -> Answer:
    """Answer a call of the API; a refusal is an answer, too."""
    try:
        return _answer(org, call)
    except Refusal as refusal:
        return refused(refusal)


def refused(refusal: Refusal) -> Answer:
    """Return a refusal as an answer."""
    known = not isinstance(refusal, UnknownRoute)
    return Answer(
        status=refusal.status, body=refusal.as_body(), headers=refusal.headers, known=known
    )


def _answer(org: Org, call: Call) -> Answer:
    versioned = _VERSIONED.fullmatch(call.path)
    if versioned:
        return _data(org, call, int(versioned[1]), versioned[3] or "/")
    if call.path.rstrip("/") == "/services/data" and call.method == "GET":
        return versions.versions()
    try:
        handler, _ = oauth.open_routes.find(call.method, call.path)
    except Refusal as unknown:
        if unknown.status == 405:
            raise
        handler, _ = oauth.guarded_routes.find(call.method, call.path)
        _check_session(org, call)
    return handler(org, call)


def part(org: Org, call: Call) -> Answer:
    """Answer a call that is a part of another one: neither counted nor logged in anew.

    ``call.path`` is whole (``/services/data/v60.0/...``); a refusal is an answer, too.
    """
    versioned = _VERSIONED.fullmatch(call.path)
    try:
        if not versioned:
            raise UnknownRoute
        fault = org.faults.due(call, part=True)
        if fault and fault.action == "row_error":
            call.planned[fault.index] = fault.refusal
        elif fault:
            raise fault.refusal
        return _routed(org, call, int(versioned[1]), versioned[3] or "/")
    except Refusal as refusal:
        return refused(refusal)


def _data(org: Org, call: Call, version: int, path: str) -> Answer:
    _check_session(org, call)
    try:
        org.quota.spend()
        answered = _routed(org, call, version, path)
    except Refusal as refusal:
        answered = refused(refusal)
    if answered.object is None:
        answered.object = call.arguments.get("object")
    answered.headers.setdefault("Sforce-Limit-Info", org.quota.limit_info)
    return answered


def _routed(org: Org, call: Call, version: int, path: str) -> Answer:
    if version < versions.OLDEST:
        message = f"Version v{version}.0 of the API is no longer supported"
        raise Refusal("UNSUPPORTED_API_VERSION", message, status=410)
    if version > versions.NEWEST:
        raise not_found()
    call.version = float(version)
    handler, call.arguments = _DATA.find(call.method, path)
    with org.data.acting(Caller(org.user_id, call.origin), call.at):
        return handler(org, call)


def _check_session(org: Org, call: Call) -> None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() not in ("bearer", "oauth") or not org.sessions.is_valid(token.strip()):
        raise session_expired()
