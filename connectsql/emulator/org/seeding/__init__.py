"""What an org holds from the beginning: its user, and made-up records."""
