"""Parses compiled SQL before anybody sees it. The one module that imports pglast (GPL)."""

from __future__ import annotations

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


def _parse(statement: str) -> None:
    try:
        pglast.parse_sql(statement)
        if "LANGUAGE plpgsql" in statement:
            pglast.parse_plpgsql(statement)
    except pglast.parser.ParseError as error:
        first = statement.strip().splitlines()[0]
        raise CompileError(f"the SQL does not parse: {error}, in: {first}") from error
