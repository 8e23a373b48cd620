"""Several calls in one: composite, batch, tree and graph."""

from __future__ import annotations

from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.wire.router import Router

routes: Router[Handler] = Router()
