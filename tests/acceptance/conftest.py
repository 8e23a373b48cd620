"""What every acceptance test needs."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("support.command", "support.walk")
