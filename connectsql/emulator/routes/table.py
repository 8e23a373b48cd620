"""All routes, in the order they are tried."""

from __future__ import annotations

from connectsql.emulator.routes import collections, limits, query, rows, sobjects, versions
from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.wire.router import Router


def data_routes() -> Router[Handler]:
    """Return the routes below ``/services/data/vXX.X``."""
    router: Router[Handler] = Router()
    for module in (versions, sobjects, query, collections, limits, rows):
        router.include(module.routes)
    return router
