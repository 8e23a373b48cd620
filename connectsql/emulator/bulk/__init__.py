"""Bulk jobs: large CSV files in, large query results out, worked on in the background."""
