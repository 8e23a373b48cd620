"""Taking over tables that another sync has filled: rows, ids and waiting changes stay.

Heroku Connect's tables are such. What it made is replaced where the names are the same and left
where they are not; nothing is loaded again that stands already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from psycopg import sql

from connectsql.compiler.ddl import qualified, text, trigger_again
from connectsql.compiler.installed import Installed, InstalledTable, Key
from connectsql.compiler.model import Desired, Table
from connectsql.compiler.names import quoted
from connectsql.compiler.plan import Change, Hazard, Note
from connectsql.compiler.triggers import names

_OWN_TABLES = ("_trigger_log", "_trigger_log_archive", "_hcmeta", "_sf_event_log")


def is_takeover(installed: Installed) -> bool:
    """Whether another's trigger log stands where connectsql was never applied."""
    return installed.fingerprint is None and "_trigger_log" in installed.tables


def replaced_triggers(
    desired: Desired, installed: Installed, wanted: Iterable[Key]
) -> Iterator[Change]:
    """Yield the removal of capture triggers of the other sync that no trigger of ours replaces."""
    keep = set(wanted)
    for table in desired.tables:
        for name in names(table.name):
            key = (table.name, "trigger", name)
            if key in installed.objects and key not in keep and key not in installed.made:
                form = sql.SQL("DROP TRIGGER {} ON {};")
                target = qualified(desired.schema, table.name)
                yield Change(
                    sql=text(form.format(quoted(name), target)),
                    comment=f"drop trigger {name} on {table.name}: the agent stands in its place",
                    reverse=trigger_again(desired.schema, table.name, name, installed.objects[key]),
                )


def adoption(desired: Desired, installed: Installed) -> Iterator[Change]:
    """Yield what makes the agent go on where the other sync stopped."""
    for table in desired.tables:
        stands = installed.tables.get(table.name)
        if stands is None or stands.known or (table.name, "table", table.name) in installed.made:
            continue
        lacking = [one.name for one in table.columns if one.name not in stands.columns]
        yield _loads(table, lacking) if lacking else _goes_on(table, stands)
        if is_takeover(installed):
            yield _in_flight(table)


def _loads(table: Table, lacking: list[str]) -> Change:
    form = sql.SQL(
        "INSERT INTO connectsql.mapping (schema_name, table_name) VALUES ({}, {})\n"
        "ON CONFLICT DO NOTHING;"
    )
    return Change(
        sql=text(form.format(sql.Literal(table.schema), sql.Literal(table.name))),
        comment=f"read {table.name} again from Salesforce, for {', '.join(lacking)}",
        hazards=frozenset({Hazard.BACKFILL}),
        reverse=_unread(table),
    )


def _unread(table: Table) -> str:
    """Another sync reads on from here: a later take-over must look again."""
    form = sql.SQL("DELETE FROM connectsql.mapping WHERE schema_name = {} AND table_name = {};")
    return text(form.format(sql.Literal(table.schema), sql.Literal(table.name)))


def _goes_on(table: Table, stands: InstalledTable) -> Change:
    """The latest change in the table is as far as the other sync has read."""
    stamp: sql.Composable = sql.SQL("max(systemmodstamp)")
    if "without time zone" in stands.columns["systemmodstamp"].type:
        stamp = sql.SQL("max(systemmodstamp) AT TIME ZONE 'UTC'")
    form = sql.SQL(
        "INSERT INTO connectsql.mapping (schema_name, table_name, loaded_at, read_until)\n"
        "SELECT {schema}, {name}, CASE WHEN count(*) > 0 THEN now() END, {stamp}\n"
        "FROM {table} WHERE systemmodstamp IS NOT NULL\n"
        "ON CONFLICT DO NOTHING;"
    )
    return Change(
        sql=text(
            form.format(
                schema=sql.Literal(table.schema),
                name=sql.Literal(table.name),
                stamp=stamp,
                table=qualified(table.schema, table.name),
            )
        ),
        comment=f"go on reading {table.name} behind its latest change",
        reverse=_unread(table),
    )


def _in_flight(table: Table) -> Change:
    """Changes whose outcome nobody knows: what cannot be found again must not be sent again."""
    known: sql.Composable = sql.SQL("t.sfid IS NOT NULL")
    if table.identifier is not None:
        known = sql.SQL("(t.sfid IS NOT NULL OR t.{} IS NOT NULL)").format(
            quoted(table.identifier.name)
        )
    form = sql.SQL(
        "INSERT INTO connectsql.claim (schema_name, log_id, sent_at, sent_blind)\n"
        "SELECT {schema}, l.id, coalesce(l.created_at, now()),\n"
        "       l.action = 'INSERT' AND NOT EXISTS (\n"
        "           SELECT FROM {table} AS t WHERE t.id = l.record_id AND {known}\n"
        "       )\n"
        "FROM {log} AS l\n"
        "WHERE l.state = 'PENDING' AND l.table_name = {name}\n"
        "ON CONFLICT DO NOTHING;"
    )
    unclaim = sql.SQL(
        "DELETE FROM connectsql.claim AS c USING {log} AS l\n"
        "WHERE c.schema_name = {schema} AND c.log_id = l.id AND l.table_name = {name};"
    )
    return Change(
        sql=text(
            form.format(
                schema=sql.Literal(table.schema),
                table=qualified(table.schema, table.name),
                known=known,
                log=qualified(table.schema, "_trigger_log"),
                name=sql.Literal(table.name),
            )
        ),
        comment=f"adopt the changes of {table.name} that were being sent",
        reverse=text(
            unclaim.format(
                schema=sql.Literal(table.schema),
                log=qualified(table.schema, "_trigger_log"),
                name=sql.Literal(table.name),
            )
        ),
    )


def notes(desired: Desired, installed: Installed) -> Iterator[Note]:
    """Yield what stands beside the config and is left alone."""
    if not is_takeover(installed):
        return
    for name, stands in sorted(installed.tables.items()):
        table = desired.by_name.get(name)
        if table is not None:
            yield from _extra(table, stands, installed)
        elif stands.kind in ("r", "p") and name not in _OWN_TABLES:
            yield Note(what="left", text=f"table {name} is not in the config")
            if any(key[:2] == (name, "trigger") for key in installed.objects):
                yield Note(what="left", text=f"the triggers of {name} go on writing as they did")
    for _, kind, name in sorted(installed.objects):
        if kind == "function" and name.startswith("hc_") and name.endswith(("_logger", "_status")):
            yield Note(what="left", text=f"function {name} is not used any more")


def _extra(table: Table, stands: InstalledTable, installed: Installed) -> Iterator[Note]:
    own = {"sfid", "id", "_hc_lastop", "_hc_err", *table.by_name}
    own |= {one.name for one in table.computed} | {one.name for one in table.twins}
    if extra := [name for name in stands.columns if name not in own]:
        columns = ", ".join(extra)
        yield Note(what="left", text=f"{table.name} has columns beside the config: {columns}")
    wanted = {index.name for index in table.indexes} | {f"{table.name}_pkey"}
    for where, kind, name in sorted(installed.objects):
        if where == table.name and kind == "index" and name not in wanted:
            yield Note(what="left", text=f"index {name} on {table.name} is not in the config")
