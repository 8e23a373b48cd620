"""Logging in by OAuth: getting and giving up tokens, and who a token's user is."""
