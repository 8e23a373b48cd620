"""What Salesforce has: objects and fields, the type table, and the snapshot on disk."""
