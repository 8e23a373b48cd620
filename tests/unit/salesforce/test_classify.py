from __future__ import annotations

import json

import pytest

from connectsql.salesforce.classify import Duplicate, Verdict, classify, duplicate_of, explain

V = Verdict

CODES = {
    V.REAUTH: "INVALID_SESSION_ID INVALID_AUTH_HEADER",
    V.RETRY: """UNABLE_TO_LOCK_ROW SERVER_UNAVAILABLE REQUEST_RUNNING_TOO_LONG QUERY_TIMEOUT
        TXN_SECURITY_METERING_ERROR API_CURRENTLY_DISABLED UNKNOWN_EXCEPTION TooManyLockFailure
        ConcurrentPerOrgLongTxn ALL_OR_NONE_OPERATION_ROLLED_BACK PROCESSING_HALTED""",
    V.WAIT_QUOTA: "REQUEST_LIMIT_EXCEEDED ExceededQuota",
    V.RESTART: "INVALID_QUERY_LOCATOR",
    V.GONE: "ENTITY_IS_DELETED NOT_FOUND INVALID_CROSS_REFERENCE_KEY",
    V.STOP_OBJECT: """INVALID_FIELD INVALID_TYPE INSUFFICIENT_ACCESS_OR_READONLY
        INSUFFICIENT_ACCESS API_DISABLED_FOR_ORG FUNCTIONALITY_NOT_ENABLED MALFORMED_QUERY
        QUERY_TOO_COMPLICATED INVALID_QUERY_FILTER_OPERATOR STORAGE_LIMIT_EXCEEDED
        GONE UNSUPPORTED_API_VERSION""",
    V.PARK: """REQUIRED_FIELD_MISSING STRING_TOO_LONG FIELD_CUSTOM_VALIDATION_EXCEPTION
        FIELD_INTEGRITY_EXCEPTION INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST
        INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY INVALID_EMAIL_ADDRESS
        NUMBER_OUTSIDE_VALID_RANGE JSON_PARSER_ERROR INVALID_FIELD_FOR_INSERT_UPDATE
        CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY DUPLICATE_VALUE DUPLICATES_DETECTED
        DUPLICATE_EXTERNAL_ID ENTITY_IS_LOCKED DELETE_FAILED MALFORMED_ID INVALID_ID_FIELD
        CIRCULAR_DEPENDENCY SOMETHING_NEW""",
}


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(code, verdict) for verdict, codes in CODES.items() for code in codes.split()],
)
def test_codes(code, verdict):
    assert classify(200, code, "") is verdict


@pytest.mark.parametrize(
    ("code", "message", "verdict"),
    [
        ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", V.WAIT_QUOTA),
        (
            "REQUEST_LIMIT_EXCEEDED",
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            V.RETRY,
        ),
        ("REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", V.RETRY),
        (
            "INVALID_FIELD",
            "Foreign key external ID: 1580 not found for field Ext__c in entity User",
            V.RETRY_PARENT,
        ),
        (
            "INVALID_FIELD",
            "Foreign key external ID: a\nb not found for field Ext__c in entity User",
            V.RETRY_PARENT,
        ),
        ("INVALID_FIELD", "No such column 'foo' on sobject of type Bar", V.STOP_OBJECT),
        (
            "INVALID_FIELD",
            "Cannot specify both an external ID reference and a salesforce id, Owner",
            V.PARK,
        ),
        ("NOT_FOUND", "The requested resource does not exist", V.GONE),
        (
            "NOT_FOUND",
            "Provided external ID field does not exist or is not accessible: rid",
            V.STOP_OBJECT,
        ),
        (
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "insufficient access rights on object id",
            V.PARK,
        ),
        (
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "T: execution of AfterUpdate caused by: UNABLE_TO_LOCK_ROW, unable to obtain "
            "exclusive access to this record: []",
            V.RETRY,
        ),
        (
            "DUPLICATE_VALUE",
            "duplicate value found: Ext__c duplicates value on record with id: 0015500001QdQWa",
            V.LINK,
        ),
        (
            "DUPLICATE_VALUE",
            "duplicate value found: <unknown> duplicates value on record with id: <unknown>",
            V.PARK,
        ),
        ("DUPLICATE_VALUE", "Duplicate id specified: 0015500001QdQWaAAN", V.PARK),
    ],
)
def test_words_decide_where_a_code_means_several_things(code, message, verdict):
    assert classify(400, code, message) is verdict
    assert classify(400, code, explain(code, message)) is verdict


def test_a_cross_reference_to_another_record_is_not_the_record_itself():
    key = "INVALID_CROSS_REFERENCE_KEY"
    assert classify(400, key, "invalid cross reference id") is V.GONE
    assert classify(400, key, "Owner ID: id value of incorrect type", ["OwnerId"]) is V.PARK


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (300, V.PARK),
        (400, V.PARK),
        (401, V.REAUTH),
        (403, V.PARK),
        (404, V.GONE),
        (406, V.RETRY),
        (408, V.RETRY),
        (414, V.PARK),
        (420, V.RETRY),
        (429, V.RETRY),
        (500, V.RETRY),
        (503, V.RETRY),
    ],
)
def test_status_decides_without_a_code(status, verdict):
    assert classify(status, "", "") is verdict


def test_an_unknown_code_of_a_failing_server():
    assert classify(503, "SOMETHING_NEW", "") is V.RETRY
    assert classify(404, "SOMETHING_NEW", "") is V.PARK


def test_duplicate_names_field_and_record():
    words = "duplicate value found: Ext__c duplicates value on record with id: 0015500001QdQWa"
    assert duplicate_of(words) == Duplicate(field="Ext__c", id="0015500001QdQWaAAN")
    assert duplicate_of("something else") is None


@pytest.mark.parametrize(
    ("code", "message", "fields", "text"),
    [
        ("A_CODE", "words", ["X", "Y__c"], "A_CODE: words [X, Y__c]"),
        ("A_CODE", "words", (), "A_CODE: words"),
        ("", "words", (), "words"),
    ],
)
def test_explain(code, message, fields, text):
    assert explain(code, message, fields) == text


@pytest.mark.parametrize(
    ("name", "status", "verdict"),
    [
        ("expired_session", 401, V.REAUTH),
        ("delete_error", 404, V.STOP_OBJECT),
        ("upsert_error", 404, V.STOP_OBJECT),
        ("write_error", 400, V.STOP_OBJECT),
        ("query_error", 400, V.STOP_OBJECT),
        ("sobject_describe_error", 404, V.GONE),
        ("search_error", 400, V.PARK),
    ],
)
def test_recorded_errors(recorded, name, status, verdict):
    (error,) = json.loads(recorded(name))
    assert classify(status, error["errorCode"], error["message"]) is verdict
