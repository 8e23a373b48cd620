"""The Avro schemas of change events."""

from __future__ import annotations

from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.wire.router import Router

routes: Router[Handler] = Router()
