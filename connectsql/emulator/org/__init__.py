"""The org itself: what it is made of, what it holds and what it allows. Knows no HTTP."""
