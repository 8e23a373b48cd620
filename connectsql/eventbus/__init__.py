"""The Pub/Sub API's wire format, for whoever serves it and whoever subscribes.

``bitmap``, ``schema`` and ``encoding`` need nothing; ``messages`` needs protobuf, which comes
with the extra ``events``.
"""
