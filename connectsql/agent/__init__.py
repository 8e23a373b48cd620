"""The sync at work: the writer sends what was logged, the reader brings what has changed."""
