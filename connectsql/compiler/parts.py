"""The parts of a mapped table that are made and dropped whole, in the order of their making."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from psycopg import sql

from connectsql.compiler import ddl
from connectsql.compiler.capturing import capturing_parts
from connectsql.compiler.constraints import constraint_parts, constraint_triggers
from connectsql.compiler.ddl import qualified, text
from connectsql.compiler.grants import grant_parts
from connectsql.compiler.model import Computed, Index, Kind, Part, Table, Trigger, Twin
from connectsql.compiler.names import quoted, shorten
from connectsql.compiler.once import once
from connectsql.compiler.triggers import triggers

# Not public.get_xmlbinary(): with each statement Postgres would prepare its body anew.
_APPLICATIONS = sql.SQL("current_setting('xmlbinary') = 'base64'")
_NOT_THE_AGENT = sql.SQL("current_setting('connectsql.agent', true) IS DISTINCT FROM 'on'")


@once
def parts(table: Table) -> tuple[Part, ...]:
    """Return everything of a table beside its fields' columns."""
    return tuple(_parts(table))


@once
def definition(part: Part) -> str:
    """Return what identifies the SQL that makes a part."""
    return hashlib.md5(part.create.encode(), usedforsecurity=False).hexdigest()


def _parts(table: Table) -> Iterator[Part]:
    for computed in table.computed:
        yield _computed(table, computed)
    for twin in table.twins:
        yield from _twin(table, twin)
    for index in table.indexes:
        yield index_part(table, index)
    yield from constraint_parts(table)
    yield from capturing_parts(table)
    for trigger in (*constraint_triggers(table), *triggers(table)):
        yield _trigger(table, trigger)
    yield from grant_parts(table)


def _computed(table: Table, computed: Computed) -> Part:
    return Part(
        kind=Kind.COLUMN,
        name=computed.name,
        create=ddl.add_computed(table, computed),
        drop=ddl.drop_column(table.schema, table.name, computed.name),
    )


def _twin(table: Table, twin: Twin) -> Iterator[Part]:
    yield Part(
        kind=Kind.COLUMN,
        name=twin.name,
        create=ddl.add_column(table.schema, table.name, twin.name, table.key_type),
        drop=ddl.drop_column(table.schema, table.name, twin.name),
    )
    index = Index(name=shorten(f"hc_idx_{table.name}_{twin.name}"), column=twin.name, unique=False)
    yield index_part(table, index)
    yield _foreign_key(table, twin)


def _foreign_key(table: Table, twin: Twin) -> Part:
    """Deferrable, so that a transaction may write children before their parents."""
    name = shorten(f"{table.name}_{twin.name}_fkey")
    target = qualified(table.schema, table.name)
    drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {};").format(target, quoted(name))
    add = sql.SQL(
        "ALTER TABLE {} ADD CONSTRAINT {}\n    FOREIGN KEY ({}) REFERENCES {} (id) "
        "ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;"
    ).format(target, quoted(name), quoted(twin.name), qualified(table.schema, twin.parent))
    return Part(
        kind=Kind.CONSTRAINT, name=name, create=f"{text(drop)}\n{text(add)}", drop=text(drop)
    )


def index_part(table: Table, index: Index) -> Part:
    """Return an index as it is made with its table."""
    drop = sql.SQL("DROP INDEX IF EXISTS {};").format(qualified(table.schema, index.name))
    return Part(
        kind=Kind.INDEX, name=index.name, create=create_index(table, index), drop=text(drop)
    )


def create_index(table: Table, index: Index, *, concurrently: bool = False) -> str:
    """Return the statement that makes an index."""
    statement = sql.SQL("CREATE {unique}INDEX {how}IF NOT EXISTS {name} ON {table} ({column});")
    return text(
        statement.format(
            unique=sql.SQL("UNIQUE ") if index.unique else sql.SQL(""),
            how=sql.SQL("CONCURRENTLY ") if concurrently else sql.SQL(""),
            name=quoted(index.name),
            table=qualified(table.schema, table.name),
            column=quoted(index.column),
        )
    )


def _trigger(table: Table, trigger: Trigger) -> Part:
    target = qualified(table.schema, table.name)
    drop = sql.SQL("DROP TRIGGER IF EXISTS {} ON {};").format(quoted(trigger.name), target)
    return Part(
        kind=Kind.TRIGGER,
        name=trigger.name,
        create=_create_trigger(table, trigger),
        drop=text(drop),
    )


def _create_trigger(table: Table, trigger: Trigger) -> str:
    target = qualified(table.schema, table.name)
    statement = sql.SQL(
        "CREATE OR REPLACE TRIGGER {name}\n"
        "    {timing} ON {table}{transition}\n"
        "    FOR EACH {level}{condition}\n"
        "    EXECUTE FUNCTION {function}({arguments});"
    ).format(
        name=quoted(trigger.name),
        timing=ddl.raw(trigger.timing),
        table=target,
        transition=_transition(trigger),
        level=ddl.raw(trigger.level),
        condition=_condition(trigger),
        function=qualified(table.schema, trigger.function),
        arguments=sql.SQL(", ").join(sql.Literal(one) for one in trigger.arguments),
    )
    if trigger.always:
        always = sql.SQL("\nALTER TABLE {} ENABLE ALWAYS TRIGGER {};")
        statement += always.format(target, quoted(trigger.name))
    return text(statement)


def _transition(trigger: Trigger) -> sql.Composable:
    if not trigger.transition:
        return sql.SQL("")
    tables = [
        sql.SQL(" {} TABLE AS {}").format(ddl.raw(which), quoted(name))
        for which, name in trigger.transition
    ]
    return sql.SQL("\n    REFERENCING{}").format(sql.Composed(tables))


def _condition(trigger: Trigger) -> sql.Composable:
    """Return when it fires; what is given a statement's rows asks by itself who wrote them."""
    if trigger.transition:
        return sql.SQL("")
    return sql.SQL("\n    WHEN ({})").format(_when(trigger))


def _when(trigger: Trigger) -> sql.Composable:
    who = _APPLICATIONS if trigger.applications_only else _NOT_THE_AGENT
    if trigger.condition is None:
        return who
    return sql.SQL("{} AND ({})").format(who, ddl.raw(trigger.condition))
