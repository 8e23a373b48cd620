"""What crosses the wire: calls, answers, refusals, and the way to their handlers."""
