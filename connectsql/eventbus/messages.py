"""The messages of the Pub/Sub API, package ``eventbus.v1``, made from a table of their fields.

No generated code: protobuf builds the classes when this is imported. Which fields a message
has, and by what number, is all that goes over the wire.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "eventbus.v1"
SERVICE = f"{PACKAGE}.PubSub"

# name: (number, type). A capitalised type is another message, * means repeated.
_MESSAGES: dict[str, dict[str, tuple[int, str]]] = {
    "TopicInfo": {
        "topic_name": (1, "string"),
        "tenant_guid": (2, "string"),
        "can_publish": (3, "bool"),
        "can_subscribe": (4, "bool"),
        "schema_id": (5, "string"),
        "rpc_id": (6, "string"),
    },
    "TopicRequest": {"topic_name": (1, "string")},
    "EventHeader": {"key": (1, "string"), "value": (2, "bytes")},
    "ProducerEvent": {
        "id": (1, "string"),
        "schema_id": (2, "string"),
        "payload": (3, "bytes"),
        "headers": (4, "EventHeader*"),
    },
    "ConsumerEvent": {"event": (1, "ProducerEvent"), "replay_id": (2, "bytes")},
    "FetchRequest": {
        "topic_name": (1, "string"),
        "replay_preset": (2, "ReplayPreset"),
        "replay_id": (3, "bytes"),
        "num_requested": (4, "int32"),
        "auth_refresh": (5, "string"),
    },
    "FetchResponse": {
        "events": (1, "ConsumerEvent*"),
        "latest_replay_id": (2, "bytes"),
        "rpc_id": (3, "string"),
        "pending_num_requested": (4, "int32"),
    },
    "SchemaRequest": {"schema_id": (1, "string")},
    "SchemaInfo": {
        "schema_json": (1, "string"),
        "schema_id": (2, "string"),
        "rpc_id": (3, "string"),
    },
}
_ENUMS = {"ReplayPreset": ("LATEST", "EARLIEST", "CUSTOM")}

_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
    "bool": _Field.TYPE_BOOL,
    "int32": _Field.TYPE_INT32,
}


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="connectsql/eventbus.proto", package=PACKAGE, syntax="proto3"
    )
    for name, values in _ENUMS.items():
        enum = file.enum_type.add(name=name)
        for number, value in enumerate(values):
            enum.value.add(name=value, number=number)
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field_name, (number, kind) in fields.items():
            message.field.append(_field(field_name, number, kind))
    return file


def _field(name: str, number: int, kind: str) -> Any:
    single = kind.removesuffix("*")
    field = _Field(name=name, number=number)
    field.label = _Field.LABEL_REPEATED if kind != single else _Field.LABEL_OPTIONAL
    if single in _SCALARS:
        field.type = _SCALARS[single]
    else:
        field.type = _Field.TYPE_ENUM if single in _ENUMS else _Field.TYPE_MESSAGE
        field.type_name = f".{PACKAGE}.{single}"
    return field


def _classes() -> dict[str, Any]:
    # A pool of its own: another library in this process may know the same package.
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
        for name in _MESSAGES
    }


_made = _classes()
TopicInfo = _made["TopicInfo"]
TopicRequest = _made["TopicRequest"]
ProducerEvent = _made["ProducerEvent"]
ConsumerEvent = _made["ConsumerEvent"]
FetchRequest = _made["FetchRequest"]
FetchResponse = _made["FetchResponse"]
SchemaRequest = _made["SchemaRequest"]
SchemaInfo = _made["SchemaInfo"]

LATEST, EARLIEST, CUSTOM = range(3)


def method(name: str) -> str:
    """Return the path that a method of the service is called by."""
    return f"/{SERVICE}/{name}"
