"""From a call to its answer: which part of the API, with which session, by which handler."""

from __future__ import annotations

import re

from connectsql.emulator.org.journal import Caller
from connectsql.emulator.routes import versions
from connectsql.emulator.routes.bulk import v1 as bulk_v1
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.routes.login import authorize, identity, tokens
from connectsql.emulator.routes.login.refusals import LoginRefused
from connectsql.emulator.routes.soap import service as soap
from connectsql.emulator.routes.table import data_routes
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import (
    Refusal,
    UnknownRoute,
    invalid_auth_header,
    not_found,
    session_expired,
)
from connectsql.emulator.wire.formats import check_formats, check_length, without_suffix
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.packing import unpack
from connectsql.emulator.wire.router import Router

_VERSIONED = re.compile(r"/services/data/v([1-9]\d*)\.0(/.*)?")

_LOGIN = "/services/oauth2/"

_OPEN: Router[Handler] = Router()
for _routes in (
    versions.open_routes,
    authorize.routes,
    tokens.routes,
    identity.routes,
    soap.routes,
):
    _OPEN.include(_routes)


def answer(org: Org, call: Call) -> Answer:
    """Answer a call of the API; a refusal is an answer, too."""
    try:
        check_length(call)
        unpack(call)
        return _answer(org, call)
    except Refusal as refusal:
        return refused(refusal)


def is_counted(call: Call) -> bool:
    """Tell whether a call is one of the API, which has limits, and not a login."""
    return _VERSIONED.fullmatch(call.path) is not None


def refused(refusal: Refusal) -> Answer:
    """Return a refusal as an answer."""
    known = not isinstance(refusal, UnknownRoute)
    return Answer(
        status=refusal.status, body=refusal.as_body(), headers=refusal.headers, known=known
    )


def refused_as_called(org: Org, call: Call, refusal: Refusal) -> Answer:
    """Return a refusal in the form of the API that was called."""
    if bulk_v1.is_meant(call):
        return bulk_v1.refused(org, call, refusal)
    if soap.is_meant(call):
        return soap.refused(call, refusal)
    if call.path.startswith(_LOGIN):
        return refused(LoginRefused(refusal.code, refusal.message, status=refusal.status))
    return refused(refusal)


def _answer(org: Org, call: Call) -> Answer:
    versioned = _VERSIONED.fullmatch(call.path)
    if versioned:
        return _data(org, call, int(versioned[1]), versioned[2] or "/")
    if bulk_v1.is_meant(call):
        return _bulk_v1(org, call)
    handler, call.arguments = _OPEN.find(call.verb, call.path)
    return handler(org, call)


def _bulk_v1(org: Org, call: Call) -> Answer:
    try:
        _check_session(org, call)
    except Refusal as refusal:
        return bulk_v1.refused(org, call, refusal)
    return bulk_v1.answer(org, call)


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
        return _routed(org, call, int(versioned[1]), versioned[2] or "/")
    except Refusal as refusal:
        return refused(refusal)


def _data(org: Org, call: Call, version: int, path: str) -> Answer:
    _check_session(org, call)
    try:
        org.quota.spend()
        check_formats(call, path)
        answered = _routed(org, call, version, without_suffix(path, version))
    except Refusal as refusal:
        answered = refused(refusal)
    if answered.object is None:
        answered.object = call.arguments.get("object")
    answered.headers.setdefault("Sforce-Limit-Info", org.quota.limit_info)
    return answered


def _routed(org: Org, call: Call, version: int, path: str) -> Answer:
    if version < versions.OLDEST:
        raise Refusal("GONE", "The requested resource is no longer available", status=410)
    if version > versions.NEWEST:
        raise not_found()
    call.version = float(version)
    handler, call.arguments = _DATA.find(call.verb, path)
    org.automation.freshen()
    with org.data.acting(Caller(org.user_id, call.origin), call.at):
        return handler(org, call)


def _check_session(org: Org, call: Call) -> None:
    if not call.token and call.headers.get("authorization"):
        raise invalid_auth_header()
    if not org.sessions.is_valid(call.token):
        raise session_expired()


_DATA: Router[Handler] = data_routes(part)
