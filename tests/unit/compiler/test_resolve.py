"""Config and describe brought together: which columns, which faults, which warnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectsql.compiler.model import Table
from connectsql.compiler.resolve import resolve
from connectsql.config.load import load
from connectsql.config.model import Roles
from connectsql.describe.model import Org, SObject
from connectsql.errors import ConfigError
from tests.support.describes import CONTACT, desire, external_id, field, sobject

PLACE = sobject(
    "Place__c",
    field("Name", nillable=False),
    field("Address__c", "address"),
    field("File__c", "base64"),
    field("Number__c", "double", calculated=True, createable=False, updateable=False),
    field("Serial__c", externalId=True, unique=True, createable=False, updateable=False),
    field("Odd__c", "reference", length=18, referenceTo=["Place__c"], relationshipName="Odd__r"),
    field("Any__c", "reference", referenceTo=["Place__c", "Contact"], relationshipName="Any__r"),
    external_id(),
)
FOREVER = SObject.from_describe(
    {
        "name": "Forever",
        "fields": [field("Id", "id"), field("SystemModstamp", "datetime"), field("Name")],
    }
)
ORG = Org((PLACE, CONTACT, FOREVER))


def table(folder: Path, mapping: str, head: str = "") -> Table:
    text = f"{head}\nmappings:\n  - object: Place__c\n    access: read_write\n    {mapping}\n"
    return desire(folder, text, ORG)[1].tables[0]


def warned(folder: Path, mapping: str) -> list[str]:
    path = folder / "c.yaml"
    path.write_text(f"mappings:\n  - object: Place__c\n    {mapping}\n")
    return [fault.message for fault in resolve(load(path), ORG).warnings]


def test_a_star_gives_every_field_a_column_can_hold_in_the_describes_order(tmp_path: Path) -> None:
    made = table(tmp_path, 'fields: ["*"]\n    exclude: [Number__c, createddate]')
    assert [column.path for column in made.columns] == [
        "IsDeleted", "SystemModstamp", "Name", "Serial__c", "Odd__c", "Any__c", "Ext__c",
    ]  # fmt: skip


def test_what_is_listed_beside_a_star_refines_it_in_its_place(tmp_path: Path) -> None:
    entries = (
        '["*", {field: Name, column: title, access: read_only}, Odd__r__Ext__c,'
        ' {field: Ext__c, column: "Odd Key"}]'
    )
    made = table(tmp_path, f"fields: {entries}\n    upsert_field: Ext__c\n    indexes: [Name]")
    names = [column.name for column in made.columns]
    assert names == [
        "isdeleted", "createddate", "systemmodstamp", "title", "number__c", "serial__c", "odd__c",
        "any__c", "Odd Key", "odd__r__ext__c",
    ]  # fmt: skip
    assert not made.by_name["title"].writable
    assert made.identifier is made.by_name["Odd Key"]
    assert [(one.name, one.column) for one in made.indexes] == [
        ("hcu_idx_place__c_sfid", "sfid"),
        ("hc_idx_place__c_systemmodstamp", "systemmodstamp"),
        ("hc_idx_place__c_title", "title"),
        ("hcu_idx_place__c_Odd Key", "Odd Key"),
    ]


def test_a_parent_is_named_by_its_external_id_and_by_nothing_else(tmp_path: Path) -> None:
    made = table(tmp_path, "fields: [Name, Odd__r__Ext__c, Odd__r__Name, Any__r__Ext__c]")
    writable = {column.name for column in made.columns if column.writable}
    assert writable == {"name", "odd__r__ext__c"}


def test_roles_of_a_table_stand_for_those_of_the_connection(tmp_path: Path) -> None:
    head = "connection: {roles: {agent: sync, applications: [web], readers: [report]}}"
    assert table(tmp_path, "fields: [Name]", head).roles == Roles(
        agent="sync", applications=("web",), readers=("report",)
    )
    own = table(tmp_path, "fields: [Name]\n    roles: {readers: [other]}", head)
    assert own.roles == Roles(agent="sync", readers=("other",))


@pytest.mark.parametrize(
    ("mapping", "faults"),
    [
        (
            'fields: ["*"]\n    exclude: [Nmae]',
            ["6: Place__c has no field Nmae that could be excluded (did you mean Name?)"],
        ),
        (
            'fields: ["*"]\n    exclude:\n      - Odd__c\n      - Nmae',
            ["8: Place__c has no field Nmae that could be excluded (did you mean Name?)"],
        ),
        (
            'fields: ["*", {field: Name, column: serial__c}]',
            ["5: Name and Serial__c cannot both have the column serial__c (give one another:  "
             "{field: Serial__c, column: NAME})"],
        ),
        (
            'fields: ["*"]\n    computed: [{column: name, type: text, expression: "1"}]',
            ["6: the column name is taken: a field has it already (choose another name)"],
        ),
        (
            'fields: ["*"]\n    upsert_field: Etx__c\n    indexes: [Nmae]',
            ["7: the index on Nmae needs a field that is not mapped (did you mean Name?)",
             "6: the upsert_field Etx__c needs a field that is not mapped (did you mean Ext__c?)"],
        ),
        (
            'fields: ["*"]\n    exclude: [Ext__c]\n    upsert_field: ext__c',
            ["7: the upsert_field ext__c needs a field that is not mapped (remove ext__c from "
             "exclude)"],
        ),
        (
            "fields: [Name, {field: Ext__c, access: read_only}]\n    upsert_field: Ext__c",
            ["5: Ext__c is the upsert_field: it cannot be read_only (remove its access, or name "
             "another upsert_field)"],
        ),
        (
            "fields: [{field: Name, access: read_write}, {field: Number__c, access: read_write}]",
            ["5: Number__c cannot be read_write: Salesforce takes no value for it (remove its "
             "access: such fields are read all the same)"],
        ),
        (
            "fields: [Name]\n  - object: Forever\n    remote_deletes: keep\n    fields: [Name]",
            ["7: Forever has no IsDeleted: rows of deleted records cannot be kept (use "
             "remote_deletes: remove)"],
        ),
        (
            "fields: [Address__c, File__c, Nope__c]",
            ["5: Address__c is a compound address: it cannot be one column (map its components "
             "instead: Address__Street__s, Address__City__s, Address__PostalCode__s, "
             "Address__StateCode__s, Address__CountryCode__s)",
             "5: File__c holds a file (base64), which is not synced (leave it out of the "
             "mapping's fields)",
             "5: Place__c has no field or relationship Nope__c (a parent's external id is "
             "written <relationship name>__<field of the parent>)"],
        ),
        (
            "fields: [Name]\n    table: hc_idx_contact_systemmodstamp\n"
            "  - object: Contact\n    fields: [LastName]",
            ["7: contact needs the name hc_idx_contact_systemmodstamp, which the table of "
             "Place__c has (choose another table)"],
        ),
    ],
)  # fmt: skip
def test_faults_are_told_with_their_lines(tmp_path: Path, mapping: str, faults: list[str]) -> None:
    text = f"mappings:\n  -\n    object: Place__c\n    access: read_write\n    {mapping}\n"
    with pytest.raises(ConfigError) as refusal:
        desire(tmp_path, text, ORG)
    assert [
        f"{fault.place.line}: {fault.message} ({fault.hint})" for fault in refusal.value.faults
    ] == faults


def test_more_columns_than_a_table_can_have(tmp_path: Path) -> None:
    org = Org((sobject("Wide", *(field(f"F{at}__c") for at in range(1600))),))
    text = 'mappings:\n  - {object: Wide, fields: ["*"]}\n'
    with pytest.raises(ConfigError, match=r"wide would have 1,607 columns; Postgres holds 1,600"):
        desire(tmp_path, text, org)


def test_more_fields_than_a_query_can_ask_for(tmp_path: Path) -> None:
    org = Org((sobject("Wide", *(field(f"{'F' * 30}{at}__c") for at in range(100, 500))),))
    text = 'mappings:\n  - {object: Wide, fields: ["*"]}\n'
    with pytest.raises(ConfigError, match=r"a query of 404 fields of Wide takes 16,0\d\d char"):
        desire(tmp_path, text, org)


@pytest.mark.parametrize(
    ("mapping", "warning"),
    [
        ("fields: [Name]\n    events: true", "change events of Place__c are not listened for yet"),
        (
            "access: read_write\n    fields: [Ext__c, {field: Name, access: read_only}]",
            "new rows of place__c will be refused: Salesforce requires Name, not mapped",
        ),
        (
            "access: read_write\n    fields: [Name, Odd__r__Name]",
            "Odd__r__Name is read and never sent: Name does not tell which record is meant "
            "(no external id of Place__c)",
        ),
        (
            "access: read_write\n    fields: [Name, Any__r__Ext__c]",
            "Any__r__Ext__c is read and never sent: Ext__c does not tell which record is meant "
            "(several objects have it)",
        ),
        (
            "access: read_write\n    fields: [Number__c]",
            "no mapped field of Place__c can be written",
        ),
        (
            "fields: [Name]\n    indexes: [{field: Name, unique: true}]",
            "the index on Name is unique, the field in Salesforce is not: two records with one "
            "value would stop this table's sync",
        ),
        (
            "fields: [Odd__r__Ext__c]\n    indexes: [{field: Odd__r__Ext__c, unique: true}]",
            "the index on Odd__r__Ext__c is unique, the field in Salesforce is not: two records "
            "with one value would stop this table's sync",
        ),
        (
            "access: read_write\n    fields: [Name, Serial__c]\n    upsert_field: Serial__c",
            "Salesforce sets Place__c.Serial__c itself: new rows have none",
        ),
    ],
)
def test_what_is_risky_is_a_warning(tmp_path: Path, mapping: str, warning: str) -> None:
    assert warning in warned(tmp_path, mapping)


@pytest.mark.parametrize(
    ("verb", "more", "warning"),
    [
        ("createable", "", "create Fixed: new rows of fixed will be refused"),
        ("updateable", "", "update Fixed: changed rows of fixed will be refused"),
        ("deletable", "", "delete Fixed: deletes of rows of fixed will be refused"),
        ("deletable", "local_deletes: ignore, ", None),
    ],
)
def test_writes_that_salesforce_takes_of_nobody(
    tmp_path: Path, verb: str, more: str, warning: str | None
) -> None:
    fields = [field("Id", "id"), field("SystemModstamp", "datetime"), field("Name")]
    fixed = SObject.from_describe({"name": "Fixed", "fields": fields, verb: False})
    path = tmp_path / "c.yaml"
    path.write_text(f"mappings: [{{object: Fixed, access: read_write, {more}fields: [Name]}}]")
    found = [fault.message for fault in resolve(load(path), Org((fixed,))).warnings]
    assert found == ([f"Salesforce lets nobody {warning}"] if warning else [])
