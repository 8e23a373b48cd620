"""Parses compiled SQL before anybody sees it. The one module that imports pglast (GPL)."""

from __future__ import annotations

import json
from typing import Any

import pglast
import pglast.parser

from connectsql.errors import CompileError


def check(script: str) -> list[str]:
    """Return the statements of a script, each without its semicolon, all of them parsed.

    Bodies of PL/pgSQL functions are parsed too: ``parse_sql`` alone accepts a broken one.
    Raises CompileError with the statement's first line where one does not parse.
    """
    try:
        statements = [str(one) for one in pglast.split(script)]
    except pglast.parser.ParseError as error:
        raise CompileError(f"the SQL does not parse: {error}") from error
    for statement in statements:
        _parse(statement)
    return statements


def tokens(text: str) -> list[str]:
    """Return the kinds of the tokens of a piece of SQL: IDENT, SCONST, SQL_COMMENT, ASCII_40, ...

    Raises CompileError where it cannot be cut into tokens.
    """
    try:
        return [token.name for token in pglast.parser.scan(text)]
    except pglast.parser.ParseError as error:
        raise CompileError(_words(error)) from error


def tree(statement: str) -> list[dict[str, Any]]:
    """Return the syntax trees of statements, as libpg_query gives them in JSON.

    Raises CompileError with the parser's words where they do not parse.
    """
    try:
        parsed = json.loads(pglast.parser.parse_sql_json(statement))
    except pglast.parser.ParseError as error:
        raise CompileError(_words(error)) from error
    return [one["stmt"] for one in parsed["stmts"]]


def _words(error: pglast.parser.ParseError) -> str:
    return str(error.args[0]) if error.args else "it does not parse"


def _parse(statement: str) -> None:
    """Only whether it parses counts: the trees stay JSON, objects of them would take far longer."""
    try:
        pglast.parser.parse_sql_json(statement)
        if "LANGUAGE plpgsql" in statement:
            pglast.parser.parse_plpgsql_json(statement)
    except pglast.parser.ParseError as error:
        first = statement.strip().splitlines()[0]
        raise CompileError(f"the SQL does not parse: {error}, in: {first}") from error
