"""A Postgres server of our own, for tests and for trying out: no installation, no root.

::

    with embedded.start() as server:
        psycopg.connect(server.dsn())

The server listens on the loopback address only, asks for a generated password, and is gone
when the process that started it ends, however it ends.
"""

from __future__ import annotations

from connectsql.embedded.search import Binaries, binaries
from connectsql.embedded.server import Server, start

__all__ = ["Binaries", "Server", "binaries", "start"]
