"""The ASGI application: reads calls, lets planned faults happen, keeps the log.

Handlers run in the event loop, one at a time, so the org needs no locks; only waits and
delays give way to other calls.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import nullcontext, suppress
from typing import Any

from connectsql.emulator import dispatch
from connectsql.emulator.calls import CallLog
from connectsql.emulator.faults.fault import Fault
from connectsql.emulator.org import datafile
from connectsql.emulator.routes.control.handler import Controls
from connectsql.emulator.routes.control.table import routes as control_routes
from connectsql.emulator.whole import Org
from connectsql.emulator.wire.errors import Refusal
from connectsql.emulator.wire.http import JSON_TYPE, Answer, Call
from connectsql.emulator.wire.packing import pack

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Drop = Callable[[tuple[str, int]], None]

_CONTROL = "/__emulator__/"
_LONG = 1_000_000  # bytes that take so long to pack that other calls would wait
_ALWAYS = {
    "Cache-Control": "no-cache,must-revalidate,max-age=0,no-store,private",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
_log = logging.getLogger("connectsql.emulator")
_log.addHandler(logging.NullHandler())


class Application:
    """The org as an ASGI application.

    ``drop`` cuts the connection of a client, told by its address; the server provides it.
    """

    def __init__(self, org: Org, drop: Drop) -> None:
        self.org = org
        self._drop = drop
        self._log = CallLog()
        self._closing = asyncio.Event()
        self._controls = Controls(org=org, log=self._log)

    def close(self) -> None:
        """End all waits and delays, so that the calls under way can be answered."""
        self._closing.set()
        self._log.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        call = await _read(scope, receive)
        if call is None:
            return
        if call.path.startswith(_CONTROL):
            await _send(call, await self._control(call), send)
            return
        started = time.perf_counter()
        fault = self.org.faults.due(call)
        answered = await self._answer(call, fault)
        if answered is None:
            self._drop(scope["client"])
            await _gone(receive)
        else:
            await _send(call, answered, send)
        self._note(call, answered, fault, started)

    async def _answer(self, call: Call, fault: Fault | None) -> Answer | None:
        """Return the answer, or None where the connection is to be dropped."""
        try:
            with self.org.quota.entering() if dispatch.is_counted(call) else nullcontext():
                answered = await self._befallen(call, fault)
                if answered:
                    await answered.complete(self.org.tasks.give_way)
                return answered
        except Refusal as refusal:
            return dispatch.refused(refusal)

    async def _befallen(self, call: Call, fault: Fault | None) -> Answer | None:
        """Answer a call, unless its fault keeps it from being answered."""
        if self.org.options.latency_ms:
            await self._pause(self.org.options.latency_ms)
        if fault is None:
            return self._handled(call)
        match fault.action:
            case "refuse":
                return None
            case "lose_answer":
                self._handled(call)
                return None
            case "delay":
                await self._pause(fault.ms)
            case "late_commit":
                return await self._late(call, fault.ms)
            case "row_error":
                call.planned[fault.index] = fault.refusal
            case "session_expired":
                self.org.sessions.end(call.token)
            case _:
                return dispatch.refused_as_called(self.org, call, fault.refusal)
        return self._handled(call)

    async def _late(self, call: Call, ms: float) -> Answer:
        """Answer a call whose writes bear the stamp of now but show after so long."""
        with self.org.data.late() as at:
            await self._pause(ms)
            call.at = at
            return self._handled(call)

    def _handled(self, call: Call) -> Answer:
        try:
            return dispatch.answer(self.org, call)
        except UnicodeEncodeError as broken:
            message = f"Invalid UTF-8: {broken.reason} at [line:1, column:1]"
            return dispatch.refused(Refusal("JSON_PARSER_ERROR", message))
        except Exception as broken:
            return dispatch.refused(_unexpected(call, broken))

    async def _pause(self, ms: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(ms / 1000):
                await self._closing.wait()

    async def _control(self, call: Call) -> Answer:
        try:
            handler, call.arguments = control_routes.find(call.method, call.path)
            return await handler(self._controls, call)
        except Refusal as refusal:
            return dispatch.refused(refusal)
        except Exception as broken:
            return dispatch.refused(_unexpected(call, broken))

    def _note(
        self, call: Call, answered: Answer | None, fault: Fault | None, started: float
    ) -> None:
        logged = self._log.add(
            method=call.method,
            path=call.path,
            query=call.query,
            status=answered.status if answered else 0,
            object=answered.object if answered else call.arguments.get("object"),
            records=answered.records if answered else None,
            ms=round((time.perf_counter() - started) * 1000, 3),
            fault=fault.action if fault else None,
            known=answered.known if answered else True,
        )
        level = logging.WARNING if logged.status in (404, 405, 500) else logging.INFO
        line = (
            f"{logged.method} {logged.path} -> {logged.status or 'dropped'} in {logged.ms:.1f} ms"
        )
        _log.log(level, "%s%s", line, f", planned: {logged.fault}" if logged.fault else "")


def _unexpected(call: Call, broken: Exception) -> Refusal:
    """Log what went wrong; an org never shows a traceback, whatever it was."""
    if isinstance(broken, sqlite3.Error) and datafile.is_of_disk(broken):
        _log.error("%s %s failed: %s", call.method, call.path, broken)
        message = f"The data file cannot be used: {broken}"
    else:
        _log.error("%s %s failed", call.method, call.path, exc_info=broken)
        message = "An unexpected error occurred; the emulator's log tells more"
    return Refusal("UNKNOWN_EXCEPTION", message, status=500)


async def _read(scope: Scope, receive: Receive) -> Call | None:
    """Return the whole call, or None if the client left in the middle of it."""
    chunks = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
    return Call(
        method=scope["method"],
        path="/" + scope["raw_path"].decode("latin-1").lstrip("/"),  # sf sends two slashes
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=b"".join(chunks),
        host=headers.get("host", "127.0.0.1"),
    )


async def _send(call: Call, answered: Answer, send: Send) -> None:
    body = answered.payload()
    packing = asyncio.to_thread(pack, call, body) if len(body) > _LONG else None
    body, packed = await packing if packing else pack(call, body)
    headers = {"Content-Type": JSON_TYPE, **_ALWAYS, **packed, **answered.headers}
    if answered.status in (204, 304):
        del headers["Content-Type"]
    else:
        headers["Content-Length"] = str(len(body))
    raw = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers.items()]
    await send({"type": "http.response.start", "status": answered.status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if call.method == "HEAD" else body})


async def _gone(receive: Receive) -> None:
    """Wait until the server knows that the client is gone: it then expects no answer."""
    while (await receive())["type"] != "http.disconnect":
        pass
