"""Whether an expression that a user wrote is one scalar over one table, and nothing else.

It is put into the compiled SQL as it stands, so everything is forbidden that is not known to be
harmless: only these nodes, operators, functions and types pass. What Postgres itself demands of a
generated column (that all be immutable for its types) is left to Postgres.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from connectsql.compiler import check
from connectsql.compiler.model import Desired, Table
from connectsql.config.words import did_you_mean
from connectsql.errors import CompileError, ConfigError, Fault

LONGEST = 4000  # characters
DEEPEST = 100  # nested nodes

_TYPE_NAMES = """
    text varchar bpchar int2 int4 int8 numeric float4 float8 bool date time timestamp timestamptz
    uuid
"""
_FUNCTION_NAMES = """
    abs btrim ceil ceiling char_length character_length date_part date_trunc div extract floor
    initcap left length lower lpad ltrim make_date md5 mod octet_length overlay position power
    regexp_replace replace reverse right round rpad rtrim sign split_part sqrt strpos substr
    substring translate trunc upper
"""
_OPERATOR_NAMES = """
    + - * / % ^ || = <> < <= > >= ~~ !~~ ~~* !~~* ~ ~* !~ !~*
"""
_COMPARISONS = """
    OP DISTINCT NOT_DISTINCT NULLIF IN LIKE ILIKE BETWEEN NOT_BETWEEN
"""
_TYPES = frozenset(_TYPE_NAMES.split())
_FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
_OPERATORS = frozenset(_OPERATOR_NAMES.split())
_KINDS = frozenset(f"AEXPR_{one}" for one in _COMPARISONS.split())
_PLAIN_CALL = {"funcname", "args", "funcformat", "location"}
_NAMES = {
    "SubLink": "a subquery",
    "ParamRef": "a parameter",
    "SQLValueFunction": "a value that changes by itself, like CURRENT_DATE,",
    "RowExpr": "a row of several values",
    "A_ArrayExpr": "an array",
    "A_Indirection": "a part of a value",
    "CollateClause": "a collation",
}


def check_expressions(desired: Desired) -> None:
    """Raise ConfigError with every computed column that is not safe to compile."""
    faults = [fault for table in desired.tables for fault in expression_faults(table)]
    if faults:
        raise ConfigError(faults)


def expression_faults(table: Table) -> Iterator[Fault]:
    """Yield what is wrong with the computed columns of one table."""
    columns = ["id", "sfid", *table.by_name]
    for written in table.mapping.computed:
        for what, problem in (
            ("expression", expression_problem(written.expression.strip(), columns)),
            ("type", type_problem(written.type)),
        ):
            if problem:
                yield Fault(
                    place=written.place,
                    message=f"the {what} of the computed column {written.column} {problem[0]}",
                    hint=problem[1],
                )


def expression_problem(text: str, columns: Collection[str]) -> tuple[str, str] | None:
    """Say what is wrong with an expression over these columns, and what to do; None if nothing."""
    return _problem(text, lambda: _Walk(columns).expression(_value(f"SELECT (\n{text}\n)")))


def type_problem(text: str) -> tuple[str, str] | None:
    """Say what is wrong with the type of a computed column, and what to do; None if nothing."""
    return _problem(text, lambda: _type(_value(f"SELECT NULL::{text}")))


class _Refused(Exception):
    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.told = (message, hint)


def _problem(text: str, walk: Callable[[], None]) -> tuple[str, str] | None:
    try:
        _closed(text)
        walk()
    except CompileError as error:
        return f"does not parse: {error.message}", "write one SQL expression"
    except _Refused as refused:
        return refused.told
    return None


def _closed(text: str) -> None:
    """Refuse what could reach beyond the parentheses that the text is put into."""
    if len(text) > LONGEST:
        raise _Refused(f"is longer than {LONGEST:,} characters", "compute it in a view")
    depth = 0
    for kind in check.tokens(text):
        if kind in ("SQL_COMMENT", "C_COMMENT"):
            raise _Refused("holds a comment", "comments stand in the config: after #")
        if kind == "ASCII_59":
            raise _Refused("holds a semicolon", "write one SQL expression")
        depth += {"ASCII_40": 1, "ASCII_41": -1}.get(kind, 0)
        if depth < 0:
            break
    if depth:
        raise _Refused("has parentheses that do not match", "close each that is opened")


def _value(statement: str) -> dict[str, Any]:
    """Return what a SELECT of one unnamed value selects."""
    trees = check.tree(statement)
    select = trees[0].get("SelectStmt", {}) if len(trees) == 1 else {}
    targets = select.get("targetList", [])
    plain = set(select) <= {"targetList", "limitOption", "op"}
    if not plain or len(targets) != 1 or set(targets[0]["ResTarget"]) - {"val", "location"}:
        raise _Refused("is not one value", "write one SQL expression")
    found: dict[str, Any] = targets[0]["ResTarget"]["val"]
    return found


def _type(cast: dict[str, Any]) -> None:
    node = cast.get("TypeCast", {})
    if "A_Const" not in node.get("arg", {}):
        raise _Refused("is not a type", "for example:  text")
    _known_type(node["typeName"])


def _known_type(node: dict[str, Any]) -> None:
    names = [part["String"]["sval"] for part in node["names"]]
    known = names[-1] in _TYPES and names[:-1] in ([], ["pg_catalog"])
    if not known or node.get("arrayBounds") or node.get("setof") or node.get("pct_type"):
        raise _Refused(
            f"uses the type {'.'.join(names)}, which is not allowed here",
            "use text, varchar(N), integer, bigint, numeric, boolean, date, timestamp, ...",
        )
    if any("A_Const" not in one for one in node.get("typmods", ())):
        raise _Refused("has a type with something else than a number in it")


class _Walk:
    """Goes through a syntax tree; every kind of node that may stand there has a method."""

    def __init__(self, columns: Collection[str]) -> None:
        self._columns = columns
        self._depth = 0

    def expression(self, node: dict[str, Any]) -> None:
        [(kind, inner)] = node.items()
        visit = getattr(self, f"_{kind}", None)
        if visit is None:
            raise _Refused(f"holds {_NAMES.get(kind, kind)}", "write one scalar over the columns")
        self._depth += 1
        if self._depth > DEEPEST:
            raise _Refused("is nested too deeply", "compute it in a view")
        visit(inner)
        self._depth -= 1

    def _each(self, nodes: Any) -> None:
        for node in nodes or ():
            self.expression(node)

    def _A_Const(self, _: Any) -> None:
        """A constant is harmless."""

    def _ColumnRef(self, node: Any) -> None:
        names = [part.get("String", {}).get("sval", "*") for part in node["fields"]]
        if len(names) != 1 or names[0] not in self._columns:
            name = ".".join(names)
            meant = did_you_mean(name, self._columns)
            hint = f"did you mean {meant}?" if meant else "name columns, not fields, of this table"
            raise _Refused(f"names {name}, which is no column of the table", hint)

    def _A_Expr(self, node: Any) -> None:
        names = [part["String"]["sval"] for part in node.get("name", ())]
        if node["kind"] not in _KINDS:
            raise _Refused("compares with ANY, ALL or a row", "write out the comparison")
        words = ("BETWEEN", "NOT BETWEEN")
        if len(names) != 1 or names[0] not in {*_OPERATORS, *words}:
            raise _Refused(f"uses the operator {'.'.join(names)}, which is not allowed here")
        for side in ("lexpr", "rexpr"):
            if side in node:
                self._operand(node[side])

    def _operand(self, node: dict[str, Any]) -> None:
        if "List" in node:  # IN (1, 2), BETWEEN 1 AND 2
            self._each(node["List"]["items"])
        else:
            self.expression(node)

    def _BoolExpr(self, node: Any) -> None:
        self._each(node["args"])

    def _NullTest(self, node: Any) -> None:
        self.expression(node["arg"])

    _BooleanTest = _NullTest

    def _CoalesceExpr(self, node: Any) -> None:
        self._each(node["args"])

    _MinMaxExpr = _CoalesceExpr

    def _CaseExpr(self, node: Any) -> None:
        self._each([node[one] for one in ("arg", "defresult") if one in node])
        self._each(node["args"])

    def _CaseWhen(self, node: Any) -> None:
        self._each([node["expr"], node["result"]])

    def _TypeCast(self, node: Any) -> None:
        _known_type(node["typeName"])
        self.expression(node["arg"])

    def _FuncCall(self, node: Any) -> None:
        names = [part["String"]["sval"] for part in node["funcname"]]
        spelled_by_sql = names[:-1] == ["pg_catalog"] and node["funcformat"] == "COERCE_SQL_SYNTAX"
        if names[-1] not in _FUNCTIONS or not (len(names) == 1 or spelled_by_sql):
            meant = did_you_mean(names[-1], _FUNCTIONS)
            raise _Refused(
                f"calls {'.'.join(names)}, which is not allowed here",
                f"did you mean {meant}?" if meant else "compute it in a view",
            )
        if set(node) - _PLAIN_CALL:
            raise _Refused(f"calls {names[-1]} with more than plain arguments")
        self._each(node.get("args"))
