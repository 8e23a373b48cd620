"""The Postgres side: connections, installation, the trigger log, staging and merging."""
