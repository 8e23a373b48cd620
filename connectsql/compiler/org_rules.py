"""What Salesforce refuses about a table's values: each rule a condition over NEW and OLD.

A rule must never refuse what Salesforce takes: where the describe leaves a doubt there is no
rule. An update is held against the rules of the columns it changes, since old records may hold
values that today's rules refuse. OLD is NULL for an insert, so that every value is a change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg import sql

from connectsql.compiler.ddl import raw, text
from connectsql.compiler.model import Column, Table
from connectsql.compiler.names import quoted
from connectsql.compiler.once import once
from connectsql.describe.types import STANDARD_PICKLIST

_LOOKUPS = ("reference", "id")
_PICKLISTS = ("picklist", "multipicklist", "combobox")
_NUMBERS = ("double", "currency", "percent")
_LARGEST_INT = 2**31 - 1
_VALUES_SHOWN = 20
_BLANKS = " \t\n\r\f\v"  # what a check's function calls blanks


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of one column. ``breaks`` is true of a row that Salesforce refuses."""

    name: str  # account_name_required: what a violation is called
    column: str
    breaks: str
    says: str
    hint: str = ""
    condition: str = "check_violation"  # Postgres' word for the error


def org_rules(table: Table) -> tuple[Rule, ...]:
    """Return the rules of a table, column by column."""
    return tuple(_rules(table))


def _rules(table: Table) -> Iterator[Rule]:
    yield _read_only_id(table)
    for column in table.columns:
        yield from _read_only(table, column)
        yield from _required(table, column)
        if column.lookup is None and column.writable:
            yield from _length(table, column)
            yield from _picklist(table, column)
            yield from _range(table, column)


def _read_only_id(table: Table) -> Rule:
    return _rule(
        table,
        "sfid",
        "read_only",
        sql.SQL("NEW.sfid IS DISTINCT FROM OLD.sfid"),
        "cannot be written: Salesforce gives a record its Id",
    )


def _read_only(table: Table, column: Column) -> Iterator[Rule]:
    """Until Salesforce knows a row, an update of it is part of its insert."""
    if column.createable and column.updateable:
        return
    changed: sql.Composable = _changed(column)
    when = "written"
    if column.createable:
        changed, when = _all(sql.SQL("OLD.sfid IS NOT NULL"), changed), "changed"
    elif column.updateable:
        changed, when = _all(sql.SQL("TG_OP = 'INSERT'"), changed), "given to a new row"
    field = column.lookup or column.field
    why = "Salesforce does not take"
    if (field.createable, field.updateable) != (column.createable, column.updateable):
        why = "the config does not send"
    yield _rule(
        table, column.name, "read_only", changed, f"cannot be {when}: {why} {_path(table, column)}"
    )


def _required(table: Table, column: Column) -> Iterator[Rule]:
    """A lookup is told by any of its columns; the first of them has the rule."""
    field = column.lookup or column.field
    group = _told_by(table).get(field.name, ())
    if field.nillable or field.type == "boolean" or column.name not in group[:1]:
        return
    changed = sql.SQL(" OR ").join(
        sql.SQL("NEW.{0} IS DISTINCT FROM OLD.{0}").format(quoted(name)) for name in group
    )
    when: sql.Composable
    if field.required_on_create:
        when = sql.SQL("(TG_OP = 'INSERT' OR {})").format(changed)
    else:  # a new record gets a value from Salesforce
        several = sql.SQL("({})" if len(group) > 1 else "{}").format(changed)
        when = _all(sql.SQL("OLD.sfid IS NOT NULL"), several)
    breaks = _all(when, *(_empty(table, name) for name in group))
    says = f"must not be empty: Salesforce requires {table.object.name}.{field.name}"
    yield _rule(
        table, column.name, "required", breaks, says, condition="not_null_violation",
        hint=f"any of these will do: {', '.join(group)}" if len(group) > 1 else "",
    )  # fmt: skip


@once
def _told_by(table: Table) -> Mapping[str, Sequence[str]]:
    """Return the columns that tell each field's value: its own, parents' external ids, a twin."""
    found: dict[str, list[str]] = {}
    for column in table.columns:
        if column.writable:
            found.setdefault((column.lookup or column.field).name, []).append(column.name)
    for twin in table.twins:
        found.setdefault(twin.field.name, []).append(twin.name)
    return found


def _length(table: Table, column: Column) -> Iterator[Rule]:
    """Varchar columns say so themselves, unless one is kept wider than its field."""
    field = column.field
    doubtful = field.type in _PICKLISTS and field.length == STANDARD_PICKLIST
    if not field.length or doubtful or field.type in _LOOKUPS or not _is_text(column):
        return
    longer = sql.SQL("char_length({}) > {}").format(_trimmed(column.name), field.length)
    says = f"is longer than the {field.length:,} characters of {_path(table, column)}"
    yield _rule(table, column.name, "length", _and_changed(column, longer), says)


def _picklist(table: Table, column: Column) -> Iterator[Rule]:
    """Salesforce compares without regard to case, and takes blanks for no value."""
    field = column.field
    if not field.restricted or not field.picklist:
        return
    values = sql.SQL(", ").join(
        [sql.SQL("''"), *(_folded(one.strip(_BLANKS)) for one in field.picklist)]
    )
    if field.type == "multipicklist":
        unknown = sql.SQL(
            "EXISTS (\n"
            "            SELECT FROM string_to_table(NEW.{}, ';') AS chosen (value)\n"
            "            WHERE lower(btrim(value, blanks)) NOT IN ({})\n"
            "        )"
        ).format(quoted(column.name), values)
    else:
        unknown = sql.SQL("lower({}) NOT IN ({})").format(_trimmed(column.name), values)
    shown = ", ".join(field.picklist[:_VALUES_SHOWN])
    more = ", ..." if len(field.picklist) > _VALUES_SHOWN else ""
    says = f"holds a value that the restricted picklist {_path(table, column)} does not have"
    yield _rule(
        table, column.name, "picklist", _and_changed(column, unknown), says,
        hint=f"it has: {shown}{more}",
    )  # fmt: skip


def _folded(value: str) -> sql.Composable:
    return sql.SQL("lower({})").format(sql.Literal(value))


def _range(table: Table, column: Column) -> Iterator[Rule]:
    """Decimals beyond a field's scale are kept by Salesforce: only its own pages round."""
    field, target = column.field, sql.SQL("NEW.{}").format(quoted(column.name))
    if field.type in _NUMBERS and field.precision:
        digits = field.precision - field.scale
        outside = sql.SQL("abs({}) >= {}").format(target, 10**digits)
    elif field.type == "int" and (limit := _largest(column)):
        digits = field.digits
        outside = sql.SQL("{} NOT BETWEEN {} AND {}").format(target, raw(str(-limit)), limit)
    else:
        return
    says = f"is out of range: {_path(table, column)} has {digits} digits before the decimal point"
    yield _rule(table, column.name, "range", _and_changed(column, outside), says)


def _largest(column: Column) -> int | None:
    """Return the largest int of a field, or None where its column can hold no larger one."""
    limit = min(10**column.field.digits - 1 if column.field.digits else _LARGEST_INT, _LARGEST_INT)
    return None if column.type == "integer" and limit == _LARGEST_INT else limit


def _rule(
    table: Table,
    column: str,
    kind: str,
    breaks: sql.Composable,
    says: str,
    *,
    hint: str = "",
    condition: str = "check_violation",
) -> Rule:
    return Rule(
        name=f"{table.name}_{column}_{kind}",  # of nothing in the catalog: it may be long
        column=column,
        breaks=text(breaks),
        says=f"{table.name}.{column} {says}",
        hint=hint,
        condition=condition,
    )


def _path(table: Table, column: Column) -> str:
    return f"{table.object.name}.{column.path}"


def _is_text(column: Column) -> bool:
    return column.type.startswith(("varchar", "text"))


def _changed(column: Column) -> sql.Composable:
    """An empty text is no value to Salesforce."""
    form = "NEW.{0} IS DISTINCT FROM OLD.{0}"
    if _is_text(column):
        form = "nullif(NEW.{0}, '') IS DISTINCT FROM nullif(OLD.{0}, '')"
    return sql.SQL(form).format(quoted(column.name))


def _and_changed(column: Column, breaks: sql.Composable) -> sql.Composable:
    changed = sql.SQL("NEW.{0} IS DISTINCT FROM OLD.{0}").format(quoted(column.name))
    return _all(changed, breaks)


def _all(*conditions: sql.Composable) -> sql.Composable:
    return sql.SQL("\n        AND ").join(conditions)


def _empty(table: Table, name: str) -> sql.Composable:
    column = table.by_name.get(name)
    if column is not None and _is_text(column):
        return sql.SQL("coalesce({}, '') = ''").format(_trimmed(name))
    return sql.SQL("NEW.{} IS NULL").format(quoted(name))


def _trimmed(name: str) -> sql.Composable:
    """Salesforce stores texts without the blanks around them."""
    return sql.SQL("btrim(NEW.{}, blanks)").format(quoted(name))
