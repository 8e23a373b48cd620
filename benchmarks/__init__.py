"""What connectsql costs and how fast it is, measured side by side with what it is compared to.

::

    python -m benchmarks                  everything, into results/ and docs/reference/figures.md
    python -m benchmarks --only capture   one benchmark
    python -m benchmarks --quick          small sizes, to see that it works; nothing is written
    python -m benchmarks --table          only write the table again

A benchmark is a module with ``measure(ground, *, quick)``, which yields figures; it is listed
in ``__main__``. What is compared runs in turn within one repetition, and a ratio is the median
of the repetitions' ratios: a machine that is slow for a while is slow for both sides.
"""

from __future__ import annotations
