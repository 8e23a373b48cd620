"""What a bulk job is, and the batches that its work consists of.

Bulk API 2.0 shows jobs only: what is uploaded, or the query, is the one batch of its job.
Bulk API 1.0 ("Classic") shows both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Api = Literal["V2Ingest", "V2Query", "Classic"]

TERMINAL = frozenset({"JobComplete", "Failed", "Aborted"})
QUERIES = frozenset({"query", "queryAll"})
OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")


@dataclass(kw_only=True, slots=True)
class Job:
    """One job. ``client`` is what the caller that made it calls itself.

    ``chunk_size`` is that of PK chunking in Bulk API 1.0; 0 is none.
    """

    id: str
    api: Api
    operation: str
    object: str
    state: str
    created_by: str
    created: str
    modified: str
    version: float
    content_type: str = "CSV"
    column_delimiter: str = "COMMA"
    line_ending: str = "LF"
    key: str | None = None
    assignment_rule: str | None = None
    concurrency: str = "Parallel"
    client: str | None = None
    error: str | None = None
    chunk_size: int = 0

    @property
    def is_query(self) -> bool:
        """Whether it reads."""
        return self.operation in QUERIES

    @property
    def origin(self) -> str:
        """What change events say of where its changes came from."""
        api = f"com/salesforce/api/bulkapi/{self.version:.1f}"
        return f"{api};client={self.client}" if self.client else api


@dataclass(kw_only=True, slots=True)
class Batch:
    """A part of a job's work. ``position`` is how many of its rows are done with."""

    id: str
    job: str
    number: int
    created: str
    modified: str
    state: str = "Queued"
    position: int = 0
    processed: int = 0
    failed: int = 0
    error: str | None = None
    total_ms: int = 0
    active_ms: int = 0
