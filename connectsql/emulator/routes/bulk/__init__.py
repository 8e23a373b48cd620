"""Bulk jobs over HTTP: Bulk API 2.0, reading and writing, and Bulk API 1.0."""
