"""Deleting, restoring, purging and merging records, and what that does to others."""
