"""The Tooling API, as far as ordinary clients call it."""

from __future__ import annotations

from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.wire.router import Router

routes: Router[Handler] = Router()
