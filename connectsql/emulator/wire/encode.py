"""JSON as it goes over the wire."""

from __future__ import annotations

import json
from typing import Any


def encode(value: Any) -> bytes:
    """Return compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
