"""All routes, in the order they are tried."""

from __future__ import annotations

from connectsql.emulator.routes import (
    bulk_ingest,
    bulk_query,
    collections,
    composite,
    event_schemas,
    limits,
    query,
    replication,
    rows,
    sobjects,
    tooling,
    versions,
)
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.wire.router import Router

_MODULES = (
    versions,
    sobjects,
    query,
    collections,
    composite,
    bulk_ingest,
    bulk_query,
    limits,
    event_schemas,
    tooling,
    replication,
    rows,
)


def data_routes() -> Router[Handler]:
    """Return the routes below ``/services/data/vXX.X``."""
    router: Router[Handler] = Router()
    for module in _MODULES:
        router.include(module.routes)
    return router
