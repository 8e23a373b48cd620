"""The org itself: what it is made of, what it holds and what it allows. Knows no HTTP.

``core`` puts it together. ``schema`` has its objects and fields, ``store`` and ``tables`` keep
the records in SQLite, ``data`` is the transaction under way and ``journal`` what it did;
``values`` reads what is written. ``saving``, ``deleting``, ``automation`` with ``formulas``,
``describes``, ``access``, ``seeding`` and ``reshaping`` are packages of their own.
"""
