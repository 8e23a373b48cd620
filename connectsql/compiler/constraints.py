"""The org's rules as a trigger: a write that Salesforce must refuse shows where it is made.

The trigger fires AFTER each row, not before: by then all of the applications' own BEFORE
triggers have had their say, whatever their names, and what is checked is what is stored. It is
silent for the agent, which stores what Salesforce has.
"""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from connectsql.compiler.ddl import qualified, raw, text
from connectsql.compiler.model import Kind, Part, Table, Trigger
from connectsql.compiler.names import dollar_quoted, shorten
from connectsql.compiler.org_rules import Rule, org_rules
from connectsql.config.model import Constraints

_FUNCTION = """\
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger
LANGUAGE plpgsql {security}SET search_path TO pg_catalog, pg_temp
AS {body};
REVOKE EXECUTE ON FUNCTION {name}() FROM PUBLIC;"""
_REFUSING = """
DECLARE
    blanks CONSTANT text := E' \\t\\n\\r\\f\\v';
BEGIN
{moved}{rules}
    RETURN NULL;
END
"""
_NOTING = """
DECLARE
    blanks CONSTANT text := E' \\t\\n\\r\\f\\v';
    violated text[] := ARRAY[]::text[];
BEGIN
{moved}{rules}
    IF cardinality(violated) > 0 THEN
        INSERT INTO connectsql.violation (schema_name, table_name, record_id, rule)
        SELECT TG_TABLE_SCHEMA, {table}, NEW.id, unnest(violated);
    END IF;
    RETURN NULL;
END
"""
# An update that moves a row to another partition comes as an insert there.
_MOVED = """\
    IF TG_OP = 'INSERT' AND NEW.sfid IS NOT NULL THEN
        RETURN NULL;
    END IF;
"""
_IF = """\
    IF {breaks} THEN
        {then}
    END IF;"""
_REFUSE = """\
RAISE {condition} USING
            MESSAGE = {says},{hint}
            SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = {column},
            CONSTRAINT = {name};"""
_HINT = """
            HINT = {hint},"""
_NOTE = "violated := array_append(violated, {name});"


def constraint_parts(table: Table) -> Iterator[Part]:
    """Yield the function that holds applications' writes to a table against the org's rules."""
    if not _checked(table):
        return
    name = _name(table)
    drop = sql.SQL("DROP FUNCTION IF EXISTS {}();").format(qualified(table.schema, name))
    yield Part(kind=Kind.FUNCTION, name=name, create=_function(table), drop=text(drop))


def constraint_triggers(table: Table) -> Iterator[Trigger]:
    """Yield the trigger that calls it."""
    if _checked(table):
        name = _name(table)
        yield Trigger(name=name, timing="AFTER INSERT OR UPDATE", level="ROW", function=name)


def _checked(table: Table) -> bool:
    """Applications' writes to a read-only table never reach Salesforce."""
    return table.mapping.writable and table.mapping.constraints is not Constraints.OFF


def _name(table: Table) -> str:
    return shorten(f"check_{table.name}_for_org")


def _function(table: Table) -> str:
    """Only what notes needs rights that applications lack."""
    enforced = table.mapping.constraints is Constraints.ENFORCE
    rules = "\n".join(text(_checking(one, enforced=enforced)) for one in org_rules(table))
    partitioned = table.mapping.partitioned
    body = (_REFUSING if enforced else _NOTING).format(
        rules=rules,
        moved=_MOVED if partitioned else "",
        table=text(sql.Literal(table.name)) if partitioned else "TG_TABLE_NAME",
    )
    return text(
        sql.SQL(_FUNCTION).format(
            name=qualified(table.schema, _name(table)),
            security=raw("" if enforced else "SECURITY DEFINER "),
            body=raw(dollar_quoted(body)),
        )
    )


def _checking(rule: Rule, *, enforced: bool) -> sql.Composable:
    then = _refuse(rule) if enforced else sql.SQL(_NOTE).format(name=sql.Literal(rule.name))
    return sql.SQL(_IF).format(breaks=raw(rule.breaks), then=then)


def _refuse(rule: Rule) -> sql.Composable:
    hint = sql.SQL(_HINT).format(hint=sql.Literal(rule.hint)) if rule.hint else sql.SQL("")
    return sql.SQL(_REFUSE).format(
        condition=raw(rule.condition),
        says=sql.Literal(rule.says),
        hint=hint,
        column=sql.Literal(rule.column),
        name=sql.Literal(rule.name),
    )
