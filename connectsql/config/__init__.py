"""What the user wants to have synced: the config, its model and how it is read."""
