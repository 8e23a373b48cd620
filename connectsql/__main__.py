"""``python -m connectsql`` is the command ``connectsql``."""

from __future__ import annotations

from connectsql.cli.main import main

if __name__ == "__main__":
    main()
