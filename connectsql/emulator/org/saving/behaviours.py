"""What the org adds of its own when a record is saved: stamps, names, numbers, stages.

A behaviour is a function that is handed the record about to be written and fills or changes
fields in it. It is listed below with the fields an object must have for it to apply, so a
described object behaves like the standard one of the same fields. To add a behaviour, write
the function and list it.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Any

from connectsql.emulator.org.schema import SObject

Row = dict[str, Any]


@dataclass(slots=True)
class Moment:
    """The circumstances of one save. ``given`` holds the fields that the caller sent."""

    sobject: SObject
    now: str
    is_new: bool
    user_id: str
    given: Container[str]
    next_number: Callable[[str], int]


Behaviour = Callable[[Row, Moment], None]

PROBABILITY = {
    "Prospecting": 10.0,
    "Qualification": 10.0,
    "Needs Analysis": 20.0,
    "Value Proposition": 50.0,
    "Id. Decision Makers": 60.0,
    "Perception Analysis": 70.0,
    "Proposal/Price Quote": 75.0,
    "Negotiation/Review": 90.0,
    "Closed Won": 100.0,
    "Closed Lost": 0.0,
}
_FORECAST = {"Closed Won": "Closed", "Closed Lost": "Omitted", "Negotiation/Review": "Forecast"}


def behaviours_of(sobject: SObject) -> tuple[Behaviour, ...]:
    """Return the behaviours that apply to an object, in the order they run."""
    fitting = tuple(
        behaviour
        for objects, fields, behaviour in _ALL
        if (not objects or sobject.name in objects) and all(map(sobject.field, fields))
    )
    return (*fitting, _auto_numbers) if sobject.auto_numbers else fitting


class Stamps:
    """When and by whom a record was created and changed, as a save sets it."""

    def __init__(self, sobject: SObject) -> None:
        self._changed = _present(sobject, ("LastModifiedDate", "SystemModstamp"))
        self._changed_by = _present(sobject, ("LastModifiedById",))
        self._created = _present(sobject, ("CreatedDate",))
        self._created_by = _present(sobject, ("CreatedById",))

    def of(self, now: str, user_id: str, *, is_new: bool) -> Row:
        """Return the stamps of a save; the same ones for all saves of one second."""
        stamps = dict.fromkeys(self._changed, now) | dict.fromkeys(self._changed_by, user_id)
        if is_new:
            stamps |= dict.fromkeys(self._created, now)
            stamps |= dict.fromkeys(self._created_by, user_id)
        return stamps


def _present(sobject: SObject, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(sobject.field, names))


def _owner(row: Row, moment: Moment) -> None:
    if row.get("OwnerId") is None:
        row["OwnerId"] = moment.user_id


def _full_name(row: Row, moment: Moment) -> None:
    names = (row.get("FirstName"), row.get("LastName"))
    row["Name"] = " ".join(filter(None, names)) or None


def _person(row: Row, moment: Moment) -> None:
    """An account with a last name is a person's, and is named after that person."""
    is_person = bool(row.get("LastName"))
    row["IsPersonAccount"] = int(is_person)
    if is_person:
        _full_name(row, moment)


def _case_number(row: Row, moment: Moment) -> None:
    if moment.is_new:
        row["CaseNumber"] = f"{1000 + moment.next_number('Case.CaseNumber'):08d}"


def _case_closed(row: Row, moment: Moment) -> None:
    closed = int(row.get("Status") == "Closed")
    row["IsClosed"] = closed
    if not closed:
        row["ClosedDate"] = None
    elif row.get("ClosedDate") is None:
        row["ClosedDate"] = moment.now


def _case_origin(row: Row, moment: Moment) -> None:
    if moment.is_new and row.get("Origin") is None and "Origin" not in moment.given:
        row["Origin"] = "Web"


def _stage(row: Row, moment: Moment) -> None:
    stage = row.get("StageName")
    row["IsClosed"] = int(stage in ("Closed Won", "Closed Lost"))
    row["IsWon"] = int(stage == "Closed Won")
    if "Probability" not in moment.given and (moment.is_new or "StageName" in moment.given):
        row["Probability"] = PROBABILITY.get(str(stage), row.get("Probability"))


def _forecast(row: Row, moment: Moment) -> None:
    row["ForecastCategory"] = _FORECAST.get(str(row.get("StageName")), "Pipeline")


def _expected_revenue(row: Row, moment: Moment) -> None:
    amount, probability = row.get("Amount"), row.get("Probability")
    if amount is None or probability is None:
        row["ExpectedRevenue"] = None
    else:
        row["ExpectedRevenue"] = round(amount * probability / 100, 2)


def _auto_numbers(row: Row, moment: Moment) -> None:
    if not moment.is_new:
        return
    for field in moment.sobject.auto_numbers:
        if row.get(field.name) is None:
            number = moment.next_number(f"{moment.sobject.name}.{field.name}")
            row[field.name] = f"{number:08d}"


_PEOPLE = ("Contact", "Lead", "User")

_ALL: tuple[tuple[tuple[str, ...], tuple[str, ...], Behaviour], ...] = (
    ((), ("OwnerId",), _owner),
    (_PEOPLE, ("Name", "FirstName", "LastName"), _full_name),
    (("Account",), ("IsPersonAccount", "FirstName", "LastName"), _person),
    (("Case",), ("CaseNumber",), _case_number),
    (("Case",), ("Status", "IsClosed", "ClosedDate"), _case_closed),
    (("Case",), ("Origin",), _case_origin),
    (("Opportunity",), ("StageName", "IsClosed", "IsWon", "Probability"), _stage),
    (("Opportunity",), ("StageName", "ForecastCategory"), _forecast),
    (("Opportunity",), ("Amount", "Probability", "ExpectedRevenue"), _expected_revenue),
)
