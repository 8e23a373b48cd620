"""Every function of ours under plpgsql_check, where the server has that extension."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.capture import LEVELS, installed, wanted

from connectsql.config.model import Constraints

pytestmark = pytest.mark.every_postgres
OURS = """
SELECT p.oid::regprocedure::text, p.oid,
       coalesce(t.tgrelid, 0), coalesce(t.tgoldtable, ''), coalesce(t.tgnewtable, '')
FROM pg_proc AS p
JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'plpgsql'
LEFT JOIN pg_trigger AS t ON t.tgfoid = p.oid
WHERE (t.oid IS NOT NULL OR p.prorettype <> 'trigger'::regtype)
  AND p.pronamespace IN ('connectsql'::regnamespace, 'salesforce'::regnamespace)
ORDER BY 1, 3
"""
FOUND = """
SELECT lineno, level, message, detail, query FROM plpgsql_check_function_tb(
    %s::oid::regprocedure, %s::oid::regclass, oldtable => nullif(%s, '')::name,
    newtable => nullif(%s, '')::name, extra_warnings => true, security_warnings => true)
"""


@pytest.mark.parametrize(
    ("types", "more"),
    [
        ("native", {"constraints": Constraints.WARN}),
        ("native", {"constraints": Constraints.ENFORCE, "partitioned": True}),
        ("heroku", {}),
    ],
    ids=["warn", "enforce-partitioned", "heroku"],
)
@pytest.mark.parametrize("level", LEVELS)
def test_nothing_is_found(
    database: str, tmp_path: Path, level: str, types: str, more: dict[str, Any]
) -> None:
    installed(database, wanted(tmp_path, level, types=types, **more))
    with psycopg.connect(database, autocommit=True) as session:
        try:
            session.execute("CREATE EXTENSION plpgsql_check")
        except (psycopg.errors.UndefinedFile, psycopg.errors.FeatureNotSupported):
            pytest.skip("this Postgres has no extension plpgsql_check")
        ours = session.execute(OURS).fetchall()
        found = {name: session.execute(FOUND, more).fetchall() for name, *more in ours}
    assert {name: problems for name, problems in found.items() if problems} == {}
    assert {"connectsql.use_hstore()", "salesforce.tlog_notify_trigger()"} <= found.keys()
