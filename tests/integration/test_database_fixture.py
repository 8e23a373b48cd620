"""The database that tests are given."""

from __future__ import annotations

import psycopg
import pytest
from support.postgres import TestServer


@pytest.mark.every_postgres
def test_is_empty_and_of_the_version_asked_for(database: str, postgres_server: TestServer) -> None:
    with psycopg.connect(database) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        ).fetchone()
        assert tables == (0,)
        assert connection.info.server_version // 10000 == postgres_server.major


@pytest.mark.every_postgres
def test_has_hstore_to_install(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE EXTENSION hstore")
        assert connection.execute("SELECT 'a=>1'::hstore -> 'a'").fetchone() == ("1",)


def test_is_dropped_even_when_connections_are_left(postgres_server: TestServer) -> None:
    with postgres_server.fresh_database() as dsn:
        left = psycopg.connect(dsn)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(dsn)
    left.close()
