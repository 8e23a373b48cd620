"""What becomes of a change after each kind of answer, and after none."""

from __future__ import annotations

import pytest

from connectsql.agent.verdicts import (
    LOCK_ATTEMPTS,
    LONGEST_DELAY,
    PARENT_ATTEMPTS,
    QUOTA_DELAY,
    Done,
    Fate,
    Later,
    Refused,
    Unknown,
    of_call,
    of_row,
)
from connectsql.errors import ApiError, LoginFailed, OrgUnreachable
from connectsql.salesforce.collections import RowResult

ID = "001Em0000000001AAA"
LOCKED = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
NO_PARENT = (
    "INVALID_FIELD",
    "Foreign key external ID: a1 not found for field ExternalId__c in entity Account",
)


def row(code: str, message: str, kind: str = "update", attempts: int = 1) -> Fate:
    refused = RowResult(id=None, success=False, code=code, message=message)
    return of_row(refused, kind=kind, attempts=attempts, sfid=ID)


def call(status: int, code: str, message: str = "m", kind: str = "update") -> Fate:
    error = ApiError(f"{code}: {message}", status=status, code=code)
    return of_call(error, kind=kind, attempts=1)


def test_success_keeps_the_id_of_the_answer_or_the_one_known() -> None:
    made = RowResult(id=ID, success=True, created=True)
    assert of_row(made, kind="upsert", attempts=1, sfid=None) == Done(sfid=ID, created=True)
    silent = RowResult(id=None, success=True)
    assert of_row(silent, kind="update", attempts=1, sfid=ID) == Done(sfid=ID)


@pytest.mark.parametrize("code", ["ENTITY_IS_DELETED", "NOT_FOUND", "INVALID_CROSS_REFERENCE_KEY"])
def test_deleting_what_is_gone_is_done_and_updating_it_is_refused(code: str) -> None:
    assert row(code, "gone", kind="delete") == Done(sfid=ID)
    assert row(code, "gone") == Refused(message=f"{code}: gone")


@pytest.mark.parametrize(
    ("refusal", "most"), [(LOCKED, LOCK_ATTEMPTS), (NO_PARENT, PARENT_ATTEMPTS)]
)
def test_a_row_is_sent_again_ever_later_and_parked_in_the_end(
    refusal: tuple[str, str], most: int
) -> None:
    message = ": ".join(refusal)
    fates = [row(*refusal, attempts=number) for number in range(1, most + 1)]
    delays = [min(2.0**number, LONGEST_DELAY) for number in range(most - 1)]
    assert fates == [
        *(Later(delay=delay, message=message) for delay in delays),
        Refused(message=message),
    ]


def test_a_row_that_salesforce_will_never_take_is_parked_at_once() -> None:
    assert row("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]") == Refused(
        message="REQUIRED_FIELD_MISSING: Required fields are missing: [Name]"
    )


def test_a_used_up_quota_is_waited_for() -> None:
    message = "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded."
    assert call(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.") == Later(
        delay=QUOTA_DELAY, message=message
    )


@pytest.mark.parametrize("kind", ["upsert", "update", "delete"])
def test_a_lost_answer_sends_again_what_may_be_sent_twice(kind: str) -> None:
    fate = of_call(OrgUnreachable("lost"), kind=kind, attempts=3)
    assert fate == Later(delay=4.0, message="lost", unsure=True)


def test_a_lost_answer_parks_a_plain_insert() -> None:
    assert of_call(OrgUnreachable("lost"), kind="create", attempts=1) == Unknown()
    assert Unknown().message.startswith("AMBIGUOUS: ")


@pytest.mark.parametrize("kind", ["create", "upsert", "update", "delete"])
def test_a_call_that_never_left_is_made_again(kind: str) -> None:
    fate = of_call(OrgUnreachable("no connection", sent=False), kind=kind, attempts=1)
    assert fate == Later(delay=1.0, message="no connection")


def test_an_error_of_the_server_does_not_tell_whether_it_was_done() -> None:
    message = "SERVER_UNAVAILABLE: m"
    assert call(503, "SERVER_UNAVAILABLE", kind="create") == Unknown()
    for kind in ("upsert", "update", "delete"):
        fate = call(503, "SERVER_UNAVAILABLE", kind=kind)
        assert fate == Later(delay=1.0, message=message, unsure=True)


def test_a_failed_login_parks_nothing() -> None:
    fate = of_call(LoginFailed("refused"), kind="create", attempts=1)
    assert fate == Later(delay=1.0, message="refused")


def test_a_call_refused_as_a_whole_parks_its_rows() -> None:
    assert call(400, "INVALID_FIELD", "No such column 'X'") == Refused(
        message="INVALID_FIELD: No such column 'X'"
    )
