from __future__ import annotations

import pytest

from connectsql.errors import ApiError
from connectsql.salesforce.record import flatten, nest


class TestNest:
    def test_plain_fields(self):
        assert nest("Account", {"Name": "x", "Phone": None}) == {
            "attributes": {"type": "Account"},
            "Name": "x",
            "Phone": None,
        }

    def test_a_parent_by_external_id(self):
        assert nest("Contact", {"Account.Ext__c": "x", "Boss__r.No__c": 7}) == {
            "attributes": {"type": "Contact"},
            "Account": {"Ext__c": "x"},
            "Boss__r": {"No__c": 7},
        }

    def test_a_parent_that_may_be_of_several_objects(self):
        assert nest("Task", {"Who:Lead.Ext__c": "x"})["Who"] == {
            "attributes": {"type": "Lead"},
            "Ext__c": "x",
        }

    def test_no_parent_is_not_said_this_way(self):
        with pytest.raises(ValueError, match="Id field"):
            nest("Contact", {"Account.Ext__c": None})

    def test_an_empty_name_is_for_the_org_to_refuse(self):
        assert nest("Contact", {"Account.Ext__c": ""})["Account"] == {"Ext__c": ""}

    def test_one_parent_only(self):
        with pytest.raises(ValueError, match="Who is set twice"):
            nest("Task", {"Who:Lead.Ext__c": "x", "Who:Contact.Ext__c": "y"})


class TestFlatten:
    def test_fields_and_parents(self):
        record = {
            "attributes": {"type": "Contact", "url": "…"},
            "Id": "003",
            "Account": {"attributes": {"type": "Account"}, "Ext__c": "x"},
            "Boss__r": None,
        }
        paths = ["Id", "Account.Ext__c", "Boss__r.Name", "Boss__r.Account.Name"]
        assert flatten(record, paths) == {
            "Id": "003",
            "Account.Ext__c": "x",
            "Boss__r.Name": None,
            "Boss__r.Account.Name": None,
        }

    def test_several_levels(self):
        assert flatten({"A": {"B": {"C": 1}}}, ["A.B.C"]) == {"A.B.C": 1}

    def test_a_parent_of_several_objects(self):
        record = {"Who": {"attributes": {"type": "Lead"}, "Ext__c": "x"}}
        assert flatten(record, ["Who:Lead.Ext__c", "Who:Contact.Ext__c"]) == {
            "Who:Lead.Ext__c": "x",
            "Who:Contact.Ext__c": None,
        }

    def test_the_orgs_spelling_may_differ(self):
        assert flatten({"Account": {"EXT__c": 1}}, ["account.ext__c"]) == {"account.ext__c": 1}

    def test_what_was_not_answered_is_not_null(self):
        with pytest.raises(ApiError, match="Phone"):
            flatten({"Name": "x"}, ["Phone"])
