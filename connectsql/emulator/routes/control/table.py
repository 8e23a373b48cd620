"""The emulator's own routes, below ``/__emulator__/``: no org has them.

================  =======================================================================
GET calls         the completed calls: ``?since=N&path=REGEX``, and with ``&wait=SECONDS``
                  as soon as there is one
DELETE calls      forgets them
GET unknown       the calls of addresses that no route leads to
POST sessions/expire   ends all sessions
POST quota        sets what is spent of the limits: ``{"calls": N, "bulk_rows": N}``
GET faults        the fault plan, with how often each fault was met and happened
POST faults       adds faults; see ``faults/fault.py``
DELETE faults     drops the plan
POST undelete     brings records back: ``{"ids": [...]}``
POST purge        takes records away for good: ``{"ids": [...]}``
DELETE bin        empties the recycle bin
POST events/gap   publishes a gap: ``{"object": ..., "ids": [...], "kind": "UPDATE"}``
POST objects      adds an object, and below it fields: see ``objects.py``
POST merge        merges records: ``{"master": id, "losers": [...], "fields": {...}}``
================  =======================================================================
"""

from __future__ import annotations

import re
from dataclasses import asdict

from connectsql.emulator.routes.control import bin, events, objects
from connectsql.emulator.routes.control.handler import ControlHandler, Controls, refusing
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import Answer, Call
from connectsql.emulator.wire.router import Router

_LONGEST_WAIT = 600.0

routes: Router[ControlHandler] = Router()
routes.include(bin.routes)
routes.include(events.routes)
routes.include(objects.routes)


@routes.route("GET", "/__emulator__/calls")
async def calls(controls: Controls, call: Call) -> Answer:
    """Answer the completed calls, waiting for one if asked to."""
    since = int(_number(call, "since"))
    wait = _number(call, "wait")
    path = call.params.get("path", "")
    try:
        re.compile(path)
    except re.error as broken:
        raise Refusal("INVALID_PATH", f"path is no regular expression: {broken}") from None
    if wait:
        found = await controls.log.wait(since, path, min(wait, _LONGEST_WAIT))
    else:
        found = controls.log.since(since, path)
    return Answer(body={"last": controls.log.last, "calls": [one.as_json() for one in found]})


@routes.route("DELETE", "/__emulator__/calls")
async def forget_calls(controls: Controls, call: Call) -> Answer:
    """Forget the calls."""
    controls.log.clear()
    return Answer(status=204)


@routes.route("GET", "/__emulator__/unknown")
async def unknown(controls: Controls, call: Call) -> Answer:
    """Answer the calls that the emulator has no route for."""
    return Answer(body={"calls": [one.as_json() for one in controls.log.unknown()]})


@routes.route("POST", "/__emulator__/sessions/expire")
async def expire(controls: Controls, call: Call) -> Answer:
    """End all sessions; every token is refused from now on."""
    return Answer(body={"expired": controls.org.sessions.expire()})


@routes.route("POST", "/__emulator__/quota")
async def quota(controls: Controls, call: Call) -> Answer:
    """Set what is spent of the limits; answer what is now."""
    allowances = {"calls": controls.org.quota.calls, "bulk_rows": controls.org.quota.bulk_rows}
    told = call.json_object()
    for name, amount in told.items():
        if name not in allowances or type(amount) is not int or amount < 0:
            raise Refusal("INVALID_QUOTA", f"{name} cannot be set to {amount!r}")
    for name, amount in told.items():
        allowances[name].set_used(amount)
    spent = {name: {"used": one.used, "limit": one.limit} for name, one in allowances.items()}
    return Answer(body=spent)


@routes.route("GET", "/__emulator__/faults")
async def faults(controls: Controls, call: Call) -> Answer:
    """Answer the fault plan."""
    return Answer(body={"faults": [asdict(one) for one in controls.org.faults.faults]})


@routes.route("POST", "/__emulator__/faults")
async def plan_faults(controls: Controls, call: Call) -> Answer:
    """Add to the fault plan."""
    with refusing("INVALID_FAULT"):
        controls.org.faults.extend(call.json())
    return await faults(controls, call)


@routes.route("DELETE", "/__emulator__/faults")
async def forget_faults(controls: Controls, call: Call) -> Answer:
    """Drop the fault plan."""
    controls.org.faults.clear()
    return Answer(status=204)


def _number(call: Call, name: str) -> float:
    text = call.params.get(name)
    try:
        return float(text) if text else 0.0
    except ValueError:
        raise Refusal("INVALID_NUMBER", f"{name} is no number: {text}") from None
