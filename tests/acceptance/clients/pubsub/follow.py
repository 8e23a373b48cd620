"""A subscriber with generated stubs: prints the change events of a topic, one JSON a line.

    follow.py TOPIC NUMBER

It knows the org by the variable ORG, the JSON that an emulator prints when it starts.
"""

from __future__ import annotations

import io
import json
import os
import sys
import threading

import fastavro
import grpc
import pubsub_pb2 as messages
import pubsub_pb2_grpc as services


def main(topic: str, number: int) -> None:
    org = json.loads(os.environ["ORG"])
    token = org["access_token"]
    metadata = [
        ("accesstoken", token),
        ("instanceurl", org["url"]),
        ("tenantid", token.partition("!")[0]),
    ]
    with grpc.insecure_channel(org["pubsub"]) as channel:
        stub = services.PubSubStub(channel)
        assert stub.GetTopic(
            messages.TopicRequest(topic_name=topic), metadata=metadata
        ).can_subscribe
        schemas = {}
        done = threading.Event()
        for event in events(stub, metadata, topic, number, done):
            schema_id = event.event.schema_id
            if schema_id not in schemas:
                asked = messages.SchemaRequest(schema_id=schema_id)
                told = stub.GetSchema(asked, metadata=metadata)
                schemas[schema_id] = json.loads(told.schema_json)
            payload = io.BytesIO(event.event.payload)
            print(json.dumps(fastavro.schemaless_reader(payload, schemas[schema_id], None)))
        done.set()


def events(stub, metadata, topic, number, done):
    """Yield so many events, the earliest first."""

    def requests():
        preset = messages.ReplayPreset.EARLIEST
        yield messages.FetchRequest(topic_name=topic, replay_preset=preset, num_requested=number)
        done.wait()

    seen = 0
    for response in stub.Subscribe(requests(), metadata=metadata):
        for event in response.events:
            yield event
            seen += 1
        if seen >= number:
            return


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
