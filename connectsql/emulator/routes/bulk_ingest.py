"""Bulk API 2.0, writing: jobs, their data, their results."""

from __future__ import annotations

from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.wire.router import Router

routes: Router[Handler] = Router()
