"""Which names a config can use in Postgres: for the schema, tables, columns and roles."""

from __future__ import annotations

from collections.abc import Iterator

from connectsql.config.model import Roles
from connectsql.errors import Fault, Place

LONGEST_NAME = 63  # bytes; Postgres cuts longer names off without a word
SYSTEM_COLUMNS = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")  # in every table
CHOOSE = "choose another name"


def name_faults(what: str, name: str, place: Place) -> Iterator[Fault]:
    """Yield why Postgres cannot have ``name``; ``what`` says what is called so."""
    if "\0" in name or not name.isprintable():
        message = f"{what} holds a character that cannot be printed"
        yield Fault(place=place, message=message, hint="remove it")
    length = len(name.encode())
    if length > LONGEST_NAME:
        message = f"{what} is {length} bytes long; Postgres allows {LONGEST_NAME}"
        yield Fault(place=place, message=message, hint="choose a shorter name")


def percent_faults(what: str, name: str, place: Place) -> Iterator[Fault]:
    """Yield why the agent cannot name it: its statements' parameters begin with a %."""
    if "%" in name:
        message = f"{what} holds a %, which the agent's statements cannot"
        yield Fault(place=place, message=message, hint=CHOOSE)


def role_faults(roles: Roles, place: Place) -> Iterator[Fault]:
    """Yield why roles cannot be granted their parts."""
    every = [*roles.applications, *roles.readers, *([roles.agent] if roles.agent else [])]
    for name in dict.fromkeys(every):
        if every.count(name) > 1:
            message = f"the role {name} is named more than once"
            yield Fault(place=place, message=message, hint="give each role one part")
        elif name == "public" or name.startswith("pg_"):
            message = f"{name} is no role that could be granted only this"
            yield Fault(place=place, message=message, hint="name a role of your own")
        else:
            yield from name_faults(f"the role {name}", name, place)
