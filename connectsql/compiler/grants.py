"""Who may do what: the rights of applications, readers and the agent, and nothing more.

Applications need no right on the log: the capture runs as its owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from psycopg import sql

from connectsql.compiler.ddl import qualified, raw, text
from connectsql.compiler.model import Desired, Kind, Part, Table
from connectsql.compiler.names import dollar_quoted, quoted, sequence_name
from connectsql.config.model import Roles

_READ = "SELECT"
_WRITE = "SELECT, INSERT, UPDATE, DELETE"
# What the agent keeps in the schema connectsql, and what it only looks at.
_BOOKS = ("mapping", "agent", "claim")
_LOOKED_AT = ("connection", "object")


def grant_parts(table: Table) -> Iterator[Part]:
    """Yield one part for each role that has rights on a table."""
    application = _WRITE if table.mapping.writable else _READ
    for role, rights in _rights(table.roles, application):
        yield _on_table(table, role, rights)


def connection_grants(desired: Desired) -> Iterator[Part]:
    """Yield one part for each role that has to reach the schema at all."""
    for role in _everyone(desired):
        if role != desired.roles.agent:
            yield _on_schema(desired, role, [])
    if desired.roles.agent:
        part = _on_schema(desired, desired.roles.agent, list(agents_rights(desired.schema)))
        yield replace(part, create=f"{part.create}\n{_temporary_tables(desired.roles.agent)}")


def _rights(roles: Roles, application: str) -> Iterator[tuple[str, str]]:
    """Yield each role once: one that is named twice has the rights of the first."""
    named = {roles.agent: _WRITE} if roles.agent else {}
    for role in roles.applications:
        named.setdefault(role, application)
    for role in roles.readers:
        named.setdefault(role, _READ)
    yield from named.items()


def _everyone(desired: Desired) -> list[str]:
    named = [desired.roles, *(table.roles for table in desired.tables)]
    roles = [role for one in named for role, _ in _rights(one, "")]
    return list(dict.fromkeys(roles))


def _on_table(table: Table, role: str, rights: str) -> Part:
    targets = [(rights, sql.SQL("TABLE {}").format(qualified(table.schema, table.name)))]
    if rights == _WRITE:
        # The sequence has the name that serial gave it, shortened by Postgres' own rule.
        sequence = qualified(table.schema, sequence_name(table.name, "id"))
        targets.append(("USAGE", sql.SQL("SEQUENCE {}").format(sequence)))
    return _part(role, targets)


def _on_schema(desired: Desired, role: str, more: list[tuple[str, sql.Composable]]) -> Part:
    usage = ("USAGE", sql.SQL("SCHEMA {}").format(quoted(desired.schema)))
    return _part(role, [usage, *more])


def agents_rights(schema: str) -> Iterator[tuple[str, sql.Composable]]:
    """Yield what an agent needs beside the mapped tables: rights, and on what."""
    for log in ("_trigger_log", "_trigger_log_archive"):
        yield _WRITE, sql.SQL("TABLE {}").format(qualified(schema, log))
    sequence = qualified(schema, "_trigger_log_id_seq")
    yield "USAGE", sql.SQL("SEQUENCE {}").format(sequence)
    yield "USAGE", sql.SQL("SCHEMA connectsql")
    for name in _BOOKS:
        yield _WRITE, sql.SQL("TABLE {}").format(qualified("connectsql", name))
    for name in _LOOKED_AT:
        yield _READ, sql.SQL("TABLE {}").format(qualified("connectsql", name))
    yield "SELECT, DELETE", sql.SQL("TABLE {}").format(qualified("connectsql", "violation"))


def _temporary_tables(agent: str) -> str:
    """What comes from Salesforce is staged in one. PUBLIC may, unless a DBA took that away."""
    body = sql.SQL(
        "\nBEGIN\n"
        "    IF NOT has_database_privilege({agent}, current_database(), 'TEMPORARY') THEN\n"
        "        EXECUTE format(\n"
        "            'GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), {agent}\n"
        "        );\n"
        "    END IF;\n"
        "END\n"
    ).format(agent=sql.Literal(agent))
    return f"DO {dollar_quoted(text(body))};"


def _part(role: str, targets: Sequence[tuple[str, sql.Composable]]) -> Part:
    grant = sql.SQL("GRANT {} ON {} TO {};")
    revoke = sql.SQL("REVOKE {} ON {} FROM {};")
    create, drop = (
        "\n".join(
            text(form.format(raw(rights), target, quoted(role))) for rights, target in targets
        )
        for form in (grant, revoke)
    )
    return Part(kind=Kind.GRANT, name=role, create=create, drop=drop)
