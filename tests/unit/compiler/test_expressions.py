"""Users' expressions: what passes is one scalar over one table, and nothing gets out of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.describes import desire

from connectsql.compiler.expressions import (
    check_expressions,
    expression_problem,
    type_problem,
)
from connectsql.errors import ConfigError

COLUMNS = ["id", "sfid", "name", "phone", "revenue__c", "Odd Column", "created", "day"]
GOOD = [
    "name", "upper(name)", "'it''s; -- no comment' || name", '"Odd Column"', "id + 1",
    "revenue__c * 1.2", "coalesce(name, phone, 'none')", "nullif(name, '')",
    "CASE WHEN name IS NULL THEN 'a' WHEN phone LIKE '1%' THEN 'b' ELSE left(name, 3) END",
    "name = 'a' AND NOT (phone IN ('1', '2') OR revenue__c BETWEEN 1 AND 2)",
    "greatest(revenue__c, 0)::numeric(18, 2)", "extract(year from day)", "trim(both 'x' from name)",
    "substring(name from 2 for 3)", "position('a' in name)", "(name) || (phone)", "$$a;b$$ || name",
    "name IS DISTINCT FROM phone", "(revenue__c > 0) IS NOT TRUE", "-revenue__c", "name ~ '^A'",
]  # fmt: skip
BAD = {
    "": "does not parse",
    "name)": "parentheses that do not match",
    "name) STORED, ADD COLUMN evil int GENERATED ALWAYS AS (1": "parentheses that do not match",
    "1) + (2": "parentheses that do not match",
    "name); DROP TABLE account; SELECT (1": "parentheses that do not match",
    "name; DROP TABLE account": "holds a semicolon",
    "name -- and then": "holds a comment",
    "name /* and then */": "holds a comment",
    "name, phone": "holds a row of several values",
    "*": "does not parse",
    "account.*": "names account.*",
    "account.name": "names account.name",
    "(SELECT passwd FROM pg_shadow LIMIT 1)": "holds a subquery",
    "EXISTS (SELECT 1)": "holds a subquery",
    "name = ANY (ARRAY['a'])": "ANY, ALL or a row",
    "pg_sleep(10)": "calls pg_sleep",
    "pg_catalog.upper(name)": "calls pg_catalog.upper",
    "public.upper(name)": "calls public.upper",
    "nextval('s')": "calls nextval",
    "pg_read_file('/etc/passwd')": "calls pg_read_file",
    "now()": "calls now",
    "CURRENT_USER": "holds a value that changes by itself",
    "count(*)": "calls count",
    "lower(name) OVER ()": "more than plain arguments",
    "lower(DISTINCT name)": "more than plain arguments",
    "lower(VARIADIC name)": "more than plain arguments",
    "$1": "holds a parameter",
    "name::regclass": "the type regclass",
    "name::text[]": "the type text",
    "'a'::public.text": "the type public.text",
    "ARRAY[name]": "holds an array",
    "(name)[1]": "holds a part of a value",
    'name COLLATE "C"': "holds a collation",
    "name OPERATOR(public.||) phone": "the operator public.||",
    "name @@ phone": "the operator @@",
    "name AS other": "does not parse",
    "name FROM account": "does not parse",
    "nmae": "names nmae",
    "'open": "does not parse",
    "(" * 200 + "name" + ")" * 200 + " + 1" * 200: "nested too deeply",
    "'" + "x" * 4000 + "'": "longer than 4,000 characters",
}


@pytest.mark.parametrize("text", GOOD)
def test_a_scalar_over_the_columns_passes(text: str) -> None:
    assert expression_problem(text, COLUMNS) is None


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:30])
def test_anything_else_is_refused(text: str) -> None:
    problem = expression_problem(text, COLUMNS)
    assert problem is not None
    assert BAD[text] in problem[0]


@pytest.mark.parametrize("text", ["text", "varchar(20)", "numeric(18, 2)", "timestamptz", "bool"])
def test_a_type_passes(text: str) -> None:
    assert type_problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "text[]", "regclass", "text GENERATED", "text) , (1", "serial", "varchar(length('a'))", "",
        "text, 1", "text FROM pg_shadow", "SETOF text", "text; DROP TABLE a", "text -- ", "hstore",
    ],
)  # fmt: skip
def test_no_type_is_refused(text: str) -> None:
    assert type_problem(text) is not None


def test_all_faults_are_told_with_their_lines(tmp_path: Path) -> None:
    text = """
mappings:
  - object: Account
    fields: [Name]
    computed:
      - {column: a, type: text, expression: "uper(name)"}
      - {column: b, type: xml, expression: "nmae"}
"""
    _, desired = desire(tmp_path, text)
    with pytest.raises(ConfigError) as refusal:
        check_expressions(desired)
    assert [f"{one.place.line}: {one.message} ({one.hint})" for one in refusal.value.faults] == [
        "6: the expression of the computed column a calls uper, which is not allowed here "
        "(did you mean upper?)",
        "7: the expression of the computed column b names nmae, which is no column of the table "
        "(did you mean name?)",
        "7: the type of the computed column b uses the type xml, which is not allowed here (use "
        "text, varchar(N), integer, bigint, numeric, boolean, date, timestamp, ...)",
    ]
