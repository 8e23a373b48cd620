"""All routes, in the order they are tried."""

from __future__ import annotations

from connectsql.emulator.routes import (
    collections,
    event_schemas,
    limits,
    query,
    replication,
    rows,
    sobjects,
    tooling,
    versions,
)
from connectsql.emulator.routes.bulk import ingest
from connectsql.emulator.routes.bulk import query as bulk_query
from connectsql.emulator.routes.composite import composite_routes
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.wire.router import Router

_MODULES = (
    versions,
    sobjects,
    query,
    collections,
    ingest,
    bulk_query,
    limits,
    event_schemas,
    tooling,
    replication,
    rows,
)


def data_routes(part: Handler) -> Router[Handler]:
    """Return the routes below ``/services/data/vXX.X``.

    ``part`` answers a call that is a part of another one: it knows these routes, so they
    cannot know it.
    """
    router: Router[Handler] = composite_routes(part)
    for module in _MODULES:
        router.include(module.routes)
    return router
