"""What it takes to point other people's clients, unchanged, at an emulated org."""
