"""Opens the files that ship beside the code: ``sql/`` and ``schemas/``.

They lie at the top of a checkout and inside the package in a wheel; both work.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


@cache
def read_text(folder: str, name: str) -> str:
    """Return the text of ``folder/name``, for example ``read_text("sql", "queries.sql")``."""
    return _folder(folder).joinpath(name).read_text(encoding="utf-8")


def _folder(name: str) -> Path:
    shipped = _PACKAGE / "_shipped" / name
    return shipped if shipped.is_dir() else _PACKAGE.parent / name
