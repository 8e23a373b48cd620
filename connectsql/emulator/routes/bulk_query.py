"""Bulk API 2.0, reading: query jobs and the pages of their results."""

from __future__ import annotations

from connectsql.emulator.routes.handler import Handler
from connectsql.emulator.wire.router import Router

routes: Router[Handler] = Router()
