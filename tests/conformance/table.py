"""What of the recordings is replayed, and why the rest is not.

``REPLAYED`` are the cassettes that ``test_replay.py`` sends to the emulator, all of them with
writes or with data that an org has to hold, so never to a real org. ``LEFT_OUT`` are parts of
their addresses with the reason why such an exchange is not sent. ``NOT_REPLAYED`` are whole
files. What stands in ``restforce`` and ``docs-samples`` is an answer without its request;
``SAMPLES`` tells which test asks for it, and whether that is harmless, so that a real org is
asked, too.
"""

from __future__ import annotations

_NO_RECORD_TYPES = ("RecordType", "no describe of RecordType was recorded, so no org has it")
_ORGANIZATION = (
    "sobjects/Organization",
    "compared on its own: the emulator's Organization has fewer fields",
)
_OLD_JOBS = (
    "/async/62.0/job",
    "put together by hand from several runs: jobs are answered that nobody made",
)
_ONE_RECORD_FIVE_TIMES = ("LIMIT%205", "made up: the answer has one record five times")

REPLAYED = [
    "ManualEditTestDescribeOrg.test_minimal_schema.yaml",
    "TestCompositeParallelSalesforce.test_composite_parallel_salesforce.yaml",
    "TestCompositeParallelSalesforce.test_errors.yaml",
    "TestCompositeParallelSalesforce.test_reference_ids.yaml",
    "TestCountSObjects.test_count_sobjects__errors.yaml",
    "TestCountSObjects.test_count_sobjects_simple.yaml",
    "TestDatasetsE2E.test_datasets_e2e.yaml",
    "TestDatasetsE2E.test_datasets_extract_standard_objects.yaml",
    "TestSelect.test_select_random_strategy.yaml",
    "TestSelect.test_select_similarity_annoy_strategy.yaml",
    "TestSelect.test_select_similarity_select_and_insert_strategy.yaml",
    "TestSelect.test_select_similarity_select_and_insert_strategy_bulk.yaml",
    "TestSelect.test_select_similarity_strategy.yaml",
    "TestSelect.test_select_standard_strategy.yaml",
    "TestSnowfakery.test_run_until_records_in_org__multiple_needed.yaml",
    "TestSnowfakery.test_run_until_records_in_org__none_needed.yaml",
    "TestSnowfakery.test_run_until_records_in_org__one_needed.yaml",
    "TestSnowfakery.test_snowfakery_query_salesforce.yaml",
    "TestUpdatesIntegrationTests.test_updates_task.yaml",
    "TestUpsert.test_simple_upsert__rest.yaml",
    "TestUpsert.test_upsert__rest.yaml",
    "TestUpsert.test_upsert_complex_external_id_field__rest.yaml",
    "TestUpsert.test_upsert_complex_external_id_field_rest__duplicate_error.yaml",
    "TestUpsert.test_upsert_complex_fields__bulk.yaml",
    "TestUpsert.test_upsert_external_id_field.yaml",
]

# Answers that somebody shortened by hand, or in which a record is missing that was created
# before: what is left of them is compared.
EXCERPTS = {
    "ManualEditTestDescribeOrg.test_minimal_schema.yaml",
    "TestSelect.test_select_similarity_select_and_insert_strategy.yaml",
    "TestSelect.test_select_similarity_select_and_insert_strategy_bulk.yaml",
}

LEFT_OUT = {
    "TestDatasetsE2E.test_datasets_e2e.yaml": [_NO_RECORD_TYPES],
    "TestDatasetsE2E.test_datasets_extract_standard_objects.yaml": [_NO_RECORD_TYPES],
    "TestSelect.test_select_random_strategy.yaml": [_ONE_RECORD_FIVE_TIMES],
    "TestSelect.test_select_standard_strategy.yaml": [_ONE_RECORD_FIVE_TIMES],
    "TestSelect.test_select_similarity_select_and_insert_strategy.yaml": [_OLD_JOBS],
    "TestSelect.test_select_similarity_select_and_insert_strategy_bulk.yaml": [_OLD_JOBS],
    "TestSnowfakery.test_run_until_records_in_org__multiple_needed.yaml": [_ORGANIZATION],
}

NOT_REPLAYED = {
    "cumulusci/ManualEditTestApexIntegrationTests.test_run_tests__integration_test.yaml": (
        "Apex: test runs and classes of the Tooling API"
    ),
    "cumulusci/ManualEdit_TestCountSObjects.test_count_sobjects__network_errors.yaml": (
        "made up: an answer 500 without a body"
    ),
    "cumulusci/ManualEdit_test_describe_to_sql.yaml": (
        "edited by hand until its request was no JSON any more"
    ),
    "cumulusci/TestDatasetsE2E.test_datasets_read_explicit_extract_declaration.yaml": (
        "holds no answer of its own"
    ),
    "cumulusci/TestIntegrationInfrastructure.test_integration_tests.yaml": (
        "the Connect API: communities"
    ),
    "restforce/list_view_results_success_response.json": "list views",
    "restforce/recent_success_response.json": "recently viewed records",
    "restforce/search_error_response.json": "search",
    "restforce/search_success_response.json": "search",
    "docs-samples/cdc-create-event.txt": "change events: tests of the Pub/Sub API read it",
    "docs-samples/cdc-gap-and-overflow-events.txt": "prose about events",
    "docs-samples/cdc-merged-update-event.txt": "prose about events",
}

_HARMLESS, _EMULATOR = True, False

SAMPLES = {
    "restforce/auth_error_response.json": ("test_logins", _EMULATOR),
    "restforce/auth_success_response.json": ("test_logins", _EMULATOR),
    "restforce/create_success_response.json": ("test_a_record", _EMULATOR),
    "restforce/delete_error_response.json": ("test_writes_that_are_refused", _EMULATOR),
    "restforce/describe_sobjects_success_response.json": ("test_the_list_of_objects", _HARMLESS),
    "restforce/expired_session_response.json": (
        "test_a_token_that_is_no_longer_good",
        _HARMLESS,
    ),
    "restforce/get_deleted_success_response.json": (
        "test_what_was_changed_and_deleted",
        _EMULATOR,
    ),
    "restforce/get_updated_success_response.json": (
        "test_what_was_changed_and_deleted",
        _EMULATOR,
    ),
    "restforce/list_sobjects_success_response.json": ("test_the_list_of_objects", _HARMLESS),
    "restforce/org_query_response.json": ("test_the_organization", _HARMLESS),
    "restforce/query_aggregate_success_response.json": ("test_sums", _EMULATOR),
    "restforce/query_empty_response.json": ("test_an_empty_result", _HARMLESS),
    "restforce/query_error_response.json": ("test_queries_that_are_refused", _HARMLESS),
    "restforce/query_paginated_first_page_response.json": ("test_pages", _EMULATOR),
    "restforce/query_paginated_last_page_response.json": ("test_pages", _EMULATOR),
    "restforce/query_success_response.json": (
        "test_a_query_with_a_parent_and_children",
        _EMULATOR,
    ),
    "restforce/reauth_success_response.json": ("test_logins", _EMULATOR),
    "restforce/refresh_error_response.json": ("test_logins", _EMULATOR),
    "restforce/refresh_success_response.json": ("test_logins", _EMULATOR),
    "restforce/services_data_success_response.json": ("test_versions", _HARMLESS),
    "restforce/sobject_describe_error_response.json": ("test_what_is_not_there", _HARMLESS),
    "restforce/sobject_describe_success_response.json": ("test_a_describe", _HARMLESS),
    "restforce/sobject_find_error_response.json": ("test_what_is_not_there", _HARMLESS),
    "restforce/sobject_find_success_response.json": ("test_a_record", _EMULATOR),
    "restforce/sobject_select_success_response.json": ("test_a_record", _EMULATOR),
    "restforce/upsert_created_success_response.json": ("test_upserts", _EMULATOR),
    "restforce/upsert_error_response.json": ("test_writes_that_are_refused", _EMULATOR),
    "restforce/upsert_multiple_error_response.json": ("test_upserts", _EMULATOR),
    "restforce/upsert_updated_success_response.json": ("test_upserts", _EMULATOR),
    "restforce/write_error_response.json": ("test_writes_that_are_refused", _EMULATOR),
    "docs-samples/bulk2-ingest-job-info.txt": ("test_the_job_of_the_documentation", _EMULATOR),
    "docs-samples/bulk2-query-results-and-resultPages.txt": ("test_result_pages", _EMULATOR),
    "airbyte-REST-vs-BULK-rows.jsonl": ("test_a_row_through_rest_and_through_bulk", _EMULATOR),
    "cumulusci/GET_sobjects_Organization.yaml": ("test_the_organization", _HARMLESS),
    "cumulusci/ManualEditTestCompositeParallelSalesforce.test_http_headers.yaml": (
        "test_a_describe_that_has_not_changed",
        _HARMLESS,
    ),
}
