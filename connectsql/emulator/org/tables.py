"""The tables that records live in, and the statements that read and write them."""

from __future__ import annotations

from functools import lru_cache

from connectsql.emulator.org import text
from connectsql.emulator.org.schema import NUMBERS, Field, SObject

DELETED = "IsDeleted"
_REMEMBERED_STATEMENTS = 4096


def quote(identifier: str) -> str:
    """Return an SQL identifier, quoted."""
    return '"' + identifier.replace('"', '""') + '"'


def equals(field: Field) -> str:
    """Return the SQL condition that a field equals a parameter, such that its index is used.

    Where case does not count the index holds ``folded`` values, made once a record: a
    collation would be called for each comparison. The parameter has to be folded, too.
    """
    column = quote(field.name)
    if field.folds_case:
        return f"{text.FOLDED}({column})=? AND {column} IS NOT NULL"
    return f"{column}=?"


@lru_cache(maxsize=_REMEMBERED_STATEMENTS)
def insert_statement(table: str, columns: tuple[str, ...]) -> str:
    """Return the statement that adds a row of these columns."""
    names = ",".join(map(quote, columns))
    marks = ",".join("?" * len(columns))
    return f"INSERT INTO {quote(table)} ({names}) VALUES ({marks})"  # noqa: S608


@lru_cache(maxsize=_REMEMBERED_STATEMENTS)
def update_statement(table: str, columns: tuple[tuple[str, bool], ...]) -> str:
    """Return the statement that sets columns of a record; each tells whether to null."""
    assignments = ",".join(f"{quote(one)}={'NULL' if null else '?'}" for one, null in columns)
    return f'UPDATE {quote(table)} SET {assignments} WHERE "Id"=?'  # noqa: S608


@lru_cache(maxsize=_REMEMBERED_STATEMENTS)
def find_statement(table: str, field: Field) -> str:
    """Return the statement that finds records, not deleted, by a field's value."""
    condition = f'{equals(field)} AND "IsDeleted"=0'
    return f'SELECT "Id" FROM {quote(table)} WHERE {condition} ORDER BY "Id"'  # noqa: S608


def fetch_statement(table: str, columns: list[str]) -> str:
    """Return the statement that reads a record by its id."""
    names = ",".join(map(quote, columns))
    return f'SELECT {names} FROM {quote(table)} WHERE "Id"=?'  # noqa: S608


def columns_of(sobject: SObject) -> dict[str, str]:
    """Return an object's columns and their types."""
    columns = {field.name: _column_type(field) for field in sobject.stored}
    return columns | {DELETED: "INTEGER NOT NULL DEFAULT 0"}


def _column_type(field: Field) -> str:
    if field.type == "id":
        return "TEXT PRIMARY KEY"
    if field.type in NUMBERS:
        return "REAL"
    if field.type in ("boolean", "int"):
        return "INTEGER"
    return f"TEXT COLLATE {text.COLLATION}" if field.folds_case else "TEXT"


def index_name(table: str, field: Field) -> str:
    """Return the name of a field's index."""
    name = f"{table}.{field.name}.{'folded' if field.folds_case else 'set'}"
    return f"{name}.one" if field.unique else name


def index_statement(table: str, field: Field) -> str:
    """Return the statement that makes a field's index, which does without the nulls."""
    column = quote(field.name)
    key = f"{text.FOLDED}({column})" if field.folds_case else column
    kind, which = "INDEX", f"{column} IS NOT NULL"
    if field.unique:
        kind, which = "UNIQUE INDEX", f'{which} AND "IsDeleted"=0'
    name = quote(index_name(table, field))
    return f"CREATE {kind} IF NOT EXISTS {name} ON {quote(table)} ({key}) WHERE {which}"


def index_of(sobject: SObject, field: Field) -> str | None:
    """Return the statement that makes a field's index, None where it needs none."""
    return index_statement(sobject.name, field) if is_indexed(field) else None


def is_indexed(field: Field) -> bool:
    """Tell whether records are looked for by this field. Lookups to users tell nothing apart."""
    if field.type == "reference":
        return bool(set(field.reference_to) - {"User", "Group"})
    return field.type != "id" and (
        field.unique or field.identifies or field.name == "SystemModstamp"
    )
