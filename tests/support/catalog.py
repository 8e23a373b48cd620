"""What Postgres holds of a schema, for comparing two ways of making it."""

from __future__ import annotations

from typing import Any

import psycopg

# The owner's rights are written down once anybody else has some: they say nothing.
OBJECTS = """
    SELECT table_name, kind, name, definition FROM connectsql.catalog(%(schema)s)
    WHERE kind <> 'grant' OR name <> current_user
"""
NOTED = """
    SELECT table_name, kind, name, definition, installed FROM connectsql.object
    WHERE schema_name = %(schema)s
"""
COMMENTS = """
    SELECT c.relname, a.attname, coalesce(col_description(c.oid, a.attnum), '')
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = quote_ident(%(schema)s)::regnamespace AND c.relkind IN ('r', 'p')
    UNION ALL
    SELECT c.relname, '', coalesce(obj_description(c.oid, 'pg_class'), '')
    FROM pg_class AS c
    WHERE c.relnamespace = quote_ident(%(schema)s)::regnamespace AND c.relkind IN ('r', 'p')
"""
SEQUENCES = """
    SELECT c.relname, format_type(s.seqtypid, NULL), s.seqmax
    FROM pg_class AS c JOIN pg_sequence AS s ON s.seqrelid = c.oid
    WHERE c.relnamespace = quote_ident(%(schema)s)::regnamespace
"""
RIGHTS = """
    SELECT made.namespace::text, made.name, coalesce(r.rolname, 'PUBLIC'), acl.privilege_type
    FROM (
        SELECT pronamespace::regnamespace AS namespace, proname AS name, proowner AS owner,
               coalesce(proacl, acldefault('f', proowner)) AS rights
        FROM pg_proc
        UNION ALL
        SELECT relnamespace::regnamespace, relname, relowner, relacl FROM pg_class
    ) AS made
    CROSS JOIN aclexplode(made.rights) AS acl
    LEFT JOIN pg_roles AS r ON r.oid = acl.grantee
    WHERE made.namespace IN (quote_ident(%(schema)s)::regnamespace, 'connectsql'::regnamespace)
      AND acl.grantee <> made.owner
"""


def catalog(connection: psycopg.Connection[Any], schema: str) -> dict[str, Any]:
    """Return everything of a schema, in an order that does not depend on its history."""
    found = {
        name: sorted(connection.execute(query, {"schema": schema}).fetchall(), key=repr)
        for name, query in (
            ("objects", OBJECTS),
            ("noted", NOTED),
            ("comments", COMMENTS),
            ("sequences", SEQUENCES),
            ("rights", RIGHTS),
        )
    }
    connection.commit()
    return found


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Return what only one of two catalogs holds: a line each, + for what was found."""
    lines = []
    for name, rows in found.items():
        have, want = set(rows), set(expected[name])
        lines += [f"+ {name} {one}" for one in have - want]
        lines += [f"- {name} {one}" for one in want - have]
    return sorted(lines, key=lambda line: line[2:])
