"""The org at the other end of the wire: sessions, calls, and what its answers mean."""
