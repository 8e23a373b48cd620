"""The Pub/Sub API: its methods, who may call them, and how it is served over gRPC."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any, NoReturn

import grpc

from connectsql.emulator.events import refusals
from connectsql.emulator.events.publisher import Publisher, Topic
from connectsql.emulator.events.subscription import Patience, Subscription
from connectsql.emulator.org.access.sessions import Sessions
from connectsql.emulator.org.core import OrgCore
from connectsql.errors import EmulatorError
from connectsql.eventbus import messages

_HEADERS = ("accesstoken", "instanceurl", "tenantid")
_OPTIONS = (
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    # Clients may ping as often as they like.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_ping_strikes", 0),
)


class PubSub:
    """The service, for one org."""

    def __init__(
        self, publisher: Publisher, sessions: Sessions, org_id: str, patience: Patience
    ) -> None:
        self._publisher = publisher
        self._sessions = sessions
        self._org_id = org_id
        self._tenant = f"CORE/prod/{org_id}"
        self._patience = patience

    async def subscribe(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        """Send events as they are asked for."""
        rpc_id = str(uuid.uuid4())
        try:
            token = self._caller(context)
            first = await anext(aiter(requests), None)
            if first is None:
                return
            topic = self._topic(first.topic_name)
            subscription = Subscription(self._publisher, topic, first, rpc_id, self._patience)
            responses = subscription.responses(
                requests, lambda: self._sessions.find(token) is not None
            )
            async for response in responses:
                yield response
        except refusals.PubSubError as refusal:
            await _abort(context, "Subscribe", refusal, rpc_id)

    def get_topic(self, request: Any, rpc_id: str) -> Any:
        """Tell of a topic. That of all events has many schemas, so it names none."""
        topic = self._topic(request.topic_name)
        schema_id = self._publisher.schema_of(topic.sobject).id if topic.sobject else ""
        return messages.TopicInfo(
            topic_name=topic.name,
            tenant_guid=self._tenant,
            can_publish=False,
            can_subscribe=True,
            schema_id=schema_id,
            rpc_id=rpc_id,
        )

    def get_schema(self, request: Any, rpc_id: str) -> Any:
        """Tell the schema of an id."""
        if not request.schema_id:
            raise refusals.no_schema_id()
        schema = self._publisher.schema(request.schema_id)
        if schema is None:
            raise refusals.no_schema(self._tenant, request.schema_id)
        return messages.SchemaInfo(schema_json=schema.json, schema_id=schema.id, rpc_id=rpc_id)

    def publish(self, request: Any, rpc_id: str) -> NoReturn:
        """Refuse: change events come from the org itself."""
        raise refusals.not_publishable()

    def handler(self) -> grpc.GenericRpcHandler:
        """Return the methods as a server takes them; any other is not implemented."""
        methods = {
            "Subscribe": grpc.stream_stream_rpc_method_handler(
                self.subscribe,
                request_deserializer=messages.FetchRequest.FromString,
                response_serializer=messages.FetchResponse.SerializeToString,
            ),
            "GetTopic": self._unary("GetTopic", self.get_topic, messages.TopicRequest),
            "GetSchema": self._unary("GetSchema", self.get_schema, messages.SchemaRequest),
            "Publish": self._unary("Publish", self.publish, None),
            "PublishStream": grpc.stream_stream_rpc_method_handler(self._publish_stream),
        }
        return grpc.method_handlers_generic_handler(messages.SERVICE, methods)

    def _unary(self, name: str, method: Callable[[Any, str], Any], takes: Any) -> Any:
        async def answer(request: Any, context: Any) -> Any:
            rpc_id = str(uuid.uuid4())
            try:
                self._caller(context)
                return method(request, rpc_id)
            except refusals.PubSubError as refusal:
                await _abort(context, name, refusal, rpc_id)

        return grpc.unary_unary_rpc_method_handler(
            answer,
            request_deserializer=takes.FromString if takes else None,
            response_serializer=lambda message: message.SerializeToString(),
        )

    async def _publish_stream(self, requests: Any, context: Any) -> None:
        refusal = refusals.not_publishable()
        try:
            self._caller(context)
        except refusals.PubSubError as earlier:
            refusal = earlier
        await _abort(context, "PublishStream", refusal, str(uuid.uuid4()))

    def _caller(self, context: Any) -> str:
        """Return the access token of a call that may be made, or refuse it."""
        given = dict(context.invocation_metadata() or ())
        for name in _HEADERS:
            if not given.get(name):
                raise refusals.bad_headers(name)
        token = str(given["accesstoken"])
        is_ours = given["tenantid"] in (self._org_id, self._org_id[:15])
        if not is_ours or not self._sessions.is_valid(token):
            raise refusals.not_authenticated()
        return token

    def _topic(self, name: str) -> Topic:
        if not name:
            raise refusals.no_topic_name()
        topic = self._publisher.topic(name)
        if topic is None:
            raise refusals.no_topic(self._tenant, name)
        return topic


class PubSubServer:
    """Serves the Pub/Sub API on the loopback, in the event loop that starts it."""

    def __init__(self, service: PubSub, port: int) -> None:
        self.port = port
        self._service = service
        self._server: Any = None

    async def start(self, host: str) -> None:
        """Start serving; raises ``EmulatorError`` if the port is taken."""
        self._server = grpc.aio.server(handlers=[self._service.handler()], options=_OPTIONS)
        try:
            port = self._server.add_insecure_port(f"{host}:{self.port}")
        except RuntimeError:
            port = 0
        if not port:
            raise EmulatorError(
                f"port {self.port} on {host} cannot be used for the Pub/Sub API",
                hint="Choose another port, or 0 for any free one.",
            )
        self.port = int(port)
        await self._server.start()

    async def stop(self) -> None:
        """End all calls and stop serving."""
        if self._server is not None:
            await self._server.stop(None)


def pubsub_server(
    org: OrgCore, events: Publisher, patience: Patience | None = None
) -> PubSubServer:
    """Return what serves the events of an org; it is not started."""
    patience = patience or Patience(keepalive_seconds=org.options.keepalive_seconds)
    service = PubSub(events, org.sessions, org.org_id, patience)
    return PubSubServer(service, org.options.pubsub_port)


async def _abort(context: Any, method: str, refusal: refusals.PubSubError, rpc_id: str) -> None:
    trailers = (("error-code", refusal.code), ("rpc-id", rpc_id), ("type", method))
    await context.abort(refusal.status, f"{refusal.message} rpcId: {rpc_id}", trailers)
