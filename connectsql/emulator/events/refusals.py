"""The errors of the Pub/Sub API: a gRPC status, and Salesforce's own code in the trailers."""

from __future__ import annotations

import grpc

_PREFIX = "sfdc.platform.eventbus.grpc."


class PubSubError(Exception):
    """A call is refused; ``code`` is the ``error-code`` in the trailers."""

    def __init__(self, status: grpc.StatusCode, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = _PREFIX + code
        self.message = message


def not_authenticated() -> PubSubError:
    """Return the refusal of a token that is unknown or no longer valid."""
    return PubSubError(
        grpc.StatusCode.UNAUTHENTICATED,
        "service.auth.error",
        "An authentication exception occurred. Provide valid authentication via metadata headers.",
    )


def bad_headers(name: str) -> PubSubError:
    """Return the refusal of a call without one of the three headers."""
    return PubSubError(
        grpc.StatusCode.UNAUTHENTICATED,
        "service.auth.headers.invalid",
        f"The value of the authentication header {name} is invalid or blank.",
    )


def no_topic(tenant: str, name: str) -> PubSubError:
    """Return the answer to a topic that does not exist, or that no object is selected for."""
    message = (
        f"The topic information for org {tenant} and topic {name} not found. "
        "Ensure the topic name is correct and that the topic exists."
    )
    return PubSubError(grpc.StatusCode.NOT_FOUND, "topic.not.found", message)


def no_topic_name() -> PubSubError:
    """Return the refusal of a blank topic name."""
    return _invalid("topic.validation.empty", "Topic validation failed. The topic can't be blank.")


def no_schema_id() -> PubSubError:
    """Return the refusal of a blank schema id."""
    return _invalid(
        "schema.validation.failed", "Schema validation failed. The schema ID can't be blank."
    )


def no_schema(tenant: str, schema_id: str) -> PubSubError:
    """Return the answer to a schema id that no event has."""
    message = f"The schema information for org {tenant} and schema ID {schema_id} not found."
    return PubSubError(grpc.StatusCode.NOT_FOUND, "schema.meta.permission", message)


def replay_id_missing() -> PubSubError:
    """Return the refusal of CUSTOM without a replay id."""
    return _invalid(
        "subscription.fetch.replayid.validation.failed",
        "The Replay ID validation failed. Provide a Replay ID when the replay preset is CUSTOM.",
    )


def replay_id_corrupted() -> PubSubError:
    """Return the refusal of a replay id that is too old, or that this org never gave out."""
    return _invalid(
        "subscription.fetch.replayid.corrupted",
        "The Replay ID validation failed. Ensure that the Replay ID is valid "
        "and refers to an event that is within the retention window.",
    )


def bad_request_size() -> PubSubError:
    """Return the refusal to ask for no events or for too many."""
    return _invalid(
        "subscription.fetch.requested.events.invalid",
        "The number of requested events must be greater than 0 and at most 100.",
    )


def other_topic() -> PubSubError:
    """Return the refusal to go on with another topic."""
    return _invalid(
        "subscription.fetch.topic.mismatch",
        "The topic name must be the same in all fetch requests of a stream.",
    )


def not_publishable() -> PubSubError:
    """Return the refusal to publish: only the org itself makes change events."""
    return PubSubError(
        grpc.StatusCode.PERMISSION_DENIED,
        "publish.topic.cannot.publish",
        "Change events can't be published.",
    )


def _invalid(code: str, message: str) -> PubSubError:
    return PubSubError(grpc.StatusCode.INVALID_ARGUMENT, code, message)
