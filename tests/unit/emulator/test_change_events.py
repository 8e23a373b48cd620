"""What becomes a change event, and what it says: without a server, straight from the log."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.clock import SetClock
from support.subscriber import decoded, named

from connectsql.emulator import Options
from connectsql.emulator.events.layout import Layout
from connectsql.emulator.events.publisher import Publisher
from connectsql.emulator.org.journal import Caller
from connectsql.emulator.org.schema import Schema, SObject
from connectsql.emulator.org.seeding.founding import found
from connectsql.emulator.whole import Org

_SHARED = Path(__file__).parents[4] / "shared" / "data"


class Listener:
    """An org with events, and what it has told."""

    def __init__(self, **limits: Any) -> None:
        self.clock = SetClock()
        self.org = Org(Options(), self.clock)
        found(self.org)
        self.events = Publisher(self.org.data, ["*"], self.clock, **limits)
        self._position = 0

    def sobject(self, name: str) -> SObject:
        sobject = self.org.object(name)
        assert sobject
        return sobject

    def create(self, name: str, **fields: Any) -> str:
        with self.org.transaction():
            return self.org.records(self.sobject(name)).create(fields)

    def update(self, name: str, record_id: str, **fields: Any) -> None:
        with self.org.transaction():
            self.org.records(self.sobject(name)).update(record_id, fields)

    def delete(self, name: str, record_id: str) -> None:
        with self.org.transaction():
            self.org.bin.delete(self.sobject(name), record_id)

    def undelete(self, name: str, record_id: str) -> None:
        with self.org.transaction():
            self.org.bin.undelete(self.sobject(name), record_id)

    def purge(self, name: str, record_id: str) -> None:
        with self.org.transaction():
            self.org.bin.purge(self.sobject(name), record_id)

    def told(self) -> list[dict[str, Any]]:
        """Return what is new, as Avro reads it, with the names that the bitmaps stand for."""
        found = []
        for entry in self.events.log.after(self._position, None, 10_000):
            self._position = entry.position
            schema = self.events.schema(entry.schema_id)
            assert schema
            event = decoded(schema.json, entry.payload)
            event |= event.pop("ChangeEventHeader")
            event["changed"] = named(schema.json, event["changedFields"])
            event["nulled"] = named(schema.json, event["nulledFields"])
            found.append(event)
        return found

    def kinds(self) -> list[tuple[str, list[str]]]:
        return [(one["changeType"], one["recordIds"]) for one in self.told()]


@pytest.fixture
def org() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.org.close()


@pytest.fixture
def listening() -> Iterator[Callable[..., Listener]]:
    made: list[Listener] = []

    def start(**limits: Any) -> Listener:
        made.append(Listener(**limits))
        return made[-1]

    yield start
    for one in made:
        one.org.close()


def test_a_transaction_tells_only_what_became_of_a_record(org: Listener) -> None:
    old = org.create("Account", Name="old")
    lost = org.create("Account", Name="lost")
    org.delete("Account", lost)
    org.told()
    with org.org.transaction():
        new = org.create("Account", Name="new")
        org.update("Account", new, Name="newer")
        brief = org.create("Account", Name="brief")
        org.delete("Account", brief)
        org.update("Account", old, Name="older", Phone="1")
        org.update("Account", old, Phone=None)
        org.undelete("Account", lost)
        org.update("Account", lost, Name="found")
    created, updated, undeleted = org.told()
    assert (created["changeType"], created["Name"]) == ("CREATE", "newer")
    assert (updated["changeType"], updated["changed"]) == ("UPDATE", {"Name", "LastModifiedDate"})
    assert (undeleted["changeType"], undeleted["Name"]) == ("UNDELETE", "found")
    assert [one["sequenceNumber"] for one in (created, updated, undeleted)] == [1, 2, 3]


def test_what_comes_to_nothing_is_not_told(org: Listener) -> None:
    record = org.create("Account", Name="A")
    other = org.create("Account", Name="B")
    org.told()
    with org.org.transaction():
        org.delete("Account", record)
        org.undelete("Account", record)
        org.update("Account", other, Name="X")
        org.update("Account", other, Name="B")
    assert org.kinds() == []
    org.purge("Account", record)
    org.delete("Account", other)
    org.purge("Account", other)
    assert org.kinds() == [("DELETE", [other])]


def test_what_is_undone_is_not_told(org: Listener) -> None:
    def fail() -> None:
        with org.org.transaction():
            org.create("Account", Name="A")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert org.told() == []


def test_no_user_changed_what_the_org_moved_on_its_own(org: Listener) -> None:
    boss = org.create("Contact", LastName="Boss")
    report = org.create("Contact", LastName="C", ReportsToId=boss)
    org.told()
    org.clock.forward(minutes=1)
    org.delete("Contact", boss)
    by_record = {one["recordIds"][0]: one for one in org.told()}
    assert by_record[boss]["changeType"] == "DELETE"
    assert by_record[report]["changed"] == by_record[report]["nulled"] == {"ReportsToId"}


def test_a_gap_in_numbers_shows_what_is_not_selected() -> None:
    made = Listener()
    made.events = Publisher(made.org.data, ["Contact"], made.clock)
    made.org.data.before_commit[:] = made.org.data.before_commit[-1:]
    with made.org.transaction():
        made.create("Account", Name="A")
        made.create("Contact", LastName="C")
    (event,) = made.told()
    assert (event["entityName"], event["sequenceNumber"]) == ("Contact", 2)
    made.org.close()


def test_many_alike_are_told_in_groups(org: Listener) -> None:
    with org.org.transaction():
        ids = [org.create("Account", Name=str(number)) for number in range(450)]
    org.told()
    with org.org.transaction():
        for record_id in ids:
            org.delete("Account", record_id)
    groups = [one["recordIds"] for one in org.told()]
    assert [len(group) for group in groups] == [200, 200, 50]
    assert [one for group in groups for one in group] == ids


def test_too_many_changes_overflow(listening: Callable[..., Listener]) -> None:
    org = listening(most_changes=5)
    account = org.create("Account", Name="A")
    org.told()
    with org.org.transaction():
        first = org.create("Account", Name="1")
        org.update("Account", account, Name="x", Phone="1")  # with the date, three changes
        second = org.create("Account", Name="2")
        for name in "345":
            org.create("Account", Name=name)
            org.create("Contact", LastName=name)
    events = org.told()
    nobody = ["000000000000000AAA"]
    assert [(one["changeType"], one["entityName"], one["recordIds"]) for one in events] == [
        ("CREATE", "Account", [first]),
        ("UPDATE", "Account", [account]),
        ("CREATE", "Account", [second]),
        ("GAP_OVERFLOW", "Account", nobody),
        ("GAP_OVERFLOW", "Contact", nobody),
    ]
    assert len({one["transactionKey"] for one in events}) == 1
    assert events[3]["Name"] is None


def test_an_event_that_is_too_large_is_a_gap(listening: Callable[..., Listener]) -> None:
    org = listening(largest=2000)
    record = org.create("Account", Name="A", Description="x" * 3000)
    org.update("Account", record, Description="y" * 3000)
    org.update("Account", record, Description="y")
    first, second, third = org.told()
    assert (first["changeType"], first["recordIds"]) == ("GAP_CREATE", [record])
    assert (first["Name"], first["Description"]) == (None, None)
    assert (second["changeType"], second["changedFields"]) == ("GAP_UPDATE", [])
    assert (third["changeType"], third["Description"]) == ("UPDATE", "y")


def test_gaps_can_be_made(org: Listener) -> None:
    heard: list[bool] = []
    org.events.listen(lambda: heard.append(True))
    record = org.create("Account", Name="A")
    org.events.gap("account", [record], "UPDATE")
    org.events.gap("Account", kind="OVERFLOW")
    assert len(heard) == 3
    _, gap, overflow = org.told()
    assert (gap["changeType"], gap["recordIds"]) == ("GAP_UPDATE", [record])
    assert (gap["changeOrigin"], gap["Name"]) == ("", None)
    assert overflow["changeType"] == "GAP_OVERFLOW"
    assert overflow["recordIds"] == ["000000000000000AAA"]
    assert overflow["commitNumber"] > gap["commitNumber"]
    for entity, kind in (("Foo", "UPDATE"), ("Organization", "UPDATE"), ("Account", "MERGE")):
        with pytest.raises(ValueError, match=r"no change events|a gap is one of"):
            org.events.gap(entity, [record], kind)


def test_an_event_tells_when_it_was_committed_and_by_whom(org: Listener) -> None:
    began = org.clock.moment
    org.clock.forward(seconds=7)
    caller = Caller("005Em0000000009AAA", "com/salesforce/api/soap/61.0;client=Workbench/")
    with org.org.data.acting(caller, began):
        org.create("Account", Name="late")
    (event,) = org.told()
    assert event["commitTimestamp"] - event["LastModifiedDate"] == 7000
    assert event["commitUser"] == caller.user_id
    assert event["changeOrigin"] == caller.origin


def test_positions_grow_even_when_the_clock_goes_back(org: Listener) -> None:
    org.create("Account", Name="A")
    tip = org.events.log.tip()
    org.clock.forward(seconds=-60)
    org.create("Account", Name="B")
    assert len(org.events.log.after(tip, None, 10)) == 1
    assert org.events.log.has(tip)
    assert not org.events.log.has(tip + 10**12)


def test_objects_that_were_replaced_have_a_new_schema(org: Listener) -> None:
    before = org.events.schema_of(org.sobject("Account"))
    org.create("Account", Name="A")
    raws = [json.loads(json.dumps(one.raw)) for one in org.org.schema.objects]
    account = next(one for one in raws if one["name"] == "Account")
    account["fields"] = [one for one in account["fields"] if one["name"] != "Fax"]
    org.org.data.schema = Schema(raws)
    after = org.events.schema_of(org.sobject("Account"))
    assert after.id != before.id
    assert org.events.schema(before.id) == before
    assert "Fax" in org.told()[0]


def sobject_of(fields: list[dict[str, Any]], name: str = "Thing__c") -> SObject:
    return SObject.from_describe({"name": name, "fields": fields}, "a00")


def test_every_type_has_its_form() -> None:
    kinds: dict[str, tuple[Any, Any, str]] = {
        "string": ("ü", "ü", "Data:Text"),
        "textarea": ("x", "x", "Data:Text"),
        "picklist": ("A", "A", "Data:DynamicEnum"),
        "multipicklist": ("A;B", "A;B", "Data:MultiEnum"),
        "reference": ("001", "001", "ForeignKey:EntityId"),
        "boolean": (1, True, "Data:Boolean"),
        "int": (-3, -3, "Data:Integer"),
        "double": (2, 2.0, "Data:Double"),
        "currency": (1.5, 1.5, "Data:Currency"),
        "percent": (0.0, 0.0, "Data:Percent"),
        "date": ("1970-01-02", 86_400_000, "Data:DateOnly"),
        "datetime": ("1970-01-01T00:00:01.500+0000", 1500, "Data:DateTime"),
        "time": ("10:00:00.250Z", 36_000_250, "Data:TimeOnly"),
    }
    layout = Layout(sobject_of([{"name": f"{kind}__c", "type": kind} for kind in kinds]))
    docs = {one["name"]: one["doc"] for one in json.loads(layout.schema.json)["fields"]}
    body = layout.whole({f"{kind}__c": stored for kind, (stored, _, _) in kinds.items()})
    for kind, (_, told, doc) in kinds.items():
        assert (body[f"{kind}__c"], docs[f"{kind}__c"]) == (told, doc)


def test_compound_fields_are_records_of_their_parts() -> None:
    fields = [
        {"name": "Spot__Latitude__s", "type": "double", "compoundFieldName": "Spot__c"},
        {"name": "Spot__Longitude__s", "type": "double", "compoundFieldName": "Spot__c"},
        {"name": "Spot__c", "type": "location"},
        {"name": "Home__City__s", "type": "string", "compoundFieldName": "Home__c"},
        {"name": "Home__c", "type": "address"},
        {"name": "Odd__c", "type": "string", "compoundFieldName": "Home__c"},
    ]
    layout = Layout(sobject_of(fields))
    row = {"Spot__Latitude__s": 1, "Home__City__s": "Bonn", "Odd__c": "x"}
    told = {"Spot__c": {"Latitude": 1.0}, "Home__c": {"City": "Bonn"}, "Odd__c": "x"}
    assert layout.whole(row) == told
    names = [one["name"] for one in json.loads(layout.schema.json)["fields"]]
    assert names == ["ChangeEventHeader", "Spot__c", "Home__c", "Odd__c"]
    assert layout.bitmaps(["Odd__c", "Home__City__s"]) == ["0x08", "2-0x02"]


def test_an_accounts_name_is_a_text_or_a_persons() -> None:
    part = {"type": "string", "compoundFieldName": "Name"}
    fields = [
        {"name": "Name"} | part,
        {"name": "LastName"} | part,
        {"name": "FirstName"} | part,
        {"name": "IsPersonAccount", "type": "boolean"},
    ]
    layout = Layout(sobject_of(fields, "Account"))
    names = json.loads(layout.schema.json)["fields"][1]["type"]
    assert [one if isinstance(one, str) else one["name"] for one in names] == [
        "null",
        "string",
        "Switchable_PersonName",
    ]
    firm = {"Name": "Acme", "LastName": None, "IsPersonAccount": 0}
    assert layout.whole(firm) == {"Name": "Acme", "IsPersonAccount": False}
    person = {"Name": "A B", "LastName": "B", "FirstName": "A", "IsPersonAccount": 1}
    assert layout.whole(person)["Name"] == {"LastName": "B", "FirstName": "A"}
    assert layout.changed(person, person | {"Name": "A C", "LastName": "C"}) == ["LastName"]


def test_formulas_are_told_but_are_no_reason_to_tell() -> None:
    fields = [
        {"name": "A__c", "type": "string"},
        {"name": "F__c", "type": "string", "calculated": True, "calculatedFormula": "A__c"},
        {"name": "Sum__c", "type": "double", "calculated": True},
    ]
    layout = Layout(sobject_of(fields))
    before = {"A__c": "a", "F__c": "a", "Sum__c": 1.0}
    assert layout.changed(before, before | {"F__c": "b"}) == []
    assert layout.changed(before, before | {"A__c": "b", "F__c": "b"}) == ["A__c", "F__c"]
    assert layout.changed(before, before | {"Sum__c": 2.0}) == ["Sum__c"]


@pytest.mark.skipif(not _SHARED.is_dir(), reason="the recorded answers are not here")
def test_the_documented_event_of_a_described_account() -> None:
    raw = json.loads((_SHARED / "describe" / "cumulusci-Account.json").read_text())
    layout = Layout(SObject.from_describe(raw, "001"))
    names = [one["name"] for one in json.loads(layout.schema.json)["fields"]]
    standard = [one for one in names[1:] if not one.endswith("__c")]
    sample = (_SHARED / "recorded" / "docs-samples" / "cdc-create-event.txt").read_text()
    body = sample.partition('"changedFields": []')[2]
    documented = [one for one in re.findall(r'"(\w+)":', body) if not one.endswith("__c")]
    # What this org has and the one of the documentation has not.
    more = {
        "RecordTypeId",
        "IsPartner",
        "IsCustomerPortal",
        "ChannelProgramName",
        "ChannelProgramLevelName",
    }
    assert [one for one in standard if one not in more] == documented
