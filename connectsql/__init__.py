"""connectsql: a two-way sync between a Salesforce org and Postgres, declared in a config."""

from __future__ import annotations

__version__ = "0.1.0"
