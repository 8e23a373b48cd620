"""Rights that a role has no more, or has again: whatever connectsql may have given it."""

from __future__ import annotations

from psycopg import sql

from connectsql.compiler.ddl import qualified, raw, text
from connectsql.compiler.grants import agents_rights
from connectsql.compiler.installed import Installed, Key
from connectsql.compiler.names import quoted, sequence_name

LOGS = ("_trigger_log", "_trigger_log_archive")
Targets = list[tuple[str, sql.Composable]]


def revoke_all(schema: str, key: Key, installed: Installed) -> str:
    """Return the statements that take from a role what it may have been given there."""
    table, _, role = key
    if table:
        sequence = qualified(schema, sequence_name(table, "id"))
        targets = [_target("TABLE", qualified(schema, table)), _target("SEQUENCE", sequence)]
    else:
        targets = [_target("SCHEMA", quoted(schema))]
        if _serves(key, installed):
            targets += [_target("TABLE", qualified(schema, name)) for name in LOGS]
            targets.append(_target("SEQUENCE", qualified(schema, "_trigger_log_id_seq")))
            # One agent may serve several schemas: the books are shared.
            if role not in installed.granted_elsewhere:
                targets.append(_target("ALL TABLES IN SCHEMA", quoted("connectsql")))
                targets.append(_target("SCHEMA", quoted("connectsql")))
    return _each("REVOKE {} ON {} FROM {};", role, [("ALL", target) for target in targets])


def grant_again(schema: str, key: Key, installed: Installed) -> str:
    """Return the statements that give a role what it had there by the registry."""
    table, _, role = key
    had = installed.objects.get(key, "")
    targets: Targets = []
    if table and had:
        targets.append((had, _target("TABLE", qualified(schema, table))))
        if "INSERT" in had:
            sequence = qualified(schema, sequence_name(table, "id"))
            targets.append(("USAGE", _target("SEQUENCE", sequence)))
    elif had:
        targets.append((had, _target("SCHEMA", quoted(schema))))
        if _serves(key, installed):
            targets += agents_rights(schema)
    return _each("GRANT {} ON {} TO {};", role, targets)


def _serves(key: Key, installed: Installed) -> bool:
    """Whether the role is an agent's: only those have rights on the log."""
    return ("_trigger_log", "grant", key[2]) in installed.objects


def _target(what: str, name: sql.Composable) -> sql.Composable:
    return sql.SQL("{} {}").format(raw(what), name)


def _each(form: str, role: str, targets: Targets) -> str:
    statement = sql.SQL(form)
    return "\n".join(
        text(statement.format(raw(rights), target, quoted(role))) for rights, target in targets
    )
