"""What a benchmark yields, and what the design wants of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Target:
    """A bound that a figure is to keep: ``sign`` is ``<=`` or ``>=``."""

    what: str
    sign: str
    bound: float
    unit: str

    def is_met(self, value: float) -> bool:
        """Tell whether a value keeps the bound."""
        return value <= self.bound if self.sign == "<=" else value >= self.bound


TARGETS = {
    "bulk insert": Target(what="bulk INSERT or COPY, log: changes", sign="<=", bound=1.6, unit="x"),
    "bulk update": Target(
        what="bulk UPDATE of one column, log: changes", sign="<=", bound=2.0, unit="x"
    ),
    "no change": Target(
        what="UPDATE that changes nothing, or an unmapped column", sign="<=", bound=1.5, unit="x"
    ),
    "full insert": Target(what="bulk INSERT, log: full", sign="<=", bound=3.3, unit="x"),
    "full update": Target(
        what="bulk UPDATE of one column, log: full", sign="<=", bound=2.5, unit="x"
    ),
    "one row": Target(what="one-row transaction, added", sign="<=", bound=40, unit="µs"),
    "writers": Target(
        what="32 writers with an agent listening, against no NOTIFY",
        sign=">=",
        bound=0.93,
        unit="x",
    ),
    "agent write": Target(
        what="the agent's own bulk write through the triggers", sign="<=", bound=1.10, unit="x"
    ),
    # "Flat": what goes beyond the noise between repetitions, which is 30 %.
    "claim": Target(what="claim and finish 1,000 entries: flat", sign="<=", bound=1.3, unit="x"),
    # "In seconds" is what the issue of plan and apply asks for.
    "compile": Target(
        what="compile, or plan again, 300 mappings of 200 fields", sign="<=", bound=10, unit="s"
    ),
    "load": Target(
        what="initial load into the table, against raw COPY", sign=">=", bound=0.60, unit="x"
    ),
    "request": Target(what="commit to request at Salesforce, p50", sign="<=", bound=10, unit="ms"),
    "read back": Target(
        what="sfid and computed fields in the row after the API answered",
        sign="<=",
        bound=20,
        unit="ms",
    ),
    "calls": Target(
        what="API calls for 1,000 changed rows of one object, read-back included",
        sign="<=",
        bound=2,
        unit="calls",
    ),
    "throughput": Target(
        what="writing with 300 ms per call and 8 workers, against what the API allows",
        sign=">=",
        bound=0.80,
        unit="x",
    ),
    "org write": Target(
        what="the emulated org, records taken a second", sign=">=", bound=20_000, unit="rows/s"
    ),
    "org read": Target(
        what="the emulated org, records given a second", sign=">=", bound=50_000, unit="rows/s"
    ),
    "org memory": Target(
        what="the emulated org with a million records", sign="<=", bound=2, unit="GB"
    ),
}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One thing measured, once per repetition. ``target`` is a key of TARGETS."""

    name: str
    unit: str  # "x" for a ratio
    repetitions: Sequence[float]
    target: str | None = None

    @property
    def value(self) -> float:
        """The median."""
        return median(self.repetitions)

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        return TARGETS[self.target].is_met(self.value) if self.target else None
