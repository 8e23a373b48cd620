"""Changing an org's objects and fields while it runs."""
