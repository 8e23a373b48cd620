"""connectsql: a two-way sync between a Salesforce org and Postgres, declared in a config."""

__version__ = "0.1.0"
