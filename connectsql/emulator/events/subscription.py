"""One subscriber: how many events it asked for, how far it has read, when it hears of nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from connectsql.emulator.events import refusals
from connectsql.emulator.events.log import Entry, read_replay_id, replay_id
from connectsql.emulator.events.publisher import Publisher, Topic
from connectsql.eventbus import messages

_MOST_REQUESTED = 100
_LARGEST_RESPONSE = 3 * 1024 * 1024
_LOOK_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long nothing may happen: until a keepalive, and until an idle stream is closed."""

    keepalive_seconds: float = 60
    idle_seconds: float = 60


class Subscription:
    """Reads the log for one stream; the log is the queue, so a slow reader holds up nobody."""

    def __init__(
        self, publisher: Publisher, topic: Topic, first: Any, rpc_id: str, patience: Patience
    ) -> None:
        self._publisher = publisher
        self._topic = topic
        self._rpc_id = rpc_id
        self._patience = patience
        self._pending = 0
        self._position = _start(publisher, first)
        self._stirred = asyncio.Event()
        self._is_complete = False
        self._refusal: refusals.PubSubError | None = None
        self._ask(first)

    async def responses(
        self, requests: AsyncIterator[Any], is_allowed: Callable[[], bool]
    ) -> AsyncIterator[Any]:
        """Give what is to be sent, until the subscriber has what it asked for and leaves."""
        asking = asyncio.create_task(self._listen(requests))
        self._publisher.listen(self._stirred.set)
        try:
            async for response in self._responses(is_allowed):
                yield response
        finally:
            self._publisher.unlisten(self._stirred.set)
            asking.cancel()

    async def _responses(self, is_allowed: Callable[[], bool]) -> AsyncIterator[Any]:
        now = asyncio.get_running_loop().time
        sent = now()
        while True:
            self._stirred.clear()
            if self._refusal:
                raise self._refusal
            if not is_allowed():
                raise refusals.not_authenticated()
            response = self._next() or self._keepalive(now() - sent)
            if response is not None:
                yield response
                sent = now()
            elif self._is_over(now() - sent):
                return
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._nap(now() - sent)):
                        await self._stirred.wait()

    async def _listen(self, requests: AsyncIterator[Any]) -> None:
        """Take the further requests."""
        try:
            async for request in requests:
                if request.topic_name not in ("", self._topic.name):
                    raise refusals.other_topic()
                self._ask(request)
        except refusals.PubSubError as refusal:
            self._refusal = refusal
        finally:
            self._is_complete = True
            self._stirred.set()

    def _ask(self, request: Any) -> None:
        if not 0 < request.num_requested <= _MOST_REQUESTED:
            raise refusals.bad_request_size()
        self._pending += request.num_requested
        self._stirred.set()

    def _next(self) -> Any:
        """Return a response with the next events, or None if there are none to be sent."""
        if not self._pending:
            return None
        most = min(self._pending, _MOST_REQUESTED)
        entries = _fitting(self._publisher.log.after(self._position, self._topic.entity, most))
        if not entries:
            return None
        self._position = entries[-1].position
        self._pending -= len(entries)
        return self._response(entries)

    def _keepalive(self, quiet: float) -> Any:
        """Return an empty response when it is time; it tells a position to resume from."""
        if not self._pending or quiet < self._patience.keepalive_seconds:
            return None
        self._position = self._publisher.log.tip()
        return self._response([])

    def _is_over(self, quiet: float) -> bool:
        if self._pending:
            return False
        return self._is_complete or quiet >= self._patience.idle_seconds

    def _nap(self, quiet: float) -> float:
        """Return for how long nothing needs to be done; the session may end meanwhile."""
        wait = self._patience.keepalive_seconds if self._pending else self._patience.idle_seconds
        return max(0.0, min(_LOOK_AGAIN_SECONDS, wait - quiet))

    def _response(self, entries: list[Entry]) -> Any:
        return messages.FetchResponse(
            events=map(_consumer_event, entries),
            latest_replay_id=replay_id(self._position),
            rpc_id=self._rpc_id,
            pending_num_requested=self._pending,
        )


def _start(publisher: Publisher, first: Any) -> int:
    """Return the position that a first request asks to read behind."""
    if first.replay_preset == messages.EARLIEST:
        return 0
    if first.replay_preset != messages.CUSTOM:
        return publisher.log.tip()
    if not first.replay_id:
        raise refusals.replay_id_missing()
    position = read_replay_id(first.replay_id)
    if position is None or not publisher.log.has(position):
        raise refusals.replay_id_corrupted()
    return position


def _fitting(entries: list[Entry]) -> list[Entry]:
    """Return the first entries that fit into one response, at least one."""
    size = 0
    for number, entry in enumerate(entries):
        size += len(entry.payload)
        if number and size > _LARGEST_RESPONSE:
            return entries[:number]
    return entries


def _consumer_event(entry: Entry) -> Any:
    event = messages.ProducerEvent(id=entry.id, schema_id=entry.schema_id, payload=entry.payload)
    return messages.ConsumerEvent(event=event, replay_id=replay_id(entry.position))
