"""A mapping's filter: which conditions are taken, as which SOQL, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectsql.compiler.filters import resolve_filter
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.describe.model import Org
from connectsql.errors import ConfigError, Place
from tests.support.describes import desire, field, sobject

DEAL = sobject(
    "Deal__c",
    field("Name"),
    field("Stage__c", "picklist"),
    field("Tags__c", "multipicklist"),
    field("Amount__c", "currency"),
    field("Count__c", "int"),
    field("Open__c", "boolean"),
    field("Due__c", "date"),
    field("Seen__c", "datetime"),
    field("Owner__c", "reference", referenceTo=["User"], relationshipName="Owner__r"),
    field("Story__c", "textarea", filterable=False),
    field("Start__c", "time"),
    field("Place__c", "address"),
    field("Score__c", "double", calculated=True, createable=False, updateable=False),
)
ORG = Org((DEAL,))
PLACE = Place(file="c.yaml", line=3)


def soql(text: str) -> str:
    found = resolve_filter(text, DEAL, PLACE)
    assert isinstance(found, str), found
    return found


def refused(text: str) -> list[str]:
    found = resolve_filter(text, DEAL, PLACE)
    assert isinstance(found, list), found
    return [str(one).replace("\n   ", ";") for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'a'", "Name = 'a'"),
        ("Name <> 'a'", "Name != 'a'"),
        ("Name = 'O''Neill'", r"Name = 'O\'Neill'"),
        (r"Name = 'O\'Neill \\ \n'", r"Name = 'O\'Neill \\ \n'"),
        ("Name = ''", "Name = ''"),
        ("Name = '日本 \"x\"'", "Name = '日本 \\\"x\\\"'"),
        ("Name like 'a%'", "Name LIKE 'a%'"),
        (r"Name LIKE '10\% of \_'", r"Name LIKE '10\% of \_'"),
        ("Name NOT LIKE 'a%'", "NOT (Name LIKE 'a%')"),
        ("Stage__c in ('a', 'b')", "Stage__c IN ('a', 'b')"),
        ("Stage__c NOT IN ('a')", "Stage__c NOT IN ('a')"),
        ("Stage__c IS NULL", "Stage__c = null"),
        ("Stage__c is not null", "Stage__c != null"),
        ("Stage__c = NULL", "Stage__c = null"),
        ("Tags__c = 'a;b'", "Tags__c = 'a;b'"),
        ("Amount__c >= -10.50", "Amount__c >= -10.50"),
        ("Amount__c IN (1, +2)", "Amount__c IN (1, 2)"),
        ("Count__c<5", "Count__c < 5"),
        ("Open__c = TRUE", "Open__c = true"),
        ("Due__c > 2026-01-31", "Due__c > 2026-01-31"),
        ("Due__c > '2026-01-31'", "Due__c > 2026-01-31"),
        ("Seen__c > 2026-01-31T12:00:00+02:00", "Seen__c > 2026-01-31T10:00:00.000Z"),
        ("Seen__c > '2026-01-31T12:00:00Z'", "Seen__c > 2026-01-31T12:00:00.000Z"),
        ("Owner__c = '005000000000001'", "Owner__c = '005000000000001'"),
        ("Score__c > 1", "Score__c > 1"),
        (
            "Name = 'a' OR Name = 'b' AND NOT Open__c = true",
            "(Name = 'a') OR ((Name = 'b') AND (NOT (Open__c = true)))",
        ),
        ("((Name = 'a'))\n AND Open__c = true", "(Name = 'a') AND (Open__c = true)"),
        ("NOT NOT (Name='a')", "NOT (NOT (Name = 'a'))"),
    ],
)
def test_a_condition_becomes_soql(text: str, expected: str) -> None:
    assert soql(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot be read at its end"),
        ("Name", "cannot be read at its end"),
        ("Name = 'a", "cannot be read at '"),
        ("Name = 'a' AND", "cannot be read at its end"),
        ("Name = 'a') OR (Name = 'b'", "cannot be read at )"),
        ("Name = 'a' LIMIT 1", "cannot be read at LIMIT"),
        ("Name = 'a' -- b", "cannot be read at -"),
        ("Name = 'a'; DELETE", "cannot be read at ;"),
        ("Name = :bind", "cannot be read at :bind"),
        ("UPPER(Name) = 'A'", "cannot be read at ("),
        ("Id IN (SELECT Id FROM Deal__c)", "cannot be read at Id; compare fields with values"),
        ("1 = 1", "cannot be read at 1"),
        ("Due__c = TODAY", "with TODAY; what moves by itself cannot be followed"),
        ("Due__c = LAST_N_DAYS:3", "with LAST_N_DAYS:3; what moves by itself"),
        ("Due__c > N_DAYS_AGO:3", "with N_DAYS_AGO:3; what moves by itself"),
        (
            "Name = Energy",
            "with Energy; put quotes around a text; another field cannot stand here; write",
        ),
        ("Nam = 'a'", "names Nam, which Deal__c has not; did you mean Name?"),
        ("Owner__r.Name = 'a'", "names Owner__r.Name, a field of another object"),
        ("Story__c = 'a'", "names Story__c, which Salesforce cannot filter by"),
        ("Place__c = 'a'", "names Place__c, which Salesforce cannot filter by"),
        ("Start__c = 'a'", "names Start__c, which Salesforce cannot filter by"),
        ("Name = 5", "compares Name, of type string, with 5; write it like 'text'"),
        ("Amount__c = '5'", "compares Amount__c, of type currency, with '5'"),
        ("Count__c = 5.5", "write a whole number"),
        ("Open__c = 'true'", "write it like true or false"),
        ("Open__c = null", "write it like true or false"),
        ("Open__c > true", "compares Open__c by >; compare it with ="),
        ("Tags__c IN ('a')", "asks whether Tags__c is IN a list; compare it with ="),
        ("Amount__c LIKE '1%'", "LIKE takes a field of text"),
        ("Name LIKE 5", "LIKE takes a field of text"),
        ("Name IN ('a', null)", "compares Name, of type string, with null"),
        ("Name > null", "compares Name, of type string, with null"),
        ("Due__c = 2026-02-30", "write it like 2026-01-31"),
        ("Due__c = 2026-01-31T00:00:00Z", "write it like 2026-01-31"),
        ("Seen__c = 2026-01-31", "with a zone"),
        ("Seen__c = 2026-01-31T10:00:00", "with a zone"),
        ("Seen__c = 0001-01-01T00:00:00+10:00", "with a zone"),
        ("Owner__c = 'me'", "an Id has 15 or 18 letters and digits"),
        (r"Name = 'a\q'", r"has \q in the text for Name; write \\ for one backslash"),
        ("NOT " * 60 + "Name = 'a'", "nested too deeply"),
        ("(" * 1500 + "Name = 'a'" + ")" * 1500 + "NOT" * 900, "is too long"),
        (" OR ".join(["Name = 'a'"] * 280), "is too long; Salesforce takes 4,000 characters"),
    ],
)
def test_whatever_is_no_plain_condition_is_refused(text: str, words: str) -> None:
    [said] = refused(text)
    assert said.startswith("c.yaml:3: the filter ")
    assert words in said


def test_all_mistakes_are_told_at_once() -> None:
    assert len(refused("Nam = 'a' OR (Open__c = 5 AND Name = 'x' AND Amount__c = 'y')")) == 3


def test_many_parentheses_are_no_harm() -> None:
    assert soql("(" * 1900 + "Name = 'a'" + ")" * 1900) == "Name = 'a'"


# A text of SOQL, from its first quote to the quote that closes it.
QUOTED = re.compile(r"'(?:[^'\\]|\\[\\'\"nrtbf%_]|\\u[0-9A-F]{4})*'", re.DOTALL)


@given(st.text(max_size=50), st.sampled_from(["=", "LIKE"]))
def test_no_text_gets_out_of_its_quotes(value: str, operator: str) -> None:
    doubled = value.replace("\\", "\\\\").replace("'", "''")
    written = soql(f"Name {operator} '{doubled}'").removeprefix(f"Name {operator} ")
    assert QUOTED.fullmatch(written)


@given(st.text(alphabet="'\\ aANDORname=()%_;-", max_size=40))
def test_whatever_stands_there_is_closed_soql_or_refused(text: str) -> None:
    found = resolve_filter(f"Name = '{text}'", DEAL, PLACE)
    if isinstance(found, str):
        bare = QUOTED.sub("", found)
        assert "'" not in bare
        assert bare.count("(") == bare.count(")")
        assert not re.search(r"[;\\]|--", bare)


CONFIG = """\
mappings:
  - object: Deal__c
    fields: [Name]
    filter: {}
"""


def test_a_table_has_the_filter_of_its_mapping(tmp_path: Path) -> None:
    text = CONFIG.format("open__c = true OR stage__c = 'it''s'")
    [table] = desire(tmp_path, text, ORG)[1].tables
    assert table.filter == r"(Open__c = true) OR (Stage__c = 'it\'s')"


def test_faults_of_the_filter_are_told_with_the_others(tmp_path: Path) -> None:
    text = CONFIG.format("Nam = 'a'").replace("[Name]", "[Name, Foo]")
    with pytest.raises(ConfigError) as refusal:
        desire(tmp_path, text, ORG)
    assert [fault.place.line for fault in refusal.value.faults] == [3, 4]


def test_a_formula_in_a_filter_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(CONFIG.format("score__c > 1 AND Name != 'a'"))
    [warning] = resolve(load(path), ORG).warnings
    assert "the filter asks Score__c, a formula" in warning.message
    assert warning.place.line == 4
