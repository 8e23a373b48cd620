"""Describes: where they are read from, and how they are answered."""
